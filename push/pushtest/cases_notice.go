package pushtest

import (
	"fmt"
	"slices"
	"time"

	"wefeed/push"
)

// noticed creates an edition whose notice is under way at the node "a" until a minute from now.
func (s *suite) noticed() push.Edition {
	s.learned()
	e := s.create("e", daily())
	d := push.Delivery{
		Edition: "e", Step: push.StepNotice, State: push.InFlight, Attempt: 1, Key: "k", Node: "a", Deadline: Start.Add(time.Minute),
	}
	s.move(e, push.Sending, push.DeliveryChange{Delivery: d})
	s.ok(s.Recruit(s.Context(), "e", []string{"o1", "o2", "o3"}))
	return e
}

func (s *suite) wantTally(want push.Tally) {
	s.Helper()
	got, err := s.Tally(s.Context(), "e")
	s.ok(err)
	s.want("the tally", got, want)
}

func (s *suite) recipients() {
	s.noticed()
	s.ok(s.Recruit(s.Context(), "e", []string{"o3", "o4"})) // who is there stays
	s.wantTally(push.Tally{Intended: 4})
	first, err := s.BeginNotices(s.Context(), "e", "a", 3, Start, Start.Add(time.Minute))
	s.ok(err)
	if len(first) != 3 {
		s.Fatalf("%d recipients begun, want 3", len(first))
	}
	s.wantTally(push.Tally{Intended: 1, InFlight: 3})
	s.ok(s.EndNotices(s.Context(), "e", []push.Recipient{
		{OpenID: first[0], State: push.Done}, {OpenID: first[1], State: push.DeliveryFailed, Reason: push.ReasonRefused},
		{OpenID: first[2], State: push.Intended}, {OpenID: "nobody", State: push.Done},
	}))
	s.wantTally(push.Tally{Intended: 2, Done: 1, Failed: 1})
	second, err := s.BeginNotices(s.Context(), "e", "a", 9, Start, Start.Add(time.Minute))
	s.ok(err)
	if all := append(slices.Clone(first), second...); len(second) != 2 || !slices.Contains(all, "o4") {
		s.Errorf("begun %v, then %v", first, second)
	}
}

// deadNotices: while one node has the notice no other takes it; after its deadline what it had in flight is unknown.
func (s *suite) deadNotices() {
	s.noticed()
	_, err := s.BeginNotices(s.Context(), "e", "a", 2, Start, Start.Add(time.Minute))
	s.ok(err)
	_, err = s.BeginNotices(s.Context(), "e", "b", 2, Start.Add(time.Second), Start.Add(2*time.Minute))
	s.refused("another node's", err, push.ErrConflict)
	s.wantTally(push.Tally{Intended: 1, InFlight: 2})
	taken, err := s.BeginNotices(s.Context(), "e", "b", 2, Start.Add(time.Minute), Start.Add(2*time.Minute))
	s.ok(err)
	s.want("taken over", len(taken), 1)
	s.wantTally(push.Tally{InFlight: 1, Unknown: 2})
	_, err = s.BeginNotices(s.Context(), "none", "a", 2, Start, Start.Add(time.Minute))
	s.refused("an edition without a notice", err, push.ErrConflict)
}

func (s *suite) stoppedNotices() {
	s.noticed()
	s.ok(s.SetSwitch(s.Context(), push.Switch{Stopped: true, At: Start, By: "admin"}))
	_, err := s.BeginNotices(s.Context(), "e", "a", 2, Start, Start.Add(time.Minute))
	s.refused("stopped", err, push.ErrStopped)
	s.wantTally(push.Tally{Intended: 3})
}

// spending: calls are counted for each account, call and day, up to their limit.
func (s *suite) spending() {
	for _, step := range []struct {
		account, call, day string
		want               bool
	}{
		{"acc", "get", "2026-11-20", true}, {"acc", "get", "2026-11-20", true}, {"acc", "get", "2026-11-20", false},
		{"acc", "get", "2026-11-21", true}, {"acc", "submit", "2026-11-20", true}, {"other", "get", "2026-11-20", true},
	} {
		ok, err := s.Spend(s.Context(), step.account, step.call, step.day, 2)
		s.ok(err)
		s.want(fmt.Sprint(step), ok, step.want)
	}
}

// remarks are told once for each change.
func (s *suite) remarks() {
	s.learned()
	s.create("e", daily())
	r := push.Remark{Edition: "e", ArticleID: "a1", Kind: push.RemarkCorrected, Hash: "h1", Detail: "更正"}
	again := r
	again.Hash = "h2"
	for i, step := range []struct {
		push.Remark
		want bool
	}{{r, true}, {r, false}, {again, true}} {
		told, err := s.Tell(s.Context(), step.Remark)
		s.ok(err)
		s.want(fmt.Sprint("remark ", i), told, step.want)
	}
}

// publication: what is kept of a publication and of a review comes back, and its event wakes the edition.
func (s *suite) publication() {
	s.learned()
	ch := daily()
	ch.Kind = push.KindPublish
	e := s.create("e", ch)
	d := push.Delivery{
		Edition: "e", Step: push.StepPublish, State: push.Done, Attempt: 1, Key: "m", PublishID: "77", Publication: "article", URLs: []string{"u"},
	}
	s.move(e, push.Submitted, push.DeliveryChange{Delivery: d})
	s.wantClaim("e")
	ev := push.Event{Account: "acc", Kind: push.EventPublish, ID: "77", Status: "4", Refused: []int{0, 2}, Note: "原创", Publication: "article", At: Start}
	s.ok(s.SaveEvent(s.Context(), ev))
	s.wantWake(e, Start)
	got, err := s.Event(s.Context(), "acc", push.EventPublish, "77")
	s.ok(err)
	s.want("the event", got, ev)
	_, err = s.Event(s.Context(), "acc", push.EventMass, "77")
	s.refused("a mass send's", err, push.ErrNotFound)
	_, ds, err := s.Edition(s.Context(), "e")
	s.ok(err)
	s.want("the delivery", ds[len(ds)-1], d)
}
