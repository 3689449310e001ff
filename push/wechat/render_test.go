package wechat_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"wefeed/feeds"
	"wefeed/push"
	"wefeed/push/wechat"
)

var update = flag.Bool("update", false, "write golden files anew")

func articles(a ...feeds.Article) []feeds.Article { return a }

func uploaded(i int) string { return fmt.Sprintf("https://mmbiz.example.cn/%d.jpg", i) }

// TestRender holds testdata/render/*.html, as the portal has them, against *.golden, as WeChat gets them.
func TestRender(t *testing.T) {
	inputs, err := filepath.Glob("testdata/render/*.html")
	if err != nil || len(inputs) == 0 {
		t.Fatal("no inputs", err)
	}
	for _, input := range inputs {
		t.Run(filepath.Base(input), func(t *testing.T) {
			in, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			got, err := wechat.Render(article("题", string(in)), zone, uploaded)
			if err != nil {
				t.Fatal(err)
			}
			checkHTML(t, got)
			got = strings.ReplaceAll(got, "><", ">\n<") + "\n"
			name := strings.TrimSuffix(input, ".html") + ".golden"
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// checkHTML fails on whatever WeChat would not take, or should not get.
func checkHTML(t *testing.T, content string) {
	t.Helper()
	if n := utf8.RuneCountInString(content); n >= 20000 || len(content) >= 1<<20 {
		t.Errorf("%d characters, %d bytes", n, len(content))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(content); err != nil || strings.Contains(strings.ReplaceAll(b.String(), `\\`, ""), `\u`) {
		t.Fatalf("followers would see escapes: %s %v", b.Bytes(), err)
	}
	open := []string{}
	for z := html.NewTokenizer(strings.NewReader(content)); ; {
		kind := z.Next()
		tok := z.Token()
		switch kind {
		case html.ErrorToken:
			if len(open) != 0 {
				t.Fatalf("left open: %v", open)
			}
			return
		case html.CommentToken, html.DoctypeToken:
			t.Fatalf("%v", tok)
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("</%s> closes %v", tok.Data, open)
			}
			open = open[:len(open)-1]
		case html.StartTagToken:
			checkTag(t, tok)
			if tok.Data != "img" && tok.Data != "br" && tok.Data != "hr" {
				open = append(open, tok.Data)
			}
		}
	}
}

func checkTag(t *testing.T, tok html.Token) {
	t.Helper()
	allowed := "p h2 h3 h4 section blockquote ul ol li table th td tr tbody thead figure figcaption img strong b em i u sub sup br hr span"
	if !strings.Contains(" "+allowed+" ", " "+tok.Data+" ") {
		t.Errorf("<%s>", tok.Data)
	}
	for _, a := range tok.Attr {
		switch {
		case a.Key == "src" && tok.Data == "img" && strings.HasPrefix(a.Val, "https://mmbiz.example.cn/"):
		case a.Key == "alt" && tok.Data == "img", a.Key == "style" && !strings.Contains(a.Val, "url("):
		case a.Key == "colspan", a.Key == "rowspan":
		default:
			t.Errorf("<%s %s=%q>", tok.Data, a.Key, a.Val)
		}
	}
}

func TestLongArticles(t *testing.T) {
	picture := `<img src="https://portal.example.cn/a.jpg">`
	long := func(i int) string {
		return "https://mmbiz.qpic.cn/mmbiz_jpg/" + strings.Repeat("x", 110) + fmt.Sprint(i)
	}
	for name, content := range map[string]string{
		"one paragraph":         "<p>" + strings.Repeat("长", 30000) + "</p>",
		"in one wrapper":        "<div><div>" + strings.Repeat("<p>"+strings.Repeat("长", 99)+"</p>", 300) + "</div></div>",
		"bare text":             strings.Repeat("长<", 30000),
		"many pictures":         "<div>" + strings.Repeat(picture, 500) + "</div>",
		"pictures and words":    strings.Repeat("<p>"+strings.Repeat("长", 200)+"</p>"+picture, 100),
		"nothing but ampersand": strings.Repeat("&amp;", 19000),
		"emoji":                 strings.Repeat("😀", 30000),
		"table":                 "<table>" + strings.Repeat("<tr><td>格</td><td>格</td></tr>", 2000) + "</table>",
	} {
		t.Run(name, func(t *testing.T) {
			out, err := wechat.Render(article("题", content), zone, long)
			if err != nil {
				t.Fatal(err)
			}
			n := utf8.RuneCountInString(out)
			if n >= 20000 || n < 10000 {
				t.Errorf("%d characters, want nearly 20 000", n)
			}
			if !strings.Contains(out, "请点击“阅读原文”继续阅读") || !strings.Contains(out, "稿源：某市日报") {
				t.Errorf("no word of the rest, or no credits: …%s", out[len(out)-600:])
			}
		})
	}
	whole, err := wechat.Render(article("题", "<p>"+strings.Repeat("长", 19000)+"</p>"), zone, long)
	if err != nil || strings.Contains(whole, "继续阅读") || strings.Count(whole, "长") != 19000 {
		t.Errorf("an article that fits was cut: %v", err)
	}
}

func TestFooter(t *testing.T) {
	bare := feeds.Article{Content: "<p>文</p>"}
	if out, err := wechat.Render(bare, zone, uploaded); err != nil || strings.Count(out, "<p") != 1 {
		t.Errorf("credits of nobody: %s", out)
	}
	a := article("题", "<p>文</p>")
	a.Origin = `<script>"某报"</script>`
	out, err := wechat.Render(a, zone, uploaded)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"稿源：&lt;script&gt;&#34;某报&#34;&lt;/script&gt;", "作者：张三", "编辑：李四", "发布日期：2026-11-19"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in %s", want, out)
		}
	}
}

func TestPieces(t *testing.T) {
	r := newRig(t, serviceAccount())
	a := article("题\u2028目", "<style>p{}</style><p>第一段</p><p>第二段\u2028</p><script>alert(1)</script>")
	a.Author, a.Origin = "", "一家名字非常长以至于超过了十六个字的报社"
	single, _ := r.set(a)
	p := single[0]
	if p.SourceURL != "https://feeds.example.cn/a/"+a.ID+"?d="+mark || p.ArticleID != a.ID {
		t.Errorf("original at %s", p.SourceURL)
	}
	if p.Digest != "第一段 第二段" {
		t.Errorf("digest %q", p.Digest)
	}
	if utf8.RuneCountInString(p.Author) != 16 || !strings.HasSuffix(p.Author, "…") {
		t.Errorf("author %q", p.Author)
	}
	both, _ := r.set(a, article("二", "<p>文</p>"))
	if both[0].Digest != "" || both[1].Author != "张三" || both[0].CoverID == "" || both[1].CoverID == "" {
		t.Errorf("two articles: %+v", both)
	}
	if _, err := r.AddDraft(t.Context(), both); err != nil {
		t.Fatal(err)
	}
	state := fmt.Sprint(r.list("drafts"))
	if strings.Contains(state, `\u`) || !strings.Contains(state, "第二段") {
		t.Errorf("followers would see escapes: %s", state)
	}
}

// TestEightFullArticles: what Set makes is within WeChat's limits, as the sandbox holds them.
func TestEightFullArticles(t *testing.T) {
	r := newRig(t, serviceAccount())
	r.pictures["/a.png"] = asPNG(corners(40, 30))
	body := strings.Repeat(`<div><p>`+strings.Repeat("长&", 400)+`</p><img src="`+r.portal+`/a.png"></div>`, 40)
	var all []feeds.Article
	for range 8 {
		all = append(all, article(strings.Repeat("题", 32), body))
	}
	pieces, _ := r.set(all...)
	if _, err := r.AddDraft(t.Context(), pieces); err != nil {
		t.Fatal(err)
	}
}

func FuzzRender(f *testing.F) {
	inputs, _ := filepath.Glob("testdata/render/*.html")
	for _, input := range inputs {
		b, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b), "某报")
	}
	f.Add(strings.Repeat("<b><section>", 600)+"深", "\xff\u2028")
	f.Fuzz(func(t *testing.T, content, origin string) {
		a := article("题", content)
		a.Origin = origin[:min(len(origin), 200)]
		out, err := wechat.Render(a, zone, uploaded)
		if err != nil {
			t.Fatal(err)
		}
		checkHTML(t, out)
	})
}

func benchArticle(r *rig) feeds.Article {
	return article("题", strings.Repeat(`<p>`+strings.Repeat("正文", 50)+`<strong>重点</strong></p>`, 20)+
		`<p><img src="`+r.portal+`/a.jpg" alt="图"></p><table><tr><td>一</td><td>二</td></tr></table>`)
}

func BenchmarkRender(b *testing.B) {
	a := benchArticle(&rig{portal: "https://portal.example.cn"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wechat.Render(a, zone, uploaded); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSet sets an edition of eight articles with a photo each, all uploaded before.
func BenchmarkSet(b *testing.B) {
	r := newRig(b, serviceAccount())
	r.pictures["/a.jpg"] = asJPEG(corners(1000, 750))
	e := push.Edition{Mark: mark}
	var all []feeds.Article
	for range 8 {
		all = append(all, benchArticle(r))
		e.Items = append(e.Items, push.EditionItem{Title: "题"})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := r.Set(b.Context(), e, all); err != nil {
			b.Fatal(err)
		}
	}
}
