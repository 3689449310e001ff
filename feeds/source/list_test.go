package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
)

// TestListSelectors checks that selectors find what the structure alone would not show.
func TestListSelectors(t *testing.T) {
	const page = `<html><body>
<div id="hot"><p><a href="/h/1.html">热点里很长很长的一条新闻标题</a> 2026-11-01</p><p><a href="/h/2.html">热点里又一条很长的新闻标题</a> 2026-11-02</p></div>
<div id="list">
<div class="row"><em>2026-11-20</em><a class="col" href="/c/">栏目名称比标题还要长得多</a><a class="t" href="/d/3.html">短讯</a><i>2020-01-01</i></div>
<div class="row"><em>不详</em><a class="t" href="/d/t20261119_4.html">短评</a></div>
<a class="row t" href="/d/5.html">整行都是链接</a>
</div></body></html>`
	for _, c := range []struct {
		name string
		sel  feeds.Selectors
		want []string
	}{
		{"all three", feeds.Selectors{Item: "#list .row", Link: "a.t", ItemDate: "em"},
			[]string{"短讯 /d/3.html 2026-11-20", "短评 /d/t20261119_4.html ", "整行都是链接 /d/5.html "}},
		{"item alone", feeds.Selectors{Item: "#list .row"},
			[]string{"栏目名称比标题还要长得多 /c/ 2026-11-20", "短评 /d/t20261119_4.html 2026-11-19", "整行都是链接 /d/5.html "}},
		{"none", feeds.Selectors{},
			[]string{"热点里很长很长的一条新闻标题 /h/1.html 2026-11-01", "热点里又一条很长的新闻标题 /h/2.html 2026-11-02"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := newReader(t).ReadList(feeds.Source{Select: c.sel}, response(page))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, it := range l.Items {
				day := ""
				if !it.Published.IsZero() {
					day = it.Published.Format("2006-01-02")
				}
				got = append(got, it.Title+" "+strings.TrimPrefix(it.URL, "http://portal.example.cn")+" "+day)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestShortTitles: 讣告 is a title; 更多 is not.
func TestShortTitles(t *testing.T) {
	page := `<ul><li><a href='/1.html'>讣告</a> 2026-11-20</li><li><a href='/2.html'>关于召开志愿服务工作推进会的通知</a> 2026-11-19</li>
		<li><a href='/3.html'>请战</a> 2026-11-18</li><li><a href='/4.html'>全市文明实践骨干培训班今天开班</a> 2026-11-17</li></ul><a href="/more/">更多</a>`
	l, err := newReader(t).ReadList(feeds.Source{}, response(page))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range l.Items {
		got = append(got, it.Title)
	}
	if diff := cmp.Diff([]string{"讣告", "关于召开志愿服务工作推进会的通知", "请战", "全市文明实践骨干培训班今天开班"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestSelectorsWithoutMatch: a redesign costs no news; the admin is told.
func TestSelectorsWithoutMatch(t *testing.T) {
	page := "<ul><li><a href='/1.html'>标题标题标题</a> 2026-11-20</li><li><a href='/2.html'>另一篇的标题</a> 2026-11-19</li></ul>"
	l, err := newReader(t).ReadList(feeds.Source{Select: feeds.Selectors{Item: ".gone", Link: "b", ItemDate: "i"}}, response(page))
	if err != nil || len(l.Items) != 2 || l.Items[0].Published.IsZero() || len(l.Warnings) != 1 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestListFaults(t *testing.T) {
	for _, c := range []struct {
		name, body string
		sel        feeds.Selectors
		kind       feeds.FaultKind
	}{
		{"nothing", "", feeds.Selectors{}, feeds.FaultEmpty},
		{"maintenance", "<html><body><h1>系统正在维护，请稍后访问</h1><a href='/'>返回首页</a></body></html>", feeds.Selectors{}, feeds.FaultEmpty},
		{"a script challenge", "<script>document.cookie='k=1';location.reload()</script>", feeds.Selectors{}, feeds.FaultEmpty},
		{"navigation alone", "<nav><a href='/a/20261123/1.html'>导航里的第一条长链接</a><a href='/a/20261123/2.html'>导航里的第二条长链接</a></nav>", feeds.Selectors{}, feeds.FaultEmpty},
		{"a selector without match, and no list either", "<p>只有一段话</p>", feeds.Selectors{Item: ".gone"}, feeds.FaultEmpty},
		{"links without addresses", "<ul><li><a href='javascript:a()'>标题标题标题</a></li><li><a href='#'>标题标题标题</a></li></ul>", feeds.Selectors{Item: "li"}, feeds.FaultEmpty},
		{"endless nesting", strings.Repeat("<div>", 100_000), feeds.Selectors{}, feeds.FaultFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := newReader(t).ReadList(feeds.Source{Select: c.sel}, response(c.body))
			wantFault(t, err, c.kind)
			if l != nil {
				t.Error("a listing came with the fault")
			}
		})
	}
}

// TestListBound checks that a list of very many links is read up to the bound, from the top, and each link once.
func TestListBound(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, `<li><a href="/2026/%d.html">第 %d 条文章的标题</a><a href="/2026/%d.html">详细&gt;&gt;</a> 2026-11-20</li>`, i, i, i)
	}
	l, err := newReader(t).ReadList(feeds.Source{}, response("<ul>"+b.String()+"</ul>"))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Items) != 1000 || l.Items[0].Title != "第 0 条文章的标题" || l.Items[999].URL != "http://portal.example.cn/2026/999.html" {
		t.Errorf("%d items from %q to %q", len(l.Items), l.Items[0].Title, l.Items[len(l.Items)-1].URL)
	}
}
