package push

import (
	"fmt"
	"strconv"
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
	DoRetry   Do = "retry"   // the call is proven to have had no effect: intend it anew
	DoUpdate  Do = "update"  // the draft is in the box, and its articles were set anew since: bring it up to date
	DoRecruit Do = "recruit" // write down whom the notice goes to
	DoNotify  Do = "notify"  // send the notice to the next recipients
	DoAsk     Do = "ask"     // ask how the mass send or publication went
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
	Stale   bool   // the portal corrected or took back an article since the edition was set
	Event   *Event // WeChat's word on the mass send or publication
	Node    string // this process
	// Late is what becomes of a review that is not over in time.
	Late    Late
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
	// askPublish spaces the questions about a publication: WeChat answers a hundred of them a day.
	askPublish     = 2 * time.Minute
	askPublishMost = 4 * time.Hour
)

// Decide says the next step of an edition, from what the ledger holds and nothing else. The rules, in order:
//
//   - What is over stays over; in_review waits for people until ReviewBy, and is set anew when the portal corrects it.
//   - A call in flight is left alone until its deadline. Then, or when its process is known dead, it is in doubt.
//   - A draft or a publication in doubt is looked for: once at once, which can only find it, then twice from settle on,
//     LookGap apart. Found ends the doubt at any time. Absent at both, the first look within proofWindow of the call: it had
//     no effect and is intended anew, with the same mark. Absent at a first look after that: unknown.
//   - A mass send in doubt is repeated with its clientmsgid, from settle on, while WeChat remembers it; later: unknown.
//   - A notice in doubt is unknown for its recipient, at once: nothing at WeChat would keep a repeat from arriving twice.
//   - Looks and questions go on while pushes are stopped, the account is on trial or the channel is gone; calls and repeats
//     do not: the edition is held, and returns to where it was when released.
//   - What has not left at Expires is expired, with the next call unmade. A draft of a mass edition stays in the box then.
//   - Before each call that makes, publishes or sends a draft the articles' pages are looked at (Checked).
//   - A submitted mass send or publication is over when its event came; until then it is asked for, ever more rarely, for a
//     day.
func Decide(e Edition, ds []Delivery, s Situation) Action {
	switch {
	case !e.State.Open(), e.State == Held && e.Reason == ReasonReviewLate:
		return Action{Do: DoNothing}
	case e.State == InReview:
		return inReview(e, s)
	}
	d, ok := current(e, ds)
	switch {
	case !ok:
		return ended(e, ds, s)
	case d.Step == StepNotice && d.State == InFlight:
		return notifying(e, d, s)
	case d.State == InFlight && d.DoubtAt.IsZero():
		if s.Now.Before(d.Deadline) {
			return Action{Do: DoWait, At: d.Deadline}
		}
		return Action{Do: DoDoubt, Step: d.Step}
	case d.State == InFlight && d.Step == StepMass:
		return massInDoubt(e, d, s)
	case d.State == InFlight:
		return inDoubt(d, s)
	case d.State == DeliveryFailed:
		return Action{Do: DoEnd, State: Failed, Reason: d.Reason}
	case d.State == DeliveryUnknown:
		return Action{Do: DoEnd, State: Unknown, Reason: d.Reason}
	}
	return intended(e, ds, d, s)
}

// inReview is what to do for an edition that waits for people.
func inReview(e Edition, s Situation) Action {
	by, late := e.Expires, ReasonExpired
	if !e.ReviewBy.IsZero() {
		by, late = e.ReviewBy, ReasonReviewLate
	}
	switch {
	case s.Stale, len(e.Pieces) == 0:
		return Action{Do: DoSet}
	case s.Now.Before(by):
		return Action{Do: DoWait, At: by}
	case s.Late == LateHold:
		return Action{Do: DoHold, Reason: ReasonReviewLate}
	}
	return Action{Do: DoEnd, State: Expired, Reason: late}
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
	switch k {
	case KindPublish:
		return []Step{StepDraft, StepPublish}
	case KindMass:
		return []Step{StepDraft, StepMass}
	case KindNotice:
		return []Step{StepNotice}
	}
	return []Step{StepDraft}
}

