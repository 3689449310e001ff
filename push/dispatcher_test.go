package push_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
	"wefeed/push"
	"wefeed/push/pushtest"
)

func TestDraftIsHandedOver(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1", "x/2")
	e := w.slot("drafts")
	w.advance()
	w.wantState(e, push.HandedOver, "")
	want := []pushtest.Effect{{
		Step: push.StepDraft, Mark: e.Mark, Articles: []string{pushtest.ArticleID("x/1"), pushtest.ArticleID("x/2")}, ID: "draft-1", At: start,
	}}
	if diff := cmp.Diff(want, w.account.Effects(push.StepDraft)); diff != "" {
		t.Errorf("drafts (-want +got):\n%s", diff)
	}
	now, ds := w.read(e)
	if len(now.Pieces) != 2 || now.Digest == "" || now.Pieces[0].ArticleHash == "" {
		t.Errorf("set as %+v, digest %q", now.Pieces, now.Digest)
	}
	wantDs := []push.Delivery{{
		Edition: e.ID, Step: push.StepDraft, State: push.Done, Attempt: 1, Key: e.Mark, RequestHash: now.Digest, Node: "node-1",
		FirstCalledAt: start, CalledAt: start, Deadline: start.Add(50 * time.Second), EndedAt: start, MediaID: "draft-1",
	}}
	if diff := cmp.Diff(wantDs, ds); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	if next := w.store.Next(); !next.IsZero() {
		t.Errorf("something is due at %v", next)
	}
}

func TestMassIsSent(t *testing.T) {
	for name, how := range map[string]func(*world, push.Edition){
		"by its event": func(w *world, _ push.Edition) {
			w.account.Answer(push.MassSending)
			w.pass(5 * time.Minute)
			ev := push.Event{Account: "acc", Kind: push.EventMass, ID: "mass-2", Status: "send success", Total: 9, SentTo: 9, At: w.clock.Now()}
			w.ok(w.store.SaveEvent(w.ctx, ev))
		},
		"by asking":         func(w *world, _ push.Edition) { w.account.Script(pushtest.CallAsk, pushtest.Silent()) },
		"though deleted":    func(w *world, _ push.Edition) { w.account.Answer(push.MassDeleted) },
		"though stopped":    func(w *world, _ push.Edition) { w.press(true) },
		"after a new start": func(w *world, _ push.Edition) { w.clock.Advance(72 * time.Hour); w.start() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, massChannel("daily"))
			w.collect("x/1")
			e := w.slot("daily")
			w.advance()
			w.wantState(e, push.Submitted, "")
			how(w, e)
			w.carry(e)
			w.wantState(e, push.Sent, "")
			w.wantEffects(1, 1)
			if got := w.account.Effects(push.StepMass)[0]; got.Mark != e.Mark || got.Key != e.ID+"-1" {
				t.Errorf("sent as %+v", got)
			}
		})
	}
}

