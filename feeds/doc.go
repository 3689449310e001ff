// Package feeds holds the words and rules of reading a portal: sections, sources, articles, their identity,
// and the [Collector] that turns what a source shows today into stored articles.
//
// It is the inner ring. It imports nothing else of wefeed and knows neither SQL nor YAML nor HTTP servers; what it
// needs from outside it names as small interfaces ([Fetcher], [Reader], [Store]) which the subfolders and
// internal/store implement:
//
//	fetch      conditional GET with caps              implements Fetcher
//	source     bytes → listings and article pages     implements Reader
//	syndicate  articles → Atom, RSS, JSON Feed, OPML
//	websub     hub and subscriber
//
// Start reading at [Article], then [Collector.Collect].
package feeds