// intended is what to do for a delivery that has not left.
func intended(e Edition, ds []Delivery, d Delivery, s Situation) Action {
	draft := find(ds, StepDraft)
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
	case len(e.Pieces) == 0 || (e.State == Approved && s.Stale):
		return Action{Do: DoSet}
	case d.Attempt == 0:
		return Action{Do: DoIntend, Step: d.Step}
	case draft.State == Done && draft.RequestHash != e.Digest:
		return Action{Do: DoUpdate, Step: StepDraft}
	case !s.Checked:
		return Action{Do: DoCheck}
	case d.Step == StepNotice:
		return Action{Do: DoRecruit, Step: StepNotice}
	}
	return Action{Do: DoCall, Step: d.Step}
}

// notifying is what to do for a notice whose recipients are written down. What its slot's grace leaves no time for stays
// unsent.
func notifying(e Edition, d Delivery, s Situation) Action {
	why := s.barred()
	switch {
	case d.Node != s.Node && d.DoubtAt.IsZero() && s.Now.Before(d.Deadline):
		return Action{Do: DoWait, At: d.Deadline} // another process is at it
	case why != "":
		return held(e, why, time.Time{})
	case e.State == Held:
		return Action{Do: DoResume}
	case s.Now.Before(notBefore(d)):
		return Action{Do: DoWait, At: notBefore(d)}
	}
	return Action{Do: DoNotify, Step: StepNotice}
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

// inDoubt is what to do for a draft or a publication that may or may not be there.
func inDoubt(d Delivery, s Situation) Action {
	settled := d.DoubtAt.Add(s.Settle)
	look := Action{Do: DoLook, Step: d.Step}
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
		return Action{Do: DoRetry, Step: d.Step}
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
	d := ds[len(ds)-1]
	switch {
	case e.Kind == KindDraft:
		return Action{Do: DoEnd, State: HandedOver}
	case e.Kind == KindNotice:
		return Action{Do: DoEnd, State: Sent, Reason: d.Reason}
	case s.Event != nil && e.Kind == KindPublish:
		if a, over := byPublication(publishStatus(s.Event.Status)); over {
			return a
		}
	case s.Event != nil:
		return byEvent(*s.Event)
	case d.Publication != "":
		return Action{Do: DoEnd, State: Sent}
	}
	return unheard(e, d, s)
}

// unheard is what to do while no event says how it went.
func unheard(e Edition, d Delivery, s Situation) Action {
	asked := d.EndedAt
	if d.LastLookAt.After(asked) {
		asked = d.LastLookAt
	}
	again := asked.Add(min(askFirst<<min(d.Looks, 10), askMost))
	if e.Kind == KindPublish {
		again = asked.Add(min(askPublish<<min(2*d.Looks, 20), askPublishMost))
	}
	switch {
	case d.Looks >= askTimes && s.Now.After(d.EndedAt.Add(askUntil)):
		return Action{Do: DoEnd, State: Unknown, Reason: ReasonNoOutcome}
	case s.Now.Before(again):
		return Action{Do: DoWait, At: again}
	}
	return Action{Do: DoAsk, Step: d.Step}
}

// publishStatus reads an event's publish_status; what is no number is as good as no word.
func publishStatus(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return publishing
	}
	return n
}

// publishing is the publish_status of a job that is under way.
const publishing = 1

// byPublication is what a publish_status means (freepublish/get): an end, or nothing yet.
func byPublication(status int) (Action, bool) {
	end := func(state EditionState, r Reason) (Action, bool) {
		return Action{Do: DoEnd, State: state, Reason: r}, true
	}
	switch status {
	case 0:
		return end(Sent, "")
	case 2:
		return end(Failed, ReasonOriginal)
	case 3:
		return end(Failed, ReasonPublishFailed)
	case 4:
		return end(Failed, ReasonContent)
	case 5, 6:
		return end(Sent, ReasonRemoved)
	}
	return Action{}, false
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

// key is the idempotency key of an attempt: the mark for what is found again by it, which is the same over all attempts,
// and edition and attempt for a mass send (clientmsgid, at most 64 bytes).
func key(e Edition, step Step, attempt int) string {
	if step != StepMass {
		return e.Mark
	}
	return fmt.Sprintf("%s-%d", e.ID, attempt)
}
