package pushtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"wefeed/feeds"
	"wefeed/push"
)

// A Call is one of an account's methods.
type Call string

// The calls of a push.Account.
const (
	CallSet  Call = "set"
	CallAdd  Call = "add_draft"
	CallFind Call = "find_draft"
	CallSend Call = "send_mass"
	CallAsk  Call = "ask_mass"

	CallRead        Call = "draft"
	CallUpdate      Call = "update_draft"
	CallDelete      Call = "delete_draft"
	CallPublish     Call = "publish"
	CallFindPublish Call = "find_published"
	CallAskPublish  Call = "ask_publish"
	CallFollowers   Call = "followers"
	CallNotify      Call = "notify"
	CallPreview     Call = "preview"
	CallRemove      Call = "remove"
	CallProbe       Call = "probe"
)

// A Fault is what one call meets. The zero value is none.
type Fault struct {
	effect bool          // it has its effect
	late   time.Duration // its effect comes so long after the caller gave up
	hang   time.Duration // so long passes before it fails
	err    error
}

func silence() error {
	return &push.CallError{Call: "test", Reason: push.ReasonNoAnswer, Doubt: true, Detail: "没有答复"}
}

// Lost has its effect, and then the answer is lost.
func Lost() Fault { return Fault{effect: true, err: silence()} }

// Silent has no effect and gives no answer.
func Silent() Fault { return Fault{err: silence()} }

// Late gives no answer, and has its effect so long after the caller gave up.
func Late(d time.Duration) Fault { return Fault{late: d, err: silence()} }

// Timeout has no effect and makes the caller wait until its patience, d, is at its end.
func Timeout(d time.Duration) Fault { return Fault{hang: d, err: context.DeadlineExceeded} }

// Refused is WeChat's definite no, with its errcode.
func Refused(r push.Reason, errcode int) Fault {
	return Fault{err: &push.CallError{Call: "test", Errcode: errcode, Reason: r, Detail: "拒绝"}}
}

// Again had no effect, for certain, and may be made again.
func Again(r push.Reason) Fault { return AgainAfter(r, 0) }

// AgainAfter is Again, but not before d has passed.
func AgainAfter(r push.Reason, d time.Duration) Fault {
	return Fault{err: &push.CallError{Call: "test", Reason: r, Retry: true, After: d, Detail: "稍后再试"}}
}

// An Effect is what the account's followers or editors see: a draft in the box or a message sent.
type Effect struct {
	Step     push.Step
	Mark     string // d of its articles
	Articles []string
	Key      string // clientmsgid of a mass send
	Audience string // of a mass send
	To       string // openid of a notice
	ID       string // media_id, publish_id or msg_id
	At       time.Time
	Draft    string // media_id of what was published
}

// Account is a push.Account that works on a [Clock]. Each call does as the next of its faults says, without one as it
// should.
type Account struct {
	Clock *Clock
	// Hook, if set, is called before each call and after its effect, before its answer. A Hook that panics is a process
	// that dies there.
	Hook func(Call)

	mu      sync.Mutex
	faults  map[Call][]Fault
	calls   map[Call]int
	effects []Effect
	pending []Effect // late ones
	gone    map[string]bool
	doubted map[string]bool
	status  push.MassStatus
	texts   map[string][]push.Piece // what is in the drafts, by media_id
	// PublishStatus is what becomes of publications: 0 out, 1 under way, else a failure.
	PublishStatus int
	// Fans are the account's followers.
	Fans []string
	// Left is what Remaining says; -1: WeChat does not tell.
	Left int
}

var _ push.Account = (*Account)(nil)

// NewAccount returns an account without faults.
func NewAccount(c *Clock) *Account {
	return &Account{
		Clock: c, faults: map[Call][]Fault{}, calls: map[Call]int{}, gone: map[string]bool{}, doubted: map[string]bool{},
		texts: map[string][]push.Piece{}, Left: -1,
	}
}

