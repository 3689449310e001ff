package source_test

import (
	"fmt"
	"strings"
	"testing"

	"wefeed/feeds"
)

// The benchmarks read one document of usual size and one ten times as large: the time a byte takes must not grow.

func BenchmarkReadFeed(b *testing.B) {
	for _, items := range []int{50, 500} {
		var s strings.Builder
		s.WriteString(`<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>文明校园</title><link>http://portal.example.cn/</link>`)
		for i := range items {
			fmt.Fprintf(&s, `<item><title>第 %d 条文章的标题</title><link>http://portal.example.cn/%d.html</link><guid>http://portal.example.cn/%d.html</guid>`+
				`<pubDate>Mon, 23 Nov 2026 08:05:09 +0800</pubDate><content:encoded><![CDATA[%s]]></content:encoded></item>`, i, i, i, bodyOf(2000))
		}
		s.WriteString("</channel></rss>")
		bench(b, fmt.Sprintf("items=%d", items), s.String(), func(resp *feeds.Response) error {
			_, err := newReader(b).ReadFeed(feeds.Source{}, resp)
			return err
		})
	}
}

func BenchmarkReadList(b *testing.B) {
	for _, items := range []int{50, 500} {
		var s strings.Builder
		s.WriteString(siteHead + `<ul class="list">`)
		for i := range items {
			fmt.Fprintf(&s, `<li><a href="./202611/t20261123_%d.html" title="第 %d 条文章的一个完整的标题">第 %d 条文章的一个完整的…</a><span>2026-11-23</span></li>`, i, i, i)
		}
		s.WriteString("</ul>" + siteFoot)
		for _, c := range []struct {
			by  string
			sel feeds.Selectors
		}{{"structure", feeds.Selectors{}}, {"selectors", feeds.Selectors{Item: "ul.list li", Link: "a", ItemDate: "span"}}} {
			bench(b, fmt.Sprintf("by=%s/items=%d", c.by, items), s.String(), func(resp *feeds.Response) error {
				_, err := newReader(b).ReadList(feeds.Source{Select: c.sel}, resp)
				return err
			})
		}
	}
}

func BenchmarkReadArticle(b *testing.B) {
	for _, size := range []int{60_000, 600_000} {
		for _, by := range []string{"container", "readability"} {
			open := map[string]string{"container": `<div id="zoom">`, "readability": "<div>"}[by]
			page := siteHead + "<h1>河边步道的新长椅</h1><p>2026-11-23 08:05　来源：海河日报</p>" + open + bodyOf(size) + "</div>" + siteFoot
			bench(b, fmt.Sprintf("by=%s/kB=%d", by, size/1000), page, func(resp *feeds.Response) error {
				_, err := newReader(b).ReadArticle(feeds.Source{}, resp)
				return err
			})
		}
	}
}

func bench(b *testing.B, name, body string, read func(*feeds.Response) error) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		resp := response(body)
		for b.Loop() {
			if err := read(resp); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// bodyOf is an article's body of about this many bytes.
func bodyOf(size int) string {
	unit := `<p style="text-indent:2em">` + prose + `<strong>灯还亮着。</strong></p><p><img src="./W020261123.jpg" alt="步道"></p>` + "\n"
	return strings.Repeat(unit, max(1, size/len(unit)))
}

var (
	siteHead = `<html><head><meta charset="utf-8"><title>河边步道的新长椅_海河文明网</title></head><body><div class="nav"><ul>` +
		strings.Repeat(`<li><a href="/jingshen/">精神建设进行时</a></li>`, 15) + `</ul></div>`
	siteFoot = `<div class="side"><ul>` + strings.Repeat(`<li>·<a href="/h/20261101_1.html">侧栏里的一条热点新闻</a></li>`, 40) +
		`</ul></div><div class="footer">Copyright 2008-2026</div></body></html>`
)
