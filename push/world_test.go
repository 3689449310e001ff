package push_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"wefeed/feeds"
	"wefeed/push"
	"wefeed/push/pushtest"
)

// tb is what testing.T and rapid.T have in common.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A world is one account with its channels, in memory, on a clock that stands still.
type world struct {
	tb
	ctx      context.Context
	clock    *pushtest.Clock
	store    *pushtest.Memory
	account  *pushtest.Account
	channels map[string]push.Channel
	planner  *push.Planner
	// beforeCheck, if set, is called before pages are looked at; its error is the look's.
	beforeCheck func() error
	dispatcher  *push.Dispatcher
	starts      int
}

// draftsChannel and massChannel send everything of section a through the account acc.
func draftsChannel(id string) push.Channel {
	return push.Channel{
		ID: id, Account: "acc", Kind: push.KindDraft, Sections: []string{"a"}, Review: "none", Min: 1, Max: 8, MaxAge: 72 * time.Hour,
		LongTitle: push.LongTitleCut, Grace: grace,
	}
}

func massChannel(id string) push.Channel {
	ch := draftsChannel(id)
	ch.Kind = push.KindMass
	return ch
}

func publishChannel(id string) push.Channel {
	ch := draftsChannel(id)
	ch.Kind = push.KindPublish
	return ch
}

func noticeChannel(id string) push.Channel {
	ch := draftsChannel(id)
	ch.Kind, ch.Max = push.KindNotice, 1
	ch.Notice = push.NoticeForm{
		Template: "tmpl", Data: map[string]string{"thing1": "{title}", "time2": "{date}", "thing3": "{section}·{site}"},
		SiteURL: "http://gateway.example", Site: "文明网", Zone: site, Sections: map[string]string{"a": "志愿服务"},
	}
	return ch
}

// site is the zone of the world's days.
var site = time.FixedZone("CST", 8*60*60)

// newWorld returns a world whose source a is learned and whose channels have joined.
func newWorld(t tb, channels ...push.Channel) *world {
	t.Helper()
	clock := pushtest.NewClock()
	w := &world{
		tb: t, ctx: context.Background(), clock: clock, store: &pushtest.Memory{Now: clock.Now}, account: pushtest.NewAccount(clock),
		channels: map[string]push.Channel{},
	}
	for _, ch := range channels {
		w.channels[ch.ID] = ch
	}
	var err error
	w.planner, err = push.NewPlanner(push.PlannerOptions{
		Store: w.store, Zone: site, Now: clock.Now, Rand: rand.NewChaCha8([32]byte{}),
		Accounts: map[string]push.AccountKind{"acc": push.AccountService, "plain": push.AccountUnverified, "daily": push.AccountSubscription},
	})
	w.ok(err)
	w.collectAt("a", clock.Now().Add(-time.Hour))
	w.ok(w.store.SyncChannels(w.ctx, channels))
	w.start()
	return w
}

// start begins a process. Like serve, it takes up what the one before it left.
func (w *world) start() {
	w.Helper()
	w.starts++
	var err error
	w.dispatcher, err = push.NewDispatcher(push.DispatcherOptions{
		Store: w.store, Accounts: map[string]push.Account{"acc": w.account}, Channels: w.channels, Checker: w,
		Node: fmt.Sprint("node-", w.starts), Settle: settle, LookGap: lookGap, Now: w.clock.Now,
	})
	w.ok(err)
	w.ok(w.dispatcher.Resume(w.ctx, true))
}

// Recheck implements push.Checker: the pages are as they are stored.
func (w *world) Recheck(ctx context.Context, ids []string) ([]feeds.Article, error) {
	if w.beforeCheck != nil {
		if err := w.beforeCheck(); err != nil {
			return nil, err
		}
	}
	return w.store.ByID(ctx, ids)
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) collectAt(section string, at time.Time, items ...feeds.Incoming) {
	w.Helper()
	_, err := w.store.SaveCollected(w.ctx, pushtest.Collected(section, at, items...))
	w.ok(err)
}

// collect stores articles of section a as seen now, top first; their titles are their keys.
func (w *world) collect(keys ...string) {
	w.Helper()
	var items []feeds.Incoming
	for _, k := range keys {
		items = append(items, pushtest.Incoming(k, k))
	}
	w.collectAt("a", w.clock.Now(), items...)
}

