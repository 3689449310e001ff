package wechat

import (
	"fmt"
	"html"
	"strings"
	"time"
	"unicode/utf8"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"wefeed/feeds"
)

// WeChat's limits on an article (draft/add).
const (
	maxAuthor  = 16
	maxDigest  = 128
	maxContent = 20000 // characters, exclusive
)

// theme is the style of every tag that an article may have. WeChat keeps inline styles only.
var theme = map[string]string{
	"p":          "margin:0 0 1.2em;line-height:1.8;font-size:17px;text-align:justify",
	"h2":         "margin:1.6em 0 .8em;font-size:19px;line-height:1.5;font-weight:bold",
	"h3":         "margin:1.4em 0 .7em;font-size:18px;line-height:1.5;font-weight:bold",
	"h4":         "margin:1.2em 0 .6em;font-size:17px;line-height:1.5;font-weight:bold",
	"section":    "margin:0 0 1em",
	"blockquote": "margin:0 0 1.2em;padding:.2em 0 .2em 1em;border-left:3px solid #b8c4cc;color:#555",
	"ul":         "margin:0 0 1.2em;padding-left:1.4em;font-size:17px;line-height:1.8",
	"ol":         "margin:0 0 1.2em;padding-left:1.6em;font-size:17px;line-height:1.8",
	"li":         "margin:0 0 .4em",
	"table":      "width:100%;margin:0 0 1.2em;border-collapse:collapse;font-size:15px",
	"th":         "border:1px solid #ccc;padding:.4em .5em;font-weight:bold;text-align:left",
	"td":         "border:1px solid #ccc;padding:.4em .5em",
	"figure":     "margin:0 0 1.2em",
	"figcaption": "margin:.4em 0 0;color:#777;font-size:14px;text-align:center",
	"img":        "display:block;max-width:100%;height:auto;margin:0 auto 1em",
	"strong":     "font-weight:bold", "b": "font-weight:bold", "em": "font-style:italic", "i": "font-style:italic",
	"u": "text-decoration:underline", "sub": "", "sup": "", "br": "", "hr": "border:0;border-top:1px solid #ddd;margin:1.6em 0",
	"tr": "", "tbody": "", "thead": "", "span": "",
}

// renamed are tags that WeChat's editor mistreats, and what stands for them.
var renamed = map[string]string{"div": "section", "article": "section", "h1": "h2", "h5": "h4", "h6": "h4", "del": "span", "s": "span"}

// mute are elements whose contents go too.
var mute = map[string]bool{"script": true, "style": true, "iframe": true, "object": true, "noscript": true, "svg": true, "form": true, "video": true, "audio": true}

// slot stands for the address of the n-th picture until that is known.
func slot(n int) string { return fmt.Sprintf("wefeed-picture-%d", n) }

// A rendering is an article's HTML with slots for its pictures.
type rendering struct {
	html   string
	images []string // the pictures' own addresses; slot(i) stands for the i-th
}

// render sets an article for a phone: inline styles only, no classes, ids or scripts, no links (WeChat opens none in a
// text), the portal's own words on 稿源 and 编辑 below, and the printed date.
func render(a feeds.Article, zone *time.Location) (rendering, error) {
	body := &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := xhtml.ParseFragment(strings.NewReader(a.Content), body)
	if err != nil {
		return rendering{}, fmt.Errorf("render article %s: %w", a.ID, err)
	}
	w := &writer{}
	left := maxContent - utf8.RuneCountInString(footer(a, zone)) - 400
	for i, n := range nodes {
		mark, images := w.out.Len(), len(w.images)
		w.node(n)
		if utf8.RuneCountInString(w.out.String()) > left {
			kept := w.out.String()[:mark]
			w.out.Reset()
			w.out.WriteString(kept)
			w.images = w.images[:images]
			if i < len(nodes) {
				w.tag("p", "（全文较长，请点击“阅读原文”继续阅读）")
			}
			break
		}
	}
	return rendering{html: w.out.String() + footer(a, zone), images: w.images}, nil
}

// footer is the line with 稿源 and 编辑, and the date as the portal printed it.
func footer(a feeds.Article, zone *time.Location) string {
	var words []string
	for _, w := range []struct{ label, value string }{{"稿源", a.Origin}, {"作者", a.Author}, {"编辑", a.Editor}} {
		if w.value != "" {
			words = append(words, w.label+"："+w.value)
		}
	}
	if !a.Published.IsZero() {
		words = append(words, "发布日期："+a.Published.In(zone).Format("2006-01-02"))
	}
	if len(words) == 0 {
		return ""
	}
	return `<p style="margin:2em 0 0;padding-top:.8em;border-top:1px solid #e5e5e5;color:#777;font-size:14px;line-height:1.8">` +
		html.EscapeString(strings.Join(words, "　")) + `</p>`
}

type writer struct {
	out    strings.Builder
	images []string
	depth  int
}

// maxDepth bounds how deep an article may nest; what is deeper is set as plain text of its parent.
const maxDepth = 60

func (w *writer) node(n *xhtml.Node) {
	switch {
	case n.Type == xhtml.TextNode:
		w.out.WriteString(html.EscapeString(n.Data))
	case n.Type != xhtml.ElementNode || mute[n.Data]:
	case n.Data == "img":
		w.image(n)
	default:
		w.element(n)
	}
}

func (w *writer) element(n *xhtml.Node) {
	name := n.Data
	if to, ok := renamed[name]; ok {
		name = to
	}
	style, known := theme[name]
	if !known || w.depth >= maxDepth { // a and whatever else: its contents stay
		w.children(n)
		return
	}
	w.out.WriteString("<" + name)
	if style != "" {
		w.out.WriteString(` style="` + style + `"`)
	}
	for _, key := range []string{"colspan", "rowspan"} {
		if v := attr(n, key); v != "" && len(v) <= 2 && strings.Trim(v, "0123456789") == "" {
			w.out.WriteString(` ` + key + `="` + v + `"`)
		}
	}
	w.out.WriteString(">")
	if name == "br" || name == "hr" {
		return
	}
	w.children(n)
	w.out.WriteString("</" + name + ">")
}

func (w *writer) children(n *xhtml.Node) {
	w.depth++
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
	w.depth--
}

func (w *writer) image(n *xhtml.Node) {
	src := attr(n, "src")
	if !strings.HasPrefix(src, "http://") && !strings.HasPrefix(src, "https://") {
		return
	}
	fmt.Fprintf(&w.out, `<img src="%s" style="%s"`, slot(len(w.images)), theme["img"])
	if alt := attr(n, "alt"); alt != "" {
		fmt.Fprintf(&w.out, ` alt="%s"`, html.EscapeString(alt))
	}
	w.out.WriteString(">")
	w.images = append(w.images, src)
}

func (w *writer) tag(name, text string) {
	fmt.Fprintf(&w.out, `<%s style="%s">%s</%s>`, name, theme[name], html.EscapeString(text), name)
}

func attr(n *xhtml.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// fill puts addresses into the slots. A picture without one is left out.
func (r rendering) fill(address func(i int) string) string {
	out := r.html
	for i := len(r.images) - 1; i >= 0; i-- { // picture-12 before picture-1
		old := `<img src="` + slot(i) + `"`
		if to := address(i); to != "" {
			out = strings.Replace(out, old, `<img src="`+html.EscapeString(to)+`"`, 1)
			continue
		}
		if at := strings.Index(out, old); at >= 0 {
			end := strings.IndexByte(out[at:], '>')
			out = out[:at] + out[at+end+1:]
		}
	}
	return out
}

// cutRunes cuts a text to n characters.
func cutRunes(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
