package push

import "time"

// EditionState is where an edition stands; see design: planned → in_review → approved → sending → submitted → sent.
type EditionState string

// The states of an edition.
const (
	Planned    EditionState = "planned"
	InReview   EditionState = "in_review"
	Approved   EditionState = "approved"
	Sending    EditionState = "sending"
	Submitted  EditionState = "submitted"
	Sent       EditionState = "sent"
	HandedOver EditionState = "handed_over" // a draft channel's end: an editor has it now

	Held      EditionState = "held"    // returns to Edition.Before
	Unknown   EditionState = "unknown" // may or may not have had its effect; an admin's word or a found effect ends it
	Failed    EditionState = "failed"
	Expired   EditionState = "expired"
	Rejected  EditionState = "rejected"
	Withdrawn EditionState = "withdrawn"
)

// Open reports whether there is still something to do for an edition in this state without an admin's word.
func (s EditionState) Open() bool {
	switch s {
	case Planned, InReview, Approved, Sending, Submitted, Held:
		return true
	}
	return false
}

// Frees reports whether an edition in this state gives its articles back to the planner.
func (s EditionState) Frees() bool {
	switch s {
	case Failed, Expired, Rejected, Withdrawn:
		return true
	}
	return false
}

// An Edition is what one channel sends at one slot: 1 to 8 articles in order.
type Edition struct {
	ID      string // 16 random base32 characters
	Channel string
	Account string
	Kind    Kind
	// Audience is the channel's when it was planned, as [Audience.String] names it.
	Audience string
	State    EditionState
	Before   EditionState // what a held edition returns to
	Reason   Reason       // why it is held, unknown, failed …
	Detail   string       // the reason in plain words
	// Slot is the schedule's time that it was planned for; unique per channel.
	Slot    time.Time
	Expires time.Time // slot + grace: what has not left by then is expired
	// ReviewBy is when a review must be over; zero: no review, or until Expires.
	ReviewBy time.Time
	// Extra editions come from 立即推送; Why is the admin's reason.
	Extra bool
	Why   string
	// Mark is d: 16 random base32 characters in every content_source_url, by which the draft is found again.
	Mark    string
	Digest  string  // pins the rendered articles, with content hashes in place of image URLs
	Pieces  []Piece // the articles as WeChat gets them; empty until they are set
	Items   []EditionItem
	Created time.Time
	Changed time.Time
}

// An EditionItem is one article of an edition, 头条 first.
type EditionItem struct {
	ArticleID string
	Title     string // as sent: the push title, or the article's, cut where the channel says so
	Retitled  bool   // a person gave it its title
}

// A Piece is one article as it is handed to WeChat.
type Piece struct {
	ArticleID string `json:"article_id"`
	Title     string `json:"title"`
	Author    string `json:"author,omitempty"`
	Digest    string `json:"digest,omitempty"` // the summary, only in a single-article edition
	Content   string `json:"content"`          // inline styles only, every image on WeChat's host
	SourceURL string `json:"source_url"`       // {site.url}/a/{article}?d={mark}
	CoverID   string `json:"cover_id"`         // thumb_media_id, permanent material
	// Notice holds the fields of a subscription notice, filled in; a notice has no content and no cover.
	Notice map[string]string `json:"notice,omitempty"`
	// ArticleHash is the article's content hash when it was set: a moved one means that the portal corrected it since.
	ArticleHash string `json:"article_hash,omitempty"`
}

// Step is the kind of a delivery.
type Step string

// The steps of an edition. Uploads are repeatable (an orphan image hurts nobody) and are remembered as [Media]; the
// steps below have effects that must happen once.
const (
	StepDraft   Step = "draft"
	StepPublish Step = "publish"
	StepMass    Step = "mass"
	StepNotice  Step = "notice" // to each recipient of the edition, see [Recipient]
)

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states of a delivery.
const (
	Intended        DeliveryState = "intended"
	InFlight        DeliveryState = "in_flight"
	Done            DeliveryState = "done"
	DeliveryFailed  DeliveryState = "failed"
	DeliveryUnknown DeliveryState = "unknown"
)

// A Delivery is one outside effect of an edition: a row of the ledger, committed before the first byte leaves.
type Delivery struct {
	Edition string
	Step    Step
	State   DeliveryState
	// Attempt begins at 1 and rises only after a proven failure or a proven absence of a draft.
	Attempt int
	// Key is the idempotency key: the mark for a draft, edition + attempt (clientmsgid) for a mass send.
	Key         string
	RequestHash string
	// Node is the process that has the call in flight.
	Node string
	// FirstCalledAt is when Key was first used (WeChat remembers a clientmsgid for 24 h); CalledAt, when the latest
	// call left; Deadline, when that call is over whatever happens.
	FirstCalledAt time.Time
	CalledAt      time.Time
	Deadline      time.Time
	// DoubtAt is when the call turned out ambiguous: cut reply, timeout, or a process that died. Zero: no doubt.
	DoubtAt time.Time
	// Looks counts the looks at least settle after DoubtAt that found nothing; FirstLookAt and LastLookAt are theirs.
	Looks       int
	FirstLookAt time.Time
	LastLookAt  time.Time
	EndedAt     time.Time
	Reason      Reason
	Detail      string
	// The outside ids.
	MediaID     string   // draft
	MsgID       string   // mass, kept as text: WeChat quotes it or not
	PublishID   string   // publish: of the job
	Publication string   // publish: article_id, by which it is removed
	URLs        []string // of the articles as followers open them, where WeChat told
}

// A Recipient is one follower to whom a notice edition goes. Its call has no idempotency key at WeChat: what is in doubt
// is never repeated.
type Recipient struct {
	OpenID string // sealed in the store; never logged
	State  DeliveryState
	Reason Reason
}

// Media is an uploaded image: an account's answer for a content hash.
type Media struct {
	Account string
	Use     MediaUse
	Hash    string // SHA-256 of the bytes sent, hex
	URL     string // for body images
	MediaID string // for covers
}

// MediaUse is what an image was uploaded as.
type MediaUse string

// The uses of an uploaded image.
const (
	UseBody  MediaUse = "body"  // media/uploadimg
	UseCover MediaUse = "cover" // material/add_material
)
