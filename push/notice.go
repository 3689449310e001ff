package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wefeed/feeds"
)

// A NoticeForm is a subscription notice's template and how its fields are filled: keyword → text in which {title}, {section},
// {date}, {source} and {site} stand for the article's.
type NoticeForm struct {
	Template string
	Data     map[string]string
	// What the marks stand for beside the article: the gateway's address without a final slash, the site's name and zone,
	// the sections' titles by id.
	SiteURL, Site string
	Zone          *time.Location
	Sections      map[string]string
}

// maxThing is how many characters WeChat shows of a field of the kind thing; it refuses longer ones.
const maxThing = 20

// fill returns the edition's only article as a notice, and the digest that pins it.
func (f NoticeForm) fill(e Edition, articles []feeds.Article) ([]Piece, string, error) {
	if len(articles) == 0 {
		return nil, "", errors.New("a notice needs an article")
	}
	a := articles[0]
	section := ""
	for _, id := range a.Sections {
		if section = f.Sections[id]; section != "" {
			break
		}
	}
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	marks := strings.NewReplacer("{title}", e.Items[0].Title, "{section}", section, "{date}", dateOf(a, zone), "{source}", a.Origin, "{site}", f.Site)
	p := Piece{ArticleID: a.ID, Title: e.Items[0].Title, SourceURL: f.SiteURL + "/a/" + a.ID + "?d=" + e.Mark, Notice: map[string]string{}}
	for field, text := range f.Data {
		value := marks.Replace(text)
		if r := []rune(value); strings.HasPrefix(field, "thing") && len(r) > maxThing {
			value = string(r[:maxThing-1]) + "…"
		}
		p.Notice[field] = value
	}
	pinned, err := json.Marshal([]any{f.Template, p})
	sum := sha256.Sum256(pinned)
	return []Piece{p}, hex.EncodeToString(sum[:]), err
}

// dateOf is the article's date as printed, or the day when it was first seen.
func dateOf(a feeds.Article, zone *time.Location) string {
	if a.Published.IsZero() {
		return a.FirstSeen.In(zone).Format("2006年1月2日")
	}
	return a.Published.Format("2006年1月2日")
}

// recruit writes down whom the notice goes to and opens its delivery. Killed in the middle it begins anew: who is written
// down already stays.
func (r *run) recruit(ctx context.Context, e Edition, d Delivery) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return r.failedToSet(ctx, e, err)
	}
	for from, page := "", 0; page == 0 || from != ""; page++ {
		call, cancel := context.WithTimeout(ctx, r.CallTimeout)
		openids, next, err := acc.Followers(call, r.Channels[e.Channel].Audience, from)
		cancel()
		if err != nil {
			return r.failedToSet(ctx, e, err)
		}
		if err := r.Store.Recruit(ctx, e.ID, openids); err != nil {
			return false, err
		}
		from = next
	}
	now := r.Now()
	was := d.State
	d.State, d.Node, d.FirstCalledAt, d.CalledAt, d.Deadline, d.RequestHash = InFlight, r.Node, now, now, now.Add(r.CallTimeout), e.Digest
	return true, r.Store.Begin(ctx, DeliveryChange{Delivery: d, WasState: was, WasAttempt: d.Attempt}, e.State)
}

// noticesAtOnce is how many notices one transaction lets go, and so at most in doubt when the process dies.
const noticesAtOnce = 4

// notify sends the notice to the next few recipients, and ends the delivery after the last.
func (r *run) notify(ctx context.Context, e Edition, d Delivery) (more bool, err error) {
	acc, err := r.account(e)
	if err != nil {
		return false, r.save(ctx, e, e.State, r.Now().Add(time.Minute))
	}
	now := r.Now()
	openids, err := r.Store.BeginNotices(ctx, e.ID, r.Node, noticesAtOnce, now, now.Add(r.CallTimeout+5*time.Second))
	if err != nil {
		return false, err
	}
	if len(openids) == 0 {
		return r.notified(ctx, e, d)
	}
	notice := Notice{Template: r.Channels[e.Channel].Notice.Template, URL: e.Pieces[0].SourceURL, Data: e.Pieces[0].Notice}
	ended, failure := r.notifyAll(ctx, acc, openids, notice)
	save, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := r.Store.EndNotices(save, e.ID, ended); err != nil {
		return false, err
	}
	if failure != nil {
		return r.pause(ctx, e, failure)
	}
	if end, bounded := ctx.Deadline(); bounded && time.Until(end) < r.CallTimeout {
		return false, r.save(ctx, e, e.State, r.Now()) // the job's time is nearly over: another one goes on
	}
	r.steps = 0 // it goes on as long as there are recipients
	return true, nil
}