// Each fault at each step that has an effect ends with that effect once, or with none and a reason.
func TestFaultsOfCalls(t *testing.T) {
	const patience = 45 * time.Second
	type outcome struct {
		state          push.EditionState
		reason         push.Reason
		drafts, masses int
	}
	sent, none := outcome{push.Sent, "", 1, 1}, outcome{push.Failed, push.ReasonContent, 0, 0}
	refusal := pushtest.Refused(push.ReasonContent, 45008)
	for name, test := range map[string]struct {
		call   pushtest.Call
		faults []pushtest.Fault
		want   outcome
	}{
		"draft, answer lost":              {pushtest.CallAdd, []pushtest.Fault{pushtest.Lost()}, sent},
		"draft, no effect, no answer":     {pushtest.CallAdd, []pushtest.Fault{pushtest.Silent()}, sent},
		"draft, late":                     {pushtest.CallAdd, []pushtest.Fault{pushtest.Late(settle - 1)}, sent},
		"draft, timeout":                  {pushtest.CallAdd, []pushtest.Fault{pushtest.Timeout(patience)}, sent},
		"draft, refused":                  {pushtest.CallAdd, []pushtest.Fault{refusal}, none},
		"draft, not reached":              {pushtest.CallAdd, []pushtest.Fault{pushtest.Again(push.ReasonNetwork)}, sent},
		"draft, everything in turn":       {pushtest.CallAdd, []pushtest.Fault{pushtest.Again(push.ReasonToken), pushtest.Silent(), pushtest.Timeout(patience), pushtest.Late(time.Minute)}, sent},
		"draft, never reached":            {pushtest.CallAdd, repeat(pushtest.Again(push.ReasonNetwork), 99), outcome{push.Expired, push.ReasonExpired, 0, 0}},
		"look, not answered":              {pushtest.CallFind, []pushtest.Fault{pushtest.Silent(), pushtest.Again(push.ReasonNetwork)}, sent},
		"send, answer lost":               {pushtest.CallSend, []pushtest.Fault{pushtest.Lost()}, sent},
		"send, answer lost twice":         {pushtest.CallSend, []pushtest.Fault{pushtest.Lost(), pushtest.Lost()}, sent},
		"send, no effect, no answer":      {pushtest.CallSend, []pushtest.Fault{pushtest.Silent()}, sent},
		"send, late":                      {pushtest.CallSend, []pushtest.Fault{pushtest.Late(time.Hour)}, sent},
		"send, timeout":                   {pushtest.CallSend, []pushtest.Fault{pushtest.Timeout(patience)}, sent},
		"send, refused":                   {pushtest.CallSend, []pushtest.Fault{refusal}, outcome{push.Failed, push.ReasonContent, 1, 0}},
		"send, not reached":               {pushtest.CallSend, []pushtest.Fault{pushtest.Again(push.ReasonNetwork)}, sent},
		"send, lost, then not reached":    {pushtest.CallSend, []pushtest.Fault{pushtest.Lost(), pushtest.Again(push.ReasonNetwork)}, sent},
		"send, lost, then quota used":     {pushtest.CallSend, []pushtest.Fault{pushtest.Lost(), pushtest.Refused(push.ReasonQuotaUsed, 45028)}, sent},
		"send, lost, then quota for ever": {pushtest.CallSend, append([]pushtest.Fault{pushtest.Lost()}, repeat(pushtest.Refused(push.ReasonQuotaUsed, 45028), 99)...), outcome{push.Unknown, push.ReasonOver24h, 1, 1}},
		"send, silence for ever":          {pushtest.CallSend, repeat(pushtest.Silent(), 99), outcome{push.Unknown, push.ReasonOver24h, 1, 0}},
		"question, silence for ever":      {pushtest.CallAsk, repeat(pushtest.Silent(), 99), outcome{push.Unknown, push.ReasonNoOutcome, 1, 1}},
		"upload, not reached":             {pushtest.CallSet, []pushtest.Fault{pushtest.Again(push.ReasonNetwork), pushtest.Silent(), pushtest.Timeout(patience)}, sent},
		"upload, refused":                 {pushtest.CallSet, []pushtest.Fault{pushtest.Refused(push.ReasonContent, 40009)}, none},
		"upload, never reached":           {pushtest.CallSet, repeat(pushtest.Again(push.ReasonNetwork), 999), outcome{push.Expired, push.ReasonExpired, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, massChannel("daily"))
			w.collect("x/1")
			if test.call == pushtest.CallFind {
				w.account.Script(pushtest.CallAdd, pushtest.Lost())
			}
			w.account.Script(test.call, test.faults...)
			e := w.carry(w.slot("daily"))
			w.wantState(e, test.want.state, test.want.reason)
			w.wantEffects(test.want.drafts, test.want.masses)
			if what, _ := test.want.reason.Explain(); e.Detail != "拒绝" && !strings.HasPrefix(e.Detail, what) {
				t.Errorf("its detail does not tell why: %q", e.Detail)
			}
		})
	}
}

func repeat(f pushtest.Fault, times int) []pushtest.Fault {
	faults := make([]pushtest.Fault, times)
	for i := range faults {
		faults[i] = f
	}
	return faults
}

