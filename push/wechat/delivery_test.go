package wechat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"wefeed/push"
	"wefeed/push/wechat/sandbox"
)

func of(kind sandbox.Kind) []sandbox.AccountOptions {
	accounts := serviceAccount()
	accounts[0].Kind = kind
	return accounts
}

// TestPublish: a draft is published, asked for, found by its mark, and taken back, whatever WeChat puts in quotes.
func TestPublish(t *testing.T) {
	for _, quoted := range []bool{false, true} {
		t.Run(fmt.Sprint("quoted ", quoted), func(t *testing.T) {
			now := start
			r := newRig(t, serviceAccount(), func(o *sandbox.Options) {
				o.QuoteIDs, o.Now, o.Limits.PublishDelay = quoted, func() time.Time { return now }, time.Minute
			})
			media := r.draft()
			job, err := r.Publish(t.Context(), media)
			if err != nil || job == "" {
				t.Fatal(job, err)
			}
			if p, err := r.AskPublish(t.Context(), job); err != nil || p.Status != 1 || p.ID != "" {
				t.Errorf("under way: %+v, %v", p, err)
			}
			if p, err := r.FindPublished(t.Context(), mark); err != nil || p.ID != "" {
				t.Errorf("found before it is out: %+v, %v", p, err)
			}
			now = now.Add(2 * time.Minute)
			out, err := r.AskPublish(t.Context(), job)
			if err != nil || out.Status != 0 || out.ID == "" || len(out.URLs) != 1 {
				t.Fatalf("out: %+v, %v", out, err)
			}
			if p, err := r.FindPublished(t.Context(), mark); err != nil || p.ID != out.ID || len(p.URLs) != 1 {
				t.Errorf("found: %+v, %v", p, err)
			}
			if p, err := r.FindPublished(t.Context(), "another"); err != nil || p.ID != "" {
				t.Errorf("another's was found: %+v, %v", p, err)
			}
			if ce := r.failed(second(r.Publish(t.Context(), media))); ce.Reason != push.ReasonMediaGone || ce.Doubt {
				t.Errorf("a draft that is gone: %+v", ce)
			}
			if err := r.DeletePublished(t.Context(), out.ID, -1); err != nil {
				t.Error(err)
			}
			if p, err := r.AskPublish(t.Context(), job); err != nil || p.Status != 5 {
				t.Errorf("taken back: %+v, %v", p, err)
			}
		})
	}
}

// TestDraftsChange: a draft is read, changed and taken out of the box.
func TestDraftsChange(t *testing.T) {
	r := newRig(t, serviceAccount())
	pieces, _ := r.set(article("题", "<p>正文</p>"))
	media, err := r.AddDraft(t.Context(), pieces)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := r.set(article("更正的题", "<p>更正的正文</p>"))
	if err := r.UpdateDraft(t.Context(), media, 0, again[0]); err != nil {
		t.Fatal(err)
	}
	got, err := r.Draft(t.Context(), media)
	if err != nil || len(got) != 1 || got[0].Title != "更正的题" || got[0].SourceURL != pieces[0].SourceURL {
		t.Errorf("%+v, %v", got, err)
	}
	for range 2 { // one that is gone is no error
		if err := r.DeleteDraft(t.Context(), media); err != nil {
			t.Error(err)
		}
	}
	_, err = r.Draft(t.Context(), media)
	if ce := r.failed(err); ce.Reason != push.ReasonMediaGone {
		t.Errorf("%+v", ce)
	}
}

// TestSendMassTo a tag, to a list, and never to everybody by mistake.
func TestSendMassTo(t *testing.T) {
	r := newRig(t, serviceAccount())
	r.control("/_sandbox/followers", map[string]any{"openids": []string{"oA", "oB", "oC"}})
	if ce := r.failed(second(r.SendMass(t.Context(), push.Audience{Tag: 7}, r.draft(), "e-0"))); ce.Doubt {
		t.Errorf("a tag that is not there: %+v", ce)
	}
	if _, err := r.SendMass(t.Context(), push.Audience{OpenIDs: []string{"oA", "oB"}}, r.draft(), "e-1"); err != nil {
		t.Fatal(err)
	}
	sent := r.list("masses")[0].(map[string]any)
	if to := sent["audience"].([]any); len(to) != 2 || sent["reached"] != 2.0 {
		t.Errorf("%+v", sent)
	}
	sub := newRig(t, of(sandbox.Subscription))
	if ce := sub.failed(second(sub.SendMass(t.Context(), push.Audience{OpenIDs: []string{"oA", "oB"}}, sub.draft(), "e-2"))); ce.Reason != push.ReasonForbidden {
		t.Errorf("%+v", ce)
	}
}

