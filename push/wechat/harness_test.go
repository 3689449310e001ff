package wechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wefeed/feeds"
	"wefeed/push"
	"wefeed/push/wechat"
	"wefeed/push/wechat/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	appID  = "wxtest"
	secret = "s3cret-of-the-account"
	mark   = "abcdefghijklmnop"
)

var (
	start = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
	zone  = time.FixedZone("UTC+8", 8*3600)
)

// A rig is an account that speaks to a real sandbox, with a portal that serves pictures.
type rig struct {
	testing.TB
	*wechat.Account
	box      *sandbox.Sandbox
	server   *httptest.Server
	options  wechat.Options
	memory   *memory
	log      *logged
	pictures map[string][]byte // by path, what the portal serves
	portal   string
}

func serviceAccount() []sandbox.AccountOptions {
	return []sandbox.AccountOptions{{AppID: appID, Secret: secret, Kind: sandbox.Service}}
}

func newRig(t testing.TB, accounts []sandbox.AccountOptions, change ...func(*sandbox.Options)) *rig {
	t.Helper()
	r := &rig{TB: t, memory: newMemory(), log: &logged{}, pictures: map[string][]byte{}}
	var handler http.Handler
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { handler.ServeHTTP(w, q) }))
	o := sandbox.Options{BaseURL: r.server.URL, Accounts: accounts, Now: func() time.Time { return start }}
	o.Limits.EventDelay = time.Nanosecond
	for _, c := range change {
		c(&o)
	}
	var err error
	if r.box, err = sandbox.New(o); err != nil {
		t.Fatal(err)
	}
	handler = r.box
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		data, ok := r.pictures[q.URL.Path]
		if !ok {
			http.NotFound(w, q)
			return
		}
		_, _ = w.Write(data)
	}))
	r.portal = portal.URL
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	r.options = wechat.Options{
		ID: "demo", AppID: accounts[0].AppID, Secret: accounts[0].Secret, APIBase: r.server.URL + "/", Client: client, Images: client,
		SiteURL: "https://feeds.example.cn", SiteTitle: "某市文明网", Zone: zone, Tokens: r.memory, Media: r.memory,
		Now: func() time.Time { return start }, Logger: slog.New(slog.NewTextHandler(r.log, nil)),
	}
	r.Account = r.account()
	t.Cleanup(func() {
		_ = r.box.Close()
		transport.CloseIdleConnections()
		r.server.Close()
		portal.Close()
		r.clean("the log", r.log.String())
	})
	return r
}

// account is another process with the same options and stores.
func (r *rig) account() *wechat.Account {
	r.Helper()
	a, err := wechat.New(r.options)
	if err != nil {
		r.Fatal(err)
	}
	return a
}

// clean fails if a text holds a secret, an access token or an openid.
func (r *rig) clean(what, text string) {
	r.Helper()
	for _, s := range append(r.memory.tokens(), secret, "other-secret", callbackToken, aesKey, "oSandboxFollower") {
		if strings.Contains(text, s) {
			r.Errorf("%s holds %q:\n%s", what, s, text)
		}
	}
}

// failed wants a *push.CallError without secrets.
func (r *rig) failed(err error) *push.CallError {
	r.Helper()
	var ce *push.CallError
	if !errors.As(err, &ce) {
		r.Fatalf("error %v is no CallError", err)
	}
	r.clean("the error", fmt.Sprintf("%v %+v %v", err, *ce, errors.Unwrap(err)))
	if ce.Reason == "" || ce.Detail == "" || ce.Call == "" || (ce.Doubt && ce.Retry) {
		r.Errorf("incomplete: %+v", *ce)
	}
	return ce
}

func (r *rig) get(path string) map[string]any {
	r.Helper()
	req := httptest.NewRequest("GET", path, nil)
	w := httptest.NewRecorder()
	r.box.ServeHTTP(w, req)
	var o map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil {
		r.Fatalf("%s: %v", path, err)
	}
	return o
}

func (r *rig) control(path string, body any) {
	r.Helper()
	b, _ := json.Marshal(body)
	w := httptest.NewRecorder()
	r.box.ServeHTTP(w, httptest.NewRequest("POST", path, bytes.NewReader(b)))
	if w.Code >= 300 {
		r.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
}

func (r *rig) fault(path, fault string, times, errcode int) {
	r.Helper()
	r.control("/_sandbox/faults", map[string]any{"path": path, "fault": fault, "times": times, "errcode": errcode})
}

func (r *rig) list(name string) []any { r.Helper(); return r.get("/_sandbox/state")[name].([]any) }

// calls are a path's effects and failures.
func (r *rig) calls(path string) (ok, failed int) {
	r.Helper()
	c, _ := r.get("/_sandbox/state")["calls"].(map[string]any)[path].(map[string]any)
	if c == nil {
		return 0, 0
	}
	return int(c["ok"].(float64)), int(c["failed"].(float64))
}

// set renders articles for an edition.
func (r *rig) set(articles ...feeds.Article) ([]push.Piece, string) {
	r.Helper()
	e := push.Edition{ID: "edition", Mark: mark}
	for _, a := range articles {
		e.Items = append(e.Items, push.EditionItem{ArticleID: a.ID, Title: a.Title})
	}
	pieces, digest, err := r.Set(context.Background(), e, articles)
	if err != nil {
		r.Fatal(err)
	}
	return pieces, digest
}

func article(title, content string) feeds.Article {
	return feeds.Article{
		ID: "0123456789abcdef0123456789abcdef", Title: title, Content: content, Author: "张三", Origin: "某市日报", Editor: "李四",
		Published: time.Date(2026, 11, 19, 0, 0, 0, 0, zone), Precision: feeds.PrecisionDay,
	}
}

// draft makes a draft of one plain article.
func (r *rig) draft() string {
	r.Helper()
	pieces, _ := r.set(article("题", "<p>正文</p>"))
	id, err := r.AddDraft(context.Background(), pieces)
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// memory is a TokenStore and a MediaStore.
type memory struct {
	mu      sync.Mutex
	token   map[string]string
	expires map[string]time.Time
	seen    []string
	media   map[string]push.Media
	saved   int
	fail    error
}

func newMemory() *memory {
	return &memory{token: map[string]string{}, expires: map[string]time.Time{}, media: map[string]push.Media{}}
}

func (m *memory) tokens() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string{}, m.seen...)
}

func (m *memory) Token(_ context.Context, account string) (string, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.token[account], m.expires[account], m.fail
}

func (m *memory) SaveToken(_ context.Context, account, token string, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.token[account], m.expires[account], m.seen = token, expires, append(m.seen, token)
	return m.fail
}

func (m *memory) Media(_ context.Context, account string, use push.MediaUse, hash string) (push.Media, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	media, ok := m.media[account+string(use)+hash]
	if !ok {
		return media, push.ErrNotFound
	}
	return media, nil
}

func (m *memory) SaveMedia(_ context.Context, media push.Media) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.media[media.Account+string(media.Use)+media.Hash] = media
	m.saved++
	return nil
}

func (m *memory) ForgetMedia(_ context.Context, account string, mediaIDs []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, media := range m.media {
		if media.Account == account && media.MediaID != "" && slices.Contains(mediaIDs, media.MediaID) {
			delete(m.media, key)
		}
	}
	return nil
}

// logged is a log that can be read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(b) }
func (l *logged) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

var _ io.Writer = (*logged)(nil)
