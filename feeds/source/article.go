package source

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"codeberg.org/readeck/go-readability/v2"
	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"wefeed/feeds"
)

// ReadArticle reads an article page. Selectors win; what they leave out is read from the state's site tags, OpenGraph, the
// page's own words, and at last by readability. A page without a body, or one that only says that the site is closed or
// that a browser is wanted, is a fault: it must not empty an article that was read before.
func (r *Reader) ReadArticle(src feeds.Source, resp *feeds.Response) (*feeds.Page, error) {
	if kind := http.DetectContentType(resp.Body); !strings.HasPrefix(kind, "text/") && resp.Body != nil {
		return nil, &feeds.Fault{Kind: feeds.FaultFormat, Detail: "这不是网页，而是 " + kind}
	}
	p, err := r.open(src, resp)
	if err != nil {
		return nil, err
	}
	out := &feeds.Page{Encoding: p.encoding}
	if p.withdrawn() {
		out.Withdrawn = true
		return out, nil
	}
	if p.blocked() {
		return nil, &feeds.Fault{Kind: feeds.FaultEmpty, Detail: "页面像是维护公告或访问验证，不是文章"}
	}
	it := &out.Item
	it.URL = resp.URL
	it.Aliases = p.aliases()
	it.Title = p.title(src.Select.Title)
	p.near = p.linesAfter(it.Title) // before finding the body changes the page
	p.date(it, src.Select.Date, resp.URL)
	body := p.body(src.Select.Body, it.Title)
	p.credits(it, src.Select.Attribution, body)
	if body != nil {
		c := clean(body, p.base)
		it.Content, it.Text, it.Images, it.Enclosures = c.html, c.text, c.images, c.enclosures
	}
	if squeeze(it.Text) == squeeze(it.Title) && len(it.Images)+len(it.Enclosures) == 0 {
		it.Content = ""
	}
	if it.Content == "" && len(it.Enclosures) == 0 {
		return nil, &feeds.Fault{Kind: feeds.FaultEmpty, Detail: "页面里没有找到正文，可能改版、维护或被拦截"}
	}
	if it.Title == "" {
		p.warnings = append(p.warnings, "没有找到标题")
	}
	out.Warnings = p.warnings
	return out, nil
}

// withdrawnWords are what portals write in place of an article that is gone.
var withdrawnWords = regexp.MustCompile(`(?:文章|内容|页面|信息|稿件).{0,6}已被?(?:作者|编辑|发布者)?(?:撤回|撤稿|撤下|删除|下线)|(?:文章|内容|页面|稿件)(?:已经?|可能)?不存在|404 ?(?i:not found|错误)`)

// blockedWords are what firewalls and closed sites answer, with status 200, in place of any page.
var blockedWords = regexp.MustCompile(`(?:正在|例行|暂停).{0,8}(?:维护|升级)|(?:维护|升级)中|(?:访问|安全|人机)验证|(?:开启|启用|打开).{0,10}(?i:javascript|cookie)|访问.{0,8}(?:被拦截|被阻断|过于频繁)`)

// withdrawn recognises a page that says so itself and says nothing else.
func (p *page) withdrawn() bool { return p.saysOnly(withdrawnWords) }

func (p *page) blocked() bool { return p.saysOnly(blockedWords) }

// saysOnly reports whether a page that has few words besides its links has these in its title or text.
func (p *page) saysOnly(what *regexp.Regexp) bool {
	body := fold(text(p.doc.Find("body"), "script", "style", "noscript", "a", "nav", "header", "footer"))
	return utf8.RuneCountInString(body) < 150 && (what.MatchString(body) || what.MatchString(words(p.doc.Find("title").First())))
}

// visible is a selection's text without scripts and styles.
func visible(s *goquery.Selection) string { return text(s, "script", "style", "noscript") }

// text is a selection's text, a line a block, without these elements.
func text(s *goquery.Selection, without ...string) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && slices.Contains(without, n.Data) {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && (block(n.Data) || n.Data == "td") {
			b.WriteByte('\n')
		}
	}
	for _, n := range s.Nodes {
		walk(n)
	}
	return b.String()
}

func (p *page) aliases() []string {
	href := p.doc.Find(`link[rel="canonical"]`).First().AttrOr("href", "")
	if to := absolute(p.base, href); to != "" {
		return []string{to}
	}
	return nil
}

// meta is the content of the first of these meta tags (by name or property, in any case).
func (p *page) meta(names ...string) string {
	for _, name := range names {
		found := ""
		p.doc.Find("meta[content]").EachWithBreak(func(_ int, m *goquery.Selection) bool {
			key := m.AttrOr("name", m.AttrOr("property", m.AttrOr("itemprop", "")))
			if strings.EqualFold(key, name) {
				found = fold(plain(m.AttrOr("content", "")))
			}
			return found == ""
		})
		if found != "" {
			return found
		}
	}
	return ""
}