// An editor may send or delete a draft at any time, so its absence proves nothing ten minutes after the call.
func TestDraftLookedForTooLate(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	w.account.Script(pushtest.CallAdd, pushtest.Lost())
	w.account.Script(pushtest.CallFind, repeat(pushtest.Silent(), 99)...)
	e := w.slot("drafts")
	w.pass(11 * time.Minute)
	w.account.Heal()
	w.account.Clear(10 * time.Minute)
	w.carry(e)
	w.wantState(e, push.Unknown, push.ReasonUnseen)
	w.wantEffects(1, 0)
	_, ds := w.read(e)
	if ds[0].State != push.DeliveryUnknown || ds[0].EndedAt.IsZero() {
		t.Errorf("its delivery is %+v", ds[0])
	}
	w.clock.Advance(time.Minute)
	wantNone(t, w.plan("drafts"), push.ReasonNothingNew) // never guessed
}

// A mass send that failed half way has reached followers, who are not to get its articles twice.
func TestPartlySentKeepsItsArticles(t *testing.T) {
	w := newWorld(t, massChannel("daily"))
	w.collect("x/1")
	e := w.slot("daily")
	w.account.Answer(push.MassSending)
	w.advance()
	ev := push.Event{Account: "acc", Kind: push.EventMass, ID: "mass-2", Status: "send fail", Total: 9, SentTo: 4, Errors: 5, At: w.clock.Now()}
	w.ok(w.store.SaveEvent(w.ctx, ev))
	w.advance()
	w.wantState(e, push.Sent, push.ReasonPartly)
	w.clock.Advance(24 * time.Hour)
	wantNone(t, w.plan("daily"), push.ReasonNothingNew)
}

// What only an admin can settle is said loudly, with the articles and what to do.
func TestUnknownIsToldLoudly(t *testing.T) {
	w := newWorld(t, massChannel("daily"))
	var log bytes.Buffer
	w.dispatcher.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w.collect("x/1")
	w.account.Answer(push.MassSending)
	e := w.slot("daily")
	w.carry(e)
	w.wantState(e, push.Unknown, push.ReasonNoOutcome)
	what, todo := push.ReasonNoOutcome.Explain()
	for _, want := range []string{e.ID, "x/1", what, todo} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
}

// An attempt rises only when the one before it is proven to have had no effect; its mark stays.
func TestAttemptsRise(t *testing.T) {
	w := newWorld(t, massChannel("daily"))
	w.collect("x/1")
	w.account.Script(pushtest.CallAdd, pushtest.Silent(), pushtest.Again(push.ReasonNetwork), pushtest.Lost())
	w.account.Script(pushtest.CallSend, pushtest.Again(push.ReasonNetwork), pushtest.Lost(), pushtest.Silent())
	e := w.carry(w.slot("daily"))
	w.wantState(e, push.Sent, "")
	_, ds := w.read(e)
	if d := ds[0]; d.Attempt != 3 || d.Key != e.Mark {
		t.Errorf("draft: attempt %d, key %q", d.Attempt, d.Key)
	}
	if d := ds[1]; d.Attempt != 2 || d.Key != e.ID+"-2" || w.account.Effects(push.StepMass)[0].Key != d.Key {
		t.Errorf("send: attempt %d, key %q", d.Attempt, d.Key)
	}
}

func TestUploadsWaitAsLongAsToldTo(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	w.account.Script(pushtest.CallSet, pushtest.AgainAfter(push.ReasonQuotaUsed, 10*time.Minute))
	e := w.slot("drafts")
	w.pass(10*time.Minute - time.Second)
	w.wantState(e, push.Planned, push.ReasonQuotaUsed)
	w.pass(time.Second)
	w.wantState(e, push.HandedOver, "")
	if n := w.account.Calls(pushtest.CallSet); n != 2 {
		t.Errorf("%d calls", n)
	}
}

// What came of a call is written down even when the job's time is over.
func TestOutcomeOutlivesTheJob(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	e := w.slot("drafts")
	ctx, cancel := context.WithCancel(w.ctx)
	w.account.Hook = func(c pushtest.Call) {
		if c == pushtest.CallAdd {
			cancel()
		}
	}
	if err := w.dispatcher.Advance(ctx, e.ID); err != nil {
		t.Fatal(err)
	}
	w.wantState(e, push.HandedOver, "")
}