// Script lets the next calls meet these faults, one each.
func (a *Account) Script(c Call, faults ...Fault) {
	defer a.lock()()
	a.faults[c] = append(a.faults[c], faults...)
}

// Heal forgets all faults that were not met yet.
func (a *Account) Heal() {
	defer a.lock()()
	clear(a.faults)
}

// Calls returns how often a call was made.
func (a *Account) Calls(c Call) int {
	defer a.lock()()
	return a.calls[c]
}

// Effects returns what the account has done in one kind of step, in order.
func (a *Account) Effects(step push.Step) []Effect {
	defer a.lock()()
	return slices.DeleteFunc(slices.Clone(a.effects), func(e Effect) bool { return e.Step != step })
}

// Doubted reports whether a draft or send of the edition with this mark was ever left without a plain answer.
func (a *Account) Doubted(mark string) bool {
	defer a.lock()()
	return a.doubted[mark]
}

// Clear is an editor who takes all drafts out of the box that are at least so old.
func (a *Account) Clear(age time.Duration) {
	defer a.lock()()
	for _, e := range a.effects {
		if e.Step == push.StepDraft && a.Clock.Now().Sub(e.At) >= age {
			a.gone[e.ID] = true
		}
	}
}

// Answer sets what the account says of all mass sends from now on; "" is the truth.
func (a *Account) Answer(status push.MassStatus) {
	defer a.lock()()
	a.status = status
}

// lock lets what is late arrive first.
func (a *Account) lock() func() {
	a.mu.Lock()
	for _, e := range a.pending {
		if !e.At.After(a.Clock.Now()) {
			a.have(e)
		}
	}
	a.pending = slices.DeleteFunc(a.pending, func(e Effect) bool { return !e.At.After(a.Clock.Now()) })
	return a.mu.Unlock
}

func (a *Account) hook(c Call) {
	if a.Hook != nil {
		a.Hook(c)
	}
}

// meet counts a call, lets it have its effect as its fault says, and returns what the caller gets.
func (a *Account) meet(c Call, make func(at time.Time) Effect) (Effect, error) {
	a.hook(c)
	defer a.hook(c)
	defer a.lock()()
	a.calls[c]++
	f := Fault{effect: true}
	if queue := a.faults[c]; len(queue) > 0 {
		f, a.faults[c] = queue[0], queue[1:]
	}
	a.Clock.Advance(f.hang)
	e := make(a.Clock.Now().Add(f.late))
	switch {
	case e.Step == "":
	case f.late > 0:
		a.pending = append(a.pending, e)
	case f.effect:
		e = a.have(e)
	}
	var ce *push.CallError
	if plain := errors.As(f.err, &ce) && !ce.Doubt; f.err != nil && !plain {
		a.doubted[e.Mark] = true
	}
	return e, f.err
}

// have gives an effect its id. A clientmsgid that was used within a day has none again.
func (a *Account) have(e Effect) Effect {
	for _, was := range a.effects {
		if e.Key != "" && was.Key == e.Key && e.At.Sub(was.At) < 24*time.Hour {
			return was
		}
	}
	e.ID = fmt.Sprintf("%s-%d", e.Step, len(a.effects)+1)
	a.effects = append(a.effects, e)
	if e.Step == push.StepPublish {
		a.gone[e.Draft] = true // it leaves the box
	}
	return e
}

// Set implements push.Account.
func (a *Account) Set(_ context.Context, e push.Edition, articles []feeds.Article) ([]push.Piece, string, error) {
	if _, err := a.meet(CallSet, func(time.Time) Effect { return Effect{} }); err != nil {
		return nil, "", err
	}
	sum := sha256.New()
	var pieces []push.Piece
	for i, art := range articles {
		p := push.Piece{
			ArticleID: art.ID, Title: e.Items[i].Title, Author: art.Author, Content: art.Content, CoverID: "cover",
			SourceURL: "http://gateway.example/a/" + art.ID + "?d=" + e.Mark,
		}
		fmt.Fprintf(sum, "%q", p)
		pieces = append(pieces, p)
	}
	return pieces, hex.EncodeToString(sum.Sum(nil)), nil
}

