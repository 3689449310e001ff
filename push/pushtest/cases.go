package pushtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wefeed/feeds"
	"wefeed/push"
)

func (s *suite) candidates() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2")
	s.collect("b", Start.Add(time.Minute), "y/1")
	s.collect("c", Start.Add(-time.Hour))
	s.collect("c", Start.Add(time.Minute), "z/1")
	now := Start.Add(time.Hour)
	s.wantCandidates(drafts(), now, "y/1", "x/1", "x/2")
	onlyA, noAge, none := daily(), daily(), daily()
	onlyA.Sections, noAge.MaxAge, none.Sections = []string{"a"}, 0, nil
	s.wantCandidates(onlyA, now, "x/1", "x/2")
	s.wantCandidates(none, now)
	s.wantCandidates(daily(), Start.Add(72*time.Hour), "y/1", "x/1", "x/2")
	s.wantCandidates(daily(), Start.Add(72*time.Hour+time.Second), "y/1")
	s.wantCandidates(noAge, Start.Add(1000*time.Hour), "y/1", "x/1", "x/2")
	s.collect("a", Start.Add(2*time.Hour), "x/3", "x/4", "x/5", "x/6")
	s.wantCandidates(drafts(), Start.Add(2*time.Hour), "x/3", "x/4", "x/5")
}

func (s *suite) baselines() {
	s.collect("a", Start.Add(-time.Hour))
	s.collect("b", Start.Add(-time.Hour))
	s.collect("a", Start, "x/before")
	ch := drafts()
	ch.Sections = []string{"a"}
	s.wantCandidates(ch, Start)
	s.ok(s.SyncChannels(s.Context(), []push.Channel{ch}))
	s.collect("a", Start, "x/after")
	s.ok(s.SyncChannels(s.Context(), []push.Channel{ch})) // a reload moves nothing
	s.collect("b", Start, "y/before")
	ch.Sections = []string{"a", "b"}
	s.ok(s.SyncChannels(s.Context(), []push.Channel{ch})) // b joins the channel
	s.collect("b", Start.Add(time.Minute), "y/after")
	s.wantCandidates(ch, Start.Add(time.Minute), "y/after", "x/after")

	// A section that leaves and comes back brings nothing of what came meanwhile.
	alone := ch
	alone.Sections = []string{"a"}
	s.ok(s.SyncChannels(s.Context(), []push.Channel{alone}))
	s.collect("b", Start.Add(2*time.Minute), "y/meanwhile")
	s.ok(s.SyncChannels(s.Context(), []push.Channel{ch}))
	s.wantCandidates(ch, Start.Add(2*time.Minute), "x/after")
}

func (s *suite) backlog() {
	s.ok(s.SyncChannels(s.Context(), []push.Channel{drafts()}))
	s.collect("a", Start, "x/old")
	s.collect("a", Start.Add(time.Minute), "x/new", "x/old")
	s.collect("b", Start.Add(2*time.Minute), "y/old") // a source that comes later swallows nothing that waits
	s.wantCandidates(drafts(), Start.Add(time.Hour), "x/new")
}

func (s *suite) notLive() {
	s.learned()
	pending := Incoming("x/pending", "未读")
	pending.Pending = true
	_, err := s.SaveCollected(s.Context(), Collected("a", Start, Incoming("x/1", "一"), pending, Incoming("x/2", "二")))
	s.ok(err)
	gone := feeds.Check{ArticleID: ArticleID("x/1"), Gone: true}
	look := func(at time.Time, ch feeds.Check, want ...string) {
		s.Helper()
		_, err := s.SaveCollected(s.Context(), Checked("a", at, ch))
		s.ok(err)
		s.wantCandidates(drafts(), at, want...)
	}
	look(Start.Add(time.Hour), gone, "x/2") // held
	look(Start.Add(2*time.Hour), feeds.Check{ArticleID: ArticleID("x/1")}, "x/1", "x/2")
	look(Start.Add(3*time.Hour), gone, "x/2")
	look(Start.Add(4*time.Hour), gone, "x/2") // withdrawn
	look(Start.Add(5*time.Hour), feeds.Check{ArticleID: ArticleID("x/1")}, "x/2")
}