// correct makes the portal change an article's text.
func (w *world) correct(key, title string) {
	w.Helper()
	w.collectAt("a", w.clock.Now(), pushtest.Incoming(key, title))
}

// takeBack makes the portal answer 404 for an article's page.
func (w *world) takeBack(key string) {
	w.Helper()
	gone := feeds.Check{ArticleID: pushtest.ArticleID(key), Gone: true}
	_, err := w.store.SaveCollected(w.ctx, pushtest.Checked("a", w.clock.Now(), gone))
	w.ok(err)
}

func (w *world) press(stopped bool) {
	w.Helper()
	w.ok(w.store.SetSwitch(w.ctx, push.Switch{Stopped: stopped, At: w.clock.Now(), By: "admin"}))
}

func (w *world) plan(channel string) push.Plan {
	w.Helper()
	p, err := w.planner.Plan(w.ctx, w.channels[channel], w.clock.Now(), false, "")
	w.ok(err)
	return p
}

// slot plans an edition of the channel at the present time.
func (w *world) slot(channel string) push.Edition {
	w.Helper()
	p := w.plan(channel)
	if p.None != "" {
		w.Fatalf("%s: no edition: %s", channel, p.None)
	}
	return p.Edition
}

// advance is the bell: it carries on what is due now, until nothing is.
func (w *world) advance() {
	w.Helper()
	for range 100 {
		ids, _ := w.store.Claim(w.ctx)
		if len(ids) == 0 {
			return
		}
		for _, id := range ids {
			if err := w.dispatcher.Advance(w.ctx, id); err != nil {
				w.Fatalf("advance %s at %v: %v", id, w.clock.Now(), err)
			}
		}
	}
	w.Fatal("editions are due again and again without any time passing")
}

// pass lets time go by, waking editions when they are due.
func (w *world) pass(d time.Duration) {
	w.Helper()
	until := w.clock.Now().Add(d)
	for {
		w.advance()
		next := w.store.Next()
		if next.IsZero() || next.After(until) {
			w.clock.Set(until)
			return
		}
		w.clock.Set(next)
	}
}

// carry lets time go by until the edition comes to an end, or nothing is due any more.
func (w *world) carry(e push.Edition) push.Edition {
	w.Helper()
	for range 1000 {
		w.advance()
		if now, _ := w.read(e); !now.State.Open() {
			return now
		}
		next := w.store.Next()
		if next.IsZero() {
			break
		}
		w.clock.Set(next)
	}
	now, _ := w.read(e)
	return now
}

func (w *world) read(e push.Edition) (push.Edition, []push.Delivery) {
	w.Helper()
	now, ds, err := w.store.Edition(w.ctx, e.ID)
	w.ok(err)
	return now, ds
}

func (w *world) wantState(e push.Edition, want push.EditionState, reason push.Reason) {
	w.Helper()
	if now, _ := w.read(e); now.State != want || now.Reason != reason {
		w.Fatalf("the edition is %s for %q, want %s for %q (%s)", now.State, now.Reason, want, reason, now.Detail)
	}
}

// wantEffects checks how many drafts and mass sends there were.
func (w *world) wantEffects(drafts, masses int) {
	w.Helper()
	d, m := w.account.Effects(push.StepDraft), w.account.Effects(push.StepMass)
	if len(d) != drafts || len(m) != masses {
		w.Fatalf("%d drafts and %d sends, want %d and %d: %+v, %+v", len(d), len(m), drafts, masses, d, m)
	}
}

// titles are those of an edition's items, in order.
func titles(e push.Edition) []string {
	var all []string
	for _, it := range e.Items {
		all = append(all, it.Title)
	}
	return all
}

// died is what a process that is killed panics with.
var errDied = errors.New("killed")

// dies calls f with a process that is killed at its nth call of the store or the account, and reports whether it came
// to that. Each call counts twice: it may die before it, or after it and before its answer.
func (w *world) dies(nth int, f func()) (dead bool) {
	fuse := func() {
		if nth--; nth == 0 {
			panic(errDied)
		}
	}
	w.store.Hook = func(string) { fuse() }
	w.account.Hook = func(pushtest.Call) { fuse() }
	defer func() {
		w.store.Hook, w.account.Hook = nil, nil
		switch p := recover(); p {
		case nil:
		case errDied:
			dead = true
		default:
			panic(p)
		}
	}()
	f()
	return false
}
