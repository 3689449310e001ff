package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"wefeed/push"
	"wefeed/push/wechat"
	"wefeed/push/wechat/sandbox"
)

const (
	tokenPath = "/cgi-bin/stable_token"
	addPath   = "/cgi-bin/draft/add"
	findPath  = "/cgi-bin/draft/batchget"
	sendPath  = "/cgi-bin/message/mass/sendall"
	askPath   = "/cgi-bin/message/mass/get"
	bodyPath  = "/cgi-bin/media/uploadimg"
	coverPath = "/cgi-bin/material/add_material"
)

func TestTokenSingleFlight(t *testing.T) {
	r := newRig(t, serviceAccount())
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := r.FindDraft(t.Context(), mark); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if ok, failed := r.calls(tokenPath); ok != 1 || failed != 0 {
		t.Errorf("asked for a token %d times", ok+failed)
	}
}

func TestTokenIsKept(t *testing.T) {
	r := newRig(t, serviceAccount())
	find := func(a *wechat.Account, want int) {
		t.Helper()
		if _, err := a.FindDraft(t.Context(), mark); err != nil {
			t.Fatal(err)
		}
		if ok, _ := r.calls(tokenPath); ok != want {
			t.Errorf("asked for a token %d times, want %d", ok, want)
		}
	}
	find(r.Account, 1)
	find(r.account(), 1) // another process
	if got := r.memory.expires[appID]; !got.Equal(start.Add(115 * time.Minute)) {
		t.Errorf("used until %v, want five minutes before its end", got)
	}
	r.control("/_sandbox/clock", map[string]any{"advance": "1h55m"})
	r.options.Now = func() time.Time { return start.Add(115 * time.Minute) }
	old := r.account()
	find(old, 2)
	if got := r.memory.expires[appID]; !got.Equal(start.Add(116 * time.Minute)) {
		t.Errorf("a token that has 300 s left is used until %v, want for a minute", got)
	}
	r.memory.fail = errors.New("disk full")
	find(r.account(), 2) // the stored one is read all the same; a store that fails is only logged
	r.memory.token[appID] = "dead"
	r.memory.seen = append(r.memory.seen, "dead-token-of-another-server")
	find(r.account(), 3)
}

// TestAnotherAppID: an account that gets another appid uses neither the token nor the uploads of the old one.
func TestAnotherAppID(t *testing.T) {
	other := sandbox.AccountOptions{AppID: "wxother", Secret: "other-secret", Kind: sandbox.Service}
	r := newRig(t, append(serviceAccount(), other))
	art := article("题", "<p>文</p>")
	pieces, _ := r.set(art)
	if _, err := r.AddDraft(t.Context(), pieces); err != nil {
		t.Fatal(err)
	}
	r.options.AppID, r.options.Secret = other.AppID, other.Secret
	r.Account = r.account()
	again, _ := r.set(art)
	if again[0].CoverID == pieces[0].CoverID {
		t.Error("the other account is given the cover of the first")
	}
	if _, err := r.AddDraft(t.Context(), again); err != nil {
		t.Error(err)
	}
	if one, two := r.memory.token[appID], r.memory.token[other.AppID]; one == "" || two == "" || one == two {
		t.Error("two appids do not have a token each")
	}
}

// TestCoverThatIsGone: somebody cleaned the material library; the next edition uploads its cover anew.
func TestCoverThatIsGone(t *testing.T) {
	r := newRig(t, serviceAccount())
	art := article("题", "<p>文</p>")
	pieces, _ := r.set(art)
	r.fault(addPath, "errcode", 1, 40007)
	if ce := r.failed(second(r.AddDraft(t.Context(), pieces))); ce.Reason != push.ReasonMediaGone {
		t.Fatalf("%+v", ce)
	}
	again, _ := r.set(art)
	if again[0].CoverID == pieces[0].CoverID {
		t.Error("the dead cover is used again")
	}
	if _, err := r.AddDraft(t.Context(), again); err != nil {
		t.Error(err)
	}
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	for _, code := range []int{40001, 42001, 40014} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			r := newRig(t, serviceAccount())
			pieces, _ := r.set(article("题", "<p>正文</p>"))
			r.fault(addPath, "errcode", 1, code)
			if id, err := r.AddDraft(t.Context(), pieces); err != nil || id == "" {
				t.Fatal(id, err)
			}
			if ok, failed := r.calls(addPath); ok != 1 || failed != 1 {
				t.Errorf("%d drafts, %d refused", ok, failed)
			}
			if ok, _ := r.calls(tokenPath); ok != 2 {
				t.Errorf("asked for a token %d times", ok)
			}
			r.fault(addPath, "errcode", 0, code)
			ce := r.failed(second(r.AddDraft(t.Context(), pieces)))
			if ce.Reason != push.ReasonToken || !ce.Retry || ce.Doubt || ce.Errcode != code {
				t.Errorf("%+v", ce)
			}
			if ok, failed := r.calls(addPath); ok != 1 || failed != 3 {
				t.Errorf("%d drafts, %d refused: want one retry, never two", ok, failed)
			}
			if ok, _ := r.calls(tokenPath); ok != 3 {
				t.Errorf("asked for a token %d times", ok)
			}
		})
	}
}