func (s *suite) heldSection() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2")
	s.collect("b", Start, "y/1", "x/2")
	s.ok(s.HoldSection(s.Context(), "a", "admin", "改版"))
	s.wantCandidates(drafts(), Start, "y/1") // x/2 is in both
	s.ok(s.ReleaseSection(s.Context(), "a", "admin", "看过了"))
	s.wantCandidates(drafts(), Start, "x/1", "y/1", "x/2")
}

func (s *suite) oncePerChannel() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2")
	states := []push.EditionState{
		push.Planned, push.InReview, push.Approved, push.Sending, push.Submitted, push.Sent, push.HandedOver, push.Held,
		push.Unknown, push.Failed, push.Expired, push.Rejected, push.Withdrawn,
	}
	e := s.create("e", drafts(), "x/1")
	for _, state := range states {
		e = s.move(e, state)
		if state.Frees() {
			s.wantCandidates(drafts(), Start, "x/1", "x/2")
		} else {
			s.wantCandidates(drafts(), Start, "x/2")
		}
	}
}

func (s *suite) oncePerFollower() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2", "x/3")
	s.create("draft", drafts(), "x/2")
	s.create("mass", daily(), "x/1")
	s.wantCandidates(weekly(), Start, "x/2", "x/3") // a draft reaches nobody
	s.wantCandidates(drafts(), Start, "x/1", "x/3")
	other := weekly()
	other.Account = "other"
	s.wantCandidates(other, Start, "x/1", "x/2", "x/3")
	e, ds := edition("again", weekly(), Start, "x/1")
	s.refused("an article of another mass edition", s.CreateEdition(s.Context(), e, ds), push.ErrTaken)
	e.Account = "other"
	s.ok(s.CreateEdition(s.Context(), e, ds))
}

func (s *suite) roundTrip() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2")
	e, ds := edition("e", daily(), Start.Add(time.Hour), "x/2", "x/1")
	e.Before, e.Reason, e.Detail, e.Extra, e.Why, e.Digest = push.Approved, push.ReasonStopped, "停", true, "急", "digest"
	e.Pieces = []push.Piece{{
		ArticleID: "1", Title: "题", Author: "记者", Digest: "摘要", Content: "<p>文</p>", SourceURL: "u", CoverID: "c", ArticleHash: "h",
	}}
	full := push.Delivery{
		Edition: "e", Step: push.StepMass, State: push.InFlight, Attempt: 2, Key: "e-2", RequestHash: "hash", Node: "n",
		FirstCalledAt: Start, CalledAt: Start.Add(1), Deadline: Start.Add(2 * time.Hour), DoubtAt: Start.Add(3 * time.Hour), Looks: 4,
		FirstLookAt: Start.Add(5 * time.Hour), LastLookAt: Start.Add(6 * time.Hour), EndedAt: Start.Add(7 * time.Hour),
		Reason: push.ReasonNoAnswer, Detail: "没有答复", MediaID: "m", MsgID: "1000000001",
	}
	full.CalledAt = Start.Add(time.Microsecond)
	s.ok(s.CreateEdition(s.Context(), e, []push.Delivery{full, ds[0]}))
	got, gotDs := s.read("e")
	s.want("the edition", got, e)
	s.want("its deliveries, in the order of their steps", gotDs, []push.Delivery{ds[0], full})
	s.wantWake(e, Start)
	_, _, err := s.Edition(s.Context(), "none")
	s.refused("an edition that is none", err, push.ErrNotFound)
}

func (s *suite) oneEdition() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2")
	e := s.move(s.create("e", drafts(), "x/1"), push.Expired)
	again, ds := edition("again", drafts(), e.Slot, "x/2")
	s.refused("a second edition of the slot", s.CreateEdition(s.Context(), again, ds), push.ErrTaken)
	again.Channel = "daily"
	s.ok(s.CreateEdition(s.Context(), again, ds))
}

func (s *suite) createWhole() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2")
	s.create("e", drafts(), "x/2")
	for _, key := range []string{"x/2", "x/none"} {
		e, ds := edition("half", drafts(), Start, "x/1", key)
		if s.CreateEdition(s.Context(), e, ds) == nil {
			s.Errorf("an edition with %s was stored", key)
		}
		_, _, err := s.Edition(s.Context(), "half")
		s.refused("half an edition", err, push.ErrNotFound)
		s.wantCandidates(drafts(), Start, "x/1")
	}
}

