// Package source turns bytes into items: feeds in three formats, list pages, article pages. It implements feeds.Reader.
//
// A document goes through the same stages whatever it is:
//
//	bytes ──decode──▶ text ──parse──▶ fields ──normalise──▶ items
//
// decode finds the encoding (charset.go); feeds are parsed by gofeed's own per-format parsers behind our cleaning
// (feed.go), pages by selectors, or by structure where a selector is left out (list.go, article.go); normalising makes
// addresses absolute, dates times in the source's zone (dates.go), and content harmless (sanitize.go).
//
// Nothing here touches the network. What cannot be read is a [*feeds.Fault]; what is read in spite of trouble comes with
// warnings in plain words.
package source

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"wefeed/feeds"
)

// Options are what a reader needs to know.
type Options struct {
	Zone   *time.Location   // the site's: for sources without a zone of their own
	Now    func() time.Time // default time.Now; for 昨天, 3小时前 and days without a year
	Logger *slog.Logger
}

// A Reader reads sources; it is safe for concurrent use.
type Reader struct{ Options }

// New returns a reader.
func New(o Options) (*Reader, error) {
	if o.Zone == nil {
		return nil, errors.New("a reader needs the site's zone")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Reader{o}, nil
}

// The bounds of a document: what is over them is cut, with a warning.
const (
	maxPageBytes = 5 << 20
	maxPageTags  = 50_000 // more would keep readability busy for seconds; an article has a few thousand
	maxItems     = 1000
)

func (r *Reader) zone(src feeds.Source) *time.Location {
	if src.Zone != nil {
		return src.Zone
	}
	return r.Zone
}

// A page is an HTML document with its address.
type page struct {
	doc      *goquery.Document
	base     *url.URL // nil when nothing tells the address
	encoding string
	warnings []string
	zone     *time.Location
	now      time.Time
	near     []string // an article's lines around its title, where date and credits stand
}

// open decodes and parses an HTML document.
func (r *Reader) open(src feeds.Source, resp *feeds.Response) (*page, error) {
	text := decode(resp.Body, resp.ContentType, src.Charset, htmlDeclaration)
	p := &page{encoding: text.encoding, warnings: text.warnings, zone: r.zone(src), now: r.Now()}
	body := bounded(text.body)
	if len(body) < len(text.body) {
		p.warnings = append(p.warnings, "页面过大，只读取了前面的部分")
	}
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return nil, &feeds.Fault{Kind: feeds.FaultFormat, Detail: "页面结构无法解析", Err: err}
	}
	p.doc = goquery.NewDocumentFromNode(root)
	p.base = baseOf(p.doc, resp.URL)
	return p, nil
}

// bounded is the part of a document within the bounds.
func bounded(body string) string {
	if len(body) > maxPageBytes {
		body = strings.ToValidUTF8(body[:maxPageBytes], "")
	}
	if strings.Count(body, "<") <= maxPageTags {
		return body
	}
	tags := 0
	return body[:strings.IndexFunc(body, func(r rune) bool {
		if r == '<' {
			tags++
		}
		return tags > maxPageTags
	})]
}

// baseOf is the address that relative ones are read against: <base href>, else the page's own, else its canonical one.
func baseOf(doc *goquery.Document, address string) *url.URL {
	own, err := url.Parse(address)
	if err != nil || !own.IsAbs() {
		own = nil
	}
	href, _ := doc.Find("base[href]").First().Attr("href")
	if b, err := url.Parse(strings.TrimSpace(href)); err == nil && href != "" {
		if own != nil {
			b = own.ResolveReference(b)
		}
		if b.IsAbs() {
			return b
		}
	}
	if own == nil {
		href, _ := doc.Find(`link[rel="canonical"]`).First().Attr("href")
		if c, err := url.Parse(strings.TrimSpace(href)); err == nil && c.IsAbs() {
			return c
		}
	}
	return own
}

// unbroken takes out the white space that browsers take out of addresses.
var unbroken = strings.NewReplacer("\t", "", "\r", "", "\n", "")

// absolute resolves a reference; "" for what is no http or https address.
func absolute(base *url.URL, ref string) string {
	ref = unbroken.Replace(strings.TrimSpace(ref))
	u, err := url.Parse(ref)
	if err != nil || ref == "" || strings.HasPrefix(ref, "#") {
		return ""
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	u.User = nil
	return u.String()
}

// words is an element's text with white space folded.
func words(s *goquery.Selection) string { return fold(s.Text()) }

// fold trims a text and makes every run of white space one blank, ideographic and no-break ones too.
func fold(text string) string { return strings.Join(strings.Fields(text), " ") }
