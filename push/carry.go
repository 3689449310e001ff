package push

import (
	"context"
	"errors"
	"time"

	"wefeed/feeds"
)

// set renders the edition's articles and uploads what they show. Then it enters review; without review it is approved.
func (r *run) set(ctx context.Context, e Edition, ds []Delivery) (more bool, err error) {
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
	if next.Pieces, next.Digest, err = r.render(ctx, next, ordered); err != nil {
		return r.failedToSet(ctx, e, err)
	}
	next.Reason, next.Detail = "", ""
	r.enter(&next, e)
	return true, r.save(ctx, next, e.State, r.Now())
}

// render turns the articles into what WeChat takes, and pins it.
func (r *run) render(ctx context.Context, e Edition, articles []feeds.Article) (pieces []Piece, digest string, err error) {
	if e.Kind == KindNotice {
		pieces, digest, err = r.Channels[e.Channel].Notice.fill(e, articles)
	} else {
		var acc Account
		if acc, err = r.account(e); err != nil {
			return nil, "", err
		}
		call, cancel := context.WithTimeout(ctx, r.CallTimeout)
		defer cancel()
		pieces, digest, err = acc.Set(call, e, articles)
	}
	for i := range pieces {
		pieces[i].ArticleHash = articles[i].Hash
	}
	return pieces, digest, err
}

// enter says where an edition stands that was set just now. What was approved stays so only if it is to the letter what
// goes out; else people look again.
func (r *run) enter(next *Edition, was Edition) {
	ch := r.Channels[was.Channel]
	switch {
	case !ch.Reviewed():
		if was.State == Planned {
			next.State = Approved
		}
	case was.Digest == next.Digest && was.State != Planned:
	default:
		next.State, next.ReviewBy = InReview, time.Time{}
		if ch.ReviewWithin > 0 {
			next.ReviewBy = r.Now().Add(ch.ReviewWithin)
		}
		if was.Digest != "" {
			r.Logger.Warn("edition has to be reviewed anew: the portal changed its articles", "edition", was.ID, "channel", was.Channel,
				"state", string(was.State), "do", "wefeed edition show "+was.ID)
		}
	}
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
// goes out as corrected, also when its draft is in the box already. A draft cannot lose an article: with one taken back it is
// given up, and the others are free for the next slot.
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
	if gone && (out || len(kept) == 0) {
		if out {
			r.discard(ctx, e, find(ds, StepDraft).MediaID)
		}
		return false, r.end(ctx, e, ds, Action{Do: DoEnd, State: Withdrawn, Reason: ReasonWithdrawn})
	}
	next := e
	next.Items, next.Pieces = kept, nil
	r.Logger.Info("edition is set anew", "edition", e.ID, "withdrawn", gone, "corrected", corrected)
	return true, r.save(ctx, next, e.State, r.Now())
}

// discard takes a draft out of the box whose edition is given up, so that nobody sends it by hand. If that fails, the
// admin is told by the edition's reason.
func (r *run) discard(ctx context.Context, e Edition, mediaID string) {
	acc, err := r.account(e)
	if err == nil {
		call, cancel := context.WithTimeout(ctx, r.CallTimeout)
		defer cancel()
		err = acc.DeleteDraft(call, mediaID)
	}
	if err != nil {
		r.Logger.Warn("draft of a given-up edition is still in the box", "edition", e.ID, "cause", err)
	}
}