func (s *suite) massSends() {
	s.learned()
	now := Start.Add(time.Hour)
	var want []time.Time
	n := 0
	add := func(state push.EditionState, mass push.Delivery, at time.Time) {
		s.Helper()
		n++
		e, ds := edition(fmt.Sprint(n), daily(), Start.Add(-time.Hour)) // a slot that is over
		e.Channel = e.ID                                                // a channel each, so that slots may meet
		if mass.State != "" {
			mass.Edition, mass.Step, mass.Attempt = e.ID, push.StepMass, 1
			ds = append(ds, mass)
		}
		e.State = state
		s.ok(s.CreateEdition(s.Context(), e, ds))
		if !at.IsZero() {
			want = append(want, at)
		}
	}
	intended := push.Delivery{State: push.Intended}
	called := func(state push.DeliveryState, r push.Reason) push.Delivery {
		at := Start.Add(time.Duration(n) * time.Second)
		return push.Delivery{State: state, FirstCalledAt: Start, CalledAt: at, EndedAt: at.Add(time.Minute), Reason: r}
	}
	for _, over := range []push.EditionState{push.Sent, push.Unknown, push.Failed, push.Expired, push.Rejected, push.Withdrawn} {
		add(over, push.Delivery{}, time.Time{})
		add(over, intended, time.Time{})
		add(over, called(push.DeliveryFailed, push.ReasonContent), time.Time{})
		for _, state := range []push.DeliveryState{push.InFlight, push.Done, push.DeliveryUnknown} {
			d := called(state, "")
			add(over, d, d.CalledAt)
		}
	}
	for _, refused := range []push.DeliveryState{push.DeliveryFailed, push.Intended} {
		d := called(refused, push.ReasonQuotaUsed)
		add(push.Expired, d, d.EndedAt)
	}
	submitted := called(push.Done, "")
	add(push.Submitted, submitted, submitted.CalledAt)
	for _, open := range []push.EditionState{push.Planned, push.InReview, push.Approved, push.Sending, push.Held} {
		add(open, push.Delivery{}, now)
		add(open, intended, now)
		add(open, called(push.Intended, push.ReasonQuotaUsed), now) // tried again, later
	}
	s.create("draft", drafts())
	slices.SortFunc(want, time.Time.Compare)
	got, err := s.MassSends(s.Context(), "acc", Start, now)
	s.ok(err)
	s.want("sends", got, want)
	later, err := s.MassSends(s.Context(), "acc", want[2], now)
	s.ok(err)
	s.want("later sends", later, want[2:])
	others, err := s.MassSends(s.Context(), "other", Start, now)
	s.ok(err)
	s.want("another account's sends", others, []time.Time(nil))
}

func (s *suite) refusals() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2", "x/3")
	end := func(id string, ch push.Channel, minute int, state push.EditionState, r push.Reason, keys ...string) {
		s.Helper()
		e := s.create(id, ch, keys...)
		e.Reason, e.Changed = r, Start.Add(time.Duration(minute)*time.Minute)
		s.move(e, state)
	}
	want := func(since int, want map[string]push.Refusal) {
		s.Helper()
		got, err := s.Refusals(s.Context(), "drafts", Start.Add(time.Duration(since)*time.Minute))
		s.ok(err)
		s.want("refusals", got, want)
	}
	at := func(minute int) time.Time { return Start.Add(time.Duration(minute) * time.Minute) }
	want(0, nil)
	end("e", drafts(), 1, push.Failed, push.ReasonContent, "x/1", "x/2")
	want(0, map[string]push.Refusal{ArticleID("x/1"): {At: at(1)}, ArticleID("x/2"): {At: at(1)}})
	end("late", drafts(), 5, push.Failed, push.ReasonImage, "x/1")
	end("two", drafts(), 3, push.Failed, push.ReasonOriginal, "x/1", "x/2")
	for i, r := range []push.Reason{push.ReasonQuotaUsed, push.ReasonSecret, push.ReasonForbidden} {
		end("other-"+string(r), drafts(), 6+i, push.Failed, r, "x/1", "x/3")
	}
	end("expired", drafts(), 9, push.Expired, push.ReasonContent, "x/3")
	end("another channel's", daily(), 9, push.Failed, push.ReasonContent, "x/3")
	want(0, map[string]push.Refusal{ArticleID("x/1"): {At: at(5), Alone: 1}, ArticleID("x/2"): {At: at(3)}})
	want(5, map[string]push.Refusal{ArticleID("x/1"): {At: at(5), Alone: 1}})
	want(6, nil)
}

