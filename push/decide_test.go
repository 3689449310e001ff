package push_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/push"
	"wefeed/push/pushtest"
)

const (
	settle  = 90 * time.Second
	lookGap = 10 * time.Second
	grace   = 2 * time.Hour
)

var start = pushtest.Start

// after is the time so long after start.
func after(d time.Duration) time.Time { return start.Add(d) }

// A row is one situation of Decide. What a row leaves out is an approved, set, checked draft edition half a minute
// after its slot.
type row struct {
	name  string
	kind  push.Kind
	state push.EditionState
	at    time.Duration // after start
	draft push.Delivery
	mass  *push.Delivery
	edit  func(*push.Edition, *push.Situation)
	want  push.Action
}

func (r row) decide() push.Action {
	e := push.Edition{
		ID: "e", Kind: r.kind, State: r.state, Slot: start, Expires: after(grace), Mark: "m",
		Pieces: []push.Piece{{Title: "题"}}, Items: []push.EditionItem{{ArticleID: "a"}},
	}
	if e.Kind == "" {
		e.Kind = push.KindDraft
	}
	if e.State == "" {
		e.State = push.Approved
	}
	s := push.Situation{Now: after(r.at), Checked: true, Settle: settle, LookGap: lookGap}
	if r.edit != nil {
		r.edit(&e, &s)
	}
	r.draft.Step = push.StepDraft
	ds := []push.Delivery{r.draft}
	if r.mass != nil {
		r.mass.Step = push.StepMass
		ds = append(ds, *r.mass)
	}
	return push.Decide(e, ds, s)
}

