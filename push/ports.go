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

// An Event is WeChat's word on a mass send (MASSSENDJOBFINISH), from the callback.
type Event struct {
	Account  string
	MsgID    string
	Status   string // "send success", "send fail", "err(num)"
	Total    int
	Filtered int
	SentTo   int
	Errors   int
	URLs     []string // of the sent articles, may be empty on success
	At       time.Time
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

	Media(ctx context.Context, account string, use MediaUse, hash string) (Media, error) // ErrNotFound
	SaveMedia(ctx context.Context, m Media) error

	// SaveEvent stores an event once and makes the edition it speaks of due; MassEvent finds it (ErrNotFound).
	SaveEvent(ctx context.Context, e Event) error
	MassEvent(ctx context.Context, account, msgID string) (Event, error)

	Switch(ctx context.Context) (Switch, error)
	// SetSwitch presses or releases the red button, with one audit row, and makes held editions due.
	SetSwitch(ctx context.Context, s Switch) error
}

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
	// Set renders the edition's articles, uploads what they show, and returns them with the digest that pins them.
	// It may be repeated at will.
	Set(ctx context.Context, e Edition, articles []feeds.Article) (pieces []Piece, digest string, err error)
	// AddDraft makes a draft of the pieces and returns its media_id.
	AddDraft(ctx context.Context, pieces []Piece) (mediaID string, err error)
	// FindDraft looks through the draft box for the draft whose articles carry the mark; "" when there is none.
	FindDraft(ctx context.Context, mark string) (mediaID string, err error)
	// SendAll submits a mass send of the draft to all followers. A clientmsgid that was used before is no error:
	// the first send's msg_id comes back.
	SendAll(ctx context.Context, mediaID, clientMsgID string) (msgID string, err error)
	// AskMass asks how a mass send went.
	AskMass(ctx context.Context, msgID string) (MassStatus, error)
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
