package push_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
	"wefeed/push"
	"wefeed/push/pushtest"
)

func wantTitles(t *testing.T, e push.Edition, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, titles(e)); diff != "" {
		t.Errorf("articles (-want +got):\n%s", diff)
	}
}

func wantNone(t *testing.T, p push.Plan, want push.Reason) {
	t.Helper()
	if p.None != want || p.Edition.ID != "" {
		t.Errorf("planned %v, none because of %q; want %q", titles(p.Edition), p.None, want)
	}
}

func TestPlanMakesAnEdition(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1", "x/2")
	w.clock.Advance(time.Minute)
	w.collect("x/3")
	p := w.plan("drafts")
	e, ds := w.read(p.Edition)
	if diff := cmp.Diff(p.Edition, e); diff != "" {
		t.Errorf("-planned +stored\n%s", diff)
	}
	wantTitles(t, e, "x/3", "x/1", "x/2")
	want := push.Edition{
		ID: e.ID, Channel: "drafts", Account: "acc", Kind: push.KindDraft, Audience: "all", State: push.Planned, Slot: after(time.Minute),
		Expires: after(time.Minute + grace), Mark: e.Mark, Items: e.Items, Created: after(time.Minute), Changed: after(time.Minute),
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, token := range []string{e.ID, e.Mark} {
		if len(token) != 16 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz234567") != "" || e.ID == e.Mark {
			t.Errorf("id %q, mark %q: not 16 random base32 characters each", e.ID, e.Mark)
		}
	}
	draft := push.Delivery{Edition: e.ID, Step: push.StepDraft, State: push.Intended, Attempt: 1, Key: e.Mark}
	if diff := cmp.Diff([]push.Delivery{draft}, ds); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
}

func TestPlanOfASlotIsMadeOnce(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	w.slot("drafts")
	w.collect("x/2")
	wantNone(t, w.plan("drafts"), push.ReasonTaken)
	w.clock.Advance(10 * time.Minute)
	wantTitles(t, w.slot("drafts"), "x/2")
	w.clock.Advance(10 * time.Minute)
	wantNone(t, w.plan("drafts"), push.ReasonNothingNew)
}

func TestPlanCarriesOver(t *testing.T) {
	few := draftsChannel("few")
	few.Max = 3
	many := draftsChannel("many")
	many.Max = 99 // more than WeChat takes
	w := newWorld(t, few, many)
	var keys []string
	for i := range 10 {
		keys = append(keys, fmt.Sprint("x/", i))
	}
	w.collect(keys...)
	p := w.plan("many")
	wantTitles(t, p.Edition, keys[:8]...)
	if p.Waiting != 2 {
		t.Errorf("%d wait, want 2", p.Waiting)
	}
	w.clock.Advance(time.Minute)
	wantTitles(t, w.slot("many"), keys[8:]...)
	for i := 0; i < 10; i += 3 {
		w.clock.Advance(time.Minute)
		wantTitles(t, w.slot("few"), keys[i:min(i+3, 10)]...)
	}
}

func TestPlanPutsAPictureFirst(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collectAt("a", start, pushtest.Incoming("x/1", "一"), pushtest.Incoming("x/2", "二", "http://p/1.jpg"), pushtest.Incoming("x/3", "三", "http://p/2.jpg"))
	wantTitles(t, w.slot("drafts"), "二", "一", "三")
}

func TestPlanWaitsForEnough(t *testing.T) {
	ch := draftsChannel("drafts")
	ch.Min = 3
	w := newWorld(t, ch)
	w.collect("x/1", "x/2")
	p := w.plan("drafts")
	wantNone(t, p, push.ReasonTooFew)
	if p.Waiting != 2 {
		t.Errorf("%d wait, want 2", p.Waiting)
	}
	extra, err := w.planner.Plan(w.ctx, ch, w.clock.Now(), true, "急")
	if err != nil || len(extra.Edition.Items) != 2 || !extra.Edition.Extra || extra.Edition.Why != "急" {
		t.Errorf("an extra edition: %+v, %v", extra, err)
	}
	w.clock.Advance(time.Minute)
	w.collect("x/3", "x/4", "x/5")
	wantTitles(t, w.slot("drafts"), "x/3", "x/4", "x/5")
}

