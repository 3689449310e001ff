package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"wefeed/feeds"
	"wefeed/feeds/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func fetcher(t testing.TB, client *http.Client, o fetch.Options) *fetch.Fetcher {
	t.Helper()
	o.Client = client
	f, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestConditionalGet(t *testing.T) {
	const etag, date = `W/"abc"`, "Mon, 23 Nov 2026 00:00:00 GMT"
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("Last-Modified", date)
		if r.Header.Get("If-None-Match") == etag && r.Header.Get("If-Modified-Since") == date {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=gbk")
		fmt.Fprint(w, "content")
	})
	f := fetcher(t, s.Client(), fetch.Options{})
	first, err := f.Fetch(t.Context(), feeds.Request{URL: s.URL + "/a"})
	if err != nil {
		t.Fatal(err)
	}
	want := &feeds.Response{
		Status: 200, URL: s.URL + "/a", ContentType: "text/html; charset=gbk", Body: []byte("content"),
		Validators: feeds.Validators{ETag: etag, LastModified: date},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	second, err := f.Fetch(t.Context(), feeds.Request{URL: s.URL + "/a", Validators: first.Validators})
	if err != nil || !second.NotModified || len(second.Body) != 0 {
		t.Errorf("second answer %+v, %v; want 304 without a body", second, err)
	}
}

func TestRedirectTellsTheFinalAddress(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
			return
		}
		fmt.Fprint(w, "here")
	})
	resp, err := fetcher(t, s.Client(), fetch.Options{}).Fetch(t.Context(), feeds.Request{URL: s.URL + "/old"})
	if err != nil || resp.URL != s.URL+"/new" {
		t.Errorf("got %+v, %v", resp, err)
	}
}

func TestStatusesAreAnswers(t *testing.T) {
	for _, status := range []int{201, 204, 403, 404, 410, 418, 500, 503} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		resp, err := fetcher(t, s.Client(), fetch.Options{}).Fetch(t.Context(), feeds.Request{URL: s.URL})
		if err != nil || resp.Status != status || len(resp.Body) != 0 {
			t.Errorf("%d: got %+v, %v", status, resp, err)
		}
	}
}

// TestRetryAfter: a host that asks for a pause gets one, in seconds or until a date, at most an hour.
func TestRetryAfter(t *testing.T) {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		status int
		header string
		want   time.Duration
	}{
		{503, "120", 2 * time.Minute},
		{429, start.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		{503, "999999999", time.Hour},
		{503, "99999999999999999999999", 0},
		{503, "-5", 0},
		{503, "soon", 0},
		{503, "", 0},
		{500, "120", 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status, " ", tt.header), func(t *testing.T) {
			var hits atomic.Int32
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				hits.Add(1)
				w.Header().Set("Retry-After", tt.header)
				w.WriteHeader(tt.status)
			})
			var now atomic.Int64
			f := fetcher(t, s.Client(), fetch.Options{Now: func() time.Time { return start.Add(time.Duration(now.Load())) }})
			resp, err := f.Fetch(t.Context(), feeds.Request{URL: s.URL})
			if err != nil || resp.RetryAfter != tt.want {
				t.Fatalf("got %+v, %v, want a pause of %v", resp, err, tt.want)
			}
			if tt.want == 0 {
				return
			}
			now.Store(int64(tt.want - time.Second))
			if _, err := f.Fetch(t.Context(), feeds.Request{URL: s.URL + "/b"}); err == nil || hits.Load() != 1 {
				t.Errorf("asked within the pause: %v, %d requests", err, hits.Load())
			}
			now.Store(int64(tt.want))
			if _, err := f.Fetch(t.Context(), feeds.Request{URL: s.URL}); err != nil || hits.Load() != 2 {
				t.Errorf("not asked after the pause: %v, %d requests", err, hits.Load())
			}
		})
	}
}