// A successor need not wait for the deadline of a call whose process is dead.
func TestCallsOfTheDeadAreInDoubtAtOnce(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	e := w.slot("drafts")
	w.account.Hook = func(c pushtest.Call) {
		if c == pushtest.CallAdd {
			panic(errDied)
		}
	}
	func() {
		defer func() { _ = recover() }()
		w.advance()
	}()
	w.account.Hook = nil
	w.ok(w.dispatcher.Sweep(w.ctx))
	if _, ds := w.read(e); ds[0].State != push.InFlight || !ds[0].DoubtAt.IsZero() {
		t.Fatalf("a live process's call: %+v", ds[0])
	}
	w.start()
	if _, ds := w.read(e); !ds[0].DoubtAt.Equal(start) {
		t.Errorf("in doubt since %v", ds[0].DoubtAt)
	}
	w.carry(e)
	w.wantState(e, push.HandedOver, "")
	w.wantEffects(1, 0)
}

// A process that dies anywhere has had each effect once when its successor is through, or says that it does not know.
func TestDeathAtEveryCall(t *testing.T) {
	for _, ch := range []push.Channel{draftsChannel("drafts"), massChannel("daily")} {
		for _, downtime := range []time.Duration{0, time.Minute, time.Hour, 25 * time.Hour} {
			deaths := 0
			for nth := 1; ; nth++ {
				w := newWorld(t, ch)
				w.collect("x/1", "x/2")
				e := w.slot(ch.ID)
				if !w.dies(nth, func() { w.carry(e) }) {
					break
				}
				deaths++
				w.clock.Advance(downtime)
				w.start()
				got := w.carry(e)
				if n := len(w.account.Effects(push.StepDraft)); n > 1 {
					t.Fatalf("%s: killed at %d, down for %v: %d drafts", ch.ID, nth, downtime, n)
				}
				if n := len(w.account.Effects(push.StepMass)); n > 1 {
					t.Fatalf("%s: killed at %d, down for %v: %d sends", ch.ID, nth, downtime, n)
				}
				if err := judge(w, got); err != nil {
					t.Fatalf("%s: killed at %d, down for %v: %v", ch.ID, nth, downtime, err)
				}
				if over := got.State == push.HandedOver || got.State == push.Sent; downtime <= time.Minute && !over {
					t.Fatalf("%s: killed at %d, down for %v: %s, %s", ch.ID, nth, downtime, got.State, got.Detail)
				}
			}
			if deaths < 20 {
				t.Errorf("%s: only %d places to die at", ch.ID, deaths)
			}
		}
	}
}

// judge holds an edition's end against what the account did.
func judge(w *world, e push.Edition) error {
	drafts, masses := 0, 0
	for _, f := range w.account.Effects(push.StepDraft) {
		if f.Mark == e.Mark {
			drafts++
		}
	}
	for _, f := range w.account.Effects(push.StepMass) {
		if f.Mark == e.Mark {
			masses++
		}
	}
	ok := false
	switch e.State {
	case push.HandedOver:
		ok = drafts == 1 && masses == 0
	case push.Sent:
		ok = drafts == 1 && masses == 1
	case push.Unknown:
		ok = drafts <= 1 && masses <= 1
	case push.Failed, push.Expired, push.Withdrawn:
		ok = masses == 0 && (drafts == 0 || (drafts == 1 && e.Kind == push.KindMass)) // its draft stays in the box
	}
	if !ok {
		return fmt.Errorf("edition %s is %s (%s) after %d drafts and %d sends", e.ID, e.State, e.Reason, drafts, masses)
	}
	return nil
}

// The button is pressed at every moment of an edition's way: nothing leaves afterwards.
func TestRedButtonAtEveryMoment(t *testing.T) {
	for nth := 1; ; nth++ {
		w := newWorld(t, massChannel("daily"))
		w.collect("x/1")
		e := w.slot("daily")
		calls, adds, sends := 0, 0, 0
		w.store.Hook = func(method string) {
			if calls++; calls != nth {
				return
			}
			w.store.Hook = nil
			w.press(true)
			adds, sends = w.account.Calls(pushtest.CallAdd), w.account.Calls(pushtest.CallSend)
			if _, ds := w.read(e); ds[len(ds)-1].State == push.InFlight {
				if ds[len(ds)-1].Step == push.StepMass {
					sends = 1 // committed before the button was pressed
				} else {
					adds = 1
				}
			}
		}
		w.advance()
		if calls < nth {
			if nth < 20 {
				t.Errorf("only %d moments", nth)
			}
			return
		}
		if a, s := w.account.Calls(pushtest.CallAdd), w.account.Calls(pushtest.CallSend); a != adds || s != sends {
			t.Fatalf("pressed at %d: %d drafts and %d sends left, want %d and %d", nth, a, s, adds, sends)
		}
		if sends == 0 {
			w.wantState(e, push.Held, push.ReasonStopped)
		}
		w.press(false)
		w.carry(e)
		w.wantState(e, push.Sent, "")
		w.wantEffects(1, 1)
	}
}