func second(_ string, err error) error { return err }

func TestTokenErrors(t *testing.T) {
	for _, c := range []struct {
		fault   string
		errcode int
		reason  push.Reason
		retry   bool
	}{
		{"errcode", 40125, push.ReasonSecret, false}, {"errcode", 40013, push.ReasonSecret, false}, {"errcode", 40164, push.ReasonIP, false},
		{"errcode", 61004, push.ReasonIP, false}, {"errcode", -1, push.ReasonBusy, true}, {"errcode", 45009, push.ReasonQuotaUsed, true},
		{"http_500", 0, push.ReasonNoAnswer, true}, {"cut_reply", 0, push.ReasonNoAnswer, true}, {"drop_reply", 0, push.ReasonNoAnswer, true},
	} {
		t.Run(fmt.Sprint(c.fault, c.errcode), func(t *testing.T) {
			r := newRig(t, serviceAccount())
			r.fault(tokenPath, c.fault, 1, c.errcode)
			ce := r.failed(second(r.AddDraft(t.Context(), nil)))
			if ce.Reason != c.reason || ce.Retry != c.retry || ce.Doubt || ce.Call != tokenPath {
				t.Errorf("%+v: a call that needed a token first never left", ce)
			}
			if c.errcode == 40164 && !strings.Contains(ce.Detail, "203.0.113.7") {
				t.Errorf("%q does not name the address to allow", ce.Detail)
			}
		})
	}
	r := newRig(t, serviceAccount())
	r.options.Secret = "other-secret"
	if ce := r.failed(second(r.account().FindDraft(t.Context(), mark))); ce.Reason != push.ReasonSecret {
		t.Errorf("%+v", ce)
	}
}

func TestDraftIsFoundByItsMark(t *testing.T) {
	r := newRig(t, serviceAccount())
	pieces, _ := r.set(article("一", "<p>正文</p>"), article("二", "<p>正文</p>"))
	id, err := r.AddDraft(t.Context(), pieces)
	if err != nil {
		t.Fatal(err)
	}
	for range 41 { // onto the third page
		other := pieces[0]
		other.SourceURL = "https://feeds.example.cn/a/1?d=" + strings.Repeat("z", 16)
		if _, err := r.AddDraft(t.Context(), []push.Piece{other}); err != nil {
			t.Fatal(err)
		}
	}
	for m, want := range map[string]string{mark: id, "none": "", mark[:15]: "", mark + "x": ""} {
		if got, err := r.FindDraft(t.Context(), m); err != nil || got != want {
			t.Errorf("%s: found %q, %v, want %q", m, got, err, want)
		}
	}
	if ok, _ := r.calls(findPath); ok != 12 {
		t.Errorf("%d pages read for four looks, want 3 each", ok)
	}
}

func TestSendMass(t *testing.T) {
	for _, quoted := range []bool{false, true} {
		t.Run(fmt.Sprint("quoted ", quoted), func(t *testing.T) {
			r := newRig(t, serviceAccount(), func(o *sandbox.Options) { o.QuoteIDs, o.Limits.EventDelay = quoted, time.Hour })
			media := r.draft()
			msg, err := r.SendMass(t.Context(), push.Audience{}, media, "edition-1")
			if err != nil || msg == "" {
				t.Fatal(msg, err)
			}
			if again, err := r.SendMass(t.Context(), push.Audience{}, media, "edition-1"); err != nil || again != msg {
				t.Errorf("again: %q, %v, want the first send's %q", again, err, msg)
			}
			ask := func(want push.MassStatus) {
				t.Helper()
				if got, err := r.AskMass(t.Context(), msg); err != nil || got != want {
					t.Errorf("mass/get: %q, %v, want %q", got, err, want)
				}
			}
			ask(push.MassSending)
			r.control("/_sandbox/clock", map[string]any{"advance": "1h"})
			ask(push.MassSuccess)
			masses := r.list("masses")
			if m := masses[0].(map[string]any); len(masses) != 1 || m["audience"] != "all" || m["clientmsgid"] != "edition-1" {
				t.Errorf("sent %v", masses)
			}
			ce := r.failed(second(r.SendMass(t.Context(), push.Audience{}, media, "edition-2")))
			if ce.Reason != push.ReasonMediaGone || ce.Errcode != 40007 || ce.Doubt || ce.Retry {
				t.Errorf("a draft that is gone: %+v", ce)
			}
		})
	}
}