func (s *suite) openEditions() {
	s.learned()
	var want []string
	states := []push.EditionState{
		push.Planned, push.InReview, push.Approved, push.Sending, push.Submitted, push.Held,
		push.Sent, push.HandedOver, push.Unknown, push.Failed, push.Expired, push.Rejected, push.Withdrawn,
	}
	for i, state := range states {
		e, ds := edition(string(state), daily(), Start.Add(time.Duration(i)*time.Hour))
		s.ok(s.CreateEdition(s.Context(), e, ds))
		s.move(e, state)
		if state.Open() {
			want = append(want, e.ID)
		}
	}
	got, err := s.OpenEditions(s.Context())
	s.ok(err)
	s.want("open editions", got, want)
}

func (s *suite) begin() {
	s.learned()
	e := s.create("e", drafts())
	d := call(e, "n1")
	second, mass := d, d
	second.Attempt, mass.Step = 2, push.StepMass
	s.refused("another state", s.Begin(s.Context(), first(d), push.Approved), push.ErrConflict)
	s.refused("another attempt", s.Begin(s.Context(), first(second), push.Planned), push.ErrConflict)
	s.refused("no such step", s.Begin(s.Context(), first(mass), push.Planned), push.ErrConflict)
	got, ds := s.read("e")
	s.want("the untouched edition", got, e)
	s.want("its untouched delivery", ds[0].State, push.Intended)
	s.ok(s.Begin(s.Context(), first(d), push.Planned))
	got, ds = s.read("e")
	s.want("state", got.State, push.Sending)
	s.want("the delivery", ds, []push.Delivery{d})
	s.refused("in flight already", s.Begin(s.Context(), again(d), push.Sending), push.ErrConflict)

	sent := s.create("sent", drafts())
	sent = s.move(sent, push.Submitted)
	s.ok(s.Begin(s.Context(), first(call(sent, "n1")), push.Submitted))
	got, _ = s.read("sent")
	s.want("a submitted edition stays so", got.State, push.Submitted)
}

func (s *suite) beginStopped() {
	s.learned()
	e := s.create("e", drafts())
	s.ok(s.SetSwitch(s.Context(), push.Switch{Stopped: true, At: Start, By: "admin"}))
	s.refused("while stopped", s.Begin(s.Context(), first(call(e, "n1")), push.Planned), push.ErrStopped)
	got, ds := s.read("e")
	s.want("state", got.State, push.Planned)
	s.want("delivery", ds[0].State, push.Intended)
	s.ok(s.SetSwitch(s.Context(), push.Switch{At: Start, By: "admin"}))
	s.ok(s.Begin(s.Context(), first(call(e, "n1")), push.Planned))
}

func (s *suite) beginAgain() {
	s.learned()
	e := s.create("e", drafts())
	d := call(e, "n1")
	s.ok(s.Begin(s.Context(), first(d), push.Planned))
	_, err := s.Doubt(s.Context(), "n2", true, Start)
	s.ok(err)
	d.Node = "n2"
	s.refused("by one who read it before it was called", s.Begin(s.Context(), first(d), push.Sending), push.ErrConflict)
	s.ok(s.Begin(s.Context(), again(d), push.Sending))
	_, ds := s.read("e")
	s.want("the delivery", ds, []push.Delivery{d})
}

func (s *suite) save() {
	s.learned()
	s.collect("a", Start, "x/1")
	e := s.create("e", drafts(), "x/1")
	next := e
	next.State, next.Digest, next.Mark, next.Changed = push.Approved, "digest", "other", Start.Add(time.Minute)
	next.Pieces = []push.Piece{{ArticleID: "1", Title: "题"}}
	_, ds := s.read("e")
	done := ds[0]
	done.State, done.MediaID = push.Done, "media"
	mass := push.Delivery{Edition: "e", Step: push.StepMass, State: push.Intended, Attempt: 1, Key: "k"}
	was := func(d push.Delivery, state push.DeliveryState, attempt int) push.Progress {
		changes := []push.DeliveryChange{{Delivery: d, WasState: state, WasAttempt: attempt}}
		return push.Progress{Edition: next, From: push.Planned, Deliveries: changes}
	}
	for what, p := range map[string]push.Progress{
		"another edition state":  {Edition: next, From: push.Sending},
		"another delivery state": was(done, push.InFlight, 1),
		"another attempt":        was(done, push.Intended, 2),
		"a delivery there is":    was(done, "", 0),
		"a delivery there isn't": was(mass, push.Intended, 1),
	} {
		s.refused(what, s.Save(s.Context(), p), push.ErrConflict)
	}
	none := push.Progress{Edition: next, From: push.Planned}
	none.Edition.ID = "none"
	s.refused("an edition that is none", s.Save(s.Context(), none), push.ErrConflict)
	p := was(done, push.Intended, 1)
	p.Deliveries = append(p.Deliveries, push.DeliveryChange{Delivery: mass})
	s.ok(s.Save(s.Context(), p))
	got, ds := s.read("e")
	s.want("the edition", got, next)
	s.want("the deliveries", ds, []push.Delivery{done, mass})
}