// keep returns the items whose articles may still go out, with their titles as they are now, and whether any may not.
func (r *run) keep(e Edition, byID map[string]feeds.Article) (kept []EditionItem, gone bool) {
	long := r.Channels[e.Channel].LongTitle
	for _, it := range e.Items {
		a := byID[it.ArticleID]
		title, fits := FitTitle(a.Title, long)
		if it.Retitled {
			title, fits = it.Title, true
		}
		if a.Status != feeds.StatusLive || !fits {
			gone = true
			continue
		}
		kept = append(kept, EditionItem{ArticleID: it.ArticleID, Title: title, Retitled: it.Retitled})
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
	switch d.Step {
	case StepDraft:
		change.MediaID, err = acc.AddDraft(call, e.Pieces)
	case StepPublish:
		change.PublishID, err = acc.Publish(call, find(ds, StepDraft).MediaID)
	case StepMass:
		change.MsgID, err = acc.SendMass(call, r.Channels[e.Channel].Audience, find(ds, StepDraft).MediaID, d.Key)
	}
	if was == InFlight || vanished(d, err) {
		err = stillInDoubt(err)
	}
	return r.outcome(ctx, e, change, err)
}

// vanished reports whether a publication that was in doubt before, and seemed absent, is now refused because its draft is
// gone: then something published it after all.
func vanished(d Delivery, err error) bool {
	var ce *CallError
	return d.Step == StepPublish && d.Attempt > 1 && errors.As(err, &ce) && ce.Reason == ReasonMediaGone
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
		if c.Step == StepMass || c.Step == StepPublish {
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

// look looks for a draft or a publication in doubt. Only looks that come settle after the doubt count as proof of its
// absence. A draft that is gone from the box while no publication carries its mark proves nothing: an editor may have it.
func (r *run) look(ctx context.Context, e Edition, c DeliveryChange) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return false, r.save(ctx, e, e.State, r.Now().Add(time.Minute))
	}
	if wait, err := r.afford(ctx, e, c.Step); err != nil || !wait.IsZero() {
		return false, cmpSave(err, func() error { return r.save(ctx, e, e.State, wait) })
	}
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	began := r.Now()
	found, gone, err := r.seek(call, acc, e, &c)
	now := r.Now()
	switch {
	case err != nil:
		r.Logger.Warn("look for the effect of a call failed", "edition", e.ID, "step", string(c.Step), "cause", err)
		return false, r.save(ctx, e, e.State, now.Add(max(r.LookGap, 5*time.Second)))
	case found:
		r.Logger.Info("found: the call had its effect", "edition", e.ID, "step", string(c.Step))
		c.State, c.EndedAt, c.Reason, c.Detail = Done, now, "", ""
	case began.Before(c.DoubtAt.Add(r.Settle)):
		c.LastLookAt = began
	case gone && c.Looks > 0:
		c.State, c.EndedAt, c.Reason, c.Detail = DeliveryUnknown, now, ReasonUnseen, detail(ReasonUnseen)
	default:
		if c.Looks == 0 {
			c.FirstLookAt = began
		}
		c.Looks++
		c.LastLookAt = began
	}
	return true, r.save(ctx, e, e.State, now, c)
}

// seek looks once, and writes what it finds into c. gone tells that a publication's draft is no longer in the box.
func (r *run) seek(ctx context.Context, acc Account, e Edition, c *DeliveryChange) (found, gone bool, err error) {
	if c.Step == StepDraft {
		c.MediaID, err = acc.FindDraft(ctx, e.Mark)
		return c.MediaID != "", false, err
	}
	p, err := acc.FindPublished(ctx, e.Mark)
	if err != nil || p.ID != "" {
		c.Publication, c.URLs = p.ID, p.URLs
		return p.ID != "", false, err
	}
	media, err := acc.FindDraft(ctx, e.Mark)
	return false, media == "", err
}

// cmpSave returns err, or what save returns.
func cmpSave(err error, save func() error) error {
	if err != nil {
		return err
	}
	return save()
}

// dailyAsks is how many looks and questions about publications are asked a day: WeChat answers a hundred of each
// (API_Call_Limits.html), and a person may want some.
const dailyAsks = 80

// afford counts a look or question that WeChat answers only so many times a day. When none is left, it returns when the
// next day of the site begins.
func (r *run) afford(ctx context.Context, e Edition, step Step) (wait time.Time, err error) {
	if step != StepPublish {
		return time.Time{}, nil
	}
	now := r.Now().In(r.Zone)
	ok, err := r.Store.Spend(ctx, e.Account, "freepublish", now.Format(time.DateOnly), dailyAsks)
	if err != nil || ok {
		return time.Time{}, err
	}
	r.Logger.Warn("no more questions about publications today: WeChat answers a hundred a day", "edition", e.ID, "account", e.Account)
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 30, 0, r.Zone), nil
}

// ask asks how a submitted mass send or publication went.
func (r *run) ask(ctx context.Context, e Edition, c DeliveryChange) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return false, r.save(ctx, e, e.State, r.Now().Add(time.Minute))
	}
	if wait, err := r.afford(ctx, e, c.Step); err != nil || !wait.IsZero() {
		return false, cmpSave(err, func() error { return r.save(ctx, e, e.State, wait) })
	}
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	a, over, err := r.question(call, acc, &c)
	c.Looks++
	c.LastLookAt = r.Now()
	switch {
	case err != nil:
		r.Logger.Warn("question how it went failed", "edition", e.ID, "step", string(c.Step), "cause", err)
	case over:
		next := e
		next.State, next.Reason, next.Detail = a.State, a.Reason, ""
		if a.Reason != "" {
			next.Detail = detail(a.Reason)
		}
		return false, r.save(ctx, next, e.State, time.Time{}, c)
	}
	return true, r.save(ctx, e, e.State, r.Now(), c)
}

// question asks once, and writes what it learns into c.
func (r *run) question(ctx context.Context, acc Account, c *DeliveryChange) (a Action, over bool, err error) {
	if c.Step == StepPublish {
		p, err := acc.AskPublish(ctx, c.PublishID)
		if err != nil {
			return a, false, err
		}
		c.Publication, c.URLs = p.ID, p.URLs
		a, over = byPublication(p.Status)
		return a, over, nil
	}
	status, err := acc.AskMass(ctx, c.MsgID)
	if err != nil {
		return a, false, err
	}
	a, over = byAnswer(status)
	return a, over, nil
}

// update brings the draft in the box up to date with what was set since. It may be repeated.
func (r *run) update(ctx context.Context, e Edition, c DeliveryChange) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return r.failedToSet(ctx, e, err)
	}
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	for i, p := range e.Pieces {
		if err := acc.UpdateDraft(call, c.MediaID, i, p); err != nil {
			return r.failedToSet(ctx, e, err)
		}
	}
	r.Logger.Info("draft brought up to date", "edition", e.ID, "articles", len(e.Pieces))
	c.RequestHash = e.Digest
	return true, r.save(ctx, e, e.State, r.Now(), c)
}
