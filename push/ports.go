package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wefeed/feeds"
)

// Errors of a [Store].
var (
	// ErrConflict: the row is no longer as the caller read it; read again and decide anew.
	ErrConflict = errors.New("changed meanwhile")
	// ErrStopped: the red button is pressed; nothing was written.
	ErrStopped = errors.New("all pushes are stopped")
	// ErrTaken: the slot has its edition already, or an article was taken by another edition meanwhile.
	ErrTaken = errors.New("taken already")
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
)

// A Switch is the red button 停止一切推送.
type Switch struct {
	Stopped bool
	At      time.Time
	By      string
	Why     string
}

// EventKind is what an event speaks of.
type EventKind string

// The kinds of events.
const (
	EventMass    EventKind = "mass"    // MASSSENDJOBFINISH
	EventPublish EventKind = "publish" // PUBLISHJOBFINISH
)

// An Event is WeChat's word on a mass send or a publication, from the callback.
type Event struct {
	Account string
	Kind    EventKind
	ID      string // msg_id or publish_id
	// Status of a mass send is "send success", "send fail" or "err(num)"; of a publication "0" to "6".
	Status   string
	Total    int
	Filtered int
	SentTo   int
	Errors   int
	URLs     []string // of the articles, may be empty on success
	// Publication is a publication's article_id.
	Publication string
	// Refused are the articles that WeChat stopped, from 0: fail_idx, or those that its copyright check does not let pass.
	Refused []int
	// Note is what the copyright check found, in plain words; "" when it found nothing.
	Note string
	At   time.Time
}

// A Store is the ledger. Every method is one transaction; after each that changes an edition, a due row wakes it.
type Store interface {
	// Candidates returns the articles that the channel may send at now: live, not backlog, ingested after the
	// channel's baseline of one of its sections, first seen within MaxAge, in no section whose pushes are held, in no
	// edition of the channel that keeps its articles ([EditionState.Frees]) and, when the channel's kind reaches
	// followers, in none of the account's other editions that reach them. Newest first, at most limit.
	Candidates(ctx context.Context, ch Channel, now time.Time, limit int) ([]feeds.Article, error)
	// MassSends returns when the account's mass sends since then used up its quota, earliest first: a call that had or may
	// have had its effect, when it was made; an open edition that has made none, now, since it is about to leave; and a
	// call that WeChat refused with ReasonQuotaUsed, then: the account's editors had sent by hand.
	MassSends(ctx context.Context, account string, since, now time.Time) ([]time.Time, error)
	// Refusals returns, by id, the articles of the channel's editions that failed since then for a reason
	// [Reason.AboutContent].
	Refusals(ctx context.Context, channel string, since time.Time) (map[string]Refusal, error)
	// CreateEdition stores e with its items and first deliveries, checks again that no article is taken, and makes it
	// due at once. ErrTaken: the channel's slot has an edition, or an article is taken.
	CreateEdition(ctx context.Context, e Edition, ds []Delivery) error
	// Edition returns an edition with its deliveries in the order of their steps.
	Edition(ctx context.Context, id string) (Edition, []Delivery, error)
	// OpenEditions returns the ids of all editions whose state is Open.
	OpenEditions(ctx context.Context) ([]string, error)
	// Begin commits a delivery as in_flight if it still has the attempt and state that it was read with, intended or
	// (for a repeat) in flight and in doubt, its edition is in state from, and the red button is not pressed; else
	// ErrConflict or ErrStopped. It moves the edition to Sending (or leaves Submitted).
	Begin(ctx context.Context, d DeliveryChange, from EditionState) error
	// Save writes p: the edition's state and the deliveries, if the edition is still in state p.From and each
	// delivery still has the attempt and state named in p; else ErrConflict. Wake is when it is due next, zero: never.
	Save(ctx context.Context, p Progress) error
	// Wake makes an edition due at the given time, or earlier if it was so already, and changes nothing else.
	Wake(ctx context.Context, edition string, at time.Time) error
	// Doubt marks every in_flight delivery without doubt of other nodes than node as in doubt at now, whose Deadline has
	// passed; with dead set, whatever their Deadline (the caller knows those processes dead). It makes their editions
	// due at once and returns how many.
	Doubt(ctx context.Context, node string, dead bool, now time.Time) (int, error)

	// ByID returns articles as they are stored now; ids that are none are left out.
	ByID(ctx context.Context, ids []string) ([]feeds.Article, error)
	// Spend counts one more call on the site's day, if fewer than limit were made on it; false: none is left.
	Spend(ctx context.Context, account, call, day string, limit int) (bool, error)
	// Tell writes a notice to the admin down; false: it was told already.
	Tell(ctx context.Context, n Remark) (bool, error)
	Recipients

	Media(ctx context.Context, account string, use MediaUse, hash string) (Media, error) // ErrNotFound
	SaveMedia(ctx context.Context, m Media) error

	// SaveEvent stores an event once and makes the edition it speaks of due; Event finds it (ErrNotFound).
	SaveEvent(ctx context.Context, e Event) error
	Event(ctx context.Context, account string, kind EventKind, id string) (Event, error)

	Switch(ctx context.Context) (Switch, error)
	// SetSwitch presses or releases the red button, with one audit row, and makes held editions due.
	SetSwitch(ctx context.Context, s Switch) error
}

