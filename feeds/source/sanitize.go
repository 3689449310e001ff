package source

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/PuerkitoBio/goquery"
	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"

	"wefeed/feeds"
)

// policy is what an article's HTML may hold: the structure of a text and its pictures. No style, class, id, script,
// frame, form or event handler; links and pictures over http and https alone.
func policy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "strong", "b", "em", "i", "u", "sub", "sup", "s", "del",
		"ul", "ol", "li", "blockquote", "figure", "figcaption", "pre", "code", "div",
		"table", "thead", "tbody", "tfoot", "tr", "caption")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^\d{1,4}$`)).OnElements("img")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^\d{1,2}$`)).OnElements("td", "th")
	p.AllowElements("td", "th")
	web := func(u *url.URL) bool { return u.Host != "" && u.User == nil }
	p.AllowURLSchemeWithCustomPolicy("http", web)
	p.AllowURLSchemeWithCustomPolicy("https", web)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(false)
	return p
}

var cleaner = policy()

// A cleaned content.
type content struct {
	html       string
	text       string
	images     []string
	enclosures []feeds.Enclosure
}

// clean makes a body harmless and its addresses absolute. The body itself is changed.
func clean(body *goquery.Selection, base *url.URL) content {
	var c content
	body.Find("script, style, noscript, template, iframe, object, embed, form, button, input, select, textarea, svg, math, link, meta, base").Remove()
	lazyImages(body)
	c.enclosures = media(body, base)
	resolve(body, base)
	body.Find("h1").Each(func(_ int, h *goquery.Selection) { rename(h, "h2") })
	body.Find("section, article, main, center").Each(func(_ int, s *goquery.Selection) { rename(s, "div") })
	flatten(body)
	trimParagraphs(body)
	inner, err := body.Html()
	if err != nil {
		return c
	}
	c.html = sanitize(inner)
	c.text, c.images = describe(c.html)
	return c
}

// sanitize is bluemonday's pass, repeated on its own output until nothing changes: what is served parses as it reads.
// Each pass resolves references, also those to characters that are not printable. What will not settle is dropped.
func sanitize(dirty string) string {
	pass := func(text string) string { return strings.TrimSpace(printable(cleaner.Sanitize(text))) }
	out := pass(printable(dirty))
	for range 4 {
		again := pass(out)
		if again == out {
			return out
		}
		out = again
	}
	return ""
}

// printable drops the characters that XML does not know: feeds could not carry them.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if legal(r) {
			return r
		}
		return -1
	}, text)
}

// legal reports whether XML 1.0 may hold the character (production 2), non-characters excepted.
func legal(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return true
	case r < 0x20, r >= 0x7F && r <= 0x9F && r != 0x85, r >= 0xD800 && r <= 0xDFFF, r&0xFFFE == 0xFFFE, r >= 0xFDD0 && r <= 0xFDEF:
		return false
	}
	return true
}

// lazyImages gives pictures that a script would load the address that they wait for.
func lazyImages(body *goquery.Selection) {
	body.Find("img").Each(func(_ int, img *goquery.Selection) {
		if pixel(img) {
			img.Remove()
			return
		}
		src := img.AttrOr("src", "")
		for _, key := range []string{"data-src", "data-original", "data-actualsrc", "data-url", "oldsrc", "data-lazy-src", "original"} {
			later := strings.TrimSpace(img.AttrOr(key, ""))
			if later != "" && !strings.HasPrefix(later, "data:") {
				img.SetAttr("src", later)
				return
			}
		}
		if strings.HasPrefix(src, "data:") || src == "" {
			src = fromSet(img.AttrOr("srcset", ""))
			img.SetAttr("src", src)
		}
		if src == "" {
			img.Remove()
		}
	})
}

// pixel reports whether a picture only counts readers.
func pixel(img *goquery.Selection) bool {
	for _, key := range []string{"width", "height"} {
		if n := strings.TrimSuffix(strings.TrimSpace(img.AttrOr(key, "")), "px"); n == "0" || n == "1" {
			return true
		}
	}
	return false
}

// fromSet is the last, most often the largest, picture of a srcset.
func fromSet(set string) string {
	candidates := strings.Split(set, ", ")
	if fields := strings.Fields(candidates[len(candidates)-1]); len(fields) > 0 && !strings.HasPrefix(fields[0], "data:") {
		return strings.TrimRight(fields[0], ",")
	}
	return ""
}