func TestHeldReturnsToWhereItWas(t *testing.T) {
	w := newWorld(t, massChannel("daily"))
	w.collect("x/1")
	w.press(true)
	e := w.slot("daily")
	w.advance()
	wantBefore := func(want push.EditionState) {
		t.Helper()
		w.wantState(e, push.Held, push.ReasonStopped)
		if now, _ := w.read(e); now.Before != want {
			t.Errorf("it returns to %s, want %s", now.Before, want)
		}
	}
	wantBefore(push.Planned)
	w.account.Script(pushtest.CallSend, pushtest.Lost())
	w.press(false)
	w.advance()
	w.wantState(e, push.Sending, "")
	w.press(true)
	w.pass(time.Hour)
	wantBefore(push.Sending)
	if n := w.account.Calls(pushtest.CallSend); n != 1 {
		t.Errorf("%d sends while stopped", n-1)
	}
	w.press(false)
	w.carry(e)
	w.wantState(e, push.Sent, "")
	w.wantEffects(1, 1)
}

func TestReleasedAfterItsGrace(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	w.press(true)
	e := w.slot("drafts")
	w.pass(grace - time.Second)
	w.wantState(e, push.Held, push.ReasonStopped)
	w.clock.Advance(time.Second)
	w.press(false)
	w.advance()
	w.wantState(e, push.Expired, push.ReasonExpired)
	w.wantEffects(0, 0)
	wantTitles(t, w.slot("drafts"), "x/1") // free for the next slot
}

func TestDryRunSendsNothing(t *testing.T) {
	ch := draftsChannel("drafts")
	ch.DryRun = true
	w := newWorld(t, ch)
	w.collect("x/1")
	e := w.slot("drafts")
	w.pass(time.Hour)
	w.wantState(e, push.Held, push.ReasonDryRun)
	w.channels["drafts"] = draftsChannel("drafts") // a reload
	w.ok(w.dispatcher.Sweep(w.ctx))
	w.advance()
	w.wantState(e, push.HandedOver, "")
}

func TestChannelOrAccountGone(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"), draftsChannel("others"))
	w.collect("x/1")
	e := w.slot("drafts")
	delete(w.channels, "drafts")
	w.advance()
	w.wantState(e, push.Held, push.ReasonNoChannel)
	w.pass(grace)
	w.wantState(e, push.Expired, push.ReasonExpired)

	e = w.slot("others")
	w.dispatcher.Accounts = nil
	w.pass(time.Hour)
	w.wantState(e, push.Planned, push.ReasonNoAccount)
	w.pass(time.Hour)
	w.wantState(e, push.Expired, push.ReasonExpired)
	w.wantEffects(0, 0)
}

func TestReviewHoldsBack(t *testing.T) {
	ch := draftsChannel("drafts")
	ch.Review = "one"
	w := newWorld(t, ch)
	w.collect("x/1")
	e := w.slot("drafts")
	w.pass(time.Hour)
	w.wantState(e, push.InReview, "")
	w.wantEffects(0, 0)
	approve := func() {
		t.Helper()
		now, _ := w.read(e)
		now.State = push.Approved
		w.ok(w.store.Save(w.ctx, push.Progress{Edition: now, From: push.InReview, Wake: w.clock.Now()}))
	}
	w.correct("x/1", "更正")
	approve()
	w.advance() // what was approved is no longer what would go out
	w.wantState(e, push.InReview, "")
	approve()
	w.advance()
	w.wantState(e, push.HandedOver, "")
	if now, _ := w.read(e); now.Pieces[0].Title != "更正" {
		t.Errorf("sent as %q", now.Pieces[0].Title)
	}
	w.collect("x/2")
	w.clock.Advance(time.Minute)
	e = w.slot("drafts")
	w.pass(grace)
	w.wantState(e, push.Expired, push.ReasonExpired)
}

