// Package websub is where the gateway's WebSub hub and subscriber live (W3C Recommendation of 23 January 2018). The
// gateway does not speak WebSub yet: readers poll, and /hub answers 404.
package websub
