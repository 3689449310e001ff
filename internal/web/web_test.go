package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
	"wefeed/internal/web"
)

var (
	china       = time.FixedZone("", 8*3600)
	errNoSuch   = errors.New("no such article")
	live        = "00000000000000000000000000000001"
	withdrawn   = "00000000000000000000000000000002"
	hostile     = "00000000000000000000000000000003"
	hostileText = `<script>alert(1)</script>"'&`
)

type shelf struct{ fails error }

func (s shelf) articles() []feeds.Article {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, china)
	return []feeds.Article{
		{ID: live, Sections: []string{"jingshen"}, Title: "社区里的腊八粥", URL: "https://portal.example.cn/1.html?a=1&b=2", Published: day, Precision: feeds.PrecisionDay, Origin: "示范网", Status: feeds.StatusLive},
		{ID: withdrawn, Title: "撤下的一篇", URL: "https://portal.example.cn/2.html", Published: day, Precision: feeds.PrecisionDay, Status: feeds.StatusWithdrawn, WithdrawnAt: day.AddDate(0, 0, 1)},
		{ID: hostile, Sections: []string{"gongzuo"}, Title: hostileText, URL: "javascript:alert(1)", Origin: hostileText, Status: feeds.StatusLive},
	}
}

func (s shelf) Newest(_ context.Context, sections []string, limit int) (out []feeds.Article, err error) {
	for _, a := range s.articles() {
		if a.Status == feeds.StatusLive && len(out) < limit && len(a.Sections) > 0 && contains(sections, a.Sections[0]) {
			out = append(out, a)
		}
	}
	return out, s.fails
}

func contains(list []string, one string) bool {
	for _, s := range list {
		if s == one {
			return true
		}
	}
	return false
}

func (s shelf) Article(_ context.Context, id string) (feeds.Article, error) {
	for _, a := range s.articles() {
		if a.ID == id {
			return a, s.fails
		}
	}
	return feeds.Article{}, errNoSuch
}

func options(t testing.TB) web.Options {
	t.Helper()
	cat, err := feeds.NewCatalog([]feeds.Section{
		{ID: "jingshen", Title: "精神建设"}, {ID: "gongzuo", Title: "工作<传真>", Parent: "jingshen"}, {ID: "haoren", Title: "好人"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return web.Options{
		Catalog: cat, Articles: shelf{}, NotFound: func(err error) bool { return errors.Is(err, errNoSuch) },
		Feeds: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "feed "+r.URL.Path) }),
		Callbacks: map[string]http.Handler{
			"wxdemo": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "callback ", r.Method) }),
		},
		Site: web.Site{
			Title: "示范网", URL: "https://feeds.example.cn", Zone: china, Language: "zh-CN", Phone: "022-00000000", Email: "editor@example.cn", ICP: "津ICP备0号",
			Codes: []web.Code{{Title: "示范网微信", Text: "https://feeds.example.cn/follow"}, {Title: "志愿服务网", Text: "https://zhiyuan.example.cn/"}},
		},
	}
}

