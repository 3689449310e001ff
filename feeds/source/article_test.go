package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
)

const prose = "河边的步道修好以后，散步的人多了起来，长椅上总坐着说话的邻居，路灯到夜里十点才暗下去。"

func readArticle(t testing.TB, src feeds.Source, body string) *feeds.Page {
	t.Helper()
	p, err := newReader(t).ReadArticle(src, response(body))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCredits reads 来源, 作者 and 编辑 in the forms that portals print them.
func TestCredits(t *testing.T) {
	type credit struct{ Origin, Author, Editor string }
	for _, c := range []struct {
		line string // behind the body
		want credit
	}{
		{"稿源:天津河西  编辑:刘卓然", credit{"天津河西", "", "刘卓然"}},
		{"稿源：天津河西　编辑：刘卓然", credit{"天津河西", "", "刘卓然"}},
		{"来源： 海河日报", credit{"海河日报", "", ""}},
		{"（来源：海河日报）", credit{"海河日报", "", ""}},
		{"信息来源：市文明办 作者：杨 柳", credit{"市文明办", "杨 柳", ""}},
		{"文章来源：海河日报 | 责任编辑：周正", credit{"海河日报", "", "周正"}},
		{"责编：周正　校对：吴双", credit{"", "", "周正"}},
		{"【编辑:周正】", credit{"", "", "周正"}},
		{"[责任编辑：周正]", credit{"", "", "周正"}},
		{"（编辑 周正）", credit{"", "", "周正"}},
		{"编 辑：周正", credit{"", "", "周正"}},
		{"作者：赵一、钱二", credit{"", "赵一、钱二", ""}},
		{"记者：孙三 来源：海河日报", credit{"海河日报", "孙三", ""}},
		{"来源：海河日报 2026-11-20 09:00", credit{"海河日报", "", ""}},
		{"来源：<a href='/x'>海河日报</a> 编辑：<span>周正</span>", credit{"海河日报", "", "周正"}},
		{"来源： 编辑：周正", credit{"", "", "周正"}},
		{"作者：desk@example.cn", credit{}},
		{"编辑：1024", credit{}},
		{"他说来源：" + strings.Repeat("很长的一句话", 10), credit{}},
	} {
		t.Run(c.line, func(t *testing.T) {
			page := "<html><head><title>河边步道的新长椅</title></head><body><h1>河边步道的新长椅</h1><p class='d'>2026-11-20</p>" +
				"<div id='zoom'><p>" + prose + "</p><p>" + prose + "</p><p>" + prose + "</p><p>" + c.line + "</p></div></body></html>"
			p := readArticle(t, feeds.Source{}, page)
			if diff := cmp.Diff(c.want, credit{p.Origin, p.Author, p.Editor}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if taken := !strings.Contains(p.Text, "编辑") && !strings.Contains(p.Text, "来源"); c.want != (credit{}) && !taken {
				t.Errorf("the line stayed in the body: %q", p.Text)
			}
		})
	}
}

// TestArticleSelectors checks that a selector wins over the structure, and that one without a match gives way to it.
func TestArticleSelectors(t *testing.T) {
	page := `<html><head><title>网站名称</title><meta name="ArticleTitle" content="标签里的标题"></head><body><h1>另一个标题</h1>
<h5 class="bt"><span>海河评论：</span>选择器的标题</h5><i class="rq">二〇二六年十一月九日</i><em>2026-11-20 来源：别处</em>
<div id="zoom"><p>` + prose + `</p></div><div class="nr"><p>选择器的正文。</p></div><div class="ly">来源：选择器报　作者：吴双　编辑：周正</div></body></html>`
	p := readArticle(t, feeds.Source{Select: feeds.Selectors{Title: ".bt", Date: ".rq", Body: ".nr", Attribution: ".ly"}}, page)
	got := []string{p.Title, p.Published.Format("2006-01-02"), p.Content, p.Origin, p.Author, p.Editor}
	want := []string{"海河评论：选择器的标题", "2026-11-09", "<p>选择器的正文。</p>", "选择器报", "吴双", "周正"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p = readArticle(t, feeds.Source{Select: feeds.Selectors{Title: ".gone", Date: ".gone", Body: ".gone"}}, page)
	got = []string{p.Title, p.Published.Format("2006-01-02"), p.Text}
	want = []string{"标签里的标题", "2026-11-20", prose}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without matches (-want +got):\n%s", diff)
	}
	if len(p.Warnings) != 1 {
		t.Errorf("warnings %q, want one about the body", p.Warnings)
	}
}

// TestArticleEnclosures checks what inspect does not print of a page.
func TestArticleEnclosures(t *testing.T) {
	p := readArticle(t, feeds.Source{}, `<html><head><link rel="canonical" href="/news/1.html"></head><body><h1>附件与影像的标题</h1><div id="zoom"><p>`+prose+`</p>
<video src="/v/1.MP4?k=1"></video><video><source src="/v/1.MP4?k=1"></video><audio src="s.mp3"></audio>
<a href="a b.docx">表 格</a><a href="list.html">名单</a><a href="javascript:x.pdf">脚本</a></div></body></html>`)
	want := []feeds.Enclosure{
		{URL: "http://portal.example.cn/v/1.MP4?k=1", Type: "video/mp4"},
		{URL: "http://portal.example.cn/news/s.mp3", Type: "audio/mpeg"},
		{URL: "http://portal.example.cn/news/a%20b.docx", Type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Title: "表 格"},
	}
	if diff := cmp.Diff(want, p.Enclosures); diff != "" {
		t.Errorf("enclosures (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"http://portal.example.cn/news/1.html"}, p.Aliases); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
}

// TestPictures reads the ways in which pages keep a picture's address.
func TestPictures(t *testing.T) {
	for img, want := range map[string]string{
		`<img src="a.jpg">`:                                            "http://portal.example.cn/news/a.jpg",
		`<img src="//img.example.cn/a.jpg">`:                           "http://img.example.cn/a.jpg",
		"<img src='b\tc\n.jpg'>":                                       "http://portal.example.cn/news/bc.jpg",
		"<img src=' a.jpg\n'>":                                         "http://portal.example.cn/news/a.jpg",
		`<img src="data:image/png;base64,AA" data-original="b.jpg">`:   "http://portal.example.cn/news/b.jpg",
		`<img src="loading.gif" data-src="c.jpg">`:                     "http://portal.example.cn/news/c.jpg",
		`<img src="loading.gif" oldsrc="d.jpg">`:                       "http://portal.example.cn/news/d.jpg",
		`<img srcset="s.jpg 1x, l.jpg 2x">`:                            "http://portal.example.cn/news/l.jpg",
		`<picture><source srcset="x.webp"><img src="e.jpg"></picture>`: "http://portal.example.cn/news/e.jpg",
		`<img src="data:image/png;base64,AA">`:                         "",
		`<img src="javascript:alert(1)">`:                              "",
		`<img src="file:///etc/passwd">`:                               "",
		`<img src="p.gif" width="1" height="1">`:                       "",
		`<img src="p.gif" height=" 0px">`:                              "",
		`<img>`:                                                        "",
	} {
		p := readArticle(t, feeds.Source{}, "<h1>图片地址的各种写法</h1><div id='zoom'><p>"+prose+"</p>"+img+"</div>")
		if got := strings.Join(p.Images, " "); got != want {
			t.Errorf("%s: pictures %q, want %q", img, got, want)
		}
	}
}

// TestGone checks the answers that look like pages: withdrawal notices are told apart from closed or guarded sites, and
// neither from articles that only speak of such things.
func TestGone(t *testing.T) {
	menu := strings.Repeat("<a href='/x/'>栏目名称</a>", 60)
	for _, c := range []struct {
		name, body string
		withdrawn  bool
		kind       feeds.FaultKind // "" for an article
	}{
		{name: "deleted", body: "<h3>该文章已被删除</h3>", withdrawn: true},
		{name: "deleted, in the site's frame", body: "<header>海河文明网</header>" + menu + "<p>抱歉，该稿件已撤回。</p><footer>版权所有 " + prose + prose + prose + prose + "</footer>", withdrawn: true},
		{name: "soft 404", body: "<title>404 Not Found</title><p>返回<a href='/'>首页</a>", withdrawn: true},
		{name: "no such page", body: "<p>您访问的页面不存在或已移走", withdrawn: true},
		{name: "maintenance", body: "<h1>网站正在维护</h1><p>请稍后再来。</p>", kind: feeds.FaultEmpty},
		{name: "guarded", body: "<title>访问验证</title><p>请开启 JavaScript 后刷新。</p>", kind: feeds.FaultEmpty},
		{name: "a script's cookie", body: "<script>document.cookie='a=1';location.reload()</script>", kind: feeds.FaultEmpty},
		{name: "meta refresh", body: `<meta http-equiv="refresh" content="0;url=/404.html">`, kind: feeds.FaultEmpty},
		{name: "nothing", body: "", kind: feeds.FaultEmpty},
		{name: "a title alone", body: "<title>只有标题</title><h1>只有标题</h1>", kind: feeds.FaultEmpty},
		{name: "endless nesting", body: strings.Repeat("<div>", 100_000), kind: feeds.FaultFormat},
		{name: "an article about it", body: "<h1>平台清理违规内容</h1><div id='zoom'><p>有关文章已被删除。" + strings.Repeat(prose, 4) + "</p></div>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := newReader(t).ReadArticle(feeds.Source{}, response(c.body))
			if c.kind != "" {
				wantFault(t, err, c.kind)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Withdrawn != c.withdrawn {
				t.Errorf("withdrawn is %v, want %v", p.Withdrawn, c.withdrawn)
			}
		})
	}
}

// TestHugePages reads the first part of pages that no portal would send on purpose. They end; go test's own deadline is
// the watch.
func TestHugePages(t *testing.T) {
	repeat := func(unit string, size int) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, unit, i)
		}
		return b.String()
	}
	for name, body := range map[string]string{
		"paragraphs": repeat("<p>"+prose+"%d</p>", 6<<20),
	} {
		t.Run(name, func(t *testing.T) {
			p := readArticle(t, feeds.Source{}, "<h1>一个很大的页面</h1><div>"+prose+body)
			if !strings.HasPrefix(p.Text, prose[:30]) {
				t.Errorf("the body begins with %.60q", p.Text)
			}
			if !strings.Contains(strings.Join(p.Warnings, ""), "页面过大") {
				t.Errorf("warnings %q say nothing of the size", p.Warnings)
			}
		})
	}
}
