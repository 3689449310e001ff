// Package app builds a running gateway from a configuration: it translates YAML into the plain options of every other
// package, wires their small interfaces to each other, and gives the whole a life: [New], [App.Start], [App.Stop].
//
// It is the only place that knows everybody. Whoever wants to see how the parts fit reads [New] from top to bottom.
package app
