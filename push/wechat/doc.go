// Package wechat speaks to WeChat: it sets articles for a phone, uploads their pictures, makes drafts, submits mass sends
// and hears WeChat's events. It implements push.Account and is the only importer of the WeChat SDK.
//
// The SDK keeps its HTTP client in a process-wide variable and its calls take no context. Every call of ours therefore
// runs as an [exchange]: it is registered under a name of its own, the SDK is handed that name as its access token, and
// our RoundTripper, set once, exchanges the name for the account's token, address, client and context. So several
// accounts, reloads and parallel tests work, no token is in any text of the SDK's, and the exchange knows what the SDK
// does not tell: whether the request left, and whether a whole answer came back. Calls that the SDK lacks or gets wrong
// (a clientmsgid, quoted ids, pictures from memory) are our own and run as exchanges too.
//
// Start reading at [Account.AddDraft]; what an answer means is in outcome.go.
package wechat