var attachment = regexp.MustCompile(`(?i)\.(pdf|docx?|xlsx?|pptx?|wps|et|zip|rar|7z|mp3|mp4|m4a|ofd)$`)

var mediaTypes = map[string]string{
	"pdf": "application/pdf", "doc": "application/msword", "xls": "application/vnd.ms-excel", "zip": "application/zip",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"mp3":  "audio/mpeg", "m4a": "audio/mp4", "mp4": "video/mp4",
}

// media collects videos, sounds and attached documents. Players go; links to documents stay in the text.
func media(body *goquery.Selection, base *url.URL) []feeds.Enclosure {
	var found []feeds.Enclosure
	seen := map[string]bool{"": true}
	add := func(ref, title string) {
		address := absolute(base, ref)
		u, err := url.Parse(address)
		if err != nil || seen[address] {
			return
		}
		seen[address] = true
		ending := ""
		if m := attachment.FindStringSubmatch(u.Path); m != nil {
			ending = strings.ToLower(m[1])
		}
		found = append(found, feeds.Enclosure{URL: address, Type: mediaTypes[ending], Title: title})
	}
	body.Find("video, audio").Each(func(_ int, v *goquery.Selection) {
		ref := v.AttrOr("src", v.Find("source[src]").First().AttrOr("src", ""))
		if poster := absolute(base, v.AttrOr("poster", "")); poster != "" {
			v.BeforeNodes(&html.Node{Type: html.ElementNode, Data: "img", Attr: []html.Attribute{{Key: "src", Val: poster}}})
		}
		add(ref, "")
		v.Remove()
	})
	body.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		if u, err := url.Parse(a.AttrOr("href", "")); err == nil && attachment.MatchString(u.Path) {
			add(u.String(), words(a))
		}
	})
	return found
}

// resolve makes addresses absolute; links and pictures without one lose theirs.
func resolve(body *goquery.Selection, base *url.URL) {
	body.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		if to := absolute(base, a.AttrOr("href", "")); to != "" {
			a.SetAttr("href", to)
		} else {
			a.RemoveAttr("href")
		}
	})
	body.Find("img").Each(func(_ int, img *goquery.Selection) {
		if to := absolute(base, img.AttrOr("src", "")); to != "" {
			img.SetAttr("src", to)
		} else {
			img.Remove()
		}
	})
}

func rename(s *goquery.Selection, name string) {
	for _, n := range s.Nodes {
		n.Data, n.DataAtom = name, 0
	}
}

// trimParagraphs takes the indents of typed ideographic spaces away, and paragraphs that hold nothing else.
func trimParagraphs(body *goquery.Selection) {
	body.Find("p").Each(func(_ int, p *goquery.Selection) {
		if fold(p.Text()) == "" && p.Find("img, table").Length() == 0 {
			p.Remove()
			return
		}
		trimStart(p.Nodes[0])
	})
}

// trimStart trims the first text below n, as long as nothing visible stands before it.
func trimStart(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode:
			c.Data = strings.TrimLeftFunc(c.Data, func(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' })
			if c.Data != "" {
				return true
			}
		case c.Type == html.ElementNode && (c.Data == "img" || trimStart(c)):
			return true
		}
	}
	return false
}

// describe returns a content's plain text, a line a block, and its pictures.
func describe(safe string) (text string, images []string) {
	var b strings.Builder
	seen := map[string]bool{}
	for z := html.NewTokenizer(strings.NewReader(safe)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return lines(b.String()), images
		case html.TextToken:
			b.WriteString(strings.ReplaceAll(string(z.Text()), "\n", " "))
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			for _, a := range t.Attr {
				if t.Data == "img" && a.Key == "src" && !seen[a.Val] {
					seen[a.Val] = true
					images = append(images, a.Val)
				}
			}
			if block(t.Data) {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			switch name, _ := z.TagName(); {
			case block(string(name)):
				b.WriteByte('\n')
			case string(name) == "td" || string(name) == "th":
				b.WriteByte(' ')
			}
		}
	}
}

func block(tag string) bool {
	return slices.Contains([]string{"p", "br", "div", "li", "tr", "h2", "h3", "h4", "h5", "h6", "blockquote", "figure", "figcaption", "table", "ul", "ol", "hr", "pre"}, tag)
}

func lines(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if line = fold(line); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}