// Recipients is the ledger of notices: one row a follower, committed before the call to it.
type Recipients interface {
	// Recruit writes recipients of an edition down; those that it has stay as they are.
	Recruit(ctx context.Context, edition string, openids []string) error
	// BeginNotices takes the edition's notice over for the node until the deadline and commits up to n recipients as
	// in_flight. What was in flight when the deadline before ended, or at a node known dead, is unknown from now on.
	// ErrConflict: another node has the notice; ErrStopped: the red button is pressed.
	BeginNotices(ctx context.Context, edition, node string, n int, now, deadline time.Time) (openids []string, err error)
	// EndNotices writes down what became of recipients that were in flight.
	EndNotices(ctx context.Context, edition string, ended []Recipient) error
	// Tally counts an edition's recipients by what became of them.
	Tally(ctx context.Context, edition string) (Tally, error)
}

// A Tally counts recipients.
type Tally struct{ Intended, InFlight, Done, Failed, Unknown int }

// A Remark tells the admin, once, of something that happened to an edition that is out.
type Remark struct {
	Edition   string
	ArticleID string
	Kind      RemarkKind
	Hash      string // of the article's content, so that each further correction is told too
	Detail    string // plain words, with the command to run
}

// RemarkKind is what a remark is about.
type RemarkKind string

// The kinds of remarks.
const (
	RemarkCorrected RemarkKind = "corrected" // the portal corrected what is out
	RemarkWithdrawn RemarkKind = "withdrawn" // the portal took back what is out
	RemarkUpdated   RemarkKind = "updated"   // the draft in the box was brought up to date
)

// A Refusal tells how WeChat refused the content of an article's editions. In company, it does not say whose it means.
type Refusal struct {
	At    time.Time // of the newest
	Alone int       // how many of the editions had no other article
}

// A Progress is one step of an edition, written down.
type Progress struct {
	Edition Edition      // as it shall be
	From    EditionState // as it was read
	// Deliveries as they shall be, each with the state and attempt it was read with; a new one has WasState "".
	Deliveries []DeliveryChange
	Wake       time.Time
}

// A DeliveryChange is a delivery as it shall be, with what it was read as.
type DeliveryChange struct {
	Delivery
	WasState   DeliveryState
	WasAttempt int
}

// A Checker looks at articles' pages just before their edition leaves and returns them as stored after that look. A
// page that could not be reached leaves its article as it was.
type Checker interface {
	Recheck(ctx context.Context, ids []string) ([]feeds.Article, error)
}

// An Account is one WeChat account. Its errors are [*CallError].
type Account interface {
	Setter
	Drafter
	Publisher
	Masser
	Notifier
	Remover
	Prober
}

// A Setter turns articles into what WeChat takes.
type Setter interface {
	// Set renders the edition's articles, uploads what they show, and returns them with the digest that pins them.
	// It may be repeated at will.
	Set(ctx context.Context, e Edition, articles []feeds.Article) (pieces []Piece, digest string, err error)
}

// A Drafter works on the draft box.
type Drafter interface {
	// AddDraft makes a draft of the pieces and returns its media_id (draft/add).
	AddDraft(ctx context.Context, pieces []Piece) (mediaID string, err error)
	// FindDraft looks through the draft box for the draft whose articles carry the mark; "" when there is none.
	FindDraft(ctx context.Context, mark string) (mediaID string, err error)
	// Draft returns what is in a draft now (draft/get): titles, contents and addresses, as WeChat has them after its own
	// changes and an editor's. ReasonMediaGone: the box no longer has it.
	Draft(ctx context.Context, mediaID string) ([]Piece, error)
	// UpdateDraft replaces one article of a draft, from 0 (draft/update). It may be repeated.
	UpdateDraft(ctx context.Context, mediaID string, index int, p Piece) error
	// DeleteDraft takes a draft out of the box. One that is gone already is no error.
	DeleteDraft(ctx context.Context, mediaID string) error
}

