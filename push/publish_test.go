package push_test

import (
	"testing"
	"time"

	"wefeed/push"
	"wefeed/push/pushtest"
)

// TestPublish: a publication is submitted once, and over by its event, by a question, or by being found.
func TestPublish(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(*world)
		want    push.EditionState
		reason  push.Reason
		effects int
	}{
		"asked for":             {func(*world) {}, push.Sent, "", 1},
		"answer lost, found":    {func(w *world) { w.account.Script(pushtest.CallPublish, pushtest.Lost()) }, push.Sent, "", 1},
		"no effect, made again": {func(w *world) { w.account.Script(pushtest.CallPublish, pushtest.Silent()) }, push.Sent, "", 1},
		"late within settle":    {func(w *world) { w.account.Script(pushtest.CallPublish, pushtest.Late(settle-time.Second)) }, push.Sent, "", 1},
		"refused":               {func(w *world) { w.account.Script(pushtest.CallPublish, pushtest.Refused(push.ReasonForbidden, 48001)) }, push.Failed, push.ReasonForbidden, 0},
		"originality":           {func(w *world) { w.account.PublishStatus = 2 }, push.Failed, push.ReasonOriginal, 1},
		"refused by WeChat":     {func(w *world) { w.account.PublishStatus = 4 }, push.Failed, push.ReasonContent, 1},
		"never heard of":        {func(w *world) { w.account.PublishStatus = 1 }, push.Unknown, push.ReasonNoOutcome, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, publishChannel("site"))
			w.collect("x/1", "x/2")
			test.prepare(w)
			e := w.carry(w.slot("site"))
			w.wantState(e, test.want, test.reason)
			if got := w.account.Effects(push.StepPublish); len(got) != test.effects {
				t.Errorf("%d publications, want %d: %+v", len(got), test.effects, got)
			}
			if calls := w.account.Calls(pushtest.CallAskPublish); calls > 12 {
				t.Errorf("WeChat was asked %d times", calls)
			}
		})
	}
}

// TestPublishVanished: the looks find neither publication nor draft, since an editor has the draft: nobody knows.
func TestPublishVanished(t *testing.T) {
	w := newWorld(t, publishChannel("site"))
	w.collect("x/1")
	w.account.Script(pushtest.CallPublish, pushtest.Silent())
	e := w.slot("site")
	w.advance()
	w.account.Clear(0)
	e = w.carry(e)
	w.wantState(e, push.Unknown, push.ReasonUnseen)
	if n := w.account.Calls(pushtest.CallPublish); n != 1 {
		t.Errorf("submitted %d times", n)
	}
}

// TestPublishEvents: WeChat's event ends a publication without a question.
func TestPublishEvents(t *testing.T) {
	for status, want := range map[string]push.EditionState{"0": push.Sent, "2": push.Failed, "3": push.Failed, "4": push.Failed, "5": push.Sent, "6": push.Sent} {
		t.Run(status, func(t *testing.T) {
			w := newWorld(t, publishChannel("site"))
			w.collect("x/1")
			e := w.slot("site")
			w.advance()
			_, ds := w.read(e)
			w.ok(w.store.SaveEvent(w.ctx, push.Event{Account: "acc", Kind: push.EventPublish, ID: ds[1].PublishID, Status: status, At: w.clock.Now()}))
			w.advance()
			if now, _ := w.read(e); now.State != want || w.account.Calls(pushtest.CallAskPublish) != 0 {
				t.Errorf("%s: %s for %q after %d questions", status, now.State, now.Reason, w.account.Calls(pushtest.CallAskPublish))
			}
		})
	}
}

// TestQuestionsAboutPublicationsAreCounted: WeChat answers a hundred a day, for all editions of an account together.
func TestQuestionsAboutPublicationsAreCounted(t *testing.T) {
	w := newWorld(t, publishChannel("site"))
	w.account.PublishStatus = 1
	for i := range 40 {
		w.collect("x/" + string(rune('a'+i)))
		w.slot("site")
		w.advance()
		w.clock.Advance(time.Minute)
	}
	day := w.clock.Now().In(site).Day()
	for w.clock.Now().In(site).Day() == day {
		w.pass(time.Hour)
	}
	if n := w.account.Calls(pushtest.CallAskPublish); n > 80 {
		t.Errorf("%d questions in a day", n)
	}
}

func TestMassAudiences(t *testing.T) {
	for want, audience := range map[string]push.Audience{"all": {}, "tag:101": {Tag: 101}, "list": {OpenIDs: []string{"oA", "oB"}}} {
		ch := massChannel("daily")
		ch.Audience = audience
		w := newWorld(t, ch)
		w.collect("x/1")
		e := w.carry(w.slot("daily"))
		w.wantState(e, push.Sent, "")
		if got := w.account.Effects(push.StepMass); len(got) != 1 || got[0].Audience != want || e.Audience != want {
			t.Errorf("%s: %+v", want, got)
		}
	}
}
