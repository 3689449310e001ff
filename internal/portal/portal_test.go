package portal_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"wefeed/internal/portal"
)

const base = "http://portal.test"

// now is late in the evening of the 23rd in London and early on the 24th in Tianjin.
func now() time.Time { return time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC) }

func newPortal(t testing.TB, file string) *portal.Portal {
	t.Helper()
	p, err := portal.New(portal.Options{BaseURL: base, StateFile: file, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// do asks the portal. header are names and values by turns.
func do(t *testing.T, p http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func get(t *testing.T, p http.Handler, path string) string {
	t.Helper()
	w := do(t, p, "GET", path, "")
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func setMode(t *testing.T, p http.Handler, mode string) {
	t.Helper()
	if w := do(t, p, "POST", "/_portal/mode", mode); w.Code != http.StatusOK {
		t.Fatalf("mode %s: %d %s", mode, w.Code, w.Body)
	}
}

// publish posts an article and returns its id and its path.
func publish(t *testing.T, p http.Handler, article string) (id, path string) {
	t.Helper()
	w := do(t, p, "POST", "/_portal/articles", article)
	var made struct{ ID, URL string }
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != http.StatusCreated {
		t.Fatalf("publish: %d %s", w.Code, w.Body)
	}
	path, ok := strings.CutPrefix(made.URL, base)
	if !ok {
		t.Fatalf("url %q is not below %s", made.URL, base)
	}
	return made.ID, path
}

func TestAnArticlesLife(t *testing.T) {
	p := newPortal(t, "")
	id, path := publish(t, p, `{"sections":["zhiyuan","gongyi","quanshi"],"title":"河畔<志愿者>","body_html":"<p>清晨六点。</p>",
		"source":"天津河西","editor":"林小舟","images":["/images/haihe.jpg","http://other.test/a.png"]}`)
	if want := "/zhiyuan/202611/t20261124_" + id + ".html"; path != want {
		t.Errorf("path %s, want %s: today is Beijing's", path, want)
	}
	page := get(t, p, path)
	for _, want := range []string{
		`<h1>河畔&lt;志愿者&gt;</h1>`, `<p class="date">2026-11-24</p>`, `<p>清晨六点。</p>`, `来源：天津河西　编辑：林小舟`,
		`src="../../images/haihe.jpg"`, `src="http://other.test/a.png"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %q:\n%s", want, page)
		}
	}
	lists := map[string]string{
		"/zhiyuan/": `href="./202611/`, "/gongyi/": `href="../zhiyuan/202611/`, "/quanshi/": `href="../zhiyuan/202611/`,
		"/feeds/zhiyuan.rss": base + "/zhiyuan/202611/", "/feeds/quanshi.atom": base + "/zhiyuan/202611/", "/": `href="./zhiyuan/202611/`,
	}
	for list, link := range lists {
		if want := link + "t20261124_" + id + ".html"; !strings.Contains(get(t, p, list), want) {
			t.Errorf("%s lacks %s", list, want)
		}
	}

	w := do(t, p, "PUT", "/_portal/articles/"+id, `{"title":"一千零一","published":"2026-11-20T23:30:00Z","section":"jieri"}`)
	const corrected = `"sections":["jieri"],"title":"一千零一","body_html":"<p>清晨六点。</p>","published":"2026-11-21"`
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), corrected) || !strings.Contains(w.Body.String(), base+path) {
		t.Errorf("PUT: %d %s", w.Code, w.Body)
	}
	if page := get(t, p, path); !strings.Contains(page, "<h1>一千零一</h1>") || !strings.Contains(page, ">2026-11-21<") {
		t.Errorf("the page was not corrected:\n%s", page)
	}
	if strings.Contains(get(t, p, "/gongyi/"), id) || !strings.Contains(get(t, p, "/jieri/"), "../zhiyuan/202611/t20261124_"+id) {
		t.Error("the article did not change its list")
	}

	if w := do(t, p, "DELETE", "/_portal/articles/"+id, ""); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
		t.Errorf("DELETE: %d %s", w.Code, w.Body)
	}
	if w := do(t, p, "GET", path, ""); w.Code != http.StatusGone {
		t.Errorf("withdrawn page: %d", w.Code)
	}
	setMode(t, p, `{"gone_404":true}`)
	if w := do(t, p, "GET", path, ""); w.Code != http.StatusNotFound {
		t.Errorf("withdrawn page with gone_404: %d", w.Code)
	}
	for _, list := range []string{"/jieri/", "/feeds/jieri.rss", "/feeds/jieri.atom", "/"} {
		if strings.Contains(get(t, p, list), "一千零一") {
			t.Errorf("%s still has the withdrawn article", list)
		}
	}
}

func TestControl(t *testing.T) {
	const whole = `{"charset":"utf-8","design":"a","down":false,"delay":"0s","empty":false,"gone_404":false,"broken_feed":false}`
	p := newPortal(t, "")
	id, _ := publish(t, p, `{"section":"liyi","title":"让座","body_html":"<p>车厢里很安静。</p>","published":"2026-11-01"}`)
	withdrawn, _ := publish(t, p, `{"section":"liyi","title":"撤回","body_html":""}`)
	do(t, p, "DELETE", "/_portal/articles/"+withdrawn, "")
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     string // a regular expression that the answer's body matches
	}{
		{"broken JSON", "POST", "articles", `{"section":`, 400, `"error"`},
		{"no JSON", "POST", "articles", ``, 400, `"error"`},
		{"two values", "POST", "articles", `{"section":"liyi","title":"题"} {}`, 400, `follows`},
		{"unknown field", "POST", "articles", `{"section":"liyi","title":"题","colour":"red"}`, 400, `colour`},
		{"too large", "POST", "articles", `{"body_html":"` + strings.Repeat("a", 1<<20) + `"}`, 413, `1 MiB`},
		{"no section", "POST", "articles", `{"title":"题"}`, 422, `section is missing`},
		{"no sections", "POST", "articles", `{"sections":[],"title":"题"}`, 422, `section is missing`},
		{"unknown section", "POST", "articles", `{"section":"nowhere","title":"题"}`, 422, `nowhere`},
		{"section twice", "POST", "articles", `{"sections":["liyi","liyi"],"title":"题"}`, 422, `twice`},
		{"section and sections", "POST", "articles", `{"section":"liyi","sections":["jieri"],"title":"题"}`, 422, `exclude`},
		{"no title", "POST", "articles", `{"section":"liyi","title":"  "}`, 422, `title is missing`},
		{"bad date", "POST", "articles", `{"section":"liyi","title":"题","published":"20261120"}`, 422, `20261120`},
		{"no such day", "POST", "articles", `{"section":"liyi","title":"题","published":"2026-02-30"}`, 422, `2026-02-30`},
		{"day of an instant", "POST", "articles", `{"section":"liyi","title":"题","published":"2026-10-31T16:00:00Z"}`, 201,
			`^{"id":"\d+","url":"http://portal.test/liyi/202611/t20261101_\d+.html"}`},
		{"correct nothing", "PUT", "articles/" + id, `{}`, 200, `"sections":\["liyi"\],"title":"让座".*"published":"2026-11-01"`},
		{"correct to an unknown section", "PUT", "articles/" + id, `{"section":"nowhere"}`, 422, `nowhere`},
		{"correct to no title", "PUT", "articles/" + id, `{"title":""}`, 422, `title`},
		{"correct to a bad date", "PUT", "articles/" + id, `{"published":""}`, 422, `published`},
		{"correct with broken JSON", "PUT", "articles/" + id, `[]`, 400, `"error"`},
		{"refused corrections change nothing", "PUT", "articles/" + id, `{}`, 200, `"title":"让座"`},
		{"correct an unknown article", "PUT", "articles/9", `{}`, 404, `no such article`},
		{"correct a withdrawn article", "PUT", "articles/" + withdrawn, `{}`, 404, `withdrawn`},
		{"withdraw an unknown article", "DELETE", "articles/x", ``, 404, `no such article`},
		{"article with GET", "GET", "articles/" + id, ``, 405, ``},
		{"articles with GET", "GET", "articles", ``, 405, ``},
		{"mode with PUT", "PUT", "mode", `{}`, 405, ``},
		{"no such command", "GET", "nothing", ``, 404, ``},
		{"mode", "GET", "mode", ``, 200, `^` + whole + `\n$`},
		{"mode stays", "POST", "mode", `{}`, 200, `^` + whole + `\n$`},
		{"unknown charset", "POST", "mode", `{"charset":"big5"}`, 422, `big5`},
		{"unknown design", "POST", "mode", `{"design":"c"}`, 422, `design`},
		{"bad delay", "POST", "mode", `{"delay":"soon"}`, 422, `soon`},
		{"negative delay", "POST", "mode", `{"delay":"-1s"}`, 422, `-1s`},
		{"unknown mode", "POST", "mode", `{"up":true}`, 400, `up`},
		{"wrong type", "POST", "mode", `{"down":"yes"}`, 400, `down`},
		{"refused modes change nothing", "GET", "mode", ``, 200, `^` + whole + `\n$`},
		{"some modes", "POST", "mode", `{"charset":"gbk","design":"b","delay":"1ms","empty":true,"gone_404":true,"broken_feed":true}`, 200,
			`^{"charset":"gbk","design":"b","down":false,"delay":"1ms","empty":true,"gone_404":true,"broken_feed":true}\n$`},
	}
	for _, tt := range tests { // in this order: some look at what the others left
		w := do(t, p, tt.method, "/_portal/"+tt.path, tt.body)
		if w.Code != tt.status || !regexp.MustCompile(tt.want).MatchString(w.Body.String()) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, w.Code, w.Body, tt.status, tt.want)
		}
		if w.Code == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
			t.Errorf("%s: no Allow", tt.name)
		}
	}
}

func TestRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "portal.json")
	p := newPortal(t, file)
	id, path := publish(t, p, `{"section":"danwei","title":"窗口多问一句","body_html":"<p>办事指南。</p>"}`)
	gone, gonePath := publish(t, p, `{"section":"danwei","title":"撤回","body_html":""}`)
	do(t, p, "DELETE", "/_portal/articles/"+gone, "")
	setMode(t, p, `{"design":"b"}`)
	paths := []string{"/", "/danwei/", path, "/feeds/danwei.rss", "/feeds/danwei.atom", "/_portal/mode"}
	var before []string
	for _, path := range paths {
		before = append(before, get(t, p, path))
	}

	later, err := portal.New(portal.Options{BaseURL: base, StateFile: file, Now: func() time.Time { return now().AddDate(0, 0, 3) }})
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range paths {
		if after := get(t, later, path); after != before[i] {
			t.Errorf("%s changed by a restart:\n%s\nbefore:\n%s", path, after, before[i])
		}
	}
	if w := do(t, later, "GET", gonePath, ""); w.Code != http.StatusGone {
		t.Errorf("withdrawn page after a restart: %d", w.Code)
	}
	if next, _ := publish(t, later, `{"section":"danwei","title":"又一篇","body_html":""}`); next <= gone || gone <= id {
		t.Errorf("ids %s, %s and, after a restart, %s", id, gone, next)
	}
}