// AddDraft implements push.Account.
func (a *Account) AddDraft(_ context.Context, pieces []push.Piece) (string, error) {
	e, err := a.meet(CallAdd, func(at time.Time) Effect {
		a.texts[fmt.Sprintf("%s-%d", push.StepDraft, len(a.effects)+1)] = slices.Clone(pieces)
		draft := Effect{Step: push.StepDraft, At: at}
		for _, p := range pieces {
			u, err := url.Parse(p.SourceURL)
			if err != nil {
				panic(err)
			}
			draft.Mark = u.Query().Get("d")
			draft.Articles = append(draft.Articles, p.ArticleID)
		}
		return draft
	})
	return answer(e, err)
}

func answer(e Effect, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return e.ID, nil
}

// FindDraft implements push.Account.
func (a *Account) FindDraft(_ context.Context, mark string) (string, error) {
	_, err := a.meet(CallFind, func(time.Time) Effect { return Effect{} })
	if err != nil {
		return "", err
	}
	defer a.lock()()
	for _, e := range a.effects {
		if e.Step == push.StepDraft && e.Mark == mark && !a.gone[e.ID] {
			return e.ID, nil
		}
	}
	return "", nil
}

// SendMass implements push.Masser. A draft that is not in the box is refused.
func (a *Account) SendMass(_ context.Context, to push.Audience, mediaID, clientMsgID string) (string, error) {
	return a.consume(CallSend, mediaID, func(e *Effect) { e.Step, e.Key, e.Audience = push.StepMass, clientMsgID, to.String() })
}

// consume makes something of a draft, which must be in the box.
func (a *Account) consume(c Call, mediaID string, shape func(*Effect)) (string, error) {
	var missing bool
	e, err := a.meet(c, func(at time.Time) Effect {
		i := slices.IndexFunc(a.effects, func(e Effect) bool { return e.ID == mediaID })
		switch missing = i < 0 || a.gone[mediaID]; {
		case i < 0:
			return Effect{}
		case missing:
			return Effect{Mark: a.effects[i].Mark}
		}
		made := Effect{Mark: a.effects[i].Mark, Articles: a.effects[i].Articles, At: at}
		shape(&made)
		return made
	})
	if missing && err == nil {
		err = Refused(push.ReasonMediaGone, 40007).err
	}
	return answer(e, err)
}

// AskMass implements push.Account.
func (a *Account) AskMass(_ context.Context, msgID string) (push.MassStatus, error) {
	_, err := a.meet(CallAsk, func(time.Time) Effect { return Effect{} })
	if err != nil {
		return "", err
	}
	defer a.lock()()
	switch {
	case a.status != "":
		return a.status, nil
	case slices.ContainsFunc(a.effects, func(e Effect) bool { return e.ID == msgID }):
		return push.MassSuccess, nil
	}
	return push.MassFail, nil
}

// Draft implements push.Drafter.
func (a *Account) Draft(_ context.Context, mediaID string) ([]push.Piece, error) {
	if _, err := a.meet(CallRead, nothing); err != nil {
		return nil, err
	}
	defer a.lock()()
	if a.gone[mediaID] || a.texts[mediaID] == nil {
		return nil, Refused(push.ReasonMediaGone, 40007).err
	}
	return slices.Clone(a.texts[mediaID]), nil
}

// UpdateDraft implements push.Drafter.
func (a *Account) UpdateDraft(_ context.Context, mediaID string, index int, p push.Piece) error {
	if _, err := a.meet(CallUpdate, nothing); err != nil {
		return err
	}
	return a.Edit(mediaID, index, p)
}

// Edit changes an article of a draft, as an editor does by hand.
func (a *Account) Edit(mediaID string, index int, p push.Piece) error {
	defer a.lock()()
	if a.gone[mediaID] || index >= len(a.texts[mediaID]) {
		return Refused(push.ReasonMediaGone, 40007).err
	}
	a.texts[mediaID][index] = p
	return nil
}