// notifyAll sends the notice to each of them. failure is one that concerns not a follower but the account.
func (r *run) notifyAll(ctx context.Context, acc Account, openids []string, n Notice) (ended []Recipient, failure *CallError) {
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	for _, id := range openids {
		end := Recipient{OpenID: id, State: Done}
		var ce *CallError
		switch err := acc.Notify(call, id, n); {
		case err == nil:
		case !errors.As(err, &ce) || ce.Doubt:
			end.State, end.Reason = DeliveryUnknown, ReasonNoAnswer
		case ce.Reason == ReasonRefused:
			end.State, end.Reason = DeliveryFailed, ReasonRefused
		default:
			end.State, failure = Intended, ce // it had no effect: the follower gets it later
		}
		ended = append(ended, end)
	}
	return ended, failure
}

// pause waits before the next recipients, or ends the notice where going on is of no use.
func (r *run) pause(ctx context.Context, e Edition, ce *CallError) (bool, error) {
	r.Logger.Warn("notice interrupted", "edition", e.ID, "call", ce.Call, "errcode", ce.Errcode, "reason", string(ce.Reason), "detail", ce.Detail)
	if ce.Retry && r.Now().Before(e.Expires) {
		return false, r.save(ctx, e, e.State, earlier(r.Now().Add(max(ce.After, 15*time.Second)), e.Expires))
	}
	_, ds, err := r.Store.Edition(ctx, e.ID)
	if err != nil {
		return false, err
	}
	return r.closeNotice(ctx, e, find(ds, StepNotice), ce)
}

// notified ends a notice whose recipients have all been tried; those that another goroutine has under way are waited for.
func (r *run) notified(ctx context.Context, e Edition, d Delivery) (bool, error) {
	tally, err := r.Store.Tally(ctx, e.ID)
	if err != nil {
		return false, err
	}
	if tally.InFlight > 0 {
		return false, r.save(ctx, e, e.State, r.Now().Add(time.Second))
	}
	return r.closeNotice(ctx, e, d, nil)
}

// closeNotice writes down how the notice went as a whole. Nobody reached is a failure.
func (r *run) closeNotice(ctx context.Context, e Edition, d Delivery, why *CallError) (bool, error) {
	tally, err := r.Store.Tally(ctx, e.ID)
	if err != nil {
		return false, err
	}
	c := DeliveryChange{Delivery: d, WasState: d.State, WasAttempt: d.Attempt}
	c.State, c.EndedAt, c.Reason = Done, r.Now(), ""
	switch {
	case tally.Done+tally.Unknown == 0 && why != nil:
		c.State, c.Reason = DeliveryFailed, why.Reason
	case tally.Done+tally.Unknown == 0:
		c.State, c.Reason = DeliveryFailed, ReasonNobody
	case tally.Intended > 0:
		c.Reason = ReasonPartly
	case tally.Unknown > 0:
		c.Reason = ReasonUnsure
	}
	c.Detail = fmt.Sprintf("送达 %d 人，未订阅 %d 人，不确定 %d 人，未发 %d 人", tally.Done, tally.Failed, tally.Unknown, tally.Intended)
	r.Logger.Info("notice ended", "edition", e.ID, "reached", tally.Done, "not_accepted", tally.Failed, "unsure", tally.Unknown, "left", tally.Intended)
	return true, r.save(ctx, e, e.State, r.Now(), c)
}
