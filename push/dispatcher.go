package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"wefeed/feeds"
)

// DispatcherOptions are what a [Dispatcher] works with.
type DispatcherOptions struct {
	Store    Store
	Accounts map[string]Account
	Channels map[string]Channel
	Checker  Checker
	// Node names this process, differently at each start: calls in flight belong to it.
	Node    string
	Zone    *time.Location // the site's: WeChat's daily limits are counted by its days
	Settle  time.Duration
	LookGap time.Duration
	// CallTimeout bounds one call to WeChat. Default 45 s, so that a job of 60 s ends by writing down what came of it.
	CallTimeout time.Duration
	Now         func() time.Time
	Logger      *slog.Logger
}

// A Dispatcher carries editions out. It may be killed at any moment: the ledger's row is committed before each call, so
// another process sees what may have happened and [Decide] says what is safe.
type Dispatcher struct{ DispatcherOptions }

// NewDispatcher returns a dispatcher.
func NewDispatcher(o DispatcherOptions) (*Dispatcher, error) {
	if o.Store == nil || o.Checker == nil || o.Node == "" {
		return nil, errors.New("a dispatcher needs a store, a checker and the name of its node")
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = 45 * time.Second
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Dispatcher{o}, nil
}

// maxSteps bounds one Advance; an edition needs about ten.
const maxSteps = 40

// Advance carries an edition as far as it goes now: until it is over, or has to wait, which leaves a due row.
func (x *Dispatcher) Advance(ctx context.Context, id string) error {
	r := &run{Dispatcher: x}
	for ; r.steps < maxSteps; r.steps++ {
		more, err := r.step(ctx, id)
		switch {
		case errors.Is(err, ErrConflict), errors.Is(err, ErrStopped):
			continue // somebody else moved it, or the button was pressed: read again
		case errors.Is(err, ErrNotFound):
			return nil
		case err != nil || !more:
			return err
		}
	}
	return fmt.Errorf("edition %s did not come to rest in %d steps", id, maxSteps)
}

// Resume takes up what a dead process left: its calls are in doubt, and every open edition is due. dead tells that no
// other process can be alive.
func (x *Dispatcher) Resume(ctx context.Context, dead bool) error {
	n, err := x.Store.Doubt(ctx, x.Node, dead, x.Now())
	if err != nil {
		return err
	}
	if n > 0 {
		x.Logger.Warn("calls of a dead process are in doubt", "calls", n)
	}
	return x.wakeAll(ctx)
}

// Sweep makes every open edition due, for the case that a hint was lost, and doubts calls whose deadline is over.
func (x *Dispatcher) Sweep(ctx context.Context) error { return x.Resume(ctx, false) }

func (x *Dispatcher) wakeAll(ctx context.Context) error {
	ids, err := x.Store.OpenEditions(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := x.Store.Wake(ctx, id, x.Now()); err != nil {
			return err
		}
	}
	return nil
}

// A run is one Advance.
type run struct {
	*Dispatcher
	checked bool   // the pages were looked at since the last call
	event   *Event // WeChat's word on the edition
	steps   int    // done without coming to rest
}

// step reads the edition, decides and does one thing. more is false when there is nothing to do now.
func (r *run) step(ctx context.Context, id string) (more bool, err error) {
	e, ds, err := r.Store.Edition(ctx, id)
	if err != nil {
		return false, err
	}
	s, err := r.situation(ctx, e, ds)
	if err != nil {
		return false, err
	}
	r.event = s.Event
	a := Decide(e, ds, s)
	switch a.Do {
	case DoNothing:
		return false, nil
	case DoWait:
		return false, r.save(ctx, e, e.State, a.At)
	case DoHold:
		held := e
		held.State, held.Reason, held.Detail = Held, a.Reason, detail(a.Reason)
		if e.State != Held {
			held.Before = e.State
		}
		return true, r.save(ctx, held, e.State, r.Now())
	case DoResume:
		back := e
		back.State, back.Before, back.Reason, back.Detail = e.Before, "", "", ""
		return true, r.save(ctx, back, Held, r.Now())
	case DoEnd:
		return false, r.end(ctx, e, ds, a)
	case DoSet:
		return r.set(ctx, e, ds)
	case DoCheck:
		return r.check(ctx, e, ds)
	case DoRecruit:
		return r.recruit(ctx, e, find(ds, StepNotice))
	case DoNotify:
		return r.notify(ctx, e, find(ds, StepNotice))
	case DoIntend:
		d := Delivery{Edition: e.ID, Step: a.Step, State: Intended, Attempt: 1, Key: key(e, a.Step, 1)}
		return true, r.save(ctx, e, e.State, r.Now(), DeliveryChange{Delivery: d})
	}
	return r.act(ctx, e, find(ds, a.Step), a)
}

// act does what concerns one delivery.
func (r *run) act(ctx context.Context, e Edition, d Delivery, a Action) (more bool, err error) {
	change := DeliveryChange{Delivery: d, WasState: d.State, WasAttempt: d.Attempt}
	switch a.Do {
	case DoDoubt:
		change.DoubtAt = r.Now()
	case DoRetry:
		change.Delivery = Delivery{Edition: e.ID, Step: d.Step, State: Intended, Attempt: d.Attempt + 1, Key: d.Key}
	case DoLook:
		return r.look(ctx, e, change)
	case DoUpdate:
		return r.update(ctx, e, change)
	case DoAsk:
		return r.ask(ctx, e, change)
	default: // DoCall, DoRepeat
		return r.call(ctx, e, d)
	}
	return true, r.save(ctx, e, e.State, r.Now(), change)
}

func (r *run) situation(ctx context.Context, e Edition, ds []Delivery) (Situation, error) {
	sw, err := r.Store.Switch(ctx)
	if err != nil {
		return Situation{}, err
	}
	ch, known := r.Channels[e.Channel]
	s := Situation{
		Now: r.Now(), Stopped: sw.Stopped, DryRun: ch.DryRun, Orphan: !known, Checked: r.checked, Late: ch.ReviewLate,
		Node: r.Node, Settle: r.Settle, LookGap: r.LookGap,
	}
	if e.State == InReview || e.State == Approved {
		if s.Stale, err = r.stale(ctx, e); err != nil {
			return s, err
		}
	}
	for step, kind := range map[Step]EventKind{StepMass: EventMass, StepPublish: EventPublish} {
		d := find(ds, step)
		id := d.MsgID + d.PublishID
		if d.State != Done || id == "" {
			continue
		}
		ev, err := r.Store.Event(ctx, e.Account, kind, id)
		if err == nil {
			s.Event = &ev
		} else if !errors.Is(err, ErrNotFound) {
			return s, err
		}
	}
	return s, nil
}

// stale reports whether an article is no longer as it was when the edition was set.
func (r *run) stale(ctx context.Context, e Edition) (bool, error) {
	articles, err := r.Store.ByID(ctx, ids(e.Items))
	if err != nil {
		return false, err
	}
	byID := hashes(articles)
	for _, p := range e.Pieces {
		a, known := byID[p.ArticleID]
		if known && (a.Status != feeds.StatusLive || a.Hash != p.ArticleHash) {
			return true, nil
		}
	}
	return false, nil
}

func find(ds []Delivery, step Step) Delivery {
	for _, d := range ds {
		if d.Step == step {
			return d
		}
	}
	return Delivery{}
}

// account is the edition's account; an edition whose account is gone waits for it until it expires.
func (r *run) account(e Edition) (Account, error) {
	if a, ok := r.Accounts[e.Account]; ok {
		return a, nil
	}
	return nil, &CallError{Call: "-", Reason: ReasonNoAccount, Retry: true, After: time.Minute, Detail: detail(ReasonNoAccount)}
}

// save writes the edition down. Whatever became of a call is written even when ctx has ended meanwhile.
func (x *Dispatcher) save(ctx context.Context, e Edition, from EditionState, wake time.Time, changes ...DeliveryChange) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	e.Changed = x.Now()
	err := x.Store.Save(ctx, Progress{Edition: e, From: from, Deliveries: changes, Wake: wake})
	if err == nil && e.State != from {
		x.sayMoved(e, from)
	}
	return err
}

