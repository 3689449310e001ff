package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wefeed/push/wechat/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	appID  = "wxtest"
	secret = "test-secret"
	token  = "callback-token"
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

// start is the sandbox's time at the beginning of a test: noon in UTC+8.
var start = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

// object is a JSON object.
type object = map[string]any

// A rig is a sandbox behind a real server, with a callback that hands on what it is sent.
type rig struct {
	*testing.T
	box    *sandbox.Sandbox
	server *httptest.Server
	faults chan string     // each fault as it begins
	events chan event      // each callback
	answer func(n int) int // the status that the n-th callback is answered with; nil: 200
	client *http.Client    // to the sandbox
	access string          // an access token
}

type event struct {
	query url.Values
	body  string
}

// plain are the options that most tests want: one service account, events at once.
func plain() sandbox.Options {
	return sandbox.Options{
		Accounts: []sandbox.AccountOptions{{AppID: appID, Secret: secret, Kind: sandbox.Service}},
		Limits:   sandbox.Limits{EventDelay: time.Nanosecond, EventGap: time.Nanosecond},
	}
}

func ofKind(kind sandbox.Kind) sandbox.Options {
	o := plain()
	o.Accounts[0].Kind = kind
	return o
}

func newRig(t *testing.T, o sandbox.Options) *rig {
	t.Helper()
	r := &rig{T: t, faults: make(chan string, 100), events: make(chan event, 100)}
	var handler http.Handler
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { handler.ServeHTTP(w, q) }))
	o.BaseURL = r.server.URL
	o.Logger = slog.New(slog.NewTextHandler(signal{"msg=fault", r.faults}, nil))
	if o.Now == nil {
		o.Now = func() time.Time { return start }
	}
	if o.Rand == nil {
		o.Rand = rand.NewChaCha8([32]byte{1})
	}
	callback := httptest.NewServer(http.HandlerFunc(r.hear))
	o.Accounts = slices.Clone(o.Accounts)
	for i := range o.Accounts {
		if o.Accounts[i].CallbackURL == "" {
			o.Accounts[i].CallbackURL, o.Accounts[i].Token = callback.URL+"/wechat", token
		}
	}
	transport := &http.Transport{}
	o.Client = &http.Client{Transport: transport}
	var err error
	if r.box, err = sandbox.New(o); err != nil {
		t.Fatal(err)
	}
	handler = r.box
	outward := &http.Transport{}
	r.client = &http.Client{Transport: outward}
	t.Cleanup(func() {
		if err := r.box.Close(); err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
		outward.CloseIdleConnections()
		r.server.Close()
		callback.Close()
	})
	return r
}

// signal is a log that tells of its lines with a word in them.
type signal struct {
	word string
	to   chan string
}

func (s signal) Write(b []byte) (int, error) {
	if strings.Contains(string(b), s.word) {
		s.to <- string(b)
	}
	return len(b), nil
}

func (r *rig) hear(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	status := http.StatusOK
	if r.answer != nil {
		status = r.answer(len(r.events))
	}
	r.events <- event{q.URL.Query(), string(body)}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "success")
}

// do makes a request and returns the status and body; the error of a connection that broke is returned too.
func (r *rig) do(method, path, contentType string, body []byte) (int, string, error) {
	return r.doContext(context.Background(), method, path, contentType, body)
}

func (r *rig) doContext(ctx context.Context, method, path, contentType string, body []byte) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.server.URL+path, bytes.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// get reads a page of the sandbox.
func (r *rig) get(path string) string {
	r.Helper()
	status, body, err := r.do("GET", path, "", nil)
	if err != nil || status != http.StatusOK {
		r.Fatalf("GET %s: %d %v %s", path, status, err, body)
	}
	return body
}

func (r *rig) object(body string) object {
	r.Helper()
	var o object
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		r.Fatalf("%v in %s", err, body)
	}
	return o
}

// control calls one of the sandbox's own paths and wants its status.
func (r *rig) control(method, path string, v any, want int) object {
	r.Helper()
	b := []byte(fmt.Sprint(v))
	if _, raw := v.(string); !raw {
		b, _ = json.Marshal(v)
	}
	status, body, err := r.do(method, path, "application/json", b)
	if err != nil || status != want {
		r.Fatalf("%s %s: %d %v %s, want %d", method, path, status, err, body, want)
	}
	if body == "" {
		return nil
	}
	return r.object(body)
}

