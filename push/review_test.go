package push_test

import (
	"testing"
	"time"

	"wefeed/push"
)

// act does what the store does: it lets a person decide, and writes it down.
func (w *world) act(e push.Edition, approvals *[]push.Approval, decide func(push.Dossier) (push.Act, error)) error {
	w.Helper()
	now, ds := w.read(e)
	act, err := decide(push.Dossier{Edition: now, Deliveries: ds, Approvals: *approvals})
	if err != nil {
		return err
	}
	if act.Approval != nil {
		*approvals = append(*approvals, *act.Approval)
	}
	w.ok(w.store.Save(w.ctx, push.Progress{Edition: act.Edition, From: now.State, Deliveries: act.Deliveries, Wake: w.clock.Now()}))
	return nil
}

func reviewed(r push.Review) push.Channel {
	ch := massChannel("daily")
	ch.Review = r
	return ch
}

func (w *world) approve(e push.Edition, approvals *[]push.Approval, who, hash string) error {
	w.Helper()
	return w.act(e, approvals, func(d push.Dossier) (push.Act, error) {
		return push.Approve(d, w.channels["daily"], who, hash, "", "", w.clock.Now())
	})
}

// TestThreeStages: three people, in order, and then it goes.
func TestThreeStages(t *testing.T) {
	w := newWorld(t, reviewed(push.ReviewThree))
	w.collect("x/1")
	e := w.slot("daily")
	w.advance()
	w.wantState(e, push.InReview, "")
	var yes []push.Approval
	for _, who := range []string{"甲", "乙", "丙"} {
		w.wantEffects(0, 0)
		w.ok(w.approve(e, &yes, who, ""))
		if err := w.approve(e, &yes, who, ""); err == nil {
			t.Fatalf("%s passed two stages, or one twice", who)
		}
		w.advance()
	}
	w.wantState(w.carry(e), push.Sent, "")
	w.wantEffects(1, 1)
	for i, stage := range push.ReviewThree.Stages() {
		if yes[i].Stage != stage || yes[i].Digest == "" {
			t.Errorf("%+v", yes[i])
		}
	}
}

// TestCorrectionVoidsApprovals: what the portal changes is looked at again, from the first stage on.
func TestCorrectionVoidsApprovals(t *testing.T) {
	w := newWorld(t, reviewed(push.ReviewThree))
	w.collect("x/1", "x/2")
	e := w.slot("daily")
	w.advance()
	seen, _ := w.read(e)
	var yes []push.Approval
	w.ok(w.approve(e, &yes, "甲", seen.Digest[:8]))
	w.correct("x/2", "更正")
	w.ok(w.store.Wake(w.ctx, e.ID, w.clock.Now()))
	w.advance()
	w.wantState(e, push.InReview, "")
	now, ds := w.read(e)
	d := push.Dossier{Edition: now, Deliveries: ds, Approvals: yes}
	if now.Digest == seen.Digest || len(d.Pending(w.channels["daily"])) != 3 {
		t.Errorf("still to pass: %v", d.Pending(w.channels["daily"]))
	}
	if err := w.approve(e, &yes, "乙", seen.Digest[:8]); err == nil {
		t.Error("what was seen before the correction was approved")
	}
	for _, who := range []string{"甲", "乙", "丙"} {
		w.ok(w.approve(e, &yes, who, now.Digest[:8]))
	}
	w.wantState(w.carry(e), push.Sent, "")
}

func TestLateReviews(t *testing.T) {
	for late, want := range map[push.Late]push.EditionState{push.LateDrop: push.Expired, push.LateHold: push.Held} {
		ch := reviewed(push.ReviewOne)
		ch.ReviewWithin, ch.ReviewLate = 30*time.Minute, late
		w := newWorld(t, ch)
		w.collect("x/1")
		e := w.slot("daily")
		w.pass(31 * time.Minute)
		w.wantState(e, want, push.ReasonReviewLate)
		if late == push.LateHold { // a new title begins the review anew, it does not end the edition
			w.ok(w.act(e, &[]push.Approval{}, func(d push.Dossier) (push.Act, error) { return push.Retitle(d, 1, "短标题", "甲") }))
			if err := w.approve(e, &[]push.Approval{}, "甲", ""); err == nil {
				t.Error("approved before it was set anew")
			}
			w.advance()
			w.wantState(e, push.InReview, "")
			w.pass(31 * time.Minute)
			w.wantState(e, want, push.ReasonReviewLate)
		}
		w.pass(24 * time.Hour)
		var yes []push.Approval
		if err := w.approve(e, &yes, "甲", ""); (err == nil) != (late == push.LateHold) {
			t.Errorf("%s: %v", late, err)
		}
		if late == push.LateHold {
			w.wantState(w.carry(e), push.Sent, "") // approved late, it has its grace anew
		}
	}
}

func TestRejectAndRetitle(t *testing.T) {
	w := newWorld(t, reviewed(push.ReviewOne))
	w.collect("x/1")
	e := w.slot("daily")
	w.advance()
	var yes []push.Approval
	retitle := func(place int, title string) error {
		return w.act(e, &yes, func(d push.Dossier) (push.Act, error) { return push.Retitle(d, place, title, "甲") })
	}
	for _, wrong := range []string{"", "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三"} {
		if retitle(1, wrong) == nil {
			t.Errorf("%q is a title", wrong)
		}
	}
	if retitle(2, "好") == nil {
		t.Error("there is no second article")
	}
	w.ok(retitle(1, "短标题"))
	w.advance()
	w.wantState(e, push.InReview, "")
	now, _ := w.read(e)
	if now.Pieces[0].Title != "短标题" {
		t.Errorf("%+v", now.Pieces)
	}
	if err := w.act(e, &yes, func(d push.Dossier) (push.Act, error) { return push.Reject(d, "甲", "") }); err == nil {
		t.Error("rejected without a reason")
	}
	w.ok(w.act(e, &yes, func(d push.Dossier) (push.Act, error) { return push.Reject(d, "甲", "不合适") }))
	w.advance()
	w.wantState(e, push.Rejected, push.ReasonRejected)
	w.wantEffects(0, 0)
	w.clock.Advance(time.Minute)
	wantTitles(t, w.slot("daily"), "x/1") // it is free again
}

// TestSettle: an edition whose end is unknown ends by a person's word.
func TestSettle(t *testing.T) {
	for sent, want := range map[bool]push.EditionState{true: push.Sent, false: push.Failed} {
		d := push.Dossier{
			Edition:    push.Edition{ID: "e", Kind: push.KindMass, State: push.Unknown},
			Deliveries: []push.Delivery{{Step: push.StepDraft, State: push.Done, Attempt: 1}, {Step: push.StepMass, State: push.DeliveryUnknown, Attempt: 1}},
		}
		act, err := push.Settle(d, sent, "甲", "看过发表记录")
		if err != nil || act.Edition.State != want || len(act.Deliveries) != 1 || act.Deliveries[0].Step != push.StepMass {
			t.Errorf("%v: %+v, %v", sent, act, err)
		}
		d.Edition.State = push.Sending
		if _, err := push.Settle(d, sent, "甲", ""); err == nil {
			t.Error("an edition that is under way was settled")
		}
	}
}
