package feeds

import "time"

// Precision says how much of a printed date was printed.
type Precision string

// The precisions. The zero value belongs to the zero time: the page printed no date.
const (
	PrecisionDay    Precision = "day"
	PrecisionMinute Precision = "minute"
	PrecisionSecond Precision = "second"
)

// Status is where an article stands.
type Status string

// The statuses of an article.
const (
	// StatusPending: listed by the portal, but its page could not be read yet. Not in feeds, not pushed.
	StatusPending Status = "pending"
	// StatusLive: in feeds, and free to be pushed.
	StatusLive Status = "live"
	// StatusHeld: its page answered 404, 410 or a withdrawal notice once. In feeds, but not pushed.
	StatusHeld Status = "held"
	// StatusWithdrawn: gone twice, at least the configured time apart. Out of feeds; /a/{id} answers 410.
	StatusWithdrawn Status = "withdrawn"
)

// An Article is one story of the portal. The same story in three sections is one Article with three Sections.
type Article struct {
	ID       string // public id for ever: 32 hex digits, see [ArticleID]
	Seq      int64  // ingest sequence number: rises with the order of first storing
	SourceID string // the source it was first seen in
	Key      string // its first key
	Sections []string

	URL    string // absolute, on the portal
	Title  string
	Author string // 作者, 记者
	Origin string // 来源, 稿源: whom the portal credits
	Editor string // 编辑, 责任编辑
	// Published is the date as the portal printed it, in the source's zone; midnight there when only a day was
	// printed (Precision tells); zero when the page printed none. It is never rewritten (rule 3).
	Published time.Time
	Precision Precision
	// Updated moves with each correction; it begins as Published where that has a clock time, else as FirstSeen.
	Updated   time.Time
	FirstSeen time.Time
	SortAt    time.Time // see [SortAt]
	Position  int       // place in the listing when first seen, 0 on top: breaks ties of SortAt

	Content    string   // sanitised HTML with absolute URLs
	Images     []string // absolute URLs in the order of the body
	Enclosures []Enclosure

	Status      Status
	Backlog     bool      // stored by its source's first collect: never pushed (rule 2)
	FromPage    bool      // its text was read from its own page, so checks of that page correct it
	Missing     int       // checks in a row that found it gone, counted at most once per Rules.WithdrawnApart
	MissingAt   time.Time // the first of them; zero when the last check found it
	WithdrawnAt time.Time
	CheckedAt   time.Time  // last check of its page
	NextCheck   time.Time  // zero: no more checks, see [NextCheck]
	Validators  Validators // of its page
	Hash        string     // over what a reader sees, see [Article.ContentHash]
}

// An Enclosure is a media file or attachment of an article.
type Enclosure struct {
	URL    string `json:"url"`
	Type   string `json:"type,omitempty"`
	Length int64  `json:"length,omitempty"` // bytes; 0 when unknown
	Title  string `json:"title,omitempty"`
}

// Validators let a server answer 304. They are kept as opaque text (RFC 9110, section 8.8).
type Validators struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
}

// An Item is one entry of a listing, or one article page, as read and cleaned, before it has an identity.
type Item struct {
	GUID      string
	URL       string // absolute
	Title     string
	Author    string
	Origin    string
	Editor    string
	Published time.Time // in the source's zone
	Precision Precision
	Updated   time.Time // zero when the source names none

	Content    string // sanitised HTML; empty when the listing carries none and the page has to be read
	Text       string // Content as plain text
	Images     []string
	Enclosures []Enclosure
	Aliases    []string // further URLs of the same article: the address before redirects, rel=canonical
}

// A Listing is what a source shows at one moment: a feed's entries or a list page's links, top first.
type Listing struct {
	Title    string
	Link     string
	Items    []Item
	Encoding string   // the encoding that the bytes were read in, e.g. "utf-8", "gb18030"
	Warnings []string // plain words, for the admin
}

// A Page is one article page as read.
type Page struct {
	Item
	Encoding string
	Warnings []string
	// Withdrawn tells that the page answers 200 with a withdrawal notice in the article's place.
	Withdrawn bool
}