func TestPlanTakesWhatIsYoung(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	w.clock.Advance(time.Hour)
	w.collect("x/2")
	w.clock.Set(after(72*time.Hour + time.Second))
	wantTitles(t, w.slot("drafts"), "x/2")
}

// What the portal shows before a channel or a source comes is never sent.
func TestPlanNeverFloods(t *testing.T) {
	late := draftsChannel("late")
	late.Sections = []string{"a", "b"}
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	w.channels["late"] = late
	w.ok(w.store.SyncChannels(w.ctx, []push.Channel{late}))
	wantNone(t, w.plan("late"), push.ReasonNothingNew)
	w.collectAt("b", w.clock.Now(), pushtest.Incoming("y/1", "积压"))
	wantNone(t, w.plan("late"), push.ReasonNothingNew)
	w.collect("x/2")
	w.collectAt("b", w.clock.Now(), pushtest.Incoming("y/2", "新"))
	wantTitles(t, w.slot("late"), "x/2", "新")
}

func TestPlanLeavesOutWhatIsHeldOrGone(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1", "x/2")
	w.takeBack("x/1")
	w.ok(w.store.HoldSection(w.ctx, "a", "wefeed", "改版"))
	wantNone(t, w.plan("drafts"), push.ReasonNothingNew)
	w.ok(w.store.ReleaseSection(w.ctx, "a", "admin", "看过了"))
	wantTitles(t, w.slot("drafts"), "x/2")
	w.clock.Advance(time.Hour)
	w.takeBack("x/1")
	wantNone(t, w.plan("drafts"), push.ReasonNothingNew)
}

// Once in each channel, and once for each follower: two mass channels of an account share their followers, a draft
// reaches none.
func TestPlanSendsOnce(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"), draftsChannel("more"), massChannel("daily"), massChannel("weekly"))
	w.collect("x/1")
	for _, ch := range []string{"drafts", "more"} {
		e := w.slot(ch)
		w.advance()
		w.wantState(e, push.HandedOver, "")
	}
	daily := w.slot("daily")
	w.clock.Advance(24 * time.Hour) // another day's quota
	wantNone(t, w.plan("weekly"), push.ReasonNothingNew)
	w.advance() // too late
	w.wantState(daily, push.Expired, push.ReasonExpired)
	wantTitles(t, w.slot("weekly"), "x/1")
	wantNone(t, w.plan("drafts"), push.ReasonNothingNew)
}

func TestPlanRefuses(t *testing.T) {
	w := newWorld(t)
	w.collect("x/1")
	for name, test := range map[string]struct {
		edit func(*push.Channel)
		late time.Duration
		want push.Reason
	}{
		"an account that is not configured":      {func(ch *push.Channel) { ch.Account = "none" }, 0, push.ReasonNoAccount},
		"notices of a subscription account":      {func(ch *push.Channel) { ch.Kind, ch.Account = push.KindNotice, "daily" }, 0, push.ReasonUnsupported},
		"a list of openids of such an account":   {func(ch *push.Channel) { ch.Audience.OpenIDs, ch.Account = []string{"a", "b"}, "daily" }, 0, push.ReasonUnsupported},
		"publications of an unverified account":  {func(ch *push.Channel) { ch.Kind, ch.Account = push.KindPublish, "plain" }, 0, push.ReasonUnsupported},
		"a mass send of an unverified account":   {func(ch *push.Channel) { ch.Account = "plain" }, 0, push.ReasonUnsupported},
		"a slot whose grace is over":             {func(*push.Channel) {}, grace + 1, push.ReasonExpired},
		"a slot at the end of its grace doesn't": {func(*push.Channel) {}, grace, push.ReasonNothingNew}, // none has a baseline
	} {
		t.Run(name, func(t *testing.T) {
			ch := massChannel("daily")
			test.edit(&ch)
			p, err := w.planner.Plan(t.Context(), ch, w.clock.Now().Add(-test.late), false, "")
			if err != nil {
				t.Fatal(err)
			}
			wantNone(t, p, test.want)
		})
	}
}

