package push

import (
	"context"
	"errors"
	"time"

	"wefeed/feeds"
)

// set renders the edition's articles and uploads what they show. Then it enters review; without review it is approved.
func (r *run) set(ctx context.Context, e Edition, ds []Delivery) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return r.failedToSet(ctx, e, err)
	}
	articles, err := r.Checker.Recheck(ctx, ids(e.Items))
	if err != nil {
		return false, err
	}
	r.checked = true
	kept, gone := r.keep(e, hashes(articles))
	if len(kept) == 0 {
		return false, r.end(ctx, e, ds, Action{Do: DoEnd, State: Withdrawn, Reason: ReasonWithdrawn})
	}
	if gone {
		r.Logger.Warn("articles left an edition: the portal took them back", "edition", e.ID, "kept", len(kept), "planned", len(e.Items))
	}
	next := e
	next.Items = kept
	ordered := inOrder(kept, hashes(articles))
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	pieces, digest, err := acc.Set(call, next, ordered)
	if err != nil {
		return r.failedToSet(ctx, e, err)
	}
	for i := range pieces {
		pieces[i].ArticleHash = ordered[i].Hash
	}
	next.Pieces, next.Digest, next.Reason, next.Detail = pieces, digest, "", ""
	switch {
	case r.Channels[e.Channel].Reviewed():
		next.State = InReview // also when it is set anew: what was approved is no longer what would go out
	case e.State == Planned:
		next.State = Approved
	}
	return true, r.save(ctx, next, e.State, r.Now())
}

// failedToSet waits and tries again, or gives the edition up.
func (r *run) failedToSet(ctx context.Context, e Edition, err error) (bool, error) {
	var ce *CallError
	if !errors.As(err, &ce) {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		ce = &CallError{Call: "set", Reason: ReasonInternal, Retry: true, Detail: detail(ReasonInternal), Err: err}
	}
	r.Logger.Warn("edition not set", "edition", e.ID, "call", ce.Call, "errcode", ce.Errcode, "reason", string(ce.Reason), "detail", ce.Detail, "cause", ce.Err)
	next := e
	next.Reason, next.Detail = ce.Reason, ce.Detail
	if !ce.Retry && !ce.Doubt {
		next.State = Failed
		return false, r.save(ctx, next, e.State, time.Time{})
	}
	return false, r.save(ctx, next, e.State, earlier(r.Now().Add(max(ce.After, 15*time.Second)), later(e.Expires, r.Now())))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// check looks at the articles' pages just before a call. What the portal took back does not go out; what it corrected
// goes out as corrected. A draft that is out already cannot be mended here: its mass send is given up, and the articles
// are free for the next slot.
func (r *run) check(ctx context.Context, e Edition, ds []Delivery) (more bool, err error) {
	articles, err := r.Checker.Recheck(ctx, ids(e.Items))
	if err != nil {
		return false, err
	}
	r.checked = true
	byID := hashes(articles)
	kept, gone := r.keep(e, byID)
	corrected := false
	for _, p := range e.Pieces {
		corrected = corrected || (byID[p.ArticleID].Hash != "" && byID[p.ArticleID].Hash != p.ArticleHash)
	}
	if !gone && !corrected {
		return true, nil
	}
	out := find(ds, StepDraft).State == Done
	switch {
	case gone && (out || len(kept) == 0):
		return false, r.end(ctx, e, ds, Action{Do: DoEnd, State: Withdrawn, Reason: ReasonWithdrawn})
	case out:
		return false, r.end(ctx, e, ds, Action{Do: DoEnd, State: Withdrawn, Reason: ReasonCorrected})
	}
	next := e
	next.Items, next.Pieces, next.Digest = kept, nil, ""
	r.Logger.Info("edition is set anew", "edition", e.ID, "withdrawn", gone, "corrected", corrected)
	return true, r.save(ctx, next, e.State, r.Now())
}

// keep returns the items whose articles may still go out, with their titles as they are now, and whether any may not.
func (r *run) keep(e Edition, byID map[string]feeds.Article) (kept []EditionItem, gone bool) {
	long := r.Channels[e.Channel].LongTitle
	for _, it := range e.Items {
		a := byID[it.ArticleID]
		title, fits := FitTitle(a.Title, long)
		if a.Status != feeds.StatusLive || !fits {
			gone = true
			continue
		}
		kept = append(kept, EditionItem{ArticleID: it.ArticleID, Title: title})
	}
	return kept, gone
}

func ids(items []EditionItem) []string {
	list := make([]string, len(items))
	for i, it := range items {
		list[i] = it.ArticleID
	}
	return list
}

func inOrder(items []EditionItem, byID map[string]feeds.Article) []feeds.Article {
	list := make([]feeds.Article, len(items))
	for i, it := range items {
		list[i] = byID[it.ArticleID]
	}
	return list
}

// call makes the call of a delivery: in_flight is committed first, its outcome after.
func (r *run) call(ctx context.Context, e Edition, d Delivery) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return false, r.save(ctx, e, e.State, earlier(r.Now().Add(time.Minute), later(e.Expires, r.Now())))
	}
	_, ds, err := r.Store.Edition(ctx, e.ID)
	if err != nil {
		return false, err
	}
	now, was := r.Now(), d.State
	d.State, d.Node, d.CalledAt, d.Deadline = InFlight, r.Node, now, now.Add(r.CallTimeout+5*time.Second)
	d.DoubtAt, d.Looks, d.FirstLookAt, d.LastLookAt, d.EndedAt, d.Reason, d.Detail = time.Time{}, 0, time.Time{}, time.Time{}, time.Time{}, "", ""
	d.RequestHash = e.Digest
	if d.FirstCalledAt.IsZero() {
		d.FirstCalledAt = now
	}
	change := DeliveryChange{Delivery: d, WasState: was, WasAttempt: d.Attempt}
	if err := r.Store.Begin(ctx, change, e.State); err != nil {
		return false, err
	}
	from := e.State
	if e.State != Submitted {
		e.State, e.Before = Sending, ""
	}
	r.Logger.Info("calling", "edition", e.ID, "channel", e.Channel, "from", string(from), "step", string(d.Step), "attempt", d.Attempt)
	r.checked = false
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	change.WasState = InFlight
	if d.Step == StepDraft {
		change.MediaID, err = acc.AddDraft(call, e.Pieces)
	} else {
		change.MsgID, err = acc.SendAll(call, find(ds, StepDraft).MediaID, d.Key)
	}
	if was == InFlight {
		err = stillInDoubt(err)
	}
	return r.outcome(ctx, e, change, err)
}

