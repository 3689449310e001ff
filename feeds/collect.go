package feeds

import (
	"context"
	"time"
)

// A Request asks a [Fetcher] for one document.
type Request struct {
	URL        string
	Validators Validators // sent as If-None-Match and If-Modified-Since
	Accept     string     // Accept header; "" for the fetcher's default
}

// A Response is a fetched document. Status codes are not errors: a 404 is a Response.
type Response struct {
	Status      int
	NotModified bool   // 304: Body is empty
	URL         string // after redirects
	ContentType string
	Body        []byte // decompressed, within the fetcher's cap
	Validators  Validators
	RetryAfter  time.Duration // 0 when the server named none
}

// A Fetcher gets documents from the portal. An error means that no complete response came: its text is plain words
// for the admin (a [*Fault]).
type Fetcher interface {
	Fetch(ctx context.Context, r Request) (*Response, error)
}

// A Reader turns bytes into items. An error is a [*Fault]; what could be read in spite of trouble comes with warnings.
type Reader interface {
	ReadFeed(src Source, r *Response) (*Listing, error)
	ReadList(src Source, r *Response) (*Listing, error)
	ReadArticle(src Source, r *Response) (*Page, error)
}

// FaultKind is the closed set of what can go wrong with a source; it is a metric label.
type FaultKind string

// The kinds of faults.
const (
	FaultAddress  FaultKind = "address" // refused by the address guard
	FaultNetwork  FaultKind = "network" // no connection, cut off, TLS
	FaultTimeout  FaultKind = "timeout" // total deadline passed
	FaultStatus   FaultKind = "status"  // an HTTP status that is no answer
	FaultTooLarge FaultKind = "too_large"
	FaultEncoding FaultKind = "encoding" // compression or charset broken
	FaultFormat   FaultKind = "format"   // not a feed, not a list page
	FaultEmpty    FaultKind = "empty"    // read, but holds no items: a fault, not news
	FaultInternal FaultKind = "internal"
)

// A Fault is why a source could not be collected, in plain words. Its text carries no secret and no raw page text.
type Fault struct {
	Kind   FaultKind
	Detail string // a sentence for the admin
	Err    error  // the cause, for the log
}

// Error returns the sentence.
func (f *Fault) Error() string { return f.Detail }

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// SourceState is what the store remembers of a source.
type SourceState struct {
	ID         string
	URL        string // that Validators and Learned are of
	Validators Validators
	// Learned is when the first collect succeeded; zero before: until then what is stored is backlog (rule 2).
	Learned   time.Time
	TriedAt   time.Time // last collect, good or bad
	SuccessAt time.Time
	Fault     FaultKind // "" while healthy
	Detail    string    // the fault's sentence
	Failures  int       // in a row
}

// Of returns the state as it stands for src: a source whose address changed in the configuration begins anew. What the old
// address vouched for says nothing of the new one, and what stands there already is backlog (rule 2).
func (s SourceState) Of(src Source) SourceState {
	if s.URL != "" && s.URL != src.URL {
		s.Validators, s.Learned = Validators{}, time.Time{}
	}
	return s
}

// FirstRetry is how long after a failed collect a source that was never learned is collected again, whatever its schedule:
// until then its section has no feed. failures are those in a row.
func FirstRetry(failures int) time.Duration {
	const first, most = 10 * time.Second, 5 * time.Minute
	return min(first<<min(max(failures-1, 0), 10), most)
}

// An Incoming is one item to store, with its identity.
type Incoming struct {
	ID   string   // public id, should it turn out new: [ArticleID] of the first key
	Keys []string // first key first, see [Keys]
	Item Item
	// Position is the place in the listing, 0 on top.
	Position int
	// Pending: the article's page could not be read; only the listing's facts are known.
	Pending bool
	// Seen: a known article was listed again. Only its keys and its membership are recorded.
	Seen bool
	// FromPage: Item was read from the article's own page.
	FromPage bool
	// Validators of the article's page, when it was read.
	Validators Validators
}

// A Collected is the outcome of one collect or recheck of a source, stored in one transaction.
type Collected struct {
	Source     Source
	At         time.Time
	Rules      Rules
	Validators *Validators // nil: leave as they are (something that they vouch for could not be stored)
	Items      []Incoming
	Checks     []Check
	// ChecksOnly: this was no collect, only a look at known articles; the source's own state stays as it is.
	ChecksOnly bool
	// Learned: the listing was stored to its end, so the source's first collect is over.
	Learned bool
	// More: time ran out before the listing's end; a further collect is enqueued at once.
	More bool
	// HoldPushes holds the pushes of the section, with the reason (rule 2: a redesign); "" leaves them.
	HoldPushes string
}

// A Check is what a look at one known article's page showed.
type Check struct {
	ArticleID string
	// Page is the article as the page shows it now, nil when the page is unchanged (304), gone, or failed.
	Page       *Item
	Gone       bool // 404, 410 or a withdrawal notice
	Failed     bool // no answer: changes nothing but CheckedAt
	Validators Validators
}

// Saved tells what a Collected changed.
type Saved struct {
	New       []Article
	Updated   []Article
	Withdrawn []Article
	Held      []Article
	// Touched are the sections whose feeds changed, without their ancestors.
	Touched []string
}

// A Store keeps articles. Every method is one transaction.
type Store interface {
	// SourceState returns the zero state (with ID set) for a source never collected.
	SourceState(ctx context.Context, source string) (SourceState, error)
	// Known returns the stored articles that any of the keys names, by key.
	Known(ctx context.Context, keys []string) (map[string]Article, error)
	// DueChecks returns up to limit articles of the section whose NextCheck has come, oldest check first.
	DueChecks(ctx context.Context, section string, now time.Time, limit int) ([]Article, error)
	// ByID returns the articles with these ids, in no order; unknown ids are left out.
	ByID(ctx context.Context, ids []string) ([]Article, error)
	// SaveCollected stores c and enqueues what follows from it, all or nothing. It resolves keys anew inside the
	// transaction and applies [NewArticle], [Merge] and [ApplyCheck]; storing the same Collected twice changes nothing.
	SaveCollected(ctx context.Context, c Collected) (Saved, error)
	// SaveFault records a failed collect. The source's articles and validators stay. One that was never learned is made due
	// again after [FirstRetry].
	SaveFault(ctx context.Context, source string, at time.Time, f *Fault) error
}
