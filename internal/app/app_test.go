package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wefeed/config"
	"wefeed/feeds"
	"wefeed/internal/app"
	"wefeed/internal/store"
	"wefeed/push"
)

func load(t *testing.T, more string) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	text := `listen: 127.0.0.1:0
site: {title: 测试网, url: "http://127.0.0.1:1", tag: "example.cn,2026"}
sections:
  - {id: a, title: 甲, schedule: "@daily", sources: [{list: "http://127.0.0.1:9/a/"}]}
` + more
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLife: a gateway answers once it is started, refuses a second one on its database, and leaves nothing running.
func TestLife(t *testing.T) {
	defer goleak.VerifyNone(t)
	var log bytes.Buffer
	o := app.Options{Config: load(t, ""), Logger: slog.New(slog.NewJSONHandler(&log, nil)), Version: "test"}
	a, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/": 200, "/readyz": 200, "/s/a": 200, "/feeds/a.atom": 503, "/nope": 404} {
		if got := status(t, "http://"+a.Addr()+path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if _, err := app.New(t.Context(), o); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second gateway on the database: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Wait(ctx); err != nil {
		t.Error(err)
	}
	for range 2 { // the second has nothing left to do
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	}
	if b, err := app.New(t.Context(), o); err != nil {
		t.Errorf("the database is not free again: %v", err)
	} else if err := b.Stop(); err != nil {
		t.Error(err)
	}
}

func status(t *testing.T, url string) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// TestFailedStartLeavesNothing: what was opened before the failure is closed.
func TestFailedStartLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t)
	t.Run("a picture that is missing", func(t *testing.T) {
		c := load(t, "")
		c.Site.Codes = []config.Code{{Title: "码", Image: "missing.png"}}
		if _, err := app.New(t.Context(), app.Options{Config: c}); err == nil || !strings.Contains(err.Error(), "码") {
			t.Errorf("got %v", err)
		}
		c.Site.Codes = nil
		a, err := app.New(t.Context(), app.Options{Config: c})
		if err != nil {
			t.Fatalf("the database is still taken: %v", err)
		}
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Run("an address in use", func(t *testing.T) {
		first, err := app.New(t.Context(), app.Options{Config: load(t, "")})
		if err != nil {
			t.Fatal(err)
		}
		defer first.Stop()
		if err := first.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := load(t, "")
		c.Listen = first.Addr()
		second, err := app.New(t.Context(), app.Options{Config: c})
		if err != nil {
			t.Fatal(err)
		}
		defer second.Stop()
		if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), c.Listen) {
			t.Errorf("got %v", err)
		}
	})
}

const account = `accounts:
  - {id: wx, appid: wx0, secret: ein-geheimes-wort, kind: service, token: ein-token}
channels:
  - {id: drafts, account: wx, kind: draft, schedule: "@daily", sections: [all]}
`

// TestOperator: what a command does is in the store and in its audit trail, whether a gateway runs or not.
func TestOperator(t *testing.T) {
	c := load(t, account)
	o, err := app.NewOperator(t.Context(), c, "lin")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(o.StopPushes(t.Context(), "演练"), o.PushNow(t.Context(), "drafts", "急"), o.StartPushes(t.Context(), "")); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"an unknown channel": o.PushNow(t.Context(), "nope", "急"), "an unknown section": o.ReleaseSection(t.Context(), "nope", ""),
	} {
		if err == nil || !strings.Contains(err.Error(), "nope") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	s, err := store.Open(t.Context(), store.Options{DSN: c.StoreDSN()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	trail, err := s.AuditTrail(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range trail {
		acts = append(acts, fmt.Sprint(e.Who, " ", e.Act, " ", e.Detail))
	}
	if got := strings.Join(acts, "|"); got != "lin push.start |lin push.now 急|lin push.stop 演练" {
		t.Errorf("audit trail: %s", got)
	}
}

// TestPushNow: two requests at once are two, and a job that runs twice for one of them makes no second edition.
func TestPushNow(t *testing.T) {
	c := load(t, account)
	s, err := store.Open(t.Context(), store.Options{DSN: c.StoreDSN()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	collect := func(keys ...string) {
		t.Helper()
		got := feeds.Collected{Source: feeds.Source{ID: "s", Section: "a", Zone: time.UTC}, At: time.Now(), Learned: true}
		for _, key := range keys {
			got.Items = append(got.Items, feeds.Incoming{
				ID: feeds.ArticleID("example.cn,2026", key), Keys: []string{key}, FromPage: true,
				Item: feeds.Item{URL: "http://" + key, Title: key, Content: "<p>文</p>"},
			})
		}
		if _, err := s.SaveCollected(t.Context(), got); err != nil {
			t.Fatal(err)
		}
	}
	collect()
	err = s.SyncChannels(t.Context(), []push.Channel{{ID: "drafts", Sections: []string{"a"}}})
	if err = errors.Join(err, s.RequestNow(t.Context(), "drafts", "lin", "急"), s.RequestNow(t.Context(), "drafts", "lin", "更急")); err != nil {
		t.Fatal(err)
	}
	due, err := s.DueRows(t.Context())
	if err != nil || len(due) != 2 || due[0].Arg != "急" || due[1].Arg != "更急" {
		t.Fatalf("due %+v, %v", due, err)
	}
	collect("x/1")
	serveUntil(t, c, "edition planned", "no edition") // x/1 goes to one of them
	open, err := s.OpenEditions(t.Context())
	if err != nil || len(open) != 1 {
		t.Fatalf("open are %v, %v", open, err)
	}
	e, _, err := s.Edition(t.Context(), open[0])
	if err != nil || !e.Extra || e.Why != "急" && e.Why != "更急" {
		t.Fatalf("an extra edition %+v, %v", e, err)
	}
	asked := due[slices.IndexFunc(due, func(d store.Due) bool { return d.Arg == e.Why })]
	collect("x/2")
	if err := s.Ring(t.Context(), asked.Kind, asked.ID, asked.Arg, time.Now()); err != nil {
		t.Fatal(err)
	}
	serveUntil(t, c, `"reason":"taken"`)
}

// serveUntil runs a gateway until its log has said all this.
func serveUntil(t *testing.T, c *config.Config, want ...string) {
	t.Helper()
	log := make(lines, 1000)
	a, err := app.New(t.Context(), app.Options{Config: c, Logger: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for late := time.After(30 * time.Second); len(want) > 0; {
		select {
		case line := <-log:
			want = slices.DeleteFunc(want, func(w string) bool { return strings.Contains(line, w) })
		case <-late:
			t.Fatalf("the log never said %q", want)
		}
	}
}

// lines are what a log says.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// TestRealAccountStartsDry: without a word in the configuration a real account sends nothing, and the pages say so.
func TestRealAccountStartsDry(t *testing.T) {
	c := load(t, account)
	a, err := app.New(t.Context(), app.Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get("http://" + a.Addr() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), "试运行") {
		t.Errorf("no banner (%v):\n%s", err, body)
	}
}

func TestAskReady(t *testing.T) {
	a, err := app.New(t.Context(), app.Options{Config: load(t, "")})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := load(t, "")
	c.Listen = a.Addr()
	if got, err := app.AskReady(t.Context(), c, 10*time.Second); err != nil || got != http.StatusOK {
		t.Errorf("%d, %v", got, err)
	}
	c.Listen = "127.0.0.1:9"
	if _, err := app.AskReady(t.Context(), c, 10*time.Second); err == nil {
		t.Error("nobody is there, and it is ready")
	}
}
