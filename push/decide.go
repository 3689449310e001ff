package push

import (
	"fmt"
	"time"
)

// Do is what an [Action] does.
type Do string

// What can be done for an edition.
const (
	DoNothing Do = "nothing" // it is over, or waits for a person
	DoWait    Do = "wait"    // come back at Action.At
	DoHold    Do = "hold"    // hold it for Action.Reason
	DoResume  Do = "resume"  // a held edition returns to where it was
	DoEnd     Do = "end"     // end it in Action.State for Action.Reason
	DoSet     Do = "set"     // render the articles and upload what they show
	DoCheck   Do = "check"   // look at the articles' pages once more
	DoIntend  Do = "intend"  // write down the delivery of Action.Step
	DoCall    Do = "call"    // make the call of Action.Step
	DoRepeat  Do = "repeat"  // make the call again that is in doubt, with the same key
	DoDoubt   Do = "doubt"   // the process that made the call is gone
	DoLook    Do = "look"    // look for the draft by its mark
	DoRetry   Do = "retry"   // the draft is proven absent: intend it anew
	DoAsk     Do = "ask"     // ask how the mass send went
)

// An Action is the next step of an edition.
type Action struct {
	Do     Do
	Step   Step
	At     time.Time
	State  EditionState
	Reason Reason
}

// A Situation is what [Decide] knows beside the ledger.
type Situation struct {
	Now     time.Time
	Stopped bool   // the red button
	DryRun  bool   // the channel's account is on trial
	Orphan  bool   // the channel is no longer configured
	Checked bool   // the articles' pages were looked at just now
	Event   *Event // WeChat's word on the mass send
	Settle  time.Duration
	LookGap time.Duration
}

// The limits of what can be proven (rule 1).
const (
	// proofWindow: a first look later than this after the call proves nothing, since an editor may have sent or
	// deleted the draft by then.
	proofWindow = 10 * time.Minute
	// clientMsgWindow: WeChat remembers a clientmsgid for 24 hours; a little less, for the clocks and the way there.
	clientMsgWindow = 24*time.Hour - 5*time.Minute
	// askFirst and askMost space the questions how a mass send went. They end after askUntil, and after askTimes too: a
	// process that was away for a day has not asked for a day.
	askFirst = time.Minute
	askMost  = 30 * time.Minute
	askUntil = 24 * time.Hour
	askTimes = 10
)

// Decide says the next step of an edition, from what the ledger holds and nothing else. The rules, in order:
//
//   - What is over stays over; in_review waits for people until it expires.
//   - A call in flight is left alone until its deadline. Then, or when its process is known dead, it is in doubt.
//   - A draft in doubt is looked for: once at once, which can only find it, then twice from settle on, LookGap apart. Found
//     ends the doubt at any time. Absent at both, the first look within proofWindow of the call: it had no effect and is
//     intended anew, with the same mark. Absent at a first look after that: unknown.
//   - A mass send in doubt is repeated with its clientmsgid, from settle on, while WeChat remembers it; later: unknown.
//   - Looks and questions go on while pushes are stopped, the account is on trial or the channel is gone; calls and repeats
//     do not: the edition is held, and returns to where it was when released.
//   - What has not left at Expires is expired, with the next call unmade. A draft of a mass edition stays in the box then.
//   - Before each call that makes or sends a draft the articles' pages are looked at (Checked).
//   - A submitted mass send is over when its event came; until then it is asked for, ever more rarely, for a day.
func Decide(e Edition, ds []Delivery, s Situation) Action {
	switch {
	case !e.State.Open():
		return Action{Do: DoNothing}
	case e.State == InReview && s.Now.Before(e.Expires):
		return Action{Do: DoWait, At: e.Expires}
	case e.State == InReview:
		return Action{Do: DoEnd, State: Expired, Reason: ReasonExpired}
	}
	d, ok := current(e, ds)
	switch {
	case !ok:
		return ended(e, ds, s)
	case d.State == InFlight && d.DoubtAt.IsZero():
		if s.Now.Before(d.Deadline) {
			return Action{Do: DoWait, At: d.Deadline}
		}
		return Action{Do: DoDoubt, Step: d.Step}
	case d.State == InFlight && d.Step == StepDraft:
		return draftInDoubt(d, s)
	case d.State == InFlight:
		return massInDoubt(e, d, s)
	case d.State == DeliveryFailed:
		return Action{Do: DoEnd, State: Failed, Reason: d.Reason}
	case d.State == DeliveryUnknown:
		return Action{Do: DoEnd, State: Unknown, Reason: d.Reason}
	}
	return intended(e, d, s)
}

// current is the delivery that the edition stands at: the first of its kind's steps that is not done. A step that has no
// row yet comes back as intended with attempt 0. false: all are done.
func current(e Edition, ds []Delivery) (Delivery, bool) {
	for _, step := range steps(e.Kind) {
		found := false
		for _, d := range ds {
			if d.Step == step {
				found = true
				if d.State != Done {
					return d, true
				}
			}
		}
		if !found {
			return Delivery{Edition: e.ID, Step: step, State: Intended}, true
		}
	}
	return Delivery{}, false
}

// steps are the deliveries that an edition of this kind needs, in order.
func steps(k Kind) []Step {
	if k == KindMass {
		return []Step{StepDraft, StepMass}
	}
	return []Step{StepDraft}
}