// The pages are looked at again just before an edition leaves.
func TestRecheckBeforeLeaving(t *testing.T) {
	once := func(w *world, nth int, f func()) {
		w.beforeCheck = func() error {
			if nth--; nth == 0 {
				f()
			}
			return nil
		}
	}
	t.Run("corrected", func(t *testing.T) {
		w := newWorld(t, draftsChannel("drafts"))
		w.collect("x/1", "x/2")
		w.account.Script(pushtest.CallAdd, pushtest.Again(push.ReasonNetwork))
		once(w, 2, func() { w.correct("x/2", "更正") })
		e := w.carry(w.slot("drafts"))
		w.wantState(e, push.HandedOver, "")
		wantTitles(t, e, "x/1", "更正")
		if e.Pieces[1].Title != "更正" {
			t.Errorf("went out as %+v", e.Pieces)
		}
	})
	t.Run("one taken back", func(t *testing.T) {
		for _, nth := range []int{1, 2} {
			w := newWorld(t, draftsChannel("drafts"))
			w.collect("x/1", "x/2")
			w.account.Script(pushtest.CallAdd, pushtest.Again(push.ReasonNetwork))
			once(w, nth, func() { w.takeBack("x/1") })
			e := w.carry(w.slot("drafts"))
			w.wantState(e, push.HandedOver, "")
			wantTitles(t, e, "x/2")
			if got := w.account.Effects(push.StepDraft)[0].Articles; len(got) != 1 {
				t.Errorf("went out: %v", got)
			}
		}
	})
	t.Run("all taken back", func(t *testing.T) {
		for _, nth := range []int{1, 2} {
			w := newWorld(t, draftsChannel("drafts"))
			w.collect("x/1")
			w.account.Script(pushtest.CallAdd, pushtest.Again(push.ReasonNetwork))
			once(w, nth, func() { w.takeBack("x/1") })
			e := w.carry(w.slot("drafts"))
			w.wantState(e, push.Withdrawn, push.ReasonWithdrawn)
			w.wantEffects(0, 0)
		}
	})
	t.Run("between draft and send", func(t *testing.T) {
		w := newWorld(t, massChannel("daily"))
		w.collect("x/1", "x/2")
		once(w, 2, func() { w.takeBack("x/1") })
		e := w.carry(w.slot("daily"))
		w.wantState(e, push.Withdrawn, push.ReasonWithdrawn)
		w.wantEffects(1, 0)
		if draft := w.account.Effects(push.StepDraft)[0]; w.account.InBox(draft.ID) {
			t.Error("a draft with an article that was taken back is left in the box")
		}
		w.beforeCheck = nil
		w.clock.Advance(time.Minute)
		w.carry(w.slot("daily")) // what is left goes out in the next slot
		w.wantEffects(2, 1)
	})
	t.Run("corrected between draft and send", func(t *testing.T) {
		for _, ch := range []push.Channel{massChannel("daily"), publishChannel("daily")} {
			w := newWorld(t, ch)
			w.collect("x/1", "x/2")
			once(w, 2, func() { w.correct("x/2", "更正") })
			e := w.carry(w.slot("daily"))
			w.wantState(e, push.Sent, "")
			_, ds := w.read(e)
			if text, err := w.account.Text(ds[0].MediaID); err != nil || text[1].Title != "更正" || len(w.account.Effects(push.StepDraft)) != 1 {
				t.Errorf("went out as %+v, %v", text, err)
			}
		}
	})
	t.Run("failed", func(t *testing.T) {
		w := newWorld(t, draftsChannel("drafts"))
		w.collect("x/1")
		e := w.slot("drafts")
		broken := errors.New("store is away")
		w.beforeCheck = func() error { return broken }
		if err := w.dispatcher.Advance(w.ctx, e.ID); !errors.Is(err, broken) {
			t.Errorf("advance: %v", err)
		}
		w.wantEffects(0, 0)
		w.beforeCheck = func() error { // no page answers
			_, err := w.store.SaveCollected(w.ctx, pushtest.Checked("a", start, feeds.Check{ArticleID: pushtest.ArticleID("x/1"), Failed: true}))
			return err
		}
		w.advance()
		w.wantState(e, push.HandedOver, "")
	})
}