// stillInDoubt is the failure of a repeated call: even WeChat's plain refusal says nothing of the call before it, which
// may be why WeChat refuses (its quota is used up, say).
func stillInDoubt(err error) error {
	var ce *CallError
	if !errors.As(err, &ce) {
		return err
	}
	doubt := *ce
	doubt.Doubt = true
	return &doubt
}

// outcome writes down what came of a call.
func (r *run) outcome(ctx context.Context, e Edition, c DeliveryChange, err error) (more bool, _ error) {
	now := r.Now()
	if err == nil {
		c.State, c.EndedAt = Done, now
		next := e
		if c.Step == StepMass {
			next.State = Submitted
		}
		return true, r.save(ctx, next, e.State, now, c)
	}
	var ce *CallError
	if !errors.As(err, &ce) {
		ce = &CallError{Call: string(c.Step), Reason: ReasonNoAnswer, Doubt: true, Detail: detail(ReasonNoAnswer), Err: err}
	}
	r.Logger.Warn("call failed", "edition", e.ID, "step", string(c.Step), "attempt", c.Attempt, "call", ce.Call, "errcode", ce.Errcode,
		"doubt", ce.Doubt, "retry", ce.Retry, "reason", string(ce.Reason), "detail", ce.Detail, "cause", ce.Err)
	c.Reason, c.Detail = ce.Reason, ce.Detail
	switch {
	case ce.Doubt:
		c.DoubtAt = now
	case ce.Retry:
		c.Delivery = Delivery{
			Edition: e.ID, Step: c.Step, State: Intended, Attempt: c.Attempt + 1, Key: key(e, c.Step, c.Attempt+1),
			EndedAt: now, Reason: ce.Reason, Detail: ce.Detail,
		}
	default:
		c.State, c.EndedAt = DeliveryFailed, now
	}
	return true, r.save(ctx, e, e.State, now, c)
}

// look looks for a draft in doubt. Only looks that come settle after the doubt count as proof of its absence.
func (r *run) look(ctx context.Context, e Edition, c DeliveryChange) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return false, r.save(ctx, e, e.State, r.Now().Add(time.Minute))
	}
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	began := r.Now()
	mediaID, err := acc.FindDraft(call, e.Mark)
	now := r.Now()
	switch {
	case err != nil:
		r.Logger.Warn("look for a draft failed", "edition", e.ID, "cause", err)
		return false, r.save(ctx, e, e.State, now.Add(max(r.LookGap, 5*time.Second)))
	case mediaID != "":
		r.Logger.Info("draft found: the call had its effect", "edition", e.ID)
		c.State, c.EndedAt, c.MediaID, c.Reason, c.Detail = Done, now, mediaID, "", ""
	case began.Before(c.DoubtAt.Add(r.Settle)):
		c.LastLookAt = began
	default:
		if c.Looks == 0 {
			c.FirstLookAt = began
		}
		c.Looks++
		c.LastLookAt = began
	}
	return true, r.save(ctx, e, e.State, now, c)
}

// ask asks how a submitted mass send went.
func (r *run) ask(ctx context.Context, e Edition, c DeliveryChange) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return false, r.save(ctx, e, e.State, r.Now().Add(time.Minute))
	}
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	status, err := acc.AskMass(call, c.MsgID)
	c.Looks++
	c.LastLookAt = r.Now()
	if err != nil {
		r.Logger.Warn("question about a mass send failed", "edition", e.ID, "cause", err)
	} else if a, over := byAnswer(status); over {
		next := e
		next.State, next.Reason, next.Detail = a.State, a.Reason, ""
		if a.Reason != "" {
			next.Detail = detail(a.Reason)
		}
		return false, r.save(ctx, next, e.State, time.Time{}, c)
	}
	return true, r.save(ctx, e, e.State, r.Now(), c)
}