func (s *suite) saveWhole() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2")
	e := s.create("e", drafts(), "x/1", "x/2")
	before, ds := s.read("e")
	next := e
	next.State, next.Items = push.Approved, e.Items[1:]
	done := ds[0]
	done.State = push.Done
	err := s.Save(s.Context(), push.Progress{Edition: next, From: push.Planned, Deliveries: []push.DeliveryChange{
		{Delivery: done, WasState: push.Intended, WasAttempt: 1},
		{Delivery: push.Delivery{Edition: "e", Step: push.StepMass, State: push.Done, Attempt: 1}, WasState: push.InFlight, WasAttempt: 1},
	}})
	s.refused("one delivery of two", err, push.ErrConflict)
	after, dsAfter := s.read("e")
	s.want("the edition", after, before)
	s.want("the deliveries", dsAfter, ds)
}

func (s *suite) saveItems() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2", "x/3")
	e := s.create("e", drafts(), "x/1", "x/2", "x/3")
	e.Items = []push.EditionItem{{ArticleID: ArticleID("x/3"), Title: "改过的题"}, e.Items[0]}
	e = s.move(e, push.Planned)
	got, _ := s.read("e")
	s.want("the articles that are left", got.Items, e.Items)
	s.wantCandidates(drafts(), Start, "x/2")
}

func (s *suite) saveTooLate() {
	s.learned()
	e := s.create("e", drafts())
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	next := e
	next.State = push.Approved
	s.refused("with a context that has ended", s.Save(ctx, push.Progress{Edition: next, From: push.Planned}), context.Canceled)
	got, _ := s.read("e")
	s.want("state", got.State, push.Planned)
}

func (s *suite) wakes() {
	s.learned()
	e := s.create("e", daily())
	wake := func(at, want time.Time) {
		s.Helper()
		s.ok(s.Save(s.Context(), push.Progress{Edition: e, From: e.State, Wake: at}))
		s.wantWake(e, want)
	}
	wake(Start.Add(time.Hour), Start) // created, and nobody has looked at it since
	s.wantClaim("e")
	s.wantWake(e, time.Time{})
	wake(Start.Add(time.Hour), Start.Add(time.Hour))
	wake(Start.Add(2*time.Hour), Start.Add(2*time.Hour))
	s.wantClaim()
	wake(time.Time{}, time.Time{})
	e = s.move(e, push.Held)
	s.ok(s.SetSwitch(s.Context(), push.Switch{At: Start, By: "admin"})) // rings it
	wake(Start.Add(3*time.Hour), Start)
	wake(Start.Add(-time.Hour), Start.Add(-time.Hour))
	wake(time.Time{}, Start.Add(-time.Hour))
	s.wantClaim("e")
	s.ok(s.Begin(s.Context(), first(call(e, "n1")), push.Held))
	s.wantWake(e, Start.Add(time.Minute)) // should this process die, someone looks after its call
}

func (s *suite) wakeOnly() {
	s.learned()
	s.collect("a", Start, "x/1", "x/2")
	e := s.create("e", drafts(), "x/1", "x/2")
	s.wantClaim("e")
	e.Items, e.Digest = e.Items[:1], "digest"
	e = s.move(e, push.Planned)
	s.ok(s.Wake(s.Context(), "e", Start.Add(time.Hour)))
	s.wantWake(e, Start.Add(time.Hour))
	s.ok(s.Wake(s.Context(), "e", Start))
	s.ok(s.Wake(s.Context(), "e", Start.Add(time.Hour)))
	s.wantWake(e, Start)
	got, _ := s.read("e")
	s.want("the edition", got, e)
}