// Quotas are the site's days and months: the start is at 18:00 there, so the day ends six hours later.
func TestPlanKeepsWithinTheQuota(t *testing.T) {
	service, subscription := massChannel("service"), massChannel("subscription")
	subscription.Account = "daily"
	w := newWorld(t, service, subscription)
	sends := func(ch string, days int) (sent []int) {
		for day := range days {
			w.clock.Set(start.Add(time.Duration(day)*24*time.Hour + 5*time.Hour + 59*time.Minute))
			w.collect(fmt.Sprint(ch, "/", day))
			if e := w.plan(ch).Edition; e.ID != "" {
				now, _ := w.read(e)
				now.State = push.Sent
				mass := push.Delivery{Edition: e.ID, Step: push.StepMass, State: push.Done, Attempt: 1, CalledAt: w.clock.Now()}
				w.ok(w.store.Save(w.ctx, push.Progress{Edition: now, From: push.Planned, Deliveries: []push.DeliveryChange{{Delivery: mass}}}))
				sent = append(sent, day)
			}
			w.collect(fmt.Sprint(ch, "/more/", day))
			wantNone(t, w.plan(ch), push.ReasonNoQuota)
			w.clock.Advance(time.Minute) // midnight
		}
		return sent
	}
	// 20 to 23 November, then from 1 December
	if got, want := sends("service", 15), []int{0, 1, 2, 3, 11, 12, 13, 14}; !slices.Equal(got, want) {
		t.Errorf("a service account sent on days %v, want %v", got, want)
	}
	w = newWorld(t, service, subscription)
	if got, want := sends("subscription", 5), []int{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("a subscription account sent on days %v, want %v", got, want)
	}
}

// One article that WeChat refuses keeps its neighbours back no longer than it takes to try each by itself.
func TestPlanFindsTheRefusedArticle(t *testing.T) {
	ch := draftsChannel("drafts")
	ch.Min = 2
	w := newWorld(t, ch)
	w.collect("x/1", "x/2", "x/bad", "x/3")
	bad := "x/bad"
	send := func(want push.EditionState, titles ...string) {
		t.Helper()
		w.clock.Advance(time.Hour)
		e := w.slot("drafts")
		wantTitles(t, e, titles...)
		if slices.Contains(titles, bad) {
			w.account.Script(pushtest.CallAdd, pushtest.Refused(push.ReasonContent, 45166))
		}
		if e = w.carry(e); e.State != want {
			t.Errorf("%v: %s, want %s", titles, e.State, want)
		}
	}
	leftOut := func() {
		t.Helper()
		w.clock.Advance(time.Hour)
		p := w.plan("drafts")
		wantNone(t, p, push.ReasonContent)
		if p.Waiting != 1 {
			t.Errorf("%d wait, want 1", p.Waiting)
		}
	}
	send(push.Failed, "x/1", "x/2", bad, "x/3")
	w.collect("x/4", "x/5")
	send(push.HandedOver, "x/4", "x/5") // the unsuspected come first
	send(push.HandedOver, "x/1")
	send(push.HandedOver, "x/2")
	send(push.Failed, bad)
	send(push.HandedOver, "x/3") // who was not yet alone comes first
	send(push.Failed, bad)
	send(push.Failed, bad)
	leftOut()
	w.collect("x/6", "x/7")
	send(push.HandedOver, "x/6", "x/7")
	leftOut()
	w.correct("x/bad", "x/still bad")
	bad = "x/still bad"
	send(push.Failed, bad)
	leftOut()
	w.correct("x/bad", "x/good")
	send(push.HandedOver, "x/good")
	w.clock.Advance(time.Hour)
	wantNone(t, w.plan("drafts"), push.ReasonNothingNew)
}

