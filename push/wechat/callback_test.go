package wechat_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/silenceper/wechat/v2/util"

	"wefeed/push"
	"wefeed/push/wechat"
	"wefeed/push/wechat/sandbox"
)

const (
	callbackToken = "t0ken-of-the-callback"
	aesKey        = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	openID        = "oSandboxFollower000000000001"
	finished      = `<xml><ToUserName>gh_1</ToUserName><FromUserName>` + openID + `</FromUserName><MsgType><![CDATA[event]]></MsgType>` +
		`<Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>12</MsgID><Status><![CDATA[send success]]></Status><TotalCount>9</TotalCount>` +
		`<FilterCount>8</FilterCount><SentCount>7</SentCount><ErrorCount>1</ErrorCount><ArticleUrlResult><Count>1</Count><ResultList><item>` +
		`<ArticleIdx>1</ArticleIdx><ArticleUrl>https://mp.example.cn/s/1</ArticleUrl></item></ResultList></ArticleUrlResult></xml>`
)

// heard keeps the events that were saved.
type heard struct {
	events []push.Event
	fail   error
	signal chan push.Event
}

func (h *heard) SaveEvent(_ context.Context, e push.Event) error {
	if h.fail == nil {
		h.events = append(h.events, e)
	}
	if h.signal != nil {
		h.signal <- e
	}
	return h.fail
}

type callbackRig struct {
	testing.TB
	*wechat.Callback
	heard *heard
	log   *logged
}

func newCallback(t testing.TB, key string) *callbackRig {
	t.Helper()
	r := &callbackRig{TB: t, heard: &heard{}, log: &logged{}}
	var err error
	r.Callback, err = wechat.NewCallback(wechat.CallbackOptions{
		Account: "demo", AppID: appID, Token: callbackToken, AESKey: key, Events: r.heard, Now: func() time.Time { return start },
		Logger: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, s := range []string{callbackToken, aesKey, openID} {
			if strings.Contains(r.log.String(), s) {
				t.Errorf("the log holds %q: %s", s, r.log.String())
			}
		}
	})
	return r
}

func sign(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// query is a signed one.
func query(at time.Time, more ...string) url.Values {
	stamp := fmt.Sprint(at.Unix())
	q := url.Values{"timestamp": {stamp}, "nonce": {"n"}, "signature": {sign(callbackToken, stamp, "n")}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return q
}

func (r *callbackRig) ask(method string, q url.Values, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(method, "/wechat/demo?"+q.Encode(), strings.NewReader(body)))
	return w
}

// sealed is a message in safe mode with its query.
func (r *callbackRig) sealed(forApp, key, message string) (url.Values, string) {
	r.Helper()
	b, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(message), forApp, key)
	if err != nil {
		r.Fatal(err)
	}
	stamp := fmt.Sprint(start.Unix())
	q := query(start, "encrypt_type", "aes", "msg_signature", sign(callbackToken, stamp, "n", string(b)))
	return q, "<xml><ToUserName>gh_1</ToUserName><Encrypt>" + string(b) + "</Encrypt></xml>"
}