func (s *suite) doubt() {
	s.learned()
	e := s.create("e", drafts())
	s.ok(s.Begin(s.Context(), first(call(e, "n1")), push.Planned))
	late := Start.Add(time.Minute + time.Second)
	for _, test := range []struct {
		what string
		node string
		dead bool
		now  time.Time
		want int
	}{
		{"its own call", "n1", true, late, 0},
		{"before the deadline", "n2", false, Start.Add(time.Minute), 0},
		{"after the deadline", "n2", false, late, 1},
		{"in doubt already", "n2", true, late.Add(time.Hour), 0},
	} {
		n, err := s.Doubt(s.Context(), test.node, test.dead, test.now)
		s.ok(err)
		s.want(test.what, n, test.want)
	}
	_, ds := s.read("e")
	s.want("in doubt since", ds[0].DoubtAt, late)
	dead := s.create("dead", daily())
	s.ok(s.Begin(s.Context(), first(call(dead, "n1")), push.Planned))
	n, err := s.Doubt(s.Context(), "n2", true, Start)
	s.ok(err)
	s.want("calls of a node known dead", n, 1)
}

func (s *suite) uploads() {
	m := push.Media{Account: "acc", Use: push.UseBody, Hash: "h", URL: "http://mmbiz.example/1"}
	_, err := s.Media(s.Context(), "acc", push.UseBody, "h")
	s.refused("before", err, push.ErrNotFound)
	s.ok(s.SaveMedia(s.Context(), m))
	m.URL = "http://mmbiz.example/2"
	s.ok(s.SaveMedia(s.Context(), m))
	got, err := s.Media(s.Context(), "acc", push.UseBody, "h")
	s.ok(err)
	s.want("media", got, m)
	for _, other := range []push.Media{{Account: "other", Use: push.UseBody, Hash: "h"}, {Account: "acc", Use: push.UseCover, Hash: "h"}} {
		_, err := s.Media(s.Context(), other.Account, other.Use, other.Hash)
		s.refused("of another account or use", err, push.ErrNotFound)
	}
}

func (s *suite) event() {
	s.learned()
	e := s.create("e", daily())
	mass := push.Delivery{Edition: "e", Step: push.StepMass, State: push.Done, Attempt: 1, MsgID: "1001"}
	s.move(e, push.Submitted, push.DeliveryChange{Delivery: mass})
	s.wantClaim("e")
	s.wantWake(e, time.Time{})
	ev := push.Event{
		Account: "acc", Kind: push.EventMass, ID: "1001", Status: "send success", Total: 5, Filtered: 4, SentTo: 3, Errors: 1, URLs: []string{"u"}, At: Start,
	}
	_, err := s.Event(s.Context(), "acc", push.EventMass, "1001")
	s.refused("before", err, push.ErrNotFound)
	s.ok(s.SaveEvent(s.Context(), ev))
	s.wantWake(e, Start)
	s.wantClaim("e")
	again := ev
	again.Status, again.SentTo = "send fail", 0
	s.ok(s.SaveEvent(s.Context(), again))
	s.wantWake(e, time.Time{})
	got, err := s.Event(s.Context(), "acc", push.EventMass, "1001")
	s.ok(err)
	s.want("the first event", got, ev)
	_, err = s.Event(s.Context(), "other", push.EventMass, "1001")
	s.refused("another account's", err, push.ErrNotFound)
}

func (s *suite) button() {
	s.learned()
	got, err := s.Switch(s.Context())
	s.ok(err)
	s.want("at first", got, push.Switch{})
	e := s.move(s.create("e", drafts()), push.Held)
	s.create("planned", drafts())
	s.wantClaim("e", "planned")
	s.ok(s.SetSwitch(s.Context(), push.Switch{At: Start, By: "admin"}))
	for _, sw := range []push.Switch{{Stopped: true, At: Start, By: "admin", Why: "停"}, {At: Start.Add(time.Hour), By: "admin"}} {
		s.wantClaim("e")
		s.ok(s.SetSwitch(s.Context(), sw))
		got, err := s.Switch(s.Context())
		s.ok(err)
		s.want("the switch", got, sw)
		s.wantWake(e, Start)
	}
}
