package push_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/push"
	"wefeed/push/pushtest"
)

func fans(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("oFan%02d", i))
	}
	return all
}

// notified counts how often each follower got a notice.
func notified(w *world) map[string]int {
	times := map[string]int{}
	for _, e := range w.account.Effects(push.StepNotice) {
		times[e.To]++
	}
	return times
}

// TestNotice: each follower gets the notice once; who does not take it is no failure.
func TestNotice(t *testing.T) {
	w := newWorld(t, noticeChannel("note"))
	w.account.Fans = fans(11)
	w.collect("x/1")
	w.account.Script(pushtest.CallNotify, pushtest.Refused(push.ReasonRefused, 43101), pushtest.Again(push.ReasonBusy))
	e := w.carry(w.slot("note"))
	w.wantState(e, push.Sent, "")
	if got := notified(w); len(got) != 10 {
		t.Errorf("%v", got)
	}
	want := map[string]string{"thing1": "x/1", "time2": e.Pieces[0].Notice["time2"], "thing3": "志愿服务·文明网"}
	if diff := cmp.Diff(want, e.Pieces[0].Notice); diff != "" || want["time2"] == "" {
		t.Error(diff)
	}
}

// TestNoticeInDoubt: a follower whose notice had no answer is not told again, and the edition says so.
func TestNoticeInDoubt(t *testing.T) {
	w := newWorld(t, noticeChannel("note"))
	w.account.Fans = fans(6)
	w.collect("x/1")
	w.account.Script(pushtest.CallNotify, pushtest.Lost(), pushtest.Silent())
	e := w.carry(w.slot("note"))
	w.wantState(e, push.Sent, push.ReasonUnsure)
	for id, n := range notified(w) {
		if n != 1 {
			t.Errorf("%s was told %d times", id, n)
		}
	}
}

func TestNoticeReachesNobody(t *testing.T) {
	w := newWorld(t, noticeChannel("note"))
	w.collect("x/1")
	w.wantState(w.carry(w.slot("note")), push.Failed, push.ReasonNobody)

	w.account.Fans = fans(3)
	w.account.Script(pushtest.CallNotify, pushtest.Refused(push.ReasonForbidden, 48001), pushtest.Refused(push.ReasonForbidden, 48001), pushtest.Refused(push.ReasonForbidden, 48001))
	w.clock.Advance(time.Minute)
	w.wantState(w.carry(w.slot("note")), push.Failed, push.ReasonForbidden)
	if len(notified(w)) != 0 {
		t.Error("somebody was told")
	}
}

// TestNoticeSurvivesKills: wherever the process dies, nobody is told twice, and who was not tried is told after the restart.
func TestNoticeSurvivesKills(t *testing.T) {
	for nth := 1; ; nth++ {
		w := newWorld(t, noticeChannel("note"))
		w.account.Fans = fans(9)
		w.collect("x/1")
		e := w.slot("note")
		dead := w.dies(nth, func() { w.advance() })
		w.start()
		e = w.carry(e)
		tally, err := w.store.Tally(w.ctx, e.ID)
		w.ok(err)
		for id, n := range notified(w) {
			if n != 1 {
				t.Fatalf("killed at call %d: %s was told %d times", nth, id, n)
			}
		}
		if e.State != push.Sent || tally.Intended+tally.InFlight > 0 || tally.Done+tally.Unknown != 9 || tally.Unknown > 4 || len(notified(w)) < tally.Done {
			t.Fatalf("killed at call %d: %s for %q, %+v, %d told", nth, e.State, e.Reason, tally, len(notified(w)))
		}
		if !dead {
			return
		}
	}
}

// TestNoticeHeedsTheRedButton between its recipients too.
func TestNoticeHeedsTheRedButton(t *testing.T) {
	w := newWorld(t, noticeChannel("note"))
	w.account.Fans = fans(9)
	w.collect("x/1")
	e := w.slot("note")
	told := 0
	w.account.Hook = func(c pushtest.Call) {
		if c == pushtest.CallNotify {
			if told++; told == 2 {
				w.press(true)
			}
		}
	}
	w.pass(time.Minute)
	if n := len(notified(w)); n == 0 || n > 4 {
		t.Errorf("%d were told", n)
	}
	w.account.Hook = nil
	w.press(false)
	w.wantState(w.carry(e), push.Sent, "")
	if len(notified(w)) != 9 {
		t.Errorf("%v", notified(w))
	}
}