// title is the article's title: the selector's, the state's tag, the heading that the document's title confirms, or the
// document's title without the site's name.
func (p *page) title(selector string) string {
	if selector != "" {
		if t := words(p.doc.Find(selector).First()); t != "" {
			return printable(t)
		}
	}
	document := printable(words(p.doc.Find("title").First()))
	if t := p.meta("ArticleTitle"); t != "" {
		return t
	}
	if t := p.heading(document); t != "" {
		return t
	}
	if t := p.meta("og:title", "twitter:title"); t != "" {
		return stripSite(t)
	}
	return stripSite(document)
}

// heading is the heading whose text the document's title begins with or holds.
func (p *page) heading(document string) string {
	best := ""
	p.doc.Find("h1, h2, h3, .title, #title, .article-title, .arc_title").EachWithBreak(func(i int, h *goquery.Selection) bool {
		t := printable(words(h))
		if n := utf8.RuneCountInString(t); n <= 120 && confirms(squeeze(document), squeeze(t)) && n > utf8.RuneCountInString(best) {
			best = t
		}
		return i < 200
	})
	if best != "" && (best == stripSite(document) || utf8.RuneCountInString(best)*3 >= utf8.RuneCountInString(stripSite(document))) {
		return best
	}
	if h := p.doc.Find("h1"); h.Length() == 1 && utf8.RuneCountInString(words(h)) >= 4 {
		return printable(words(h))
	}
	return ""
}

// confirms reports whether a document's title holds a heading: anywhere, or, if that is short, as its beginning.
func confirms(document, heading string) bool {
	if n := utf8.RuneCountInString(heading); n < 4 {
		return n >= 2 && strings.HasPrefix(document, heading)
	}
	return strings.Contains(document, heading)
}

func squeeze(text string) string { return strings.Join(strings.Fields(text), "") }

var siteSuffix = regexp.MustCompile(`\s*(?:[_|｜–—]|\s-|-\s|--)\s*[^_|｜–—]{1,24}$`)

// stripSite takes the names of column and site off a document's title.
func stripSite(title string) string {
	for range 4 {
		cut := siteSuffix.ReplaceAllString(title, "")
		if cut == title || utf8.RuneCountInString(cut) < 5 {
			break
		}
		title = cut
	}
	return strings.TrimSpace(title)
}

var dateTags = []string{
	"PubDate", "article:published_time", "og:release_date", "publishdate", "firstpublishedtime", "publish_time", "pubtime",
	"og:published_time", "weibo:article:create_at", "datePublished", "apub:time", "date",
}

// date fills in when the article was published: the selector's words; the date that the page prints, which a tag may
// only make more precise; a tag's; at last the address's. A page without any has none.
func (p *page) date(it *feeds.Item, selector, address string) {
	if selector != "" {
		if t, precision, ok := ParseDate(words(p.doc.Find(selector).First()), p.zone, p.now); ok {
			it.Published, it.Precision = t, precision
			return
		}
	}
	tagged, taggedPrecision, hasTag := ParseDate(p.meta(dateTags...), p.zone, p.now)
	printed, printedPrecision, hasPrinted := p.printedDate()
	switch {
	case hasPrinted && hasTag && printedPrecision == feeds.PrecisionDay && taggedPrecision != feeds.PrecisionDay && sameDay(printed, tagged) && !tagged.Equal(midnight(tagged)):
		it.Published, it.Precision = tagged, taggedPrecision
	case hasPrinted:
		it.Published, it.Precision = printed, printedPrecision
	case hasTag:
		it.Published, it.Precision = tagged, taggedPrecision
	default:
		if t, ok := urlDate(address, p.zone, p.now); ok {
			it.Published, it.Precision = t, feeds.PrecisionDay
		}
	}
}

func sameDay(a, b time.Time) bool { return a.Format(time.DateOnly) == b.Format(time.DateOnly) }

var labelled = regexp.MustCompile(`(?:发布|发稿|发表|刊发|更新)?(?:时间|日期)\s*[:：]|来源\s*[:：]|稿源\s*[:：]`)

// printedDate looks for the date near the title: a labelled one first, else the first short line with a date after the
// heading. Side lists, footers and comments are not looked at.
func (p *page) printedDate() (time.Time, feeds.Precision, bool) {
	for _, onlyLabelled := range []bool{true, false} {
		for _, line := range p.near {
			if utf8.RuneCountInString(line) > 120 || (onlyLabelled && !labelled.MatchString(line)) {
				continue
			}
			if !fullDate.MatchString(line) && !isoDate.MatchString(line) && !numerals.MatchString(line) && !onlyLabelled {
				continue
			}
			if t, precision, ok := ParseDate(line, p.zone, p.now); ok && !t.After(p.now.AddDate(0, 0, 2)) {
				return t, precision, true
			}
		}
	}
	return time.Time{}, "", false
}

// linesAfter are the page's lines from the title on, as far as a date line can be from it; all of the first ones when the
// title is not found.
func (p *page) linesAfter(title string) []string {
	root := p.doc.Find("body").Clone()
	root.Find("nav, footer, aside, .footer, .nav, .related, .recommend, .comment, .comments, .copyright, .banner").Remove()
	all := strings.Split(lines(visible(root)), "\n")
	short := squeeze(title)
	for i, line := range all {
		if short != "" && strings.HasPrefix(squeeze(line), short) && utf8.RuneCountInString(line) < utf8.RuneCountInString(title)+60 {
			near := append([]string{}, all[i:min(i+14, len(all))]...)
			return append(near, all[max(0, i-3):i]...)
		}
	}
	return all[:min(60, len(all))]
}

// containers are the elements in which well-known systems put an article's body.
var containers = []string{
	".TRS_Editor", "#UCAP-CONTENT", "#zoom", "#fontzoom", ".pages_content", "#rwb_zw", ".easysite-news-peruse", "#News_Body_Txt_A",
	"#artibody", "#js_content", ".rm_txt_con", "#detailContent", ".article-content", ".article_content", ".post_body", ".post_text",
	"#endText", "#ArticleContent", "#Zoom", ".arc_body", "[itemprop=articleBody]", "#main_content", ".content-article", "#articleContent",
	".artical-content", ".txt_txt", "#content_area", ".TRS_UEDITOR", "article",
}

// leastBody is how much text a container must hold to be the body, when there are no pictures in it.
const leastBody = 40

// body finds the article's body: the selector's, a well-known container, readability's choice, or all that is left when
// the page's frame is taken away. title is the article's, which stands in none of them.
func (p *page) body(selector, title string) *goquery.Selection {
	if selector != "" {
		if s := p.doc.Find(selector).First(); s.Length() > 0 {
			return s
		}
		p.warnings = append(p.warnings, "body 选择器没有匹配到内容，已改为自动判断")
	}
	for _, c := range containers {
		if s := p.doc.Find(c).First(); holdsBody(s) {
			dropHeading(s, title)
			return s
		}
	}
	body := p.readable(title)
	if body != nil {
		dropHeading(body, title)
	}
	return body
}

func holdsBody(s *goquery.Selection) bool {
	return utf8.RuneCountInString(fold(visible(s))) >= leastBody || s.Find("img, video").Length() > 0
}

// readable is what readability takes for the body. It works on a copy without the page's frame, and cuts that to pieces;
// a text too short for it, below a heading, is what the frame leaves.
func (p *page) readable(title string) *goquery.Selection {
	root := p.doc.Clone()
	lazyImages(root.Find("body"))
	stripFrames(root.Find("body"), squeeze(title))
	rest := root.Find("body").Clone()
	article, err := readability.FromDocument(root.Nodes[0], p.base)
	if err == nil && article.Node != nil {
		if body := goquery.NewDocumentFromNode(article.Node).Selection; holdsBody(body) {
			return body
		}
	}
	if p.heading(title) == "" {
		return nil
	}
	return rest
}

// credits fills in 来源, 作者 and 编辑: the selector's line, the state's tags, the lines near title and body. A line that
// holds nothing else leaves the body.
func (p *page) credits(it *feeds.Item, selector string, body *goquery.Selection) {
	var c credit
	if selector != "" {
		c = parseCredit(visible(p.doc.Find(selector).First()))
		if body != nil {
			takeCredit(body)
		}
	} else {
		c = merge(credit{origin: tagged(p.meta("ContentSource", "source"))}, p.nearTitle())
		if body != nil {
			c = merge(c, takeCredit(body))
			c = merge(c, parseCredit(after(body)))
		}
		c = merge(c, credit{author: tagged(p.meta("Author", "article:author"))})
	}
	it.Origin, it.Author, it.Editor = printable(c.origin), printable(c.author), printable(c.editor)
}

func merge(a, b credit) credit {
	return credit{keep(a.origin, b.origin), keep(a.author, b.author), keep(a.editor, b.editor)}
}

// tagged is a tag's value unless it is an editor's number or an address.
func tagged(value string) string {
	if strings.ContainsAny(value, "@/") || strings.Trim(value, "0123456789-_ ") == "" || utf8.RuneCountInString(value) > maxCredit {
		return ""
	}
	return value
}

func (p *page) nearTitle() credit {
	var c credit
	for _, line := range p.near {
		if utf8.RuneCountInString(line) <= 120 && label.MatchString(line) {
			c = merge(c, parseCredit(line))
		}
	}
	return c
}

// after is the text that follows the body closely, where 编辑 stands on many pages.
func after(body *goquery.Selection) string {
	var b strings.Builder
	next := body
	for range 3 {
		next = next.Next()
		if t := fold(visible(next)); t != "" && utf8.RuneCountInString(t) < 120 {
			b.WriteString(t + "\n")
		}
	}
	return b.String()
}

var innerBlocks = cascadia.MustCompile("p, div, section, table, img")

// takeCredit reads a credit from the first and last lines of a body and takes those lines out of it.
func takeCredit(body *goquery.Selection) credit {
	var c credit
	blocks := body.Find("p, div, span, section").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return cascadia.Query(s.Nodes[0], innerBlocks) == nil
	})
	n := blocks.Length()
	blocks.Each(func(i int, s *goquery.Selection) {
		if i >= 2 && i < n-4 {
			return
		}
		if text := visible(s); onlyCredit(text) {
			c = merge(c, parseCredit(text))
			s.Remove()
		}
	})
	return c
}
