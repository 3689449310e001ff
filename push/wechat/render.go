package wechat

import (
	"fmt"
	"html"
	"strings"
	"time"
	"unicode"
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

// addressSpace is what a picture's address may take of the characters of an article: WeChat's have about 140.
const addressSpace = 200

// more stands below a text that had to be cut.
const more = "（全文较长，请点击“阅读原文”继续阅读）"

// A rendering is an article's HTML with slots for its pictures.
type rendering struct {
	html   string
	text   string   // its words alone
	images []string // the pictures' own addresses; slot(i) stands for the i-th
}

// render sets an article for a phone: inline styles only, no classes, ids or scripts, no links (WeChat opens none in a
// text), the portal's own words on 稿源 and 编辑 below, and the printed date. What is over WeChat's limit is cut.
func render(a feeds.Article, zone *time.Location) (rendering, error) {
	body := &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := xhtml.ParseFragment(strings.NewReader(a.Content), body)
	if err != nil { // nested too deep: its words alone
		nodes = []*xhtml.Node{{Type: xhtml.TextNode, Data: text(a.Content)}}
	}
	foot, cut := footer(a, zone), paragraph(more)
	w := &writer{left: maxContent - 2 - utf8.RuneCountInString(foot+cut)}
	for _, n := range nodes {
		w.node(n)
	}
	if w.full {
		w.out.WriteString(cut)
	}
	return rendering{html: w.out.String() + foot, text: w.words.String(), images: w.images}, nil
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
		html.EscapeString(clean(strings.Join(words, "　"))) + `</p>`
}

type writer struct {
	out    strings.Builder
	words  strings.Builder
	images []string
	depth  int
	left   int // characters that may still be written
	full   bool
}

// maxDepth bounds how deep an article may nest; what is deeper is set as plain text of its parent.
const maxDepth = 60

// take sets n characters aside; false means that there is no more room, for them and for all that follows.
func (w *writer) take(n int) bool {
	w.full = w.full || n > w.left
	if w.full {
		return false
	}
	w.left -= n
	return true
}

func (w *writer) node(n *xhtml.Node) {
	switch {
	case w.full:
	case n.Type == xhtml.TextNode:
		w.text(n.Data)
	case n.Type != xhtml.ElementNode || mute[n.Data]:
	case n.Data == "img":
		w.image(n)
	default:
		w.element(n)
	}
}

// text writes as much of a text as there is room for.
func (w *writer) text(data string) {
	for _, r := range clean(data) {
		escaped := html.EscapeString(string(r))
		if !w.take(len([]rune(escaped))) {
			w.out.WriteString("…")
			return
		}
		w.out.WriteString(escaped)
		w.words.WriteRune(r)
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
	open, end := "<"+name, "</"+name+">"
	if style != "" {
		open += ` style="` + style + `"`
	}
	for _, key := range []string{"colspan", "rowspan"} {
		if v := attr(n, key); v != "" && len(v) <= 2 && strings.Trim(v, "0123456789") == "" {
			open += ` ` + key + `="` + v + `"`
		}
	}
	open += ">"
	if name == "br" || name == "hr" {
		end = ""
	}
	if !w.take(len(open) + len(end)) {
		return
	}
	w.out.WriteString(open)
	if end != "" {
		w.children(n)
		w.words.WriteByte(' ')
	}
	w.out.WriteString(end)
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
	tag := `<img src="` + slot(len(w.images)) + `" style="` + theme["img"] + `"`
	if alt := clean(attr(n, "alt")); alt != "" {
		tag += ` alt="` + html.EscapeString(alt) + `"`
	}
	tag += ">"
	if w.take(utf8.RuneCountInString(tag) + addressSpace) {
		w.out.WriteString(tag)
		w.images = append(w.images, src)
	}
}

// clean takes out of a text what JSON cannot carry raw: an encoder writes it as \uXXXX, and WeChat shows that to the
// followers.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

func paragraph(text string) string {
	return `<p style="` + theme["p"] + `">` + html.EscapeString(text) + `</p>`
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
	for i := range r.images {
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
	text = strings.Join(strings.Fields(clean(text)), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