func TestSendAllOverQuota(t *testing.T) {
	r := newRig(t, serviceAccount())
	if _, err := r.SendMass(t.Context(), push.Audience{}, r.draft(), "edition-1"); err != nil {
		t.Fatal(err)
	}
	ce := r.failed(second(r.SendMass(t.Context(), push.Audience{}, r.draft(), "edition-2")))
	if ce.Reason != push.ReasonQuotaUsed || ce.Errcode != 45028 || ce.Doubt || ce.Retry {
		t.Errorf("%+v", ce)
	}
	r.fault(sendPath, "errcode", 1, 45065) // without a msg_id
	if ce := r.failed(second(r.SendMass(t.Context(), push.Audience{}, "m", "edition-3"))); !ce.Doubt {
		t.Errorf("45065 that names nothing: %+v", ce)
	}
	if _, err := r.AskMass(t.Context(), "12345"); r.failed(err).Doubt {
		t.Error("an unknown msg_id leaves doubt")
	}
}

// TestCallsUnderFaults: what is known after each way in which a call can go wrong.
func TestCallsUnderFaults(t *testing.T) {
	type call func(r *rig, ctx context.Context, media string) error
	calls := map[string]call{
		addPath: func(r *rig, ctx context.Context, _ string) error {
			pieces, _ := r.set(article("二", "<p>正文</p>"))
			return second(r.AddDraft(ctx, pieces))
		},
		findPath: func(r *rig, ctx context.Context, _ string) error { return second(r.FindDraft(ctx, mark)) },
		sendPath: func(r *rig, ctx context.Context, media string) error {
			return second(r.SendMass(ctx, push.Audience{}, media, "c"))
		},
		askPath: func(r *rig, ctx context.Context, _ string) error { _, err := r.AskMass(ctx, "1"); return err },
	}
	for path, make := range calls {
		for _, c := range []struct {
			fault  string
			reason push.Reason
			doubt  bool
			retry  bool
			effect bool
		}{
			{"drop_reply", push.ReasonNoAnswer, true, false, true}, {"cut_reply", push.ReasonNoAnswer, true, false, true},
			{"http_500", push.ReasonNoAnswer, true, false, false}, {"timeout", push.ReasonNoAnswer, true, false, false},
			{"late", push.ReasonNoAnswer, true, false, false}, {"errcode", push.ReasonBusy, false, true, false},
		} {
			t.Run(path+" "+c.fault, func(t *testing.T) {
				r := newRig(t, serviceAccount())
				r.options.Client = &http.Client{Transport: r.options.Client.Transport, Timeout: time.Second}
				if c.fault == "timeout" {
					r.options.Client.Timeout = 50 * time.Millisecond
				}
				media := r.draft()
				r.Account = r.account()
				body := map[string]any{"path": path, "fault": c.fault, "times": 1, "errcode": 45011}
				if c.fault == "late" {
					body["delay"] = "1h"
				}
				r.control("/_sandbox/faults", body)
				ce := r.failed(make(r, t.Context(), media))
				if ce.Reason != c.reason || ce.Doubt != c.doubt || ce.Retry != c.retry || ce.Call != path {
					t.Errorf("%+v", *ce)
				}
				drafts, masses := len(r.list("drafts")), len(r.list("masses"))
				if happened := drafts != 1 || masses != 0; (path == addPath || path == sendPath) && happened != c.effect {
					t.Errorf("%d drafts and %d masses", drafts, masses)
				}
			})
		}
	}
}

func TestCallsThatNeverLeft(t *testing.T) {
	r := newRig(t, serviceAccount())
	r.draft() // a token is there
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ce := r.failed(second(r.SendMass(ctx, push.Audience{}, "m", "c"))); !ce.Retry || ce.Doubt || ce.Reason != push.ReasonNetwork {
		t.Errorf("interrupted: %+v", *ce)
	}
	r.options.Client.CloseIdleConnections()
	r.server.Close()
	for name, err := range map[string]error{
		"send": second(r.SendMass(t.Context(), push.Audience{}, "m", "c")), "find": second(r.FindDraft(t.Context(), mark)),
		"add": second(r.AddDraft(t.Context(), nil)),
	} {
		if ce := r.failed(err); !ce.Retry || ce.Doubt || ce.Reason != push.ReasonNetwork {
			t.Errorf("%s to nobody: %+v", name, *ce)
		}
	}
}

