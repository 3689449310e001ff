package syndicate_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"wefeed/feeds"
	"wefeed/feeds/syndicate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

var china = time.FixedZone("", 8*3600)

// catalog is a navigation of three levels and one more section.
func catalog(t testing.TB) *feeds.Catalog {
	t.Helper()
	section := func(id, title, parent string) feeds.Section {
		return feeds.Section{ID: id, Title: title, Parent: parent, Sources: []feeds.Source{{ID: id, Section: id}}}
	}
	c, err := feeds.NewCatalog([]feeds.Section{
		section("jingshen", "精神 <建设> & 进行时", ""), section("gongzuo", "工作传真", "jingshen"),
		section("quanshi", "全市", "gongzuo"), section("haoren", "好人", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shelf is a store of articles that counts how often it is read.
type shelf struct {
	mu       sync.Mutex
	articles []feeds.Article
	changed  time.Time
	states   map[string]feeds.SourceState
	fails    error
	reads    atomic.Int32
	gate     chan struct{} // if set, Newest waits for it
}

func (s *shelf) Newest(_ context.Context, sections []string, limit int) ([]feeds.Article, error) {
	s.reads.Add(1)
	if s.gate != nil {
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []feeds.Article
	for _, a := range s.articles {
		if slices.ContainsFunc(a.Sections, func(id string) bool { return slices.Contains(sections, id) }) && len(out) < limit {
			out = append(out, a)
		}
	}
	return out, s.fails
}

func (s *shelf) Changed(context.Context, []string) (time.Time, error) { return s.changed, s.fails }

func (s *shelf) SourceStates(context.Context) (map[string]feeds.SourceState, error) {
	return s.states, s.fails
}

// learned is the state of sources that were collected.
func learned(ids ...string) map[string]feeds.SourceState {
	states := map[string]feeds.SourceState{}
	for _, id := range ids {
		states[id] = feeds.SourceState{ID: id, TriedAt: time.Unix(1, 0), Learned: time.Unix(1, 0)}
	}
	return states
}

// newShelf holds articles with everything that bites: markup in titles, characters that XML does not know, no date, no
// text, several sections, attachments with and without length.
func newShelf() *shelf {
	at := func(d, h int) time.Time { return time.Date(2026, 11, d, h, 30, 0, 0, china) }
	return &shelf{changed: at(23, 9), states: learned("jingshen", "gongzuo", "quanshi", "haoren"), articles: []feeds.Article{
		{
			ID: "00000000000000000000000000000001", Sections: []string{"jingshen", "haoren"},
			URL: "https://portal.example.cn/content.jsp?id=1&p=2", Title: "“A<B>”与 ]]> & 好人\x0b",
			Author: "林小舟", Origin: "天津文明网", Editor: "周一", Published: at(22, 8), Precision: feeds.PrecisionMinute, Updated: at(23, 9), FirstSeen: at(22, 9),
			Content: "<p>第一段]]>\x0b\ufffe</p><p><img src=\"https://portal.example.cn/a.jpg\" alt=\"图\"/></p>", Images: []string{"https://portal.example.cn/a.jpg"},
			Enclosures: []feeds.Enclosure{
				{URL: "https://portal.example.cn/a.pdf", Title: "附件", Type: "application/pdf", Length: 12345},
				{URL: "https://portal.example.cn/b.bin"},
			},
		},
		{
			ID: "00000000000000000000000000000002", Sections: []string{"quanshi"}, URL: "https://portal.example.cn/2.html", Title: "只有日期",
			Published: time.Date(2026, 11, 21, 0, 0, 0, 0, china), Precision: feeds.PrecisionDay, Updated: at(21, 12), FirstSeen: at(21, 12), Content: "<p>正文。</p>",
		},
		{
			ID: "00000000000000000000000000000003", Sections: []string{"gongzuo"}, URL: "https://portal.example.cn/3.html",
			Updated: at(20, 12), FirstSeen: at(20, 12),
		},
	}}
}

func publisher(t testing.TB, s *shelf) *syndicate.Publisher {
	t.Helper()
	p, err := syndicate.New(syndicate.Options{
		Catalog: catalog(t), Store: s, Limit: 50,
		Site: syndicate.Site{
			Title: "示范网", URL: "https://feeds.example.cn", Tag: "example.cn,2026", Zone: china, Language: "zh-CN", Email: "editor@example.cn", Version: "1.0",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	return ask(h, http.MethodGet, path, header...)
}

func ask(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestGolden holds whole documents against testdata; look at the diff before you run it with -update.
func TestGolden(t *testing.T) {
	p := publisher(t, newShelf())
	for path, file := range map[string]string{
		"/feeds/jingshen.atom": "jingshen.atom", "/feeds/jingshen.rss": "jingshen.rss", "/feeds/jingshen.json": "jingshen.json",
		"/feeds/all.atom": "all.atom", "/feeds.opml": "feeds.opml",
	} {
		t.Run(file, func(t *testing.T) {
			w := get(p, path)
			if w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			golden := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(golden, w.Body.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), w.Body.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSameArticlesSameBytes: nothing of the clock or the process is in a document.
func TestSameArticlesSameBytes(t *testing.T) {
	for _, ending := range []string{"atom", "rss", "json"} {
		one, two := get(publisher(t, newShelf()), "/feeds/all."+ending), get(publisher(t, newShelf()), "/feeds/all."+ending)
		if one.Body.String() != two.Body.String() || one.Header().Get("ETag") != two.Header().Get("ETag") {
			t.Errorf("%s differs between two processes", ending)
		}
	}
}

func TestFamiliesAndCombinations(t *testing.T) {
	p := publisher(t, newShelf())
	for path, want := range map[string][]string{
		"/feeds/all.json":            {"1", "2", "3"},
		"/feeds/jingshen.json":       {"1", "2", "3"},
		"/feeds/gongzuo.json":        {"2", "3"},
		"/feeds/quanshi.json":        {"2"},
		"/feeds/haoren.json":         {"1"},
		"/feeds/quanshi+haoren.json": {"1", "2"},
	} {
		var got []string
		for _, it := range items(t, get(p, path)) {
			got = append(got, it["id"].(string)[len(it["id"].(string))-1:])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func items(t *testing.T, w *httptest.ResponseRecorder) []map[string]any {
	t.Helper()
	var doc struct{ Items []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return doc.Items
}

// TestPublishedAsPrinted: a day printed in another zone stays that day.
func TestPublishedAsPrinted(t *testing.T) {
	s := newShelf()
	s.articles[1].Published = time.Date(2026, 11, 21, 0, 0, 0, 0, time.FixedZone("", 13*3600))
	p := publisher(t, s)
	for ending, want := range map[string]string{"atom": "2026-11-21T00:00:00+13:00", "rss": "Sat, 21 Nov 2026 00:00:00 +1300", "json": "2026-11-21T00:00:00+13:00"} {
		if got := get(p, "/feeds/quanshi."+ending).Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q:\n%s", ending, want, got)
		}
	}
}

func TestEmptyFeedIsValid(t *testing.T) {
	s := newShelf()
	s.articles = nil
	p := publisher(t, s)
	if got := get(p, "/feeds/all.json").Body.String(); !strings.Contains(got, `"items": []`) {
		t.Errorf("JSON Feed without items: %s", got)
	}
	for _, ending := range []string{"atom", "rss"} {
		if err := xml.Unmarshal(get(p, "/feeds/all."+ending).Body.Bytes(), new(any)); err != nil {
			t.Errorf("%s: %v", ending, err)
		}
	}
}

// TestNotReady: a feed whose sources were not collected is not served empty.
func TestNotReady(t *testing.T) {
	s := newShelf()
	s.states = learned("gongzuo")
	p := publisher(t, s)
	for _, path := range []string{"/feeds/all.atom", "/feeds/jingshen.atom", "/feeds/gongzuo.atom", "/feeds/haoren.rss", "/feeds/quanshi+haoren.json"} {
		w := get(p, path)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	s.states = learned("jingshen", "gongzuo", "quanshi", "haoren")
	if w := get(p, "/feeds/all.atom"); w.Code != http.StatusOK {
		t.Errorf("after the collect: %d", w.Code)
	}
}

// TestStoreFails: a reader is told to come back, and nothing of the error.
func TestStoreFails(t *testing.T) {
	s := newShelf()
	s.fails = errors.New("disk of the editor burns")
	w := get(publisher(t, s), "/feeds/all.atom")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestUnknownPaths(t *testing.T) {
	p := publisher(t, newShelf())
	for _, path := range []string{
		"/feeds/", "/feeds/nope.atom", "/feeds/all", "/feeds/all.xml", "/feeds/all.atom/", "/feeds/.atom", "/feeds/all+nope.atom",
		"/feeds/all+haoren.atom", "/feeds/+.atom", "/feeds/haoren+.atom", "/feeds/opml.atom",
	} {
		if w := get(p, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := ask(p, http.MethodPost, "/feeds/all.atom")
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
	one, two := get(p, "/feeds/haoren+quanshi+haoren.rss"), get(p, "/feeds/quanshi+haoren.rss")
	if one.Code != http.StatusOK || one.Body.String() != two.Body.String() {
		t.Errorf("another order is another feed: %d", one.Code)
	}
}

func TestHeaders(t *testing.T) {
	p := publisher(t, newShelf())
	plain, zipped := get(p, "/feeds/all.atom"), get(p, "/feeds/all.atom", "Accept-Encoding", "gzip")
	for name, w := range map[string]*httptest.ResponseRecorder{"identity": plain, "gzip": zipped} {
		h := w.Header()
		if h.Get("Vary") != "Accept-Encoding" || h.Get("Last-Modified") != "Mon, 23 Nov 2026 01:30:00 GMT" || h.Get("Content-Type") != "application/atom+xml; charset=utf-8" ||
			!strings.HasPrefix(h.Get("Cache-Control"), "public, max-age=") || h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
			t.Errorf("%s: %v, %d bytes", name, h, w.Body.Len())
		}
	}
	if plain.Header().Get("ETag") == zipped.Header().Get("ETag") {
		t.Error("two representations share one strong ETag")
	}
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	inflated, err := io.ReadAll(z)
	if err != nil || string(inflated) != plain.Body.String() {
		t.Errorf("gzip differs from identity (%v)", err)
	}
	head := ask(p, http.MethodHead, "/feeds/all.atom")
	if head.Code != http.StatusOK || head.Body.Len() != 0 || cmp.Diff(plain.Header(), head.Header()) != "" {
		t.Errorf("HEAD: %d, %d bytes, %s", head.Code, head.Body.Len(), cmp.Diff(plain.Header(), head.Header()))
	}
	for path, want := range map[string]string{
		"/feeds/all.rss": "application/rss+xml; charset=utf-8", "/feeds/all.json": "application/feed+json; charset=utf-8", "/feeds.opml": "text/x-opml; charset=utf-8",
	} {
		if got := get(p, path).Header().Get("Content-Type"); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestConditional(t *testing.T) {
	p := publisher(t, newShelf())
	tag := get(p, "/feeds/all.rss").Header().Get("ETag")
	zipped := get(p, "/feeds/all.rss", "Accept-Encoding", "gzip").Header().Get("ETag")
	const date, before = "Mon, 23 Nov 2026 01:30:00 GMT", "Mon, 23 Nov 2026 01:29:59 GMT"
	tests := []struct {
		name   string
		header []string
		want   int
	}{
		{"nothing", nil, 200},
		{"the tag", []string{"If-None-Match", tag}, 304},
		{"the gzip form's tag", []string{"If-None-Match", zipped, "Accept-Encoding", "gzip"}, 304},
		{"a proxy's weak tag", []string{"If-None-Match", "W/" + tag}, 304},
		{"in a list", []string{"If-None-Match", `"x", ` + tag}, 304},
		{"in a second field", []string{"If-None-Match", `"x"`, "If-None-Match", tag}, 304},
		{"a star", []string{"If-None-Match", "*"}, 304},
		{"another tag", []string{"If-None-Match", `"x"`}, 200},
		{"another tag counts before the date", []string{"If-None-Match", `"x"`, "If-Modified-Since", date}, 200},
		{"the date", []string{"If-Modified-Since", date}, 304},
		{"an older date", []string{"If-Modified-Since", before}, 200},
		{"no date", []string{"If-Modified-Since", "yesterday"}, 200},
	}
	for _, tt := range tests {
		w := get(p, "/feeds/all.rss", tt.header...)
		if w.Code != tt.want || (w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") == "" || w.Header().Get("Vary") == "")) {
			t.Errorf("%s: %d, %d bytes, %v", tt.name, w.Code, w.Body.Len(), w.Header())
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	p := publisher(t, newShelf())
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "gzip; q=0.0": "", "*": "gzip", "*;q=0": "", "identity": "", "GZIP": "gzip", "br": "", "gzip;q=x": "",
	} {
		if got := get(p, "/feeds/all.atom", "Accept-Encoding", accept).Header().Get("Content-Encoding"); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
}

// TestRenderedOncePerChange: any number of requests read the store once, until something changes.
func TestRenderedOncePerChange(t *testing.T) {
	s := newShelf()
	p := publisher(t, s)
	for range 5 {
		get(p, "/feeds/jingshen.atom")
		get(p, "/feeds/jingshen.rss")
		get(p, "/feeds/jingshen.json")
	}
	if n := s.reads.Load(); n != 1 {
		t.Errorf("the store was read %d times for one change", n)
	}
	p.Invalidate("haoren")
	get(p, "/feeds/jingshen.atom")
	if n := s.reads.Load(); n != 1 {
		t.Errorf("a change of another section rendered this one again")
	}
	s.mu.Lock()
	s.articles[1].Title = "改正后的标题"
	s.mu.Unlock()
	if err := p.Refresh(t.Context(), "quanshi"); err != nil {
		t.Fatal(err)
	}
	before := s.reads.Load()
	for _, id := range []string{"quanshi", "gongzuo", "jingshen", "all"} {
		if !strings.Contains(get(p, "/feeds/"+id+".atom").Body.String(), "改正后的标题") {
			t.Errorf("%s still has the old title", id)
		}
	}
	if s.reads.Load() != before {
		t.Error("Refresh left a feed to the first reader")
	}
}

// TestCombinedFeedsAreInvalidated together with their parts.
func TestCombinedFeedsAreInvalidated(t *testing.T) {
	s := newShelf()
	p := publisher(t, s)
	get(p, "/feeds/quanshi+haoren.json")
	s.mu.Lock()
	s.articles = s.articles[1:]
	s.mu.Unlock()
	p.Invalidate("haoren")
	if got := len(items(t, get(p, "/feeds/quanshi+haoren.json"))); got != 1 {
		t.Errorf("%d items, want 1", got)
	}
}

// TestLastGoodFeedIsServed while the store fails and while it does not answer; what has changed comes when it does.
func TestLastGoodFeedIsServed(t *testing.T) {
	s := newShelf()
	p := publisher(t, s)
	before := get(p, "/feeds/haoren.atom").Body.String()
	s.mu.Lock()
	s.articles, s.fails = s.articles[1:], errors.New("database is locked")
	s.mu.Unlock()
	if err := p.Refresh(t.Context(), "haoren"); err == nil {
		t.Error("Refresh does not tell that the store failed")
	}
	if got := get(p, "/feeds/haoren.atom"); got.Code != http.StatusOK || got.Body.String() != before {
		t.Errorf("a store that fails: HTTP %d", got.Code)
	}
	s.mu.Lock()
	s.fails = nil
	s.mu.Unlock()
	s.gate = make(chan struct{})
	if got := get(p, "/feeds/haoren.atom"); got.Code != http.StatusOK || got.Body.String() != before {
		t.Errorf("a store that hangs: HTTP %d", got.Code)
	}
	close(s.gate)
	if err := p.Refresh(t.Context(), "haoren"); err != nil {
		t.Fatal(err)
	}
	if get(p, "/feeds/haoren.atom").Body.String() == before {
		t.Error("the change never came")
	}
}

// TestCrowdSharesOneRendering: a hundred readers of an expired feed cost one rendering.
func TestCrowdSharesOneRendering(t *testing.T) {
	s := newShelf()
	s.gate = make(chan struct{})
	p := publisher(t, s)
	var wg, started sync.WaitGroup
	for range 100 {
		started.Add(1)
		wg.Go(func() {
			started.Done()
			if w := get(p, "/feeds/all.atom"); w.Code != http.StatusOK {
				t.Errorf("%d", w.Code)
			}
		})
	}
	started.Wait()
	close(s.gate)
	wg.Wait()
	if n := s.reads.Load(); n > 2 { // one, and whoever came after it was done but looked before it was kept
		t.Errorf("%d renderings", n)
	}
}

// TestBudget: the cache forgets what was unused longest, and still serves it.
func TestBudget(t *testing.T) {
	s := newShelf()
	p, err := syndicate.New(syndicate.Options{
		Catalog: catalog(t), Store: s, CacheBytes: 1,
		Site: syndicate.Site{Title: "示范网", URL: "https://feeds.example.cn", Tag: "example.cn,2026", Zone: china},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if w := get(p, "/feeds/all.atom"); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
	}
	if n := s.reads.Load(); n != 2 {
		t.Errorf("%d renderings, want 2: nothing fits the cache", n)
	}
}

// FuzzDocuments: whatever an article says, all documents stay readable and say the same.
func FuzzDocuments(f *testing.F) {
	f.Add("标题", "<p>正文</p>", "https://portal.example.cn/1", "作者")
	f.Add("]]>\x00\x0b", "<p>&#8;\xff]]></p><", "https://portal.example.cn/?a=1&b=<>", "\ufffe")
	f.Fuzz(func(t *testing.T, title, content, url, author string) {
		s := newShelf()
		a := s.articles[0]
		a.Title, a.Content, a.URL, a.Author, a.Origin = title, content, url, author, title
		s.articles = []feeds.Article{a}
		p := publisher(t, s)
		for _, ending := range []string{"atom", "rss"} {
			body := get(p, "/feeds/all."+ending).Body.Bytes()
			dec := xml.NewDecoder(strings.NewReader(string(body)))
			for {
				if _, err := dec.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s: %v\n%s", ending, err, body)
				}
			}
		}
		if n := len(items(t, get(p, "/feeds/all.json"))); n != 1 {
			t.Fatalf("%d items", n)
		}
	})
}

func fifty() *shelf {
	s := newShelf()
	s.articles = nil
	for i := range 50 {
		a := newShelf().articles[0]
		a.ID = fmt.Sprintf("%032x", i)
		a.Content = strings.Repeat("<p>"+strings.Repeat("门户网站的一段正文，", 20)+"</p>", 10)
		s.articles = append(s.articles, a)
	}
	return s
}

// BenchmarkRender renders one feed of 50 articles, 6 kB each, in three formats, and packs them.
func BenchmarkRender(b *testing.B) {
	p := publisher(b, fifty())
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Refresh(b.Context(), "haoren"); err != nil { // its own feed and the whole
			b.Fatal(err)
		}
	}
}

// BenchmarkGet is a cached GET without the network.
func BenchmarkGet(b *testing.B) {
	p := publisher(b, fifty())
	tag := get(p, "/feeds/all.atom", "Accept-Encoding", "gzip").Header().Get("ETag")
	for name, header := range map[string][2]string{
		"gzip": {"Accept-Encoding", "gzip"}, "identity": {"Accept", "*/*"}, "not-modified": {"If-None-Match", tag},
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/feeds/all.atom", nil)
			r.Header.Set(header[0], header[1])
			w := nowhere{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				p.ServeHTTP(w, r)
			}
		})
	}
}

type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header         { return n.h }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}

// FuzzRequest: whatever is asked for, a feed is there or it is not; and who names the tag that it has gets no body.
func FuzzRequest(f *testing.F) {
	f.Add("/feeds/all.atom", `"x", *`)
	f.Add("/feeds/haoren+jingshen.rss", "W/")
	f.Add("/feeds/a+b/2026-11.atom", ",")
	f.Add("/feeds.opml", `W/"`)
	p := publisher(f, newShelf())
	f.Fuzz(func(t *testing.T, path, tags string) {
		ask := func(tags string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.Path = path
			r.Header.Set("If-None-Match", tags)
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			return w
		}
		w := ask(tags)
		tag := w.Header().Get("ETag")
		switch {
		case w.Code == http.StatusOK || w.Code == http.StatusNotModified:
			if again := ask(tags + ", " + tag); tag == "" || again.Code != http.StatusNotModified || again.Body.Len() > 0 {
				t.Errorf("%q with its own tag %q behind %q: %d", path, tag, tags, again.Code)
			}
		case w.Code != http.StatusNotFound || tag != "":
			t.Errorf("%q: %d, tag %q", path, w.Code, tag)
		}
	})
}