// Two nodes that carry the same edition make each call once.
func TestTwoNodes(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	e := w.slot("drafts")
	other := *w.dispatcher
	other.Node = "other"
	entered := false
	w.account.Hook = func(c pushtest.Call) {
		if c == pushtest.CallAdd && !entered {
			entered = true
			w.ok(other.Advance(w.ctx, e.ID)) // while the call is in flight
			w.ok(other.Sweep(w.ctx))
			w.ok(other.Advance(w.ctx, e.ID))
		}
	}
	w.advance()
	w.wantState(e, push.HandedOver, "")
	w.wantEffects(1, 0)
	if n := w.account.Calls(pushtest.CallAdd); n != 1 || !entered {
		t.Errorf("%d calls", n)
	}
}

// A node that read a draft as not yet called comes to call it after another has done so, in doubt by now: once is enough.
func TestTwoNodesBeginTheSameCall(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	w.account.Script(pushtest.CallAdd, pushtest.Lost())
	e := w.slot("drafts")
	other := *w.dispatcher
	other.Node = "other"
	w.store.Hook = func(method string) {
		if method == "Begin" {
			w.store.Hook = nil
			w.account.Script(pushtest.CallFind, pushtest.Silent())
			w.ok(other.Advance(w.ctx, e.ID))
		}
	}
	w.carry(e)
	w.wantState(e, push.HandedOver, "")
	w.wantEffects(1, 0)
}

// An answer that comes after another node has given the call up still counts.
func TestAnswerAfterTheDeadline(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	e := w.slot("drafts")
	other := *w.dispatcher
	other.Node = "other"
	w.account.Hook = func(c pushtest.Call) {
		if c == pushtest.CallAdd {
			w.account.Hook = nil
			w.clock.Advance(time.Minute)
			w.ok(other.Sweep(w.ctx))
			w.ok(other.Advance(w.ctx, e.ID))
		}
	}
	w.advance()
	w.wantState(e, push.HandedOver, "")
	w.wantEffects(1, 0)
}

func TestSweepFindsLostWork(t *testing.T) {
	w := newWorld(t, draftsChannel("drafts"))
	w.collect("x/1")
	e := w.slot("drafts")
	if _, err := w.store.Claim(w.ctx); err != nil { // the hint is lost
		t.Fatal(err)
	}
	w.advance()
	w.wantState(e, push.Planned, "")
	w.ok(w.dispatcher.Sweep(w.ctx))
	w.advance()
	w.wantState(e, push.HandedOver, "")
	w.ok(w.dispatcher.Advance(w.ctx, "none such"))
}

// Another node may change an edition at any moment of a sweep, which takes nothing back.
func TestSweepRestoresNothing(t *testing.T) {
	for nth := 1; ; nth++ {
		w := newWorld(t, draftsChannel("drafts"))
		w.collect("x/1", "x/2")
		e := w.slot("drafts")
		moments := 0
		w.store.Hook = func(string) {
			if moments++; moments != nth {
				return
			}
			w.store.Hook = nil
			now, _ := w.read(e)
			now.Items = now.Items[:1]
			w.ok(w.store.Save(w.ctx, push.Progress{Edition: now, From: push.Planned}))
		}
		w.ok(w.dispatcher.Sweep(w.ctx))
		if moments < nth {
			return
		}
		if now, _ := w.read(e); len(now.Items) != 1 {
			t.Errorf("changed at moment %d of a sweep, it has %d articles again", nth, len(now.Items))
		}
	}
}

func TestNewDispatcherNeeds(t *testing.T) {
	w := newWorld(t)
	for _, o := range []push.DispatcherOptions{
		{Checker: w, Node: "n"}, {Store: w.store, Node: "n"}, {Store: w.store, Checker: w},
	} {
		if _, err := push.NewDispatcher(o); err == nil {
			t.Errorf("made of %+v", o)
		}
	}
}

func BenchmarkAdvance(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, draftsChannel("drafts"))
		w.collect("x/1")
		e := w.slot("drafts")
		b.StartTimer()
		w.ok(w.dispatcher.Advance(w.ctx, e.ID))
	}
}