func server(t testing.TB, o web.Options) http.Handler {
	t.Helper()
	s, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	path, query, _ := strings.Cut(target, "?")
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, path, query
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func dom(t *testing.T, w *httptest.ResponseRecorder, status int) *goquery.Document {
	t.Helper()
	if w.Code != status {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("policy %q", w.Header().Get("Content-Security-Policy"))
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if n := doc.Find("script, style, [style], [onclick]").Length(); n > 0 {
		t.Errorf("%d elements that the policy forbids", n)
	}
	if lang, _ := doc.Find("html").Attr("lang"); lang != "zh-CN" {
		t.Errorf("lang %q", lang)
	}
	return doc
}

func attrs(doc *goquery.Document, selector, attr string) []string {
	return doc.Find(selector).Map(func(_ int, s *goquery.Selection) string { return s.AttrOr(attr, "") })
}

func TestFront(t *testing.T) {
	h := server(t, options(t))
	doc := dom(t, ask(h, "GET", "/"), 200)
	if diff := cmp.Diff([]string{"/s/jingshen", "/s/gongzuo", "/s/haoren"}, attrs(doc, ".sections h3 a", "href")); diff != "" {
		t.Error(diff)
	}
	wantFeeds := []string{
		"/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/feeds.opml", "/feeds/jingshen.atom", "/feeds/jingshen.rss", "/feeds/jingshen.json",
		"/feeds/gongzuo.atom", "/feeds/gongzuo.rss", "/feeds/gongzuo.json", "/feeds/haoren.atom", "/feeds/haoren.rss", "/feeds/haoren.json",
	}
	if diff := cmp.Diff(wantFeeds, attrs(doc, ".feeds a", "href")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"https://feeds.example.cn/feeds/all.atom", "https://feeds.example.cn/feeds/all.rss", "https://feeds.example.cn/feeds/all.json",
	}, attrs(doc, "link[rel=alternate]", "href")); diff != "" {
		t.Error(diff)
	}
	text := doc.Text()
	for _, want := range []string{"扫描关注", "示范网微信", "志愿服务网", "022-00000000", "津ICP备0号", hostileText, "2026-11-22"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if diff := cmp.Diff([]string{"mailto:editor@example.cn"}, attrs(doc, "footer a[href^=mailto]", "href")); diff != "" {
		t.Error(diff)
	}
}

// TestCodes: each code is a PNG in an img, which is what WeChat recognises, with a quiet zone of four modules.
func TestCodes(t *testing.T) {
	h := server(t, options(t))
	doc := dom(t, ask(h, "GET", "/"), 200)
	pictures := attrs(doc, ".codes img", "src")
	if len(pictures) != 2 {
		t.Fatalf("%d codes", len(pictures))
	}
	for _, src := range pictures {
		w := ask(h, "GET", src)
		img, err := png.Decode(w.Body)
		if err != nil || w.Header().Get("Content-Type") != "image/png" {
			t.Fatalf("%s: %v, %v", src, err, w.Header())
		}
		if size := img.Bounds().Dx(); size < 240 || size != img.Bounds().Dy() {
			t.Errorf("%s: %v", src, img.Bounds())
		}
		for i := range 4 * 9 {
			if r, _, _, _ := img.At(i, img.Bounds().Dy()/2).RGBA(); r != 0xffff {
				t.Fatalf("%s: the quiet zone ends at pixel %d", src, i)
			}
		}
		if r, _, _, _ := img.At(4*9, 4*9).RGBA(); r != 0 {
			t.Errorf("%s: no finder pattern where one begins", src)
		}
	}
	for _, href := range attrs(doc, ".codes a", "href") {
		if w := ask(h, "GET", href); w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s: %d", href, w.Code)
		}
	}
}

func TestReadyPictureAsCode(t *testing.T) {
	o := options(t)
	file := filepath.Join(t.TempDir(), "code.PNG")
	if err := os.WriteFile(file, []byte("picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Site.Codes = []web.Code{{Title: "现成的", Image: file}}
	h := server(t, o)
	src := attrs(dom(t, ask(h, "GET", "/"), 200), ".codes img", "src")
	if w := ask(h, "GET", src[0]); w.Body.String() != "picture" || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	o.Site.Codes[0].Image += ".missing"
	if _, err := web.New(o); err == nil || !strings.Contains(err.Error(), "现成的") {
		t.Errorf("a missing picture: %v", err)
	}
}

func TestSection(t *testing.T) {
	h := server(t, options(t))
	doc := dom(t, ask(h, "GET", "/s/gongzuo"), 200)
	if diff := cmp.Diff([]string{"/", "/s/jingshen"}, attrs(doc, ".crumbs a", "href")); diff != "" {
		t.Error(diff)
	}
	if got := doc.Find("h1").Text(); got != "工作<传真>" {
		t.Errorf("title %q", got)
	}
	if diff := cmp.Diff("https://feeds.example.cn/feeds/gongzuo.rss", doc.Find("link[type='application/rss+xml']").AttrOr("href", "")); diff != "" {
		t.Error(diff)
	}
	doc = dom(t, ask(h, "GET", "/s/jingshen"), 200)
	if diff := cmp.Diff([]string{"/a/" + live, "/a/" + hostile}, attrs(doc, ".latest a", "href")); diff != "" {
		t.Error("a parent shows its children's articles:", diff)
	}
	if got := dom(t, ask(h, "GET", "/s/haoren"), 200).Find(".none").Length(); got != 1 {
		t.Error("an empty section says nothing")
	}
	dom(t, ask(h, "GET", "/s/nope"), 404)
}

func TestArticle(t *testing.T) {
	h := server(t, options(t))
	w := ask(h, "GET", "/a/"+live+"?d=abcdefghijklmnop")
	if w.Code != http.StatusFound || w.Header().Get("Location") != "https://portal.example.cn/1.html?a=1&b=2" || w.Body.Len() > 0 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	doc := dom(t, ask(h, "GET", "/a/"+withdrawn), 410)
	for _, want := range []string{"撤下的一篇", "2026-11-22", "2026-11-23"} {
		if !strings.Contains(doc.Find("main").Text(), want) {
			t.Errorf("the page of a withdrawn article lacks %q", want)
		}
	}
	for _, id := range []string{hostile, "x", strings.ToUpper(live[:31] + "a"), live + "0", "00000000000000000000000000000009", "..%2f"} {
		dom(t, ask(h, "GET", "/a/"+id), 404)
	}
}

// TestNothingElseAnswers: what is not documented is 404, however it is spelled.
func TestNothingElseAnswers(t *testing.T) {
	h := server(t, options(t))
	for _, path := range []string{
		"/index.html", "/s/", "/s", "/a/", "/static/", "/static", "/static/../web.go", "/static/templates/front.html", "//", "/s/jingshen/", "/./", "/s/../",
		"/feedsx", "/feeds", "/wechat/", "/wechat/other", "/wechat/wxdemo/", "/debug/pprof/", "/admin/", "/metrics", "/.git/config", "/s/a\\b", "/\x00",
	} {
		if w := ask(h, "GET", path); w.Code != http.StatusNotFound {
			t.Errorf("%q: %d", path, w.Code)
		}
	}
}

func TestMethods(t *testing.T) {
	h := server(t, options(t))
	for _, path := range []string{"/", "/s/jingshen", "/a/" + live, "/static/wefeed.css", "/healthz", "/readyz"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE"} {
			if w := ask(h, method, path); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
		get, head := ask(h, "GET", path), ask(h, "HEAD", path)
		if head.Code != get.Code || head.Body.Len() > 0 {
			t.Errorf("HEAD %s: %d, %d bytes", path, head.Code, head.Body.Len())
		}
	}
	if w := ask(h, "POST", "/wechat/wxdemo"); w.Body.String() != "callback POST" {
		t.Errorf("callback: %d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/feeds/all.atom"); w.Body.String() != "feed /feeds/all.atom" {
		t.Errorf("feeds: %d %s", w.Code, w.Body)
	}
}

func TestConditional(t *testing.T) {
	h := server(t, options(t))
	for _, path := range []string{"/", "/s/jingshen", "/static/wefeed.css", "/static/qr/1.png"} {
		tag := ask(h, "GET", path).Header().Get("ETag")
		if w := ask(h, "GET", path, "If-None-Match", "W/"+tag); tag == "" || w.Code != http.StatusNotModified || w.Body.Len() > 0 {
			t.Errorf("%s: %d with tag %q", path, w.Code, tag)
		}
		if w := ask(h, "GET", path, "If-None-Match", `"other"`); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestErrorsStayInside: a reader learns that it does not work now, the log learns why.
func TestErrorsStayInside(t *testing.T) {
	o := options(t)
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	o.Articles = shelf{fails: errors.New("the disk is full")}
	o.Ready = func(context.Context) error { return errors.New("the disk is full") }
	h := server(t, o)
	for _, path := range []string{"/", "/s/jingshen", "/a/" + live} {
		w := ask(h, "GET", path)
		doc := dom(t, w, 500)
		if strings.Contains(doc.Text(), "disk") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v %s", path, w.Header(), w.Body)
		}
	}
	if w := ask(h, "GET", "/readyz"); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("readyz: %d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/healthz"); w.Code != 200 {
		t.Errorf("healthz: %d", w.Code)
	}
	if n := strings.Count(log.String(), "the disk is full"); n != 4 {
		t.Errorf("%d lines in the log:\n%s", n, log.String())
	}
}

func TestBanner(t *testing.T) {
	o := options(t)
	if doc := dom(t, ask(server(t, o), "GET", "/"), 200); doc.Find(".banner").Length() > 0 {
		t.Error("a banner without words")
	}
	o.Banner = "试运行"
	for path, status := range map[string]int{"/": 200, "/s/haoren": 200, "/nope": 404} {
		if got := dom(t, ask(server(t, o), "GET", path), status).Find(".banner").Text(); got != "试运行" {
			t.Errorf("%s: banner %q", path, got)
		}
	}
}

// TestOverHTTP: the encoded spellings of a path are no way around the routes.
func TestOverHTTP(t *testing.T) {
	s := httptest.NewServer(server(t, options(t)))
	defer s.Close()
	for path, want := range map[string]int{"/s/%6aingshen": 200, "/s/jingshen%2f": 404, "/static/%2e%2e/web.go": 404, "/%2e%2e/": 404} {
		resp, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}