// TestFaults: what goes wrong is a fault of the right kind, and its words hold nothing of the query.
func TestFaults(t *testing.T) {
	tooLarge, refused := errors.New("too large"), errors.New("refused")
	hangup := func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.Close()
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "half")
	}
	silence := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	tests := []struct {
		name  string
		serve http.HandlerFunc
		trip  error // of the transport
		url   string
		want  feeds.FaultKind
	}{
		{name: "hung up", serve: hangup, want: feeds.FaultNetwork},
		{name: "cut short", serve: cut, want: feeds.FaultNetwork},
		{name: "silence", serve: silence, want: feeds.FaultTimeout},
		{name: "over the cap", trip: tooLarge, want: feeds.FaultTooLarge},
		{name: "guarded", trip: refused, want: feeds.FaultAddress},
		{name: "no URL", url: "http://[", want: feeds.FaultAddress},
		{name: "relative", url: "/a", want: feeds.FaultAddress},
		{name: "a file", url: "file:///etc/passwd", want: feeds.FaultAddress},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, url := http.DefaultClient, tt.url
			if tt.serve != nil {
				s := serve(t, tt.serve)
				client, url = s.Client(), s.URL+"/?key=geheim"
				client.Timeout = 300 * time.Millisecond
			}
			if tt.trip != nil {
				client, url = &http.Client{Transport: tripper(func() error { return tt.trip })}, "http://example.cn/?key=geheim"
			}
			f := fetcher(t, client, fetch.Options{
				TooLarge: func(err error) bool { return errors.Is(err, tooLarge) },
				Refused:  func(err error) bool { return errors.Is(err, refused) },
			})
			_, err := f.Fetch(t.Context(), feeds.Request{URL: url})
			var fault *feeds.Fault
			if !errors.As(err, &fault) || fault.Kind != tt.want || fault.Detail == "" {
				t.Fatalf("got %v (%#v), want kind %s", err, fault, tt.want)
			}
			if strings.Contains(fmt.Sprint(fault.Detail, fault.Err), "geheim") {
				t.Errorf("the query is told: %s, %v", fault.Detail, fault.Err)
			}
		})
	}
}

type tripper func() error

func (f tripper) RoundTrip(*http.Request) (*http.Response, error) { return nil, f() }

// TestParallelPerHost: no host has more requests at once than allowed, and none waits for another host.
func TestParallelPerHost(t *testing.T) {
	const parallel, requests = 3, 12
	var running, most atomic.Int32
	full := make(chan struct{})
	fill := sync.OnceFunc(func() { close(full) })
	s := serve(t, func(http.ResponseWriter, *http.Request) {
		n := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == parallel {
			fill()
		}
		<-full
	})
	other := serve(t, func(http.ResponseWriter, *http.Request) {})
	f := fetcher(t, s.Client(), fetch.Options{HostParallel: parallel})
	done := make(chan error, requests)
	for range requests {
		go func() {
			_, err := f.Fetch(t.Context(), feeds.Request{URL: s.URL})
			done <- err
		}()
	}
	<-full
	if _, err := f.Fetch(t.Context(), feeds.Request{URL: other.URL}); err != nil {
		t.Errorf("another host: %v", err)
	}
	for range requests {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most.Load() != parallel {
		t.Errorf("%d requests at once, want %d", most.Load(), parallel)
	}
}

// TestWaitingEndsWithItsContext: who waits for a turn stops waiting when nobody wants the document any more.
func TestWaitingEndsWithItsContext(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := serve(t, func(http.ResponseWriter, *http.Request) { close(entered); <-leave })
	f := fetcher(t, s.Client(), fetch.Options{HostParallel: 1})
	first := make(chan error, 1)
	go func() {
		_, err := f.Fetch(t.Context(), feeds.Request{URL: s.URL})
		first <- err
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Fetch(ctx, feeds.Request{URL: s.URL}); err == nil {
		t.Error("a cancelled request was made")
	}
	close(leave)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// TestRate: a request whose turn would come after its deadline fails at once instead of waiting for nothing.
func TestRate(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	f := fetcher(t, s.Client(), fetch.Options{HostRate: 0.001})
	if _, err := f.Fetch(t.Context(), feeds.Request{URL: s.URL}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := f.Fetch(ctx, feeds.Request{URL: s.URL})
	var fault *feeds.Fault
	if !errors.As(err, &fault) || fault.Kind != feeds.FaultTimeout {
		t.Errorf("got %v, want a timeout", err)
	}
}

func BenchmarkFetch(b *testing.B) {
	body := strings.Repeat("门户新闻", 5000)
	s := serve(b, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	f := fetcher(b, s.Client(), fetch.Options{})
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := f.Fetch(b.Context(), feeds.Request{URL: s.URL}); err != nil {
			b.Fatal(err)
		}
	}
}