func TestErrcodes(t *testing.T) {
	r := newRig(t, serviceAccount())
	pieces, _ := r.set(article("题", "<p>正文</p>"))
	for _, c := range []struct {
		codes  []int
		reason push.Reason
		doubt  bool
		after  time.Duration // -1: no retry
	}{
		{[]int{-1}, push.ReasonBusy, true, -1},
		{[]int{41001}, push.ReasonToken, false, 0},
		{[]int{40013, 40125, 40243, 40002}, push.ReasonSecret, false, -1},
		{[]int{40164, 61004, 89501, 89503, 89506, 89507}, push.ReasonIP, false, -1},
		{[]int{48001, 48006}, push.ReasonForbidden, false, -1},
		{[]int{45009}, push.ReasonQuotaUsed, false, 10 * time.Minute},
		{[]int{45028}, push.ReasonQuotaUsed, false, -1},
		{[]int{45011, 45066}, push.ReasonBusy, false, time.Minute},
		{[]int{40005, 40006, 40009, 41005}, push.ReasonImage, false, -1},
		{[]int{40007}, push.ReasonMediaGone, false, -1},
		{[]int{45002, 45003, 45004, 45008, 45110, 53503, 53504, 53505, 87014, 88000}, push.ReasonContent, false, -1},
		{[]int{99999, 45067, 40152}, push.ReasonSendFailed, false, -1},
	} {
		for _, code := range c.codes {
			r.fault(addPath, "errcode", 1, code)
			ce := r.failed(second(r.AddDraft(t.Context(), pieces)))
			if ce.Errcode != code || ce.Reason != c.reason || ce.Doubt != c.doubt || ce.Retry != (c.after >= 0) || ce.After != max(c.after, 0) {
				t.Errorf("%d: %+v", code, *ce)
			}
			if !strings.Contains(ce.Detail, fmt.Sprint(code)) {
				t.Errorf("%d: detail %q does not name it", code, ce.Detail)
			}
		}
	}
}

func TestForeignAnswers(t *testing.T) {
	r := newRig(t, serviceAccount())
	r.draft()
	for name, answer := range map[string]string{
		"page": "<html>captive portal</html>", "empty": "", "null": "null", "list": "[]", "no ids": `{"errcode":0,"errmsg":"ok"}`,
		"null ids": `{"errcode":0,"media_id":null,"msg_id":null,"msg_status":null}`,
		"odd ids":  `{"errcode":0,"media_id":5,"msg_id":"<b>","msg_status":""}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{TB: t, memory: r.memory, options: r.options}
			r.options.Client = &http.Client{Transport: canned(answer)}
			r.Account = r.account()
			for call, err := range map[string]error{
				"send": second(r.SendMass(t.Context(), push.Audience{}, "m", "c")), "add": second(r.AddDraft(t.Context(), nil)),
			} {
				if ce := r.failed(err); !ce.Doubt || ce.Reason != push.ReasonNoAnswer {
					t.Errorf("%s: %+v", call, *ce)
				}
			}
			if status, err := r.AskMass(t.Context(), "1"); err == nil {
				t.Errorf("mass/get: %q", status)
			}
		})
	}
}

// canned answers every request alike.
type canned string

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: nopCloser{strings.NewReader(string(c))}}, nil
}

type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }

// TestAccountsInParallel: the SDK has one client for the whole process, and yet nobody gets another's draft.
func TestAccountsInParallel(t *testing.T) {
	var wg sync.WaitGroup
	for n := range 4 {
		kind := sandbox.Service
		r := newRig(t, []sandbox.AccountOptions{{AppID: fmt.Sprint("wx", n), Secret: secret, Kind: kind}})
		for i := range 5 {
			wg.Go(func() {
				pieces, _ := r.set(article(fmt.Sprintf("账号 %d 第 %d 篇", n, i), "<p>正文</p>"))
				pieces[0].SourceURL = fmt.Sprintf("https://feeds.example.cn/a/1?d=%d-%d", n, i)
				id, err := r.AddDraft(t.Context(), pieces)
				if err != nil {
					t.Error(err)
				}
				if found, err := r.FindDraft(t.Context(), fmt.Sprintf("%d-%d", n, i)); err != nil || found != id {
					t.Errorf("account %d found %q, %v, want %q", n, found, err, id)
				}
			})
		}
		defer func() {
			for _, d := range r.list("drafts") {
				title := d.(map[string]any)["articles"].([]any)[0].(map[string]any)["title"].(string)
				if !strings.HasPrefix(title, fmt.Sprintf("账号 %d ", n)) {
					t.Errorf("account %d holds %q", n, title)
				}
			}
			if got := len(r.list("drafts")); got != 5 {
				t.Errorf("account %d holds %d drafts", n, got)
			}
		}()
	}
	wg.Wait()
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := wechat.New(wechat.Options{ID: "demo"}); err == nil {
		t.Error("an account without anything was made")
	}
	if _, err := wechat.NewCallback(wechat.CallbackOptions{}); err == nil {
		t.Error("a callback without anything was made")
	}
}
