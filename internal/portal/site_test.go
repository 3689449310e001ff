package portal_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
)

var ids = strings.Fields(`wennuan jingshen gongzuo quanshi haoren mofan zhiyuan chengshi cunzhen danwei xiaoyuan jiating gongyi
	chengxin liyi jieri weichengnian`)

func parse(t *testing.T, page string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// addresses are what a page's elements point to, seen from its path.
func addresses(t *testing.T, page, path, selector, attribute string) []string {
	t.Helper()
	from, err := url.Parse(base + path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	parse(t, page).Find(selector).Each(func(_ int, s *goquery.Selection) {
		u, err := from.Parse(s.AttrOr(attribute, ""))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		all = append(all, u.String())
	})
	return all
}

// TestEveryLink walks the whole portal from its front page, in both designs.
func TestEveryLink(t *testing.T) {
	for _, design := range []string{"a", "b"} {
		p := newPortal(t, "")
		setMode(t, p, `{"design":"`+design+`"}`)
		seen := map[string]bool{"/": true}
		for todo := []string{"/"}; len(todo) > 0; todo = todo[1:] {
			page := get(t, p, todo[0])
			if !strings.HasSuffix(todo[0], "/") && !strings.HasSuffix(todo[0], ".html") {
				continue
			}
			found := addresses(t, page, todo[0], "[href]", "href")
			found = append(found, addresses(t, page, todo[0], "[src]", "src")...)
			for _, address := range append(found, addresses(t, page, todo[0], "[poster]", "poster")...) {
				path, ok := strings.CutPrefix(address, base)
				if !ok {
					t.Errorf("%s links to %s", todo[0], address)
				} else if !seen[path] {
					seen[path] = true
					todo = append(todo, path)
				}
			}
		}
		articles := 0
		for path := range seen {
			if strings.Contains(path, "/t20") {
				articles++
			}
		}
		if articles < 60 {
			t.Errorf("design %s: %d articles can be reached", design, articles)
		}
	}
}

func TestSamples(t *testing.T) {
	p := newPortal(t, "")
	sections := map[string][]string{} // of each article
	videos, kickers, pictured, both := 0, 0, map[string]bool{}, 0
	for _, id := range ids {
		paths := addresses(t, get(t, p, "/"+id+"/"), "/"+id+"/", "ul.list li a", "href")
		if len(paths) < 3 {
			t.Errorf("%s has %d articles", id, len(paths))
		}
		for _, path := range paths {
			sections[path] = append(sections[path], id)
		}
	}
	three := 0
	for address, in := range sections {
		path := strings.TrimPrefix(address, base)
		doc := parse(t, get(t, p, path))
		if len(in) == 3 {
			three++
		}
		if strings.Contains(doc.Find("h1").Text(), "[视频]") && doc.Find(".body video[src]").Length() == 1 {
			videos++
		}
		kickers += doc.Find(".kicker").Length()
		if n := doc.Find(".body p").Length(); n < 2 {
			t.Errorf("%s has %d paragraphs", path, n)
		}
		if credit := doc.Find(".attribution").Text(); strings.Contains(credit, "来源：") && strings.Contains(credit, "编辑：") {
			both++
		}
		for _, image := range addresses(t, get(t, p, path), path, ".body img", "src") {
			pictured[strings.TrimPrefix(image, base)] = true
		}
		day, err := time.Parse(time.DateOnly, doc.Find(".date").Text())
		if age := now().Sub(day); err != nil || age < 0 || age > 62*24*time.Hour {
			t.Errorf("%s is of %s", path, doc.Find(".date").Text())
		}
	}
	if len(sections) < 60 || videos != 1 || kickers != 1 || three != 1 || both < 10 || len(pictured) < 8 {
		t.Errorf("%d articles, %d videos, %d kickers, %d in three sections, %d with source and editor, %d pictures",
			len(sections), videos, kickers, three, both, len(pictured))
	}
	for path := range pictured {
		checkPicture(t, p, path)
	}
}

func checkPicture(t *testing.T, p http.Handler, path string) {
	t.Helper()
	first, again := do(t, p, "GET", path, ""), do(t, newPortal(t, ""), "GET", path, "")
	picture, format, err := image.DecodeConfig(bytes.NewReader(first.Body.Bytes()))
	if err != nil || first.Header().Get("Content-Type") != "image/"+format {
		t.Errorf("%s: %s, %v", path, first.Header(), err)
	}
	if path == "/images/quanjing.jpg" && picture.Width != 2400 {
		t.Errorf("the large picture is %d wide", picture.Width)
	}
	if _, _, err := image.Decode(bytes.NewReader(first.Body.Bytes())); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	if !bytes.Equal(first.Body.Bytes(), again.Body.Bytes()) {
		t.Errorf("%s is not the same twice", path)
	}
}

func TestListPages(t *testing.T) {
	p := newPortal(t, "")
	for i := range 40 {
		publish(t, p, fmt.Sprintf(`{"section":"gongzuo","title":"第%d篇","body_html":"","published":"2026-11-%02d"}`, i, 1+i/2))
	}
	var titles, days []string
	path := "/gongzuo/"
	pages := 0
	for {
		doc := parse(t, get(t, p, path))
		items := doc.Find("ul.list li")
		items.Each(func(_ int, li *goquery.Selection) {
			titles = append(titles, li.Find("a").Text())
			days = append(days, li.Find("span").Text())
		})
		pages++
		if previous := doc.Find(`.pages a:contains("上一页")`); (previous.Length() == 1) != (pages > 1) {
			t.Errorf("%s: %d links back", path, previous.Length())
		}
		next := doc.Find(`.pages a:contains("下一页")`)
		if next.Length() == 0 {
			break
		}
		if items.Length() != 20 {
			t.Errorf("%s has %d items", path, items.Length())
		}
		path = "/gongzuo/" + next.AttrOr("href", "")
		if want := fmt.Sprintf("/gongzuo/index_%d.html", pages); path != want {
			t.Fatalf("page %d is %s, want %s", pages+1, path, want)
		}
	}
	if pages != 3 || len(titles) != 43 {
		t.Errorf("%d items on %d pages, want 43 on 3", len(titles), pages)
	}
	if !slices.IsSortedFunc(days, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("the newest are not first: %v", days)
	}
	if last, earlier := slices.Index(titles, "第39篇"), slices.Index(titles, "第38篇"); last < 0 || earlier != last+1 {
		t.Errorf("of one day the last published is not first: %v", titles)
	}
	for _, path := range []string{"/gongzuo/index_3.html", "/gongzuo/index_0.html", "/gongzuo/index_01.html", "/gongzuo/index_x.html", "/nowhere/"} {
		if w := do(t, p, "GET", path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if n := strings.Count(get(t, p, "/feeds/gongzuo.atom"), "<entry>"); n != 43 {
		t.Errorf("the feed has %d entries", n)
	}
	for i := range 10 {
		publish(t, p, fmt.Sprintf(`{"section":"gongzuo","title":"又%d篇","body_html":""}`, i))
	}
	if n := strings.Count(get(t, p, "/feeds/gongzuo.rss"), "<item>"); n != 50 {
		t.Errorf("the feed has %d items, want 50", n)
	}
}

func TestOneAddress(t *testing.T) {
	p := newPortal(t, "")
	_, path := publish(t, p, `{"sections":["liyi","jieri"],"title":"一个地址","body_html":""}`)
	if w := do(t, p, "GET", strings.Replace(path, "/liyi/", "/jieri/", 1), ""); w.Code != http.StatusNotFound {
		t.Errorf("the article is at a second address: %d", w.Code)
	}
	if w := do(t, p, "GET", "/liyi", ""); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != "/liyi/" {
		t.Errorf("/liyi: %d %s", w.Code, w.Header())
	}
	if w := do(t, p, "POST", "/liyi/", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST /liyi/: %d %s", w.Code, w.Header())
	}
}

func TestDesigns(t *testing.T) {
	p := newPortal(t, "")
	a := parse(t, get(t, p, "/chengxin/"))
	path := addresses(t, get(t, p, "/chengxin/"), "/chengxin/", "ul.list a", "href")[0][len(base):]
	articleA := parse(t, get(t, p, path))
	setMode(t, p, `{"design":"b"}`)
	b, articleB := parse(t, get(t, p, "/chengxin/")), parse(t, get(t, p, path))
	if b.Find("ul, li, main, nav, .list").Length() > 0 || articleB.Find("h1, .date, .body, .attribution").Length() > 0 {
		t.Error("design b has design a's elements")
	}
	if diff := cmp.Diff(words(a.Find("ul.list a")), words(b.Find("table.newslist a"))); diff != "" {
		t.Errorf("items (-a +b):\n%s", diff)
	}
	if diff := cmp.Diff(words(articleA.Find(".body p")), words(articleB.Find("#zoom p"))); diff != "" {
		t.Errorf("paragraphs (-a +b):\n%s", diff)
	}
	if diff := cmp.Diff(words(articleA.Find("h1")), words(articleB.Find(".headline"))); diff != "" {
		t.Errorf("title (-a +b):\n%s", diff)
	}
}

func words(s *goquery.Selection) []string {
	return s.Map(func(_ int, s *goquery.Selection) string { return s.Text() })
}

func TestCharsets(t *testing.T) {
	p := newPortal(t, "")
	// 㐂 and the emoji are in GB18030 but not in GBK.
	_, article := publish(t, p, `{"section":"jingshen","title":"㐂事🎉连连","body_html":"<p>镕、堃、喆</p>"}`)
	for _, path := range []string{"/", "/jingshen/", article, "/feeds/jingshen.rss", "/feeds/jingshen.atom", "/no/such/page.html"} {
		setMode(t, p, `{"charset":"utf-8"}`)
		w := do(t, p, "GET", path, "")
		plain := w.Body.String()
		kind, parameter, _ := strings.Cut(w.Header().Get("Content-Type"), "; ")
		if parameter != "charset=utf-8" || !declares(plain, "utf-8") {
			t.Errorf("%s in utf-8: %s, declared inside: %v", path, w.Header(), declares(plain, "utf-8"))
		}

		setMode(t, p, `{"charset":"gbk"}`)
		w = do(t, p, "GET", path, "")
		text := fromGB(t, w.Body.Bytes())
		if w.Header().Get("Content-Type") != kind+"; charset=gbk" || !declares(text, "gbk") {
			t.Errorf("%s in gbk: %s, declared inside: %v", path, w.Header(), declares(text, "gbk"))
		}
		if diff := cmp.Diff(plain, strings.Replace(text, "gbk", "utf-8", 1)); diff != "" {
			t.Errorf("%s in gbk reads otherwise (-utf-8 +gbk):\n%s", path, diff)
		}

		setMode(t, p, `{"charset":"gb18030-undeclared"}`)
		w = do(t, p, "GET", path, "")
		text = fromGB(t, w.Body.Bytes())
		if w.Header().Get("Content-Type") != kind || declares(text, "") {
			t.Errorf("%s undeclared: %s, declared inside: %v", path, w.Header(), declares(text, ""))
		}
		if !strings.Contains(text, "天津文明网") {
			t.Errorf("%s undeclared reads otherwise:\n%s", path, text)
		}
	}
}

var declaration = regexp.MustCompile(`(?:<meta[^>]*charset="?|<\?xml[^>]*encoding=")([\w-]*)`)

// declares reports whether a document names this charset, or, with an empty one, any.
func declares(text, charset string) bool {
	m := declaration.FindStringSubmatch(text)
	return m != nil && (charset == "" || m[1] == charset)
}

func fromGB(t *testing.T, b []byte) string {
	t.Helper()
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(text, '\uFFFD') {
		t.Fatalf("not GB18030: %v", err)
	}
	return string(text)
}

func TestDown(t *testing.T) {
	p := newPortal(t, "")
	setMode(t, p, `{"down":true}`)
	for _, path := range []string{"/", "/liyi/", "/feeds/liyi.rss", "/images/haihe.jpg"} {
		w := do(t, p, "GET", path, "")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "" {
			t.Errorf("%s: %d %s", path, w.Code, w.Header())
		}
	}
	get(t, p, "/_portal/mode")
	setMode(t, p, `{"down":false}`)
	get(t, p, "/liyi/")
}

func TestDelay(t *testing.T) {
	p := newPortal(t, "")
	setMode(t, p, `{"delay":"1ms"}`)
	get(t, p, "/liyi/")
	setMode(t, p, `{"delay":"24h"}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/liyi/", nil)) // returns: the client has left
	if w.Body.Len() > 0 {
		t.Errorf("answered at once: %s", w.Body)
	}
	get(t, p, "/_portal/mode")
}

func TestEmpty(t *testing.T) {
	p := newPortal(t, "")
	for _, design := range []string{"a", "b"} {
		setMode(t, p, `{"empty":true,"design":"`+design+`"}`)
		if page := get(t, p, "/liyi/"); strings.Contains(page, "/t20") || !strings.Contains(page, "文明有礼") {
			t.Errorf("design %s: not an empty list:\n%s", design, page)
		}
	}
}

func TestFeedsAreXML(t *testing.T) {
	p := newPortal(t, "")
	for _, id := range ids {
		for _, format := range []string{"rss", "atom"} {
			path := "/feeds/" + id + "." + format
			if err := wellFormed(get(t, p, path)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	setMode(t, p, `{"broken_feed":true}`)
	for _, format := range []string{"rss", "atom"} {
		if feed := get(t, p, "/feeds/liyi."+format); wellFormed(feed) == nil || strings.Contains(feed, "</"+format) {
			t.Errorf("not broken:\n%s", feed)
		}
	}
}

func wellFormed(text string) error {
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

type rssItem struct {
	Title   string `xml:"title"`
	Link    string `xml:"link"`
	GUID    string `xml:"guid"`
	PubDate string `xml:"pubDate"`
	Source  string `xml:"source"`
	Content string `xml:"http://purl.org/rss/1.0/modules/content/ encoded"`
}

func TestFeedContent(t *testing.T) {
	p := newPortal(t, "")
	_, path := publish(t, p, `{"section":"liyi","title":"A & B","body_html":"<p>]]> &amp; 字</p>","published":"2026-11-20",
		"source":"天津南开","editor":"苏砚秋","images":["images/qiao.jpg"]}`)
	var rss struct {
		Items []rssItem `xml:"channel>item"`
	}
	if err := xml.Unmarshal([]byte(get(t, p, "/feeds/liyi.rss")), &rss); err != nil {
		t.Fatal(err)
	}
	const content = `<p>]]> &amp; 字</p><p><img src="../../images/qiao.jpg" alt=""></p><p>来源：天津南开　编辑：苏砚秋</p>`
	i := slices.IndexFunc(rss.Items, func(it rssItem) bool { return it.Link == base+path })
	if i < 0 {
		t.Fatalf("the article is not in the feed: %+v", rss)
	}
	it := rss.Items[i]
	got := []string{it.Title, it.GUID, it.PubDate, it.Source, it.Content}
	if diff := cmp.Diff([]string{"A & B", base + path, "Fri, 20 Nov 2026 00:00:00 +0800", "天津南开", content}, got); diff != "" {
		t.Errorf("item (-want +got):\n%s", diff)
	}
}

func TestConditionalGet(t *testing.T) {
	p := newPortal(t, "")
	_, article := publish(t, p, `{"section":"liyi","title":"不变的一篇","body_html":"<p>字</p>"}`)
	for _, path := range []string{"/", "/liyi/", article, "/feeds/liyi.rss", "/feeds/liyi.atom"} {
		w := do(t, p, "GET", path, "")
		tag, modified := w.Header().Get("ETag"), w.Header().Get("Last-Modified")
		if tag == "" || modified == "" {
			t.Fatalf("%s: %s", path, w.Header())
		}
		for _, header := range [][]string{{"If-None-Match", tag}, {"If-Modified-Since", modified}} {
			if w := do(t, p, "GET", path, "", header...); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
				t.Errorf("%s with %v: %d", path, header, w.Code)
			}
		}
		head := do(t, p, "HEAD", path, "")
		if head.Code != http.StatusOK || head.Body.Len() > 0 || head.Header().Get("ETag") != tag {
			t.Errorf("HEAD %s: %d %s", path, head.Code, head.Header())
		}
		setMode(t, p, `{"charset":"gbk"}`)
		if w := do(t, p, "GET", path, "", "If-None-Match", tag); w.Code != http.StatusOK {
			t.Errorf("%s in another charset: %d", path, w.Code)
		}
		setMode(t, p, `{"charset":"utf-8"}`)
		if w := do(t, p, "GET", path, "", "If-None-Match", tag); w.Code != http.StatusNotModified {
			t.Errorf("%s as before: %d", path, w.Code)
		}
	}
}