func TestDamagedState(t *testing.T) {
	for name, damaged := range map[string]string{"cut": `{"mode":{"charset"`, "mode": `{"mode":{"charset":"big5"},"articles":[]}`} {
		file := filepath.Join(t.TempDir(), "portal.json")
		if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := portal.New(portal.Options{BaseURL: base, StateFile: file, Now: now})
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
		if kept, _ := os.ReadFile(file); string(kept) != damaged {
			t.Errorf("%s: the damaged file was written over", name)
		}
	}
}

// What cannot be kept has not happened.
func TestUnwritableState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := newPortal(t, filepath.Join(dir, "portal.json"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	w := do(t, p, "POST", "/_portal/articles", `{"section":"danwei","title":"没有记下的一篇","body_html":""}`)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("POST: %d %s", w.Code, w.Body)
	}
	if strings.Contains(get(t, p, "/danwei/"), "没有记下的一篇") {
		t.Error("an article that is not on disk is on a page")
	}
}

func TestManyAtOnce(t *testing.T) {
	const writers = 8
	p := newPortal(t, filepath.Join(t.TempDir(), "portal.json"))
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			do(t, p, "POST", "/_portal/articles", fmt.Sprintf(`{"section":"danwei","title":"同时%d","body_html":""}`, i))
			do(t, p, "POST", "/_portal/mode", `{"design":"b"}`)
			do(t, p, "GET", "/danwei/", "")
		})
	}
	all.Wait()
	feed := get(t, p, "/feeds/danwei.rss")
	addresses := map[string]bool{}
	for _, m := range regexp.MustCompile(`<title>同时\d</title>\s*<link>([^<]+)`).FindAllStringSubmatch(feed, -1) {
		addresses[m[1]] = true
	}
	if len(addresses) != writers {
		t.Errorf("%d articles at %d addresses:\n%s", writers, len(addresses), feed)
	}
}