func TestQuotaDayIsTheSites(t *testing.T) {
	w := newWorld(t, massChannel("daily"), massChannel("weekly"))
	w.clock.Set(start.Add(5*time.Hour + 59*time.Minute)) // 23:59 there
	w.collect("x/1")
	w.slot("daily")
	w.advance()
	w.collect("x/2")
	wantNone(t, w.plan("weekly"), push.ReasonNoQuota)
	w.clock.Advance(time.Minute)
	wantTitles(t, w.slot("weekly"), "x/2")
}

// What counts is when a send leaves: the edition of a slot before midnight, at a month's end too, uses up the quota of
// the day after if it is released then.
func TestQuotaCountsWhenASendLeaves(t *testing.T) {
	w := newWorld(t, massChannel("daily"), massChannel("weekly"))
	w.clock.Set(time.Date(2026, 11, 30, 23, 58, 0, 0, site))
	w.collect("x/1")
	w.press(true)
	late := w.slot("daily")
	w.advance()
	w.clock.Advance(4 * time.Minute)
	w.collect("x/2")
	wantNone(t, w.plan("weekly"), push.ReasonNoQuota) // it may leave at any moment
	w.press(false)
	w.carry(late)
	w.wantState(late, push.Sent, "")
	wantNone(t, w.plan("weekly"), push.ReasonNoQuota)
	for day := 2; day <= 4; day++ {
		w.clock.Set(time.Date(2026, 12, day, 0, 0, 0, 0, site))
		w.collect(fmt.Sprint("day/", day))
		w.wantState(w.carry(w.slot("weekly")), push.Sent, "")
	}
	w.clock.Set(time.Date(2026, 12, 5, 0, 0, 0, 0, site))
	w.collect("x/5")
	wantNone(t, w.plan("daily"), push.ReasonNoQuota) // four in December
}

// When WeChat says that the day's send is used up, an editor sent by hand: no more drafts are made in vain that day.
func TestQuotaUsedByHand(t *testing.T) {
	for name, fault := range map[string]pushtest.Fault{
		"for good": pushtest.Refused(push.ReasonQuotaUsed, 45028), "to be tried again": pushtest.Again(push.ReasonQuotaUsed),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, massChannel("daily"), massChannel("weekly"))
			w.collect("x/1")
			w.account.Script(pushtest.CallSend, repeat(fault, 99)...)
			if e := w.carry(w.slot("daily")); e.State.Open() || !e.State.Frees() {
				t.Fatalf("the edition is %s", e.State)
			}
			w.account.Heal()
			w.clock.Set(time.Date(2026, 11, 20, 23, 59, 0, 0, site))
			wantNone(t, w.plan("daily"), push.ReasonNoQuota)
			wantNone(t, w.plan("weekly"), push.ReasonNoQuota)
			w.clock.Advance(time.Minute)
			w.carry(w.slot("daily"))
			w.wantEffects(2, 1)
		})
	}
}

// A send that is proven not to have happened gives its place back; one in doubt does not.
func TestQuotaOfFailedSends(t *testing.T) {
	w := newWorld(t, massChannel("daily"))
	w.collect("x/1")
	w.account.Script(pushtest.CallSend, pushtest.Refused(push.ReasonForbidden, 48001), pushtest.Lost())
	failed := w.carry(w.slot("daily"))
	w.wantState(failed, push.Failed, push.ReasonForbidden)
	w.clock.Advance(time.Minute)
	w.slot("daily")
	w.advance()
	w.collect("x/2")
	w.clock.Advance(time.Minute)
	wantNone(t, w.plan("daily"), push.ReasonNoQuota)
}