// sayMoved tells of an edition's new state, loudly where only an admin can say what became of it.
func (x *Dispatcher) sayMoved(e Edition, from EditionState) {
	x.Logger.Info("edition moved", "edition", e.ID, "channel", e.Channel, "from", string(from), "state", string(e.State), "reason", string(e.Reason))
	if e.State != Unknown && e.Reason != ReasonPartly {
		return
	}
	what, todo := e.Reason.Explain()
	titles := make([]string, len(e.Items))
	for i, it := range e.Items {
		titles[i] = it.Title
	}
	x.Logger.Warn("look at what became of this edition", "edition", e.ID, "channel", e.Channel, "state", string(e.State),
		"reason", string(e.Reason), "titles", titles, "what", what, "do", todo)
}

// end ends an edition, and its open delivery with it.
func (r *run) end(ctx context.Context, e Edition, ds []Delivery, a Action) error {
	over := e
	over.State, over.Before, over.Reason = a.State, "", a.Reason
	over.Detail = detail(a.Reason)
	d, open := current(e, ds)
	if open && d.Detail != "" && d.Reason == a.Reason {
		over.Detail = d.Detail
	}
	changes := r.heard(e, ds)
	if open && a.State == Unknown && d.State == InFlight {
		change := DeliveryChange{Delivery: d, WasState: d.State, WasAttempt: d.Attempt}
		change.State, change.Reason, change.EndedAt = DeliveryUnknown, a.Reason, r.Now()
		changes = append(changes, change)
	}
	return r.save(ctx, over, e.State, time.Time{}, changes...)
}

// heard keeps what WeChat's event said of where a send or publication stands.
func (r *run) heard(e Edition, ds []Delivery) (changes []DeliveryChange) {
	ev := r.event
	if ev == nil || len(ds) == 0 || ev.Publication == "" && len(ev.URLs) == 0 {
		return nil
	}
	d := ds[len(ds)-1]
	c := DeliveryChange{Delivery: d, WasState: d.State, WasAttempt: d.Attempt}
	c.Publication, c.URLs = ev.Publication, ev.URLs
	return append(changes, c)
}

// detail is a reason in plain words, with what to do.
func detail(r Reason) string {
	what, todo := r.Explain()
	if todo == "" {
		return what
	}
	return what + "；" + todo
}

// hashes returns the content hashes of articles by id.
func hashes(articles []feeds.Article) map[string]feeds.Article {
	byID := make(map[string]feeds.Article, len(articles))
	for _, a := range articles {
		byID[a.ID] = a
	}
	return byID
}