func TestCallbackSignature(t *testing.T) {
	r := newCallback(t, "")
	for name, c := range map[string]struct {
		q    url.Values
		want int
	}{
		"good":             {query(start), 200},
		"9 min 59 s old":   {query(start.Add(-599 * time.Second)), 200},
		"9 min 59 s ahead": {query(start.Add(599 * time.Second)), 200},
		"a replay":         {query(start.Add(-601 * time.Second)), 403},
		"of the future":    {query(start.Add(601 * time.Second)), 403},
		"other nonce":      {query(start, "nonce", "m"), 403},
		"no signature":     {query(start, "signature", ""), 403},
		"other token":      {query(start, "signature", sign("other", fmt.Sprint(start.Unix()), "n")), 403},
		"no number":        {query(start, "timestamp", "now"), 403},
		"number too long":  {query(start, "timestamp", strings.Repeat("9", 40)), 403},
		"nothing":          {url.Values{}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			c.q.Set("echostr", "<b>echo</b>")
			w := r.ask("GET", c.q, "")
			if w.Code != c.want || (w.Body.String() == "<b>echo</b>") != (c.want == 200) {
				t.Errorf("GET: %d %s", w.Code, w.Body)
			}
			if ct := w.Header().Get("Content-Type"); !strings.HasPrefix(ct, "text/plain") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("the echo is %s", ct)
			}
			before := len(r.heard.events)
			if w := r.ask("POST", c.q, finished); w.Code != c.want || (len(r.heard.events) > before) != (c.want == 200) {
				t.Errorf("POST: %d, %d events", w.Code, len(r.heard.events)-before)
			}
		})
	}
	if w := r.ask("PUT", query(start), ""); w.Code != 405 || w.Header().Get("Allow") != "GET, POST" {
		t.Errorf("PUT: %d", w.Code)
	}
	none, err := wechat.NewCallback(wechat.CallbackOptions{Account: "demo", Events: r.heard, Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	stamp := fmt.Sprint(start.Unix())
	w := httptest.NewRecorder()
	none.ServeHTTP(w, httptest.NewRequest("GET", "/?nonce=n&timestamp="+stamp+"&signature="+sign("", stamp, "n"), nil))
	if w.Code != 403 {
		t.Errorf("a callback without a token answers %d", w.Code)
	}
}

func TestCallbackEvent(t *testing.T) {
	want := push.Event{
		Account: "demo", Kind: push.EventMass, ID: "12", Status: "send success", Total: 9, Filtered: 8, SentTo: 7, Errors: 1,
		URLs: []string{"https://mp.example.cn/s/1"}, At: start,
	}
	plain := newCallback(t, "")
	if w := plain.ask("POST", query(start), finished); w.Code != 200 || w.Body.String() != "success" {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if diff := cmp.Diff([]push.Event{want}, plain.heard.events); diff != "" {
		t.Error(diff)
	}
	safe := newCallback(t, aesKey)
	q, body := safe.sealed(appID, aesKey, finished)
	if w := safe.ask("POST", q, body); w.Code != 200 || w.Body.String() != "success" {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if diff := cmp.Diff([]push.Event{want}, safe.heard.events); diff != "" {
		t.Error(diff)
	}
	safe.heard.fail = errors.New("disk full")
	if w := safe.ask("POST", q, body); w.Code != 500 {
		t.Errorf("an event that was not stored is answered %d: WeChat would not repeat it", w.Code)
	}
}

func TestSafeModeRefuses(t *testing.T) {
	r := newCallback(t, aesKey)
	otherKey := strings.Repeat("A", 43)
	good, body := r.sealed(appID, aesKey, finished)
	foreign, foreignBody := r.sealed("wxother", aesKey, finished)
	keyed, keyedBody := r.sealed(appID, otherKey, finished)
	unsigned := query(start)
	stamp := fmt.Sprint(start.Unix())
	junk := query(start, "msg_signature", sign(callbackToken, stamp, "n", "AAAA"))
	for name, c := range map[string]struct {
		q    url.Values
		body string
	}{
		"plain": {unsigned, finished}, "unsigned": {unsigned, body}, "other app": {foreign, foreignBody}, "other key": {keyed, keyedBody},
		"changed": {good, strings.Replace(body, "<Encrypt>", "<Encrypt>AAAA", 1)}, "junk": {junk, "<xml><Encrypt>AAAA</Encrypt></xml>"},
		"no XML": {good, "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			if w := r.ask("POST", c.q, c.body); w.Code != 403 || len(r.heard.events) != 0 {
				t.Errorf("answered %d, %d events", w.Code, len(r.heard.events))
			}
		})
	}
}

func TestCallbackBodies(t *testing.T) {
	r := newCallback(t, "")
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"empty": {"", 200}, "no XML": {"{}", 200}, "cut": {finished[:200], 200}, "huge": {strings.Repeat("x", 64<<10+1), 413},
		"outside document": {`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + strings.Replace(finished, "12", "&e;", 1), 200},
		"laughs":           {`<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + strings.Replace(finished, "send success", "]]>&b;<![CDATA[", 1), 200},
		"no id":            {strings.Replace(finished, "<MsgID>12</MsgID>", "", 1), 200},
		"follow":           {`<xml><FromUserName>` + openID + `</FromUserName><MsgType>event</MsgType><Event>subscribe</Event></xml>`, 200},
		"text":             {`<xml><FromUserName>` + openID + `</FromUserName><MsgType>text</MsgType><Content>MASSSENDJOBFINISH</Content></xml>`, 200},
		"odd":              {strings.Replace(finished, "<SentCount>7", "<SentCount>many", 1), 200},
	} {
		t.Run(name, func(t *testing.T) {
			w := r.ask("POST", query(start), c.body)
			if w.Code != c.want || len(r.heard.events) != 0 || (c.want == 200 && w.Body.String() != "success") {
				t.Errorf("answered %d %s, %d events", w.Code, w.Body, len(r.heard.events))
			}
		})
	}
}

