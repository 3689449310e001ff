package source_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"wefeed/feeds"
	"wefeed/feeds/source"
)

// allowed are the elements of a cleaned text with their attributes.
var allowed = map[string]string{
	"p": "", "br": "", "hr": "", "h2": "", "h3": "", "h4": "", "h5": "", "h6": "", "strong": "", "b": "", "em": "", "i": "",
	"u": "", "sub": "", "sup": "", "s": "", "del": "", "ul": "", "ol": "", "li": "", "blockquote": "", "figure": "",
	"figcaption": "", "pre": "", "code": "", "div": "", "table": "", "thead": "", "tbody": "", "tfoot": "", "tr": "",
	"caption": "", "a": "href", "img": "src alt width height", "td": "colspan rowspan", "th": "colspan rowspan",
}

// harmless checks a cleaned text as a browser would read it, and once more as a browser would print what it read.
func harmless(t *testing.T, clean string) {
	t.Helper()
	if !utf8.ValidString(clean) {
		t.Errorf("invalid UTF-8: %q", clean)
	}
	for range 2 {
		root, err := html.Parse(strings.NewReader(clean))
		if err != nil {
			t.Fatalf("%v: %.200q", err, clean)
		}
		var b strings.Builder
		body := root.FirstChild.LastChild
		for n := range body.Descendants() {
			harmlessNode(t, n)
		}
		for n := range body.ChildNodes() {
			if err := html.Render(&b, n); err != nil {
				t.Fatal(err)
			}
		}
		if head := root.FirstChild.FirstChild; head.FirstChild != nil {
			t.Errorf("%q ends up in the head", head.FirstChild.Data)
		}
		clean = b.String()
	}
}

func harmlessNode(t *testing.T, n *html.Node) {
	t.Helper()
	switch n.Type {
	case html.TextNode:
		return
	case html.ElementNode:
	default:
		t.Errorf("a node of type %d: %q", n.Type, n.Data)
		return
	}
	attrs, ok := allowed[n.Data]
	if !ok || n.Namespace != "" {
		t.Errorf("element %s %s", n.Namespace, n.Data)
	}
	for _, a := range n.Attr {
		if !strings.Contains(" "+attrs+" ", " "+a.Key+" ") {
			t.Errorf("attribute %s of %s", a.Key, n.Data)
		}
		if a.Key == "href" || a.Key == "src" {
			webAddress(t, a.Val)
		}
	}
}

// webAddress checks an absolute address over http or https.
func webAddress(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		t.Errorf("address %q", address)
	}
}

