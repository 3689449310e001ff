// Package push holds the words and rules of sending: channels, editions, deliveries, the planner that fills a slot, and
// the [Dispatcher] that carries an edition out exactly once.
//
// It imports feeds only to read Article. What it needs from outside it names as small interfaces: [Store] for the
// ledger (internal/store), [Account] for WeChat (push/wechat), [Checker] for a last look at an article's page.
//
// The heart is [Decide]: a pure function from an edition and its deliveries to the next step. Everything that can
// happen to a process or a reply is a row of its table test. The Dispatcher only does what Decide says and writes
// down what came of it, always the ledger row first and the call second.
package push