// TestCallbackHearsTheSandbox: what the sandbox signs and seals is understood, also after its clock was moved.
func TestCallbackHearsTheSandbox(t *testing.T) {
	for _, key := range []string{"", aesKey} {
		t.Run("key "+key, func(t *testing.T) {
			c := newCallback(t, key)
			c.heard.signal = make(chan push.Event, 1)
			hook := httptest.NewServer(c)
			defer hook.Close()
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			accounts := serviceAccount()
			accounts[0].CallbackURL, accounts[0].Token, accounts[0].AESKey = hook.URL, callbackToken, key
			r := newRig(t, accounts, func(o *sandbox.Options) { o.Client = &http.Client{Transport: transport} })
			r.control("/_sandbox/clock", map[string]any{"advance": "26h"})
			msg, err := r.SendMass(t.Context(), push.Audience{}, r.draft(), "edition-1")
			if err != nil {
				t.Fatal(err)
			}
			if got := <-c.heard.signal; got.ID != msg || got.Status != "send success" || got.SentTo != 3 || len(got.URLs) != 1 {
				t.Errorf("heard %+v of %s", got, msg)
			}
			_ = r.box.Close() // its last answer is read
		})
	}
}

func FuzzCallback(f *testing.F) {
	for _, seed := range []string{finished, "", "{}", "<xml><Encrypt>AAAA</Encrypt></xml>", finished[:300]} {
		f.Add(seed)
	}
	plain, safe := newCallback(f, ""), newCallback(f, aesKey)
	f.Fuzz(func(t *testing.T, body string) {
		if w := plain.ask("POST", query(start), body); w.Code != 200 && w.Code != 413 {
			t.Errorf("plain: %d", w.Code)
		}
		for _, e := range plain.heard.events {
			if e.ID == "" || e.Account != "demo" {
				t.Errorf("event %+v", e)
			}
		}
		plain.heard.events = nil
		q := query(start, "msg_signature", sign(callbackToken, fmt.Sprint(start.Unix()), "n", body))
		if w := safe.ask("POST", q, "<xml><Encrypt>"+body+"</Encrypt></xml>"); w.Code != 403 && w.Code != 413 {
			t.Errorf("safe: %d", w.Code)
		}
	})
}

func BenchmarkCallback(b *testing.B) {
	r := newCallback(b, aesKey)
	q, body := r.sealed(appID, aesKey, finished)
	for b.Loop() {
		if w := r.ask("POST", q, body); w.Code != 200 {
			b.Fatal(w.Code)
		}
		r.heard.events = r.heard.events[:0]
	}
}
