package source

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// frames are the parts of a page that no article's text stands in.
const frames = `header, nav, footer, aside, .header, #header, .nav, .menu, .footer, .foot, #footer, #foot, .copyright, .breadcrumb, .breadcrumbs, .location,
	.crumbs, .related, .recommend, .links, .friendlink, .share, .pagination, .comment, .comments`

// dense is the share of a block's text that stands in links from which on it is a list of links, and leastLinks how many
// there are in one.
const (
	dense      = 0.6
	leastLinks = 3
)

// stripFrames takes out of a page what stands around articles: its frames, and blocks that are mostly links. A block that
// holds the heading stays, whatever it is called.
func stripFrames(body *goquery.Selection, heading string) {
	body.Find("script, style, noscript, template").Remove()
	body.Find(frames).Each(func(_ int, s *goquery.Selection) {
		if heading == "" || !strings.Contains(squeeze(s.Text()), heading) {
			s.Remove()
		}
	})
	for _, n := range body.Nodes {
		weighLinks(n, false)
	}
}

// A weight is how much text a node holds, how much of it in links, and how many links.
type weight struct{ text, linked, links int }

func (w weight) isLinks() bool {
	return w.links >= leastLinks && float64(w.linked) >= dense*float64(w.text)
}

// weighLinks removes blocks that are mostly links, from the inside out, in one pass.
func weighLinks(n *html.Node, linked bool) weight {
	var w weight
	switch n.Type {
	case html.TextNode:
		w.text = runes(n.Data)
		if linked {
			w.linked = w.text
		}
		return w
	case html.ElementNode:
		if n.Data == "a" {
			linked, w.links = true, 1
		}
	}
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		of := weighLinks(c, linked)
		if c.Type == html.ElementNode && block(c.Data) && of.isLinks() {
			n.RemoveChild(c)
		} else {
			w.text, w.linked, w.links = w.text+of.text, w.linked+of.linked, w.links+of.links
		}
		c = next
	}
	return w
}

// runes counts what is no white space.
func runes(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// dropHeading takes the title, what stands above it, and the lines of date and credits below it out of a body that was
// found by structure.
func dropHeading(body *goquery.Selection, title string) {
	lines := leaves(body)
	at := -1
	for i, s := range lines[:min(6, len(lines))] {
		if t := squeeze(visible(s)); t != "" && t == squeeze(title) {
			at = i
		}
	}
	for i, s := range lines {
		t := fold(visible(s))
		switch {
		case i <= at:
		case t == "" && s.Find("img, video").Length() == 0:
		case utf8.RuneCountInString(t) <= 60 && (onlyCredit(t) || onlyDate(t)):
		default:
			return
		}
		s.Remove()
	}
}

var notLeaf = cascadia.MustCompile("p, div, section, article, h1, h2, h3, h4, h5, h6, li, span, table, img, video")

// leaves are the blocks without blocks in them, in the order of the page.
func leaves(body *goquery.Selection) []*goquery.Selection {
	var found []*goquery.Selection
	body.Find("p, div, section, article, h1, h2, h3, h4, h5, h6, li, span, td").Each(func(_ int, s *goquery.Selection) {
		if cascadia.Query(s.Nodes[0], notLeaf) == nil {
			found = append(found, s)
		}
	})
	return found
}

// onlyDate reports whether a line says when and nothing else.
func onlyDate(text string) bool {
	rest := clock.ReplaceAllString(fullDate.ReplaceAllString(label.ReplaceAllString(text, " "), " "), " ")
	return rest != text && utf8.RuneCountInString(strings.Trim(fold(rest), " |　:：-")) <= 4
}