// call asks one of WeChat's paths with the access token.
func (r *rig) call(path string, v any) object {
	r.Helper()
	body, err := r.try(path, v)
	if err != nil {
		r.Fatal(path, err)
	}
	return r.object(body)
}

// try is call for calls that may break.
func (r *rig) try(path string, v any) (string, error) {
	r.Helper()
	if r.access == "" {
		r.access = r.stable(false)["access_token"].(string)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // WeChat takes \u003c literally
	if err := enc.Encode(v); err != nil {
		r.Fatal(err)
	}
	_, body, err := r.do("POST", path+"?access_token="+r.access, "application/json", b.Bytes())
	return body, err
}

func (r *rig) wants(o object, errcode int) object {
	r.Helper()
	got, _ := o["errcode"].(float64)
	if int(got) != errcode {
		r.Fatalf("answered %v, want errcode %d", o, errcode)
	}
	if errcode != 0 && !strings.Contains(o["errmsg"].(string), " rid: ") {
		r.Errorf("errmsg %q has no rid", o["errmsg"])
	}
	return o
}

func (r *rig) stable(force bool) object {
	r.Helper()
	return r.tokenCall(object{"grant_type": "client_credential", "appid": appID, "secret": secret, "force_refresh": force})
}

func (r *rig) tokenCall(v any) object {
	r.Helper()
	b, _ := json.Marshal(v)
	_, body, err := r.do("POST", "/cgi-bin/stable_token", "application/json", b)
	if err != nil {
		r.Fatal(err)
	}
	return r.object(body)
}

func (r *rig) plainToken() object {
	r.Helper()
	return r.object(r.get("/cgi-bin/token?grant_type=client_credential&appid=" + appID + "&secret=" + secret))
}

// alive asks whether an access token is taken: 0, 40001, 41001 or 42001.
func (r *rig) alive(access string) int {
	r.Helper()
	code, _ := r.object(r.get("/cgi-bin/draft/count?access_token=" + access))["errcode"].(float64)
	return int(code)
}

func (r *rig) advance(d string) {
	r.Helper()
	r.access = "" // it may end meanwhile
	r.control("POST", "/_sandbox/clock", object{"advance": d}, 200)
}

// upload posts a picture.
func (r *rig) upload(path string, data []byte) object {
	r.Helper()
	r.call("/cgi-bin/draft/batchget", object{"count": 1}) // for the access token
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("media", "picture.jpg")
	_, _ = part.Write(data)
	_ = w.Close()
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	_, body, err := r.do("POST", path+join+"access_token="+r.access, w.FormDataContentType(), b.Bytes())
	if err != nil {
		r.Fatal(err)
	}
	return r.object(body)
}

func (r *rig) cover() string {
	r.Helper()
	return r.wants(r.upload("/cgi-bin/material/add_material?type=image", pngOf(9, 4)), 0)["media_id"].(string)
}

// article is one that draft/add takes.
func (r *rig) article(title string) object {
	return object{
		"title": title, "author": "记者", "digest": "摘要", "content": "<p>正文</p>",
		"content_source_url": "https://feeds.example.cn/a/1?d=mark", "thumb_media_id": r.cover(),
	}
}

func (r *rig) draft(articles ...object) string {
	r.Helper()
	return r.wants(r.call("/cgi-bin/draft/add", object{"articles": articles}), 0)["media_id"].(string)
}

func (r *rig) sendAll(mediaID, clientMsgID string) object {
	r.Helper()
	return r.call("/cgi-bin/message/mass/sendall", massSend(mediaID, clientMsgID))
}

func massSend(mediaID, clientMsgID string) object {
	return object{
		"filter": object{"is_to_all": true}, "mpnews": object{"media_id": mediaID}, "msgtype": "mpnews",
		"clientmsgid": clientMsgID,
	}
}

func (r *rig) state() object { r.Helper(); return r.object(r.get("/_sandbox/state")) }

func (r *rig) count(list string) int { r.Helper(); return len(r.state()[list].([]any)) }

// calls are a path's effects and failures.
func (r *rig) calls(path string) (ok, failed float64) {
	r.Helper()
	c, _ := r.state()["calls"].(object)[path].(object)
	ok, _ = c["ok"].(float64)
	failed, _ = c["failed"].(float64)
	return ok, failed
}

func pngOf(w, h int) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)))
	return b.Bytes()
}

func jpegOf(w, h int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil)
	return b.Bytes()
}
