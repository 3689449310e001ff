package source_test

import (
	"strings"
	"testing"

	"wefeed/feeds"
)

// frame is a page around an article, as portals build them; HEAD and BODY stand for the article.
const frame = `<html><head><title>放学后的木工课_示范网</title></head><body>
<div class="top"><a href="/">示范网</a></div>
<table><tr><td><a href="/a/">要闻动态</a></td><td><a href="/b/">通知公告</a></td><td><a href="/c/">志愿服务</a></td></tr></table>
<div class="crumbs">当前位置：<a href="/">首页</a> &gt; <a href="/a/">要闻动态</a></div>
HEAD
BODY
<ul><li><a href="/1.html">另一篇文章的标题很长很长</a></li><li><a href="/2.html">再一篇文章的标题也很长</a></li><li><a href="/3.html">还有一篇</a></li></ul>
<div class="footer">编辑部电话：022-00000000　邮箱：editor@example.cn　示范网版权所有，未经许可不得转载</div></body></html>`

// TestShortArticles: an article of one line is no less one, and nothing around it is taken for it.
func TestShortArticles(t *testing.T) {
	for name, page := range map[string][2]string{
		"heading, date and text in one box": {"", `<div><h1>放学后的木工课</h1><p>2026-11-24</p><div><p>刨花一卷一卷落下。</p></div></div>`},
		"a well-known container":            {"<h1>放学后的木工课</h1>", `<div class="TRS_Editor"><p>刨花一卷一卷落下。</p></div>`},
		"an article element":                {"", `<article><h1>放学后的木工课</h1><p>时间：2026-11-24　来源：校园通讯</p><p>刨花一卷一卷落下。</p></article>`},
		"a kicker above the title":          {"", `<div><p>校园故事</p><h2>放学后的木工课</h2><div>2026-11-24</div><p>刨花一卷一卷落下。</p></div>`},
	} {
		t.Run(name, func(t *testing.T) {
			html := strings.NewReplacer("HEAD", page[0], "BODY", page[1]).Replace(frame)
			got, err := newReader(t).ReadArticle(feeds.Source{Charset: "auto"}, &feeds.Response{URL: "https://portal.example.cn/a/1.html", Body: []byte(html)})
			if err != nil {
				t.Fatal(err)
			}
			if got.Title != "放学后的木工课" || strings.TrimSpace(got.Text) != "刨花一卷一卷落下。" {
				t.Errorf("title %q, text %q", got.Title, got.Text)
			}
		})
	}
}

// TestFrameAlone is no article: a page whose article is missing must not be read as its navigation and footer.
func TestFrameAlone(t *testing.T) {
	html := strings.NewReplacer("HEAD", "", "BODY", "").Replace(frame)
	got, err := newReader(t).ReadArticle(feeds.Source{Charset: "auto"}, &feeds.Response{URL: "https://portal.example.cn/a/1.html", Body: []byte(html)})
	if err == nil {
		t.Errorf("read %q", got.Text)
	}
}