func TestPreview(t *testing.T) {
	r := newRig(t, serviceAccount())
	media := r.draft()
	if err := r.Preview(t.Context(), push.Tester{}, media); err == nil {
		t.Error("a preview for nobody was made")
	}
	if err := r.Preview(t.Context(), push.Tester{WXName: "tester"}, media); err != nil {
		t.Error(err)
	}
	if n := len(r.list("masses")); n != 0 || len(r.list("messages")) != 1 {
		t.Errorf("%d mass sends, messages %v", n, r.list("messages"))
	}
}

// TestFollowersAndNotices: followers come a page at a time, and who does not take notices is told apart.
func TestFollowersAndNotices(t *testing.T) {
	r := newRig(t, serviceAccount(), func(o *sandbox.Options) { o.Limits.UserPage = 2 })
	r.control("/_sandbox/followers", map[string]any{"openids": []string{"oA", "oB"}, "refuses": []string{"tmpl"}})
	var all []string
	for from, first := "", true; first || from != ""; first = false {
		page, next, err := r.Followers(t.Context(), push.Audience{}, from)
		if err != nil || len(page) > 2 {
			t.Fatal(page, err)
		}
		all, from = append(all, page...), next
	}
	if len(all) != 5 || !slices.IsSorted(all) {
		t.Errorf("%d followers", len(all))
	}
	n := push.Notice{Template: "tmpl", URL: "https://feeds.example.cn/a/x", Data: map[string]string{"thing1": "题"}}
	if err := r.Notify(t.Context(), all[len(all)-1], n); err != nil {
		t.Error(err)
	}
	if ce := r.failed(r.Notify(t.Context(), "oA", n)); ce.Reason != push.ReasonRefused || ce.Doubt || ce.Retry {
		t.Errorf("%+v", ce)
	}
	if got := r.list("messages"); len(got) != 1 || got[0].(map[string]any)["template_id"] != "tmpl" {
		t.Errorf("%v", got)
	}
}

// TestProbe: only WeChat's 48001 is a no.
func TestProbe(t *testing.T) {
	able := map[sandbox.Kind][]push.Kind{
		sandbox.Service:      {push.KindDraft, push.KindPublish, push.KindMass, push.KindNotice},
		sandbox.Subscription: {push.KindDraft, push.KindPublish, push.KindMass},
		sandbox.Unverified:   {push.KindDraft},
	}
	for account, kinds := range able {
		r := newRig(t, of(account))
		for _, kind := range able[sandbox.Service] {
			err := r.Probe(t.Context(), kind)
			if slices.Contains(kinds, kind) != (err == nil) {
				t.Errorf("%s, %s: %v", account, kind, err)
			}
			if err != nil && r.failed(err).Reason != push.ReasonForbidden {
				t.Errorf("%s, %s: %v", account, kind, err)
			}
		}
	}
}

// TestDailyLimits: what WeChat answers only so often a day is refused with its reason, and its remainder can be asked for.
func TestDailyLimits(t *testing.T) {
	r := newRig(t, serviceAccount())
	for range 10 {
		_ = r.DeletePublished(t.Context(), "none", -1)
	}
	if ce := r.failed(r.DeletePublished(t.Context(), "none", -1)); ce.Reason != push.ReasonQuotaUsed {
		t.Errorf("%+v", ce)
	}
	r.draft()
	if left, known, err := r.Remaining(t.Context(), push.StepDraft); left != 999 || !known || err != nil {
		t.Errorf("%d, %v, %v", left, known, err)
	}
}