// A Publisher publishes drafts without telling followers.
type Publisher interface {
	// Publish submits a draft and returns the job's publish_id (freepublish/submit).
	Publish(ctx context.Context, mediaID string) (publishID string, err error)
	// FindPublished looks for the publication whose articles carry the mark; its ID is "" when there is none.
	FindPublished(ctx context.Context, mark string) (Publication, error)
	// AskPublish asks how a job went (freepublish/get).
	AskPublish(ctx context.Context, publishID string) (Publication, error)
}

// A Publication is what a publish job made, or is making.
type Publication struct {
	ID      string // article_id; "" until it is out
	Status  int    // publish_status: 0 out, 1 under way, 2 originality, 3 failed, 4 refused, 5 deleted by its owner, 6 banned
	URLs    []string
	Refused []int // fail_idx, from 0
}

// A Masser sends drafts to followers.
type Masser interface {
	// SendMass submits a mass send of the draft to the audience: mass/sendall, or mass/send for a list of openids. A
	// clientmsgid that was used before is no error: the first send's msg_id comes back.
	SendMass(ctx context.Context, to Audience, mediaID, clientMsgID string) (msgID string, err error)
	// AskMass asks how a mass send went.
	AskMass(ctx context.Context, msgID string) (MassStatus, error)
	// Preview sends a draft to one tester only, who is named by openid or WeChat name (mass/preview).
	Preview(ctx context.Context, to Tester, mediaID string) error
}

// A Tester is a person who gets previews.
type Tester struct {
	Name   string
	OpenID string // this, or
	WXName string // the WeChat name
}

// A Notifier reaches followers one by one.
type Notifier interface {
	// Followers returns a page of openids of the audience and where the next begins; "" after the last (user/get, or
	// user/tag/get for a tag).
	Followers(ctx context.Context, of Audience, from string) (openids []string, next string, err error)
	// Notify sends one subscription notice (message/subscribe/bizsend).
	Notify(ctx context.Context, openid string, n Notice) error
}

// A Notice is a subscription notice, filled in.
type Notice struct {
	Template string
	URL      string
	Data     map[string]string
}

// A Remover takes back what is out. That cannot be undone.
type Remover interface {
	// DeleteMass removes a mass send's article, from 0, or all of them with -1 (mass/delete).
	DeleteMass(ctx context.Context, msgID string, article int) error
	// DeletePublished removes a publication's article, from 0, or all of them with -1 (freepublish/delete).
	DeletePublished(ctx context.Context, publication string, article int) error
}

// A Prober finds out what the account may do.
type Prober interface {
	// Probe asks with harmless calls whether the account can serve a kind of channel: nil, or a [*CallError] whose reason
	// tells why not (ReasonForbidden: for good). A call that fails otherwise proves nothing.
	Probe(ctx context.Context, kind Kind) error
	// Remaining asks how often the call behind a step may still be made today (openapi/quota/get); known is false where
	// WeChat does not tell.
	Remaining(ctx context.Context, step Step) (left int, known bool, err error)
}

// MassStatus is WeChat's answer on a mass send.
type MassStatus string

// The answers of mass/get.
const (
	MassSuccess MassStatus = "SEND_SUCCESS"
	MassSending MassStatus = "SENDING"
	MassFail    MassStatus = "SEND_FAIL"
	MassDeleted MassStatus = "DELETE"
)

// A CallError is a call to WeChat that did not succeed.
type CallError struct {
	Call    string // the path, without query
	Errcode int    // WeChat's errcode, 0 when none came
	Reason  Reason
	// Doubt: the call may have had its effect all the same (no reply, cut reply, unreadable reply, HTTP 5xx).
	Doubt bool
	// Retry: it had no effect, and the same call may succeed later, not before After (0: the caller's choice).
	Retry  bool
	After  time.Duration
	Detail string // plain words for the admin, without token, secret or openid
	Err    error
}

// Error returns one line for the log.
func (e *CallError) Error() string {
	if e.Errcode != 0 {
		return fmt.Sprintf("%s: errcode %d: %s", e.Call, e.Errcode, e.Detail)
	}
	return fmt.Sprintf("%s: %s", e.Call, e.Detail)
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }
