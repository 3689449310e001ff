package source

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"wefeed/feeds"
)

// ReadList reads a section's list page: by selectors, or by structure where none are given. A page without items is a
// fault, not news.
func (r *Reader) ReadList(src feeds.Source, resp *feeds.Response) (*feeds.Listing, error) {
	p, err := r.open(src, resp)
	if err != nil {
		return nil, err
	}
	entries := p.entries(&src.Select)
	l := &feeds.Listing{Title: words(p.doc.Find("title").First()), Link: resp.URL, Encoding: p.encoding, Warnings: p.warnings}
	seen := map[string]bool{}
	for _, e := range entries {
		it, ok := p.item(e, src.Select)
		if !ok || seen[it.URL] || len(l.Items) == maxItems {
			continue
		}
		seen[it.URL] = true
		l.Items = append(l.Items, it)
	}
	if len(l.Items) == 0 {
		return nil, &feeds.Fault{Kind: feeds.FaultEmpty, Detail: "列表页里没有找到文章，页面可能改版、维护或被拦截"}
	}
	return l, nil
}

// entries are the elements that hold one article each. Selectors that no longer match anything are dropped: a redesign
// then costs no news.
func (p *page) entries(sel *feeds.Selectors) []*goquery.Selection {
	if sel.Item == "" {
		return p.findEntries()
	}
	var found []*goquery.Selection
	p.doc.Find(sel.Item).Each(func(_ int, s *goquery.Selection) { found = append(found, s) })
	if len(found) > 0 {
		return found
	}
	if found = p.findEntries(); len(found) > 0 {
		p.warnings = append(p.warnings, "item 选择器没有匹配到内容，已改为自动判断")
		*sel = feeds.Selectors{}
	}
	return found
}

// item reads one entry.
func (p *page) item(e *goquery.Selection, sel feeds.Selectors) (feeds.Item, bool) {
	a := e.Find("a[href]")
	if e.Is("a[href]") {
		a = e
	}
	if sel.Link != "" && !e.Is(sel.Link) {
		a = e.Find(sel.Link)
	}
	a = longest(a)
	if a == nil {
		return feeds.Item{}, false
	}
	it := feeds.Item{URL: absolute(p.base, a.AttrOr("href", "")), Title: entryTitle(a)}
	if it.URL == "" || it.Title == "" {
		return it, false
	}
	text := without(e.Nodes[0], a.Nodes[0])
	if sel.ItemDate != "" {
		text = words(e.Find(sel.ItemDate))
	}
	if t, precision, ok := ParseDate(text, p.zone, p.now); ok {
		it.Published, it.Precision = t, precision
	} else if t, ok := urlDate(it.URL, p.zone, p.now); ok && sel.ItemDate == "" {
		it.Published, it.Precision = t, feeds.PrecisionDay
	}
	return it, true
}

// more is the text of a link that only leads on to the article that another link names.
var more = regexp.MustCompile(`^[\[【]?(?:点击|查看|阅读|了解)?(?:详细|详情|更多|全文|原文)(?:内容|信息)?[\]】>＞».…]*$`)

// longest is the link with the longest text: the others are pictures and 详细.
func longest(links *goquery.Selection) (best *goquery.Selection) {
	most := -1
	links.Each(func(_ int, a *goquery.Selection) {
		title := entryTitle(a)
		n := utf8.RuneCountInString(title)
		if more.MatchString(title) {
			n = 0
		}
		if n > most && a.AttrOr("href", "") != "" {
			best, most = a, n
		}
	})
	return best
}

// entryTitle is a link's title attribute where its text is a cut form of it, else its text. Bullets go, [视频] stays.
func entryTitle(a *goquery.Selection) string {
	text := words(a)
	if h := a.Find("h1, h2, h3, h4, h5, .title").First(); h.Length() > 0 && words(h) != "" {
		text = words(h)
	}
	text = strings.TrimSpace(strings.TrimLeft(text, "·•●■◆▪*＊>》-—"))
	attr := fold(printable(a.AttrOr("title", "")))
	stem := strings.TrimRight(text, ".…。 ")
	if attr != "" && (stem == "" || strings.HasPrefix(attr, stem) || (strings.HasSuffix(text, "…") || strings.HasSuffix(text, "..."))) {
		return attr
	}
	return printable(text)
}

// besideBytes is how far into an entry its date is looked for, besideNodes how many elements and texts that may take: an
// entry that holds the whole page must not be walked for each of its links.
const (
	besideBytes = 4 << 10
	besideNodes = 200
)

// without is the text of an entry less its link's, where the date stands.
func without(e, a *html.Node) string {
	var b strings.Builder
	seen := 0
	for n := range e.Descendants() {
		if seen++; seen > besideNodes || b.Len() > besideBytes {
			break
		}
		if n.Type == html.TextNode && !inside(n, a, e) {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
	}
	return fold(b.String())
}

// inside reports whether n stands below a. When the entry e is the link itself, its text is all there is.
func inside(n, a, e *html.Node) bool {
	for ; n != nil && n != e; n = n.Parent {
		if n == a {
			return true
		}
	}
	return false
}

// A group is a set of elements that stand at the same place and each hold a link: the entries of one list, which a page
// may have broken into several ul.
type group struct {
	chunks   []*chunk // in the page's order
	byParent map[*html.Node]*chunk
}

// A chunk is the part of a group below one parent.
type chunk struct {
	entries []*html.Node
	longest int // characters of the last entry's longest link
	text    int // characters of the entries' longest links, each counted up to 40
	dates   int // entries with a date beside their link
	paths   int // entries with a link that looks like an article's
}

// findEntries finds the section's list by structure: of all groups the one whose links read most like articles: many,
// long, dated, with article addresses.
func (p *page) findEntries() []*goquery.Selection {
	var best *group
	most := 0.0
	for _, g := range p.groups() {
		if s := g.score(); s > most {
			best, most = g, s
		}
	}
	if best == nil {
		return nil
	}
	var found []*goquery.Selection
	dated := best.sum(func(c *chunk) int { return c.dates }) > 0
	for _, c := range best.chunks {
		if dated && c.dates == 0 {
			continue // a side list of the same make
		}
		for _, n := range c.entries {
			found = append(found, goquery.NewDocumentFromNode(n).Selection)
		}
	}
	return found
}

func (g *group) sum(of func(*chunk) int) (n int) {
	for _, c := range g.chunks {
		n += of(c)
	}
	return n
}

func (g *group) score() float64 {
	n := float64(g.sum(func(c *chunk) int { return len(c.entries) }))
	text := float64(g.sum(func(c *chunk) int { return c.text }))
	dates := float64(g.sum(func(c *chunk) int { return c.dates }))
	paths := float64(g.sum(func(c *chunk) int { return c.paths }))
	if n < 2 || text/n < 6 {
		return 0
	}
	return text * (1 + 2*dates/n) * (0.5 + paths/n)
}

// maxLinks is how many links the search by structure looks at.
const maxLinks = 5000

// groups collects the groups of the page in the order of its links. A link belongs to one group for each of its nearest
// ancestors, since an entry may be a li, a td of a tr, or a card of several divs.
func (p *page) groups() []*group {
	type key struct {
		scope *html.Node // two levels above the entries' parents
		place string
	}
	byKey := map[key]*group{}
	var order []*group
	p.doc.Find("a[href]").EachWithBreak(func(i int, a *goquery.Selection) bool {
		title, address := entryTitle(a), absolute(p.base, a.AttrOr("href", ""))
		runes := utf8.RuneCountInString(title)
		if runes < 2 || more.MatchString(title) || address == "" || furniture(a) {
			return i < maxLinks
		}
		place := ""
		child := a.Nodes[0]
		for range 5 {
			parent := child.Parent
			if parent == nil || parent.Type != html.ElementNode || parent.Data == "html" {
				break
			}
			place = child.Data + ">" + place
			k := key{scopeOf(parent), sameMake(parent.Parent) + ">" + sameMake(parent) + ">" + place}
			g := byKey[k]
			if g == nil {
				g = &group{byParent: map[*html.Node]*chunk{}}
				byKey[k] = g
				order = append(order, g)
			}
			p.join(g.chunk(parent), child, a, runes, address)
			child = parent
		}
		return i < maxLinks
	})
	return order
}

func scopeOf(parent *html.Node) *html.Node {
	for range 2 {
		if parent.Parent != nil {
			parent = parent.Parent
		}
	}
	return parent
}

// sameMake is an element's tag and class.
func sameMake(n *html.Node) string {
	if n == nil {
		return ""
	}
	return n.Data + "." + class(n)
}

func (g *group) chunk(parent *html.Node) *chunk {
	c := g.byParent[parent]
	if c == nil {
		c = &chunk{}
		g.byParent[parent] = c
		g.chunks = append(g.chunks, c)
	}
	return c
}

// join counts one link for a chunk. Of several links in one entry the longest counts: the others name a column.
func (p *page) join(c *chunk, child *html.Node, a *goquery.Selection, runes int, address string) {
	again := len(c.entries) > 0 && c.entries[len(c.entries)-1] == child
	if again {
		if runes > c.longest {
			c.text += min(runes, 40) - min(c.longest, 40)
			c.longest = runes
		}
		return
	}
	c.entries = append(c.entries, child)
	c.longest = runes
	c.text += min(runes, 40)
	if articleAddress(address) {
		c.paths++
	}
	beside := without(child, a.Nodes[0])
	if _, _, ok := ParseDate(cut(beside, 200), p.zone, p.now); ok {
		c.dates++
	}
}

func class(n *html.Node) string {
	for _, a := range n.Attr {
		if a.Key == "class" {
			return a.Val
		}
	}
	return ""
}

var siteParts = cascadia.MustCompile("nav, header, footer, [role=navigation], .nav, .navbar, .menu, .header, .footer, " +
	".breadcrumb, .crumb, .location, .pagination, .pages, .links, .friendlink")

// furniture reports whether a link stands in what every page of the site has.
func furniture(a *goquery.Selection) bool { return a.ClosestMatcher(siteParts).Length() > 0 }

// articleAddress reports whether an address looks like an article's: numbers in its path or query.
func articleAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	digits := 0
	for _, r := range u.Path + u.RawQuery {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	return digits >= 2
}