func TestLongTitles(t *testing.T) {
	long := strings.Repeat("长", 33)
	for _, test := range []struct {
		title string
		mode  push.LongTitle
		want  string
		fits  bool
	}{
		{"短", push.LongTitleHold, "短", true},
		{"  两\n 行 ", push.LongTitleCut, "两 行", true},
		{long[:32*3], push.LongTitleHold, long[:32*3], true},
		{long, push.LongTitleCut, long[:31*3] + "…", true},
		{long, push.LongTitleHold, "", false},
		{"", push.LongTitleCut, "", false},
		{" \n ", push.LongTitleHold, "", false},
	} {
		if got, fits := push.FitTitle(test.title, test.mode); got != test.want || fits != test.fits {
			t.Errorf("%q, %s: %q, %v; want %q, %v", test.title, test.mode, got, fits, test.want, test.fits)
		}
	}
	holding := draftsChannel("holding")
	holding.LongTitle = push.LongTitleHold
	w := newWorld(t, draftsChannel("cutting"), holding)
	w.collect(long)
	wantTitles(t, w.slot("cutting"), long[:31*3]+"…")
	p := w.plan("holding")
	wantNone(t, p, push.ReasonTitle)
	if p.Waiting != 1 {
		t.Errorf("%d wait, want 1", p.Waiting)
	}
	w.collect("x/1")
	wantTitles(t, w.slot("holding"), "x/1")
}

// While pushes are stopped editions are planned and held: the admin sees what would go out.
func TestPlanWhileStopped(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	w.press(true)
	e := w.slot("drafts")
	w.advance()
	w.wantState(e, push.Held, push.ReasonStopped)
	w.wantEffects(0, 0)
}

func TestPlanPassesErrorsOn(t *testing.T) {
	if _, err := push.NewPlanner(push.PlannerOptions{}); err == nil {
		t.Error("a planner without a store")
	}
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	p, err := push.NewPlanner(push.PlannerOptions{
		Store: w.store, Zone: time.UTC, Now: w.clock.Now, Rand: brokenRand{}, Accounts: map[string]push.AccountKind{"acc": push.AccountService},
	})
	w.ok(err)
	if _, err := p.Plan(t.Context(), w.channels["drafts"], start, false, ""); !errors.Is(err, errBroken) {
		t.Errorf("without randomness: %v", err)
	}
	if n := len(w.store.Editions()); n != 0 {
		t.Errorf("%d editions", n)
	}
}

var errBroken = errors.New("broken")

type brokenRand struct{}

func (brokenRand) Read([]byte) (int, error) { return 0, errBroken }

// Ten thousand articles wait for a slot.
func BenchmarkPlan(b *testing.B) {
	w := newWorld(b, draftsChannel("drafts"))
	items := make([]feeds.Incoming, 10_000)
	for i := range items {
		items[i] = pushtest.Incoming(fmt.Sprint("x/", i), "一")
	}
	w.collectAt("a", start, items...)
	for b.Loop() {
		w.clock.Advance(time.Microsecond)
		e := w.slot("drafts")
		e.State = push.Expired // frees its articles for the next turn
		w.ok(w.store.Save(w.ctx, push.Progress{Edition: e, From: push.Planned}))
	}
}

// TestPlansThatMeet: two plans that choose the same article at once make two editions of what there is.
func TestPlansThatMeet(t *testing.T) {
	ch := draftsChannel("drafts")
	ch.Max = 1
	w := newWorld(t, ch)
	w.collect("x/1", "x/2")
	var second push.Plan
	met := false
	w.store.Hook = func(method string) {
		if method == "CreateEdition" && !met {
			met = true
			var err error
			second, err = w.planner.Plan(w.ctx, ch, w.clock.Now().Add(time.Second), true, "乙")
			w.ok(err)
		}
	}
	first, err := w.planner.Plan(w.ctx, ch, w.clock.Now(), true, "甲")
	w.ok(err)
	if len(first.Edition.Items) != 1 || len(second.Edition.Items) != 1 || first.Edition.Items[0].ArticleID == second.Edition.Items[0].ArticleID {
		t.Errorf("%+v\n%+v", first, second)
	}
}