// vectors try to leave something alive in a text. The word 正文 must survive where it stands outside.
var vectors = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//x.example/a.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<script/src=data:,alert(1)>`, "<script\n>alert(1)</script\n>", `<script>alert(1)`, `<<script>alert(1)//<</script>`,
	`<img src=x onerror=alert(1)>`, `<img src="x" OnErRoR="alert(1)">`, `<img/src=x/onerror=alert(1)>`, "<img src=x\u00a0onerror=alert(1)>",
	`<p onclick=alert(1)>a</p>`, `<body onload=alert(1)>`, `<details open ontoggle=alert(1)>`, `<marquee onstart=alert(1)>`,
	`<a href="javascript:alert(1)">a</a>`, `<a href=" javascript:alert(1)">a</a>`, "<a href=\"java\tscript:alert(1)\">a</a>",
	"<a href=\"java\nscript:alert(1)\">a</a>", `<a href="&#106;avascript:alert(1)">a</a>`, `<a href="&#x6A&#x61vascript&colon;alert(1)">a</a>`,
	"<a href=\"\x01javascript:alert(1)\">a</a>", `<a href="JaVaScRiPt:alert(1)">a</a>`, `<a href="javascript&Tab;:alert(1)">a</a>`,
	`<a href="vbscript:x">a</a>`, `<a href="data:text/html,<script>alert(1)</script>">a</a>`, `<a href="file:///etc/passwd">a</a>`,
	`<a href="http://user:pass@x.example/">a</a>`, `<a href="//x.example">a</a>`, `<a href="\\x.example">a</a>`, `<a href="https:javascript:alert(1)">a</a>`,
	`<a href="http://x.example/" target="_blank" ping="http://y.example" style="x:y">a</a>`, `<a href="http://x.example/&quot; onclick=&quot;alert(1)">a</a>`,
	`<img src="javascript:alert(1)">`, `<img src="data:image/svg+xml,<svg onload=alert(1)>">`, `<img src="http://x.example/a.png" srcset="javascript:a 1x" longdesc="javascript:a">`,
	`<img src="blob:http://x.example/1">`, `<img data-src="javascript:alert(1)" src="a.png">`, `<img width="1e9" height="expression(a)" src="a.png">`,
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg><a xlink:href="javascript:alert(1)"><text>a</text></a></svg>`,
	`<svg><style><img src=x onerror=alert(1)></style></svg>`, `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`<svg><foreignObject><iframe srcdoc="<script>alert(1)</script>"></iframe></foreignObject></svg>`, `<svg><animate onbegin=alert(1) attributeName=x dur=1s>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, `<math href="javascript:alert(1)">a</math>`,
	`<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>`,
	`<style>@import 'http://x.example'; p{background:url(javascript:alert(1))}</style>`, `<p style="width:expression(alert(1))">a</p>`, `<p style="background:url('javascript:alert(1)')">a</p>`,
	`<style><style/><img src=x onerror=alert(1)>`, `<select><style></select><script>alert(1)</script></style></select>`,
	`<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;"></iframe>`, `<iframe><img src=x onerror=alert(1)></iframe>`,
	`<object data="javascript:alert(1)"></object>`, `<embed src="javascript:alert(1)">`, `<applet code=a></applet>`, `<frameset onload=alert(1)><frame src="javascript:a"></frameset>`,
	`<base href="javascript:/a/">`, `<base href="http://x.example/"><a href="a">a</a>`, `<link rel=stylesheet href="http://x.example/a.css">`, `<meta http-equiv="refresh" content="0;url=javascript:alert(1)">`,
	`<form action="javascript:alert(1)"><button formaction="javascript:alert(1)">a</button><input autofocus onfocus=alert(1)></form>`, `<isindex action=javascript:alert(1) type=image>`,
	`<template><script>alert(1)</script></template>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<noembed><img src="</noembed><img src=x onerror=alert(1)>"></noembed>`,
	`<noframes><p title="</noframes><script>alert(1)</script>">`, `<xmp><img src="</xmp><img src=x onerror=alert(1)>"></xmp>`, `<plaintext><script>alert(1)</script>`,
	`<textarea><img src="</textarea><img src=x onerror=alert(1)>"></textarea>`, `<title><img src="</title><img src=x onerror=alert(1)>"></title>`, `<listing>&lt;img onerror=alert(1) src=x&gt;</listing>`,
	`<!--<img src="--><img src=x onerror=alert(1)//">`, `<!--> <img src=x onerror=alert(1)> -->`, `<![CDATA[<script>alert(1)</script>]]>`, `<?xml-stylesheet href="javascript:a"?>`, `<!DOCTYPE x [<!ENTITY a "<script>">]>&a;`,
	`<p title='a"><script>alert(1)</script>'>a</p>`, "<p title=`a` onclick=`alert(1)`>a</p>", `<a href='a"onclick="alert(1)'>a</a>`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `<x onclick=alert(1)>a</x>`,
	`<video src=x onerror=alert(1) poster="javascript:a"></video>`, `<audio><source onerror=alert(1) src=x></audio>`, `<table background="javascript:alert(1)"><tr><td background="javascript:a" colspan="1;x">a</td></tr></table>`,
	"<a href=\"http://x.example/\u2028\" id=\"x\" name=\"y\" class=\"z\">a</a>", "<p\x00 onclick=alert(1)>a</p>", "<scr\x00ipt>alert(1)</scr\x00ipt>", `<с onclick=a>`, `<script>/*`,
}

func TestSanitize(t *testing.T) {
	for _, v := range vectors {
		t.Run(v, func(t *testing.T) {
			for _, dirty := range []string{v, "<p>正文</p>" + v, "<div><p>" + v + "</p></div>", "<table><tr><td>" + v, "<b>" + v + v} {
				for _, got := range []string{source.Clean(dirty, "http://portal.example.cn/a/"), source.Sanitize(dirty)} {
					harmless(t, got)
					if again := source.Sanitize(got); again != got {
						t.Errorf("%q sanitised again is %q", got, again)
					}
				}
			}
			if got := source.Clean("<p>正文</p>"+v, "http://portal.example.cn/a/"); !strings.Contains(got, "<p>正文</p>") {
				t.Errorf("the text before it is lost: %q", got)
			}
		})
	}
}