func run(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if diff := cmp.Diff(r.want, r.decide()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func end(s push.EditionState, r push.Reason) push.Action {
	return push.Action{Do: push.DoEnd, State: s, Reason: r}
}

func wait(d time.Duration) push.Action { return push.Action{Do: push.DoWait, At: after(d)} }

func do(d push.Do, step push.Step) push.Action { return push.Action{Do: d, Step: step} }

func hold(r push.Reason) push.Action { return push.Action{Do: push.DoHold, Reason: r} }

func stop(_ *push.Edition, s *push.Situation) { s.Stopped = true }
func dry(_ *push.Edition, s *push.Situation)  { s.DryRun = true }

// heldFor is an edition held for r, in a situation that is changed too.
func heldFor(r push.Reason, change func(*push.Edition, *push.Situation)) func(*push.Edition, *push.Situation) {
	return func(e *push.Edition, s *push.Situation) {
		e.State, e.Reason, e.Before = push.Held, r, push.Approved
		if change != nil {
			change(e, s)
		}
	}
}

var intended = push.Delivery{State: push.Intended, Attempt: 1}

func failedAt(d time.Duration, attempt int, r push.Reason) push.Delivery {
	return push.Delivery{State: push.Intended, Attempt: attempt, EndedAt: after(d), Reason: r}
}

func TestDecideBeforeTheCall(t *testing.T) {
	run(t, []row{
		{"no pieces yet: set", "", push.Planned, 0, intended, nil,
			func(e *push.Edition, _ *push.Situation) { e.Pieces = nil }, push.Action{Do: push.DoSet}},
		{"set, not checked: check", "", "", 0, intended, nil,
			func(_ *push.Edition, s *push.Situation) { s.Checked = false }, push.Action{Do: push.DoCheck}},
		{"set and checked: call", "", "", 0, intended, nil, nil, do(push.DoCall, push.StepDraft)},
		{"just inside the grace: call", "", "", grace - 1, intended, nil, nil, do(push.DoCall, push.StepDraft)},
		{"the grace is over: expired", "", "", grace, intended, nil, nil, end(push.Expired, push.ReasonExpired)},
		{"in review: wait", "", push.InReview, 0, intended, nil, nil, wait(grace)},
		{"in review too long: expired", "", push.InReview, grace, intended, nil, nil, end(push.Expired, push.ReasonExpired)},

		{"red button: hold", "", "", 0, intended, nil, stop, hold(push.ReasonStopped)},
		{"red button before it is set: hold", "", push.Planned, 0, intended, nil, stop, hold(push.ReasonStopped)},
		{"on trial: hold", "", "", 0, intended, nil, dry, hold(push.ReasonDryRun)},
		{"channel gone: hold", "", "", 0, intended, nil,
			func(_ *push.Edition, s *push.Situation) { s.Orphan = true }, hold(push.ReasonNoChannel)},
		{"held by the button: wait", "", "", 0, intended, nil, heldFor(push.ReasonStopped, stop), wait(grace)},
		{"held on trial, then the button too: say so", "", "", 0, intended, nil, heldFor(push.ReasonDryRun, stop), hold(push.ReasonStopped)},
		{"released inside the grace: resume", "", "", grace - 1, intended, nil, heldFor(push.ReasonStopped, nil), push.Action{Do: push.DoResume}},
		{"released after it: expired", "", "", grace, intended, nil, heldFor(push.ReasonStopped, nil), end(push.Expired, push.ReasonExpired)},
		{"held after it: expired", "", "", grace, intended, nil, heldFor(push.ReasonStopped, stop), end(push.Expired, push.ReasonExpired)},

		{"after a failure: 5 s", "", push.Sending, time.Minute, failedAt(time.Minute, 2, push.ReasonNetwork), nil, nil, wait(65 * time.Second)},
		{"then again", "", push.Sending, 65 * time.Second, failedAt(time.Minute, 2, push.ReasonNetwork), nil, nil, do(push.DoCall, push.StepDraft)},
		{"after four: 40 s", "", push.Sending, time.Minute, failedAt(time.Minute, 5, push.ReasonNetwork), nil, nil, wait(100 * time.Second)},
		{"after many: 10 min", "", push.Sending, time.Minute, failedAt(time.Minute, 99, push.ReasonNetwork), nil, nil, wait(11 * time.Minute)},
		{"too quick for WeChat: 1 min", "", push.Sending, time.Minute, failedAt(time.Minute, 2, push.ReasonBusy), nil, nil, wait(2 * time.Minute)},
		{"quota used up: 10 min", "", push.Sending, time.Minute, failedAt(time.Minute, 2, push.ReasonQuotaUsed), nil, nil, wait(11 * time.Minute)},
		{"never past the grace", "", push.Sending, grace - time.Minute, failedAt(grace-time.Minute, 99, push.ReasonNetwork), nil, nil, wait(grace)},
	})
}

func TestDecideWhatIsOver(t *testing.T) {
	for _, state := range []push.EditionState{
		push.Sent, push.HandedOver, push.Unknown, push.Failed, push.Expired, push.Rejected, push.Withdrawn,
	} {
		run(t, []row{{string(state), "", state, 0, intended, nil, nil, push.Action{Do: push.DoNothing}}})
	}
}

// called is a draft whose call left at start and turned ambiguous after doubt.
func called(doubt time.Duration, looks ...time.Duration) push.Delivery {
	d := push.Delivery{
		State: push.InFlight, Attempt: 1, FirstCalledAt: start, CalledAt: start, Deadline: after(50 * time.Second), DoubtAt: after(doubt),
	}
	for _, at := range looks {
		if at >= doubt+settle {
			if d.Looks++; d.Looks == 1 {
				d.FirstLookAt = after(at)
			}
		}
		d.LastLookAt = after(at)
	}
	return d
}

func TestDecideDraftInFlight(t *testing.T) {
	flying := push.Delivery{State: push.InFlight, Attempt: 1, CalledAt: start, Deadline: after(50 * time.Second)}
	look := do(push.DoLook, push.StepDraft)
	const early, first, second = 45 * time.Second, 45*time.Second + settle, 45*time.Second + settle + lookGap
	run(t, []row{
		{"before the deadline: wait", "", push.Sending, 49 * time.Second, flying, nil, nil, wait(50 * time.Second)},
		{"at the deadline: doubt", "", push.Sending, 50 * time.Second, flying, nil, nil, do(push.DoDoubt, push.StepDraft)},
		{"in doubt: look at once", "", push.Sending, early, called(early), nil, nil, look},
		{"an early look proves nothing: settle", "", push.Sending, early, called(early, early), nil, nil, wait(first)},
		{"settled: look", "", push.Sending, first, called(early, early), nil, nil, look},
		{"absent once: look_gap", "", push.Sending, first, called(early, early, first), nil, nil, wait(second)},
		{"then look again", "", push.Sending, second, called(early, early, first), nil, nil, look},
		{"absent twice: no effect", "", push.Sending, second, called(early, early, first, second), nil, nil, do(push.DoRetry, push.StepDraft)},
		{"first look at 10 min still proves", "", push.Sending, 20 * time.Minute, called(early, early, 10*time.Minute, 11*time.Minute),
			nil, nil, do(push.DoRetry, push.StepDraft)},
		{"found late, look all the same", "", push.Sending, time.Hour, called(early), nil, nil, look},
		{"first look after 10 min: unknown", "", push.Sending, time.Hour, called(early, 10*time.Minute+1), nil, nil,
			end(push.Unknown, push.ReasonUnseen)},
		{"looks go on while stopped", "", push.Sending, first, called(early, early), nil, stop, look},
		{"the proof counts while stopped", "", push.Sending, second, called(early, early, first, second), nil, stop, do(push.DoRetry, push.StepDraft)},
		{"looks go on past the grace", "", push.Sending, grace, called(grace-5*time.Minute, grace-4*time.Minute), nil, nil, look},
	})
}

// sending is a mass send first called at start and last at last, which turned ambiguous at doubt.
func sending(last, doubt time.Duration) *push.Delivery {
	return &push.Delivery{State: push.InFlight, Attempt: 1, FirstCalledAt: start, CalledAt: after(last), DoubtAt: after(doubt)}
}

func TestDecideMass(t *testing.T) {
	done := push.Delivery{State: push.Done, Attempt: 1, MediaID: "m"}
	repeat := do(push.DoRepeat, push.StepMass)
	const day = 24*time.Hour - 5*time.Minute
	run(t, []row{
		{"draft done: intend the send", push.KindMass, push.Sending, 0, done, nil, nil, do(push.DoIntend, push.StepMass)},
		{"intended: check", push.KindMass, push.Sending, 0, done, &push.Delivery{State: push.Intended, Attempt: 1},
			func(_ *push.Edition, s *push.Situation) { s.Checked = false }, push.Action{Do: push.DoCheck}},
		{"checked: call", push.KindMass, push.Sending, 0, done, &push.Delivery{State: push.Intended, Attempt: 1}, nil, do(push.DoCall, push.StepMass)},
		{"draft done, button: hold", push.KindMass, push.Sending, 0, done, nil, stop, hold(push.ReasonStopped)},
		{"draft done, grace over: expired", push.KindMass, push.Sending, grace, done, nil, nil, end(push.Expired, push.ReasonExpired)},
		{"in flight past its deadline: doubt", push.KindMass, push.Sending, 50 * time.Second, done,
			&push.Delivery{State: push.InFlight, Attempt: 1, Deadline: after(50 * time.Second)}, nil, do(push.DoDoubt, push.StepMass)},

		{"in doubt: settle", push.KindMass, push.Sending, 0, done, sending(0, 0), nil, wait(settle)},
		{"settled: repeat", push.KindMass, push.Sending, settle, done, sending(0, 0), nil, repeat},
		{"repeated in vain: wait as long again", push.KindMass, push.Sending, 10 * time.Minute, done,
			sending(10*time.Minute, 10*time.Minute), nil, wait(20 * time.Minute)},
		{"but half an hour at most", push.KindMass, push.Sending, 10 * time.Hour, done, sending(10*time.Hour, 10*time.Hour), nil,
			wait(10*time.Hour + 30*time.Minute)},
		{"past the grace: repeat", push.KindMass, push.Sending, 5 * time.Hour, done, sending(0, 0), nil, repeat},
		{"just under 24 h: repeat", push.KindMass, push.Sending, day - 1, done, sending(0, 0), nil, repeat},
		{"24 h: unknown", push.KindMass, push.Sending, day, done, sending(0, 0), nil, end(push.Unknown, push.ReasonOver24h)},
		{"not past 24 h to repeat", push.KindMass, push.Sending, day - 1, done, sending(day-2, day-2), nil, wait(day)},
		{"stopped: hold", push.KindMass, push.Sending, settle, done, sending(0, 0), stop, hold(push.ReasonStopped)},
		{"on trial: hold", push.KindMass, push.Sending, settle, done, sending(0, 0), dry, hold(push.ReasonDryRun)},
		{"held in doubt: wait until it is forgotten", push.KindMass, "", settle, done, sending(0, 0), heldFor(push.ReasonStopped, stop), wait(day)},
		{"held in doubt, forgotten: unknown", push.KindMass, "", day, done, sending(0, 0), heldFor(push.ReasonStopped, stop),
			end(push.Unknown, push.ReasonOver24h)},
		{"released in doubt: resume", push.KindMass, "", settle, done, sending(0, 0), heldFor(push.ReasonStopped, nil), push.Action{Do: push.DoResume}},

		{"draft refused: failed", push.KindMass, push.Sending, 0, push.Delivery{State: push.DeliveryFailed, Reason: push.ReasonContent}, nil, nil,
			end(push.Failed, push.ReasonContent)},
		{"send refused: failed", push.KindMass, push.Sending, 0, done, &push.Delivery{State: push.DeliveryFailed, Reason: push.ReasonQuotaUsed}, nil,
			end(push.Failed, push.ReasonQuotaUsed)},
		{"send unknown: unknown", push.KindMass, push.Sending, 0, done, &push.Delivery{State: push.DeliveryUnknown, Reason: push.ReasonOver24h}, nil,
			end(push.Unknown, push.ReasonOver24h)},
	})
}

func TestDecideAfterTheCall(t *testing.T) {
	done := push.Delivery{State: push.Done, Attempt: 1, MediaID: "m"}
	asked := func(times int, last time.Duration) *push.Delivery {
		d := &push.Delivery{State: push.Done, Attempt: 1, MsgID: "1", EndedAt: start, Looks: times}
		if times > 0 {
			d.LastLookAt = after(last)
		}
		return d
	}
	event := func(status string, sent int) func(*push.Edition, *push.Situation) {
		return func(_ *push.Edition, s *push.Situation) { s.Event = &push.Event{Status: status, SentTo: sent} }
	}
	ask := do(push.DoAsk, push.StepMass)
	const day = 24 * time.Hour
	run(t, []row{
		{"a draft is handed over", "", push.Sending, 0, done, nil, nil, end(push.HandedOver, "")},
		{"also while stopped", "", push.Sending, 0, done, nil, stop, end(push.HandedOver, "")},
		{"also past the grace", "", push.Sending, grace, done, nil, nil, end(push.HandedOver, "")},
		{"submitted: ask in a minute", push.KindMass, push.Submitted, 0, done, asked(0, 0), nil, wait(time.Minute)},
		{"ask", push.KindMass, push.Submitted, time.Minute, done, asked(0, 0), nil, ask},
		{"ask ever more rarely", push.KindMass, push.Submitted, 10 * time.Minute, done, asked(3, 10*time.Minute), nil, wait(18 * time.Minute)},
		{"but twice an hour", push.KindMass, push.Submitted, 5 * time.Hour, done, asked(60, 5*time.Hour), nil, wait(5*time.Hour + 30*time.Minute)},
		{"questions go on while stopped", push.KindMass, push.Submitted, time.Minute, done, asked(0, 0), stop, ask},
		{"after a day's downtime: ask", push.KindMass, push.Submitted, 3 * day, done, asked(9, 2*day), nil, ask},
		{"asked for a day: unknown", push.KindMass, push.Submitted, day + 1, done, asked(10, day), nil, end(push.Unknown, push.ReasonNoOutcome)},
		{"event: sent", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("send success", 3), end(push.Sent, "")},
		{"event: nobody got it", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("send success", 0), end(push.Failed, push.ReasonNobody)},
		{"event: failed", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("send fail", 0), end(push.Failed, push.ReasonSendFailed)},
		{"event: failed, but some got it", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("send fail", 1), end(push.Sent, push.ReasonPartly)},
		{"event: refused half way", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("err(20001)", 7), end(push.Sent, push.ReasonPartly)},
		{"event: politics", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("err(20001)", 0), end(push.Failed, push.ReasonContent)},
		{"event: the admin refused", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("err(40001)", 0), end(push.Failed, push.ReasonAdmin)},
		{"event: the admin was late", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("err(40002)", 0), end(push.Failed, push.ReasonAdminLate)},
		{"event: not original", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("err(30003)", 0), end(push.Failed, push.ReasonOriginal)},
		{"event: a code of its own", push.KindMass, push.Submitted, 0, done, asked(0, 0), event("err(99999)", 0), end(push.Failed, push.ReasonSendFailed)},
	})
}