// intended is what to do for a delivery that has not left.
func intended(e Edition, d Delivery, s Situation) Action {
	why := s.barred()
	switch {
	case !s.Now.Before(e.Expires):
		return Action{Do: DoEnd, State: Expired, Reason: ReasonExpired}
	case why != "":
		return held(e, why, e.Expires)
	case e.State == Held:
		return Action{Do: DoResume}
	case s.Now.Before(notBefore(d)):
		return Action{Do: DoWait, At: earlier(notBefore(d), e.Expires)}
	case len(e.Pieces) == 0:
		return Action{Do: DoSet}
	case d.Attempt == 0:
		return Action{Do: DoIntend, Step: d.Step}
	case !s.Checked:
		return Action{Do: DoCheck}
	}
	return Action{Do: DoCall, Step: d.Step}
}

// barred is why nothing may leave now, "" if it may.
func (s Situation) barred() Reason {
	switch {
	case s.Stopped:
		return ReasonStopped
	case s.Orphan:
		return ReasonNoChannel
	case s.DryRun:
		return ReasonDryRun
	}
	return ""
}

// held holds an edition, or leaves it held until the time when it can wait no longer.
func held(e Edition, r Reason, until time.Time) Action {
	if e.State == Held && e.Reason == r {
		return Action{Do: DoWait, At: until}
	}
	return Action{Do: DoHold, Reason: r}
}

// draftInDoubt is what to do for a draft that may or may not be in the box.
func draftInDoubt(d Delivery, s Situation) Action {
	settled := d.DoubtAt.Add(s.Settle)
	look := Action{Do: DoLook, Step: StepDraft}
	switch {
	case d.Looks == 0 && d.LastLookAt.IsZero():
		return look // the early one: it can find the draft, never prove its absence
	case d.Looks == 0 && s.Now.Before(settled):
		return Action{Do: DoWait, At: settled}
	case d.Looks == 0:
		return look
	case d.FirstLookAt.Sub(d.CalledAt) > proofWindow:
		return Action{Do: DoEnd, State: Unknown, Reason: ReasonUnseen}
	case d.Looks >= 2:
		return Action{Do: DoRetry, Step: StepDraft}
	case s.Now.Before(d.LastLookAt.Add(s.LookGap)):
		return Action{Do: DoWait, At: d.LastLookAt.Add(s.LookGap)}
	}
	return look
}

// massInDoubt is what to do for a mass send that may or may not have been submitted.
func massInDoubt(e Edition, d Delivery, s Situation) Action {
	why, forgotten := s.barred(), d.FirstCalledAt.Add(clientMsgWindow)
	settled := d.DoubtAt.Add(max(s.Settle, min(d.CalledAt.Sub(d.FirstCalledAt), askMost))) // each repeat waits longer
	switch {
	case !s.Now.Before(forgotten):
		return Action{Do: DoEnd, State: Unknown, Reason: ReasonOver24h}
	case why != "":
		return held(e, why, forgotten)
	case e.State == Held:
		return Action{Do: DoResume}
	case s.Now.Before(settled):
		return Action{Do: DoWait, At: earlier(settled, forgotten)}
	}
	return Action{Do: DoRepeat, Step: StepMass}
}

// ended is what to do when all deliveries are done.
func ended(e Edition, ds []Delivery, s Situation) Action {
	if e.Kind != KindMass {
		return Action{Do: DoEnd, State: HandedOver}
	}
	d := ds[len(ds)-1]
	if s.Event != nil {
		return byEvent(*s.Event)
	}
	asked := d.EndedAt
	if d.LastLookAt.After(asked) {
		asked = d.LastLookAt
	}
	again := asked.Add(min(askFirst<<min(d.Looks, 10), askMost))
	switch {
	case d.Looks >= askTimes && s.Now.After(d.EndedAt.Add(askUntil)):
		return Action{Do: DoEnd, State: Unknown, Reason: ReasonNoOutcome}
	case s.Now.Before(again):
		return Action{Do: DoWait, At: again}
	}
	return Action{Do: DoAsk, Step: StepMass}
}

// byEvent ends a mass edition by WeChat's word. A success that reached nobody is none; a failure that reached some keeps
// its articles, since they are not to get them twice.
func byEvent(ev Event) Action {
	switch {
	case ev.Status != "send success" && ev.SentTo > 0:
		return Action{Do: DoEnd, State: Sent, Reason: ReasonPartly}
	case ev.Status != "send success":
		return Action{Do: DoEnd, State: Failed, Reason: massFailure(ev.Status)}
	case ev.SentTo == 0:
		return Action{Do: DoEnd, State: Failed, Reason: ReasonNobody}
	}
	return Action{Do: DoEnd, State: Sent}
}

// byAnswer is what mass/get's answer means: an end, or nothing yet. A message that is deleted was sent.
func byAnswer(status MassStatus) (Action, bool) {
	switch status {
	case MassSuccess, MassDeleted:
		return Action{Do: DoEnd, State: Sent}, true
	case MassFail:
		return Action{Do: DoEnd, State: Failed, Reason: ReasonSendFailed}, true
	}
	return Action{}, false
}

// notBefore is when a call that failed without effect may be made again: after 5 s, doubling to 10 min; a minute at least
// when WeChat found us too quick, 10 min when it says that its quota is used up.
func notBefore(d Delivery) time.Time {
	if d.EndedAt.IsZero() || d.Reason == "" {
		return time.Time{}
	}
	wait := min(5*time.Second<<min(max(d.Attempt-2, 0), 8), 10*time.Minute)
	switch d.Reason {
	case ReasonBusy:
		wait = max(wait, time.Minute)
	case ReasonQuotaUsed:
		wait = max(wait, 10*time.Minute)
	}
	return d.EndedAt.Add(wait)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// key is the idempotency key of an attempt: the mark for a draft, which is the same over all attempts, and edition and
// attempt for a mass send (clientmsgid, at most 64 bytes).
func key(e Edition, step Step, attempt int) string {
	if step == StepDraft {
		return e.Mark
	}
	return fmt.Sprintf("%s-%d", e.ID, attempt)
}