// TestSanitizeKeeps checks that the structure of a text survives.
func TestSanitizeKeeps(t *testing.T) {
	for dirty, want := range map[string]string{
		`<h1>大</h1><h2>小</h2>`: `<h2>大</h2><h2>小</h2>`,
		`<p class="x" style="y">　　缩进</p><p>&nbsp;</p><p> <b>　粗</b></p>`:        `<p>缩进</p><p><b>粗</b></p>`,
		`<a href="b.html" rel="x">链接</a>`:                                      `<p><a href="http://portal.example.cn/a/b.html">链接</a></p>`,
		`<a name="x">锚</a>`:                                                    `<p>锚</p>`,
		`<img src="b.png" alt="图" width="600" height="40%" title="t">`:         `<p><img src="http://portal.example.cn/a/b.png" alt="图" width="600"/></p>`,
		`<table><tr><td colspan="2" rowspan="3" width="9">格</td></tr></table>`: `<table><tbody><tr><td colspan="2" rowspan="3">格</td></tr></tbody></table>`,
		`<font color="red"><span>红</span></font><center>中</center>`:            `<p>红</p><p>中</p>`,
		`a &lt; b &amp;&amp; c &gt; d`:                                         `<p>a &lt; b &amp;&amp; c &gt; d</p>`,
		`<section><p>甲</p></section>`:                                          `<p>甲</p>`,
		"退\x08格\x0b和\ufdd0非字符":                                                 `<p>退格和非字符</p>`,
		// Boxes go, whatever is in them; what stands in one box or another is the same.
		"<div>\n<div>甲</div>\n乙<p>丙</p> <div> </div></div>":  `<p>甲</p><p>乙</p><p>丙</p>`,
		`<div><p>甲</p><div><div><p>乙</p></div></div></div>丙`: `<p>甲</p><p>乙</p><p>丙</p>`,
		`<b>甲<p>乙</p></b>`: `<p>甲</p><p>乙</p>`,
		`<table><tr><td><div>甲</div><div>乙</div></td></tr></table>`: `<table><tbody><tr><td><p>甲</p><p>乙</p></td></tr></tbody></table>`,
		`<ul> <li><div>甲</div></li> <li>乙</li> </ul>`:               `<ul><li><p>甲</p></li><li>乙</li></ul>`,
	} {
		if got := source.Clean(dirty, "http://portal.example.cn/a/"); got != want {
			t.Errorf("%s\n got %s\nwant %s", dirty, got, want)
		}
	}
}

// TestHostileFields puts the vectors into every field of a feed and a page: names and titles are plain text for those
// who print them, addresses are web addresses.
func TestHostileFields(t *testing.T) {
	for _, v := range vectors {
		t.Run(v, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{
				"version": "https://jsonfeed.org/version/1.1", "title": v, "home_page_url": v,
				"items": []any{map[string]any{
					"id": v, "url": v, "title": "甲" + v, "content_html": v, "authors": []any{map[string]any{"name": v}},
					"attachments": []any{map[string]any{"url": v, "mime_type": v}},
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			l, err := newReader(t).ReadFeed(feeds.Source{}, response(string(body)))
			if err != nil {
				t.Fatal(err)
			}
			checkListing(t, l)
		})
	}
}

// checkListing holds a listing against what everyone downstream relies on.
func checkListing(t *testing.T, l *feeds.Listing) {
	t.Helper()
	plainText(t, l.Title, l.Encoding)
	if l.Link != "" {
		webAddress(t, l.Link)
	}
	if len(l.Items) == 0 || len(l.Items) > 1000 {
		t.Errorf("%d items", len(l.Items))
	}
	plainText(t, l.Warnings...)
	for _, it := range l.Items {
		checkItem(t, it)
	}
}

func checkItem(t *testing.T, it feeds.Item) {
	t.Helper()
	plainText(t, it.Title, it.GUID, it.Author, it.Origin, it.Editor, it.Text)
	harmless(t, it.Content)
	addresses := append(append([]string{}, it.Images...), it.Aliases...)
	for _, e := range it.Enclosures {
		addresses = append(addresses, e.URL)
		plainText(t, e.Type, e.Title)
	}
	if it.URL != "" {
		addresses = append(addresses, it.URL)
	}
	for _, a := range addresses {
		webAddress(t, a)
		plainText(t, a)
	}
	if it.Published.IsZero() != (it.Precision == "") {
		t.Errorf("published %v with precision %q", it.Published, it.Precision)
	}
	if y := it.Published.Year(); !it.Published.IsZero() && (y < 1900 || y > 2100) {
		t.Errorf("published in the year %d", y)
	}
}

// plainText checks that XML and JSON can carry the texts.
func plainText(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7F || r&0xFFFE == 0xFFFE }) {
			t.Errorf("text %q", text)
		}
	}
}