// DeleteDraft implements push.Drafter.
func (a *Account) DeleteDraft(_ context.Context, mediaID string) error {
	if _, err := a.meet(CallDelete, nothing); err != nil {
		return err
	}
	defer a.lock()()
	a.gone[mediaID] = true
	return nil
}

// Text is what is, or was, in a draft.
func (a *Account) Text(mediaID string) ([]push.Piece, error) {
	defer a.lock()()
	if a.texts[mediaID] == nil {
		return nil, fmt.Errorf("no draft %s", mediaID)
	}
	return slices.Clone(a.texts[mediaID]), nil
}

// InBox reports whether a draft is still in the box.
func (a *Account) InBox(mediaID string) bool {
	defer a.lock()()
	return !a.gone[mediaID]
}

func nothing(time.Time) Effect { return Effect{} }

// Publish implements push.Publisher. The draft leaves the box when the publication is out.
func (a *Account) Publish(_ context.Context, mediaID string) (string, error) {
	return a.consume(CallPublish, mediaID, func(e *Effect) { e.Step, e.Draft = push.StepPublish, mediaID })
}

// FindPublished implements push.Publisher.
func (a *Account) FindPublished(_ context.Context, mark string) (push.Publication, error) {
	if _, err := a.meet(CallFindPublish, nothing); err != nil {
		return push.Publication{}, err
	}
	defer a.lock()()
	for _, e := range a.effects {
		if e.Step == push.StepPublish && e.Mark == mark && a.PublishStatus == 0 {
			return push.Publication{ID: "article-" + e.ID}, nil
		}
	}
	return push.Publication{}, nil
}

// AskPublish implements push.Publisher.
func (a *Account) AskPublish(_ context.Context, publishID string) (push.Publication, error) {
	if _, err := a.meet(CallAskPublish, nothing); err != nil {
		return push.Publication{}, err
	}
	defer a.lock()()
	if a.PublishStatus != 0 {
		return push.Publication{Status: a.PublishStatus}, nil
	}
	return push.Publication{ID: "article-" + publishID, URLs: []string{"https://mp.example/" + publishID}}, nil
}

// Preview implements push.Masser.
func (a *Account) Preview(_ context.Context, to push.Tester, mediaID string) error {
	_, err := a.meet(CallPreview, nothing)
	return err
}

// Followers implements push.Notifier, two to a page.
func (a *Account) Followers(_ context.Context, _ push.Audience, from string) (openids []string, next string, err error) {
	if _, err := a.meet(CallFollowers, nothing); err != nil {
		return nil, "", err
	}
	defer a.lock()()
	start := slices.Index(a.Fans, from) + 1
	end := min(start+2, len(a.Fans))
	if end < len(a.Fans) {
		next = a.Fans[end-1]
	}
	return slices.Clone(a.Fans[start:end]), next, nil
}

// Notify implements push.Notifier.
func (a *Account) Notify(_ context.Context, openid string, n push.Notice) error {
	_, err := a.meet(CallNotify, func(at time.Time) Effect { return Effect{Step: push.StepNotice, To: openid, At: at} })
	return err
}

// DeleteMass implements push.Remover.
func (a *Account) DeleteMass(context.Context, string, int) error {
	_, err := a.meet(CallRemove, nothing)
	return err
}

// DeletePublished implements push.Remover.
func (a *Account) DeletePublished(context.Context, string, int) error {
	_, err := a.meet(CallRemove, nothing)
	return err
}

// Probe implements push.Prober.
func (a *Account) Probe(context.Context, push.Kind) error {
	_, err := a.meet(CallProbe, nothing)
	return err
}

// Remaining implements push.Prober.
func (a *Account) Remaining(context.Context, push.Step) (int, bool, error) {
	defer a.lock()()
	return a.Left, a.Left >= 0, nil
}
