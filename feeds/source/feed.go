package source

import (
	"encoding/xml"
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/mmcdole/gofeed/atom"
	ext "github.com/mmcdole/gofeed/extensions"
	"github.com/mmcdole/gofeed/json"
	"github.com/mmcdole/gofeed/rss"

	"wefeed/feeds"
)

// ReadFeed reads an RSS, Atom or JSON feed. A feed that is cut off is a fault, not the items before the cut: its
// validators vouch for all of them, and its first collect would take the rest for news later.
func (r *Reader) ReadFeed(src feeds.Source, resp *feeds.Response) (*feeds.Listing, error) {
	text := decode(resp.Body, resp.ContentType, src.Charset, xmlDeclaration)
	f := &feedReader{
		zone: r.zone(src), now: r.Now(), seen: map[[2]string]bool{},
		listing: &feeds.Listing{Encoding: text.encoding, Warnings: text.warnings},
	}
	f.base, _ = url.Parse(resp.URL)
	if f.base != nil && !f.base.IsAbs() {
		f.base = nil
	}
	var err error
	if strings.HasPrefix(strings.TrimLeft(text.body, " \t\r\n"), "{") {
		err = f.json(text.body)
	} else {
		err = f.xml(text.body)
	}
	if err != nil {
		return nil, &feeds.Fault{Kind: feeds.FaultFormat, Detail: "内容不是可识别的 RSS、Atom 或 JSON Feed", Err: err}
	}
	if len(f.listing.Items) == 0 {
		return nil, &feeds.Fault{Kind: feeds.FaultEmpty, Detail: "订阅源里没有任何条目"}
	}
	return f.listing, nil
}

type feedReader struct {
	zone    *time.Location
	now     time.Time
	base    *url.URL
	listing *feeds.Listing
	seen    map[[2]string]bool // guid and address of the items listed
	// publisher is the feed's own author: whom items without a credit come from. Nobody wrote them all.
	publisher string
}

func (f *feedReader) warn(text string) { f.listing.Warnings = append(f.listing.Warnings, text) }

var (
	rootTag   = regexp.MustCompile(`(?i)<(rss|feed|rdf:RDF)[\s>]`)
	entryTag  = regexp.MustCompile(`<(?:item|entry)[\s>/]`)
	charRef   = regexp.MustCompile(`&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,9}));`)
	errNoRoot = errors.New("no feed's root element")

	errExcessive = errors.New("elements nested too deep, or with too many attributes")
)

// xml reads RSS and Atom. What XML forbids is dropped, and everything before the root element: a declared encoding would
// be decoded twice, a document type may define entities. The parsers stop at its end, whatever a server appends.
func (f *feedReader) xml(body string) error {
	body = charRef.ReplaceAllStringFunc(printable(body), legalRef)
	at := rootTag.FindStringSubmatchIndex(body)
	if at == nil {
		return errNoRoot
	}
	root := strings.ToLower(body[at[2]:at[3]])
	body = f.capped(body[at[0]:], root)
	if excessive(body) {
		return errExcessive
	}
	if root == "feed" {
		return f.atom(body)
	}
	return f.rss(body)
}

// maxDepth and maxAttrs are far more than any feed nests its elements and gives one attributes.
const (
	maxDepth = 500
	maxAttrs = 500
)

// excessive reports whether elements are nested beyond maxDepth or have more than maxAttrs. The parsers descend into
// unknown elements by recursion: a few megabytes of them would overflow the stack, which no recover catches. And they
// copy all namespaces for each element.
func excessive(body string) bool {
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict = false // as the parsers read
	for depth := 0; depth <= maxDepth; {
		token, err := d.Token()
		if err != nil {
			return false // the end, or what the parsers will stumble over too
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(t.Attr) > maxAttrs {
				return true
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return true
}

// legalRef drops references to characters that XML forbids.
func legalRef(ref string) string {
	if r := []rune(html.UnescapeString(ref)); len(r) == 1 && r[0] != '\uFFFD' && legal(r[0]) {
		return ref
	}
	return ""
}

// capped cuts a feed after its first maxItems items: a million empty ones would cost a gigabyte.
func (f *feedReader) capped(body, root string) string {
	at := 0
	for n := 0; n <= maxItems; n++ {
		loc := entryTag.FindStringIndex(body[at:])
		if loc == nil {
			return body
		}
		if n == maxItems {
			f.warn("订阅源超过 1000 条，只读取了前面的部分")
			return body[:at+loc[0]] + closing(root)
		}
		at += loc[1]
	}
	return body
}

func closing(root string) string {
	return map[string]string{"rss": "</channel></rss>", "feed": "</feed>", "rdf:rdf": "</rdf:RDF>"}[root]
}

func (f *feedReader) rss(body string) error {
	feed, err := (&rss.Parser{}).Parse(strings.NewReader(body))
	if err != nil {
		return err
	}
	f.head(feed.Title, feed.Link)
	for i, it := range feed.Items {
		item := feeds.Item{Title: it.Title, URL: it.Link, Author: it.Author}
		if it.GUID != nil {
			item.GUID = it.GUID.Value
			if item.URL == "" && it.GUID.IsPermalink != "false" {
				item.URL = absolute(nil, it.GUID.Value)
			}
		}
		date := it.PubDate
		if dc := it.DublinCoreExt; dc != nil {
			item.Author = strings.Join(append([]string{}, dc.Creator...), "、")
			if item.Author == "" {
				item.Author = it.Author
			}
			item.Origin = strings.Join(dc.Source, "、")
			if date == "" && len(dc.Date) > 0 {
				date = dc.Date[0]
			}
		}
		if it.Source != nil && item.Origin == "" {
			item.Origin = it.Source.Title
		}
		for _, e := range it.Enclosures {
			f.enclose(&item, feeds.Enclosure{URL: e.URL, Type: e.Type, Length: bytesOf(e.Length)})
		}
		f.media(&item, it.Extensions["media"])
		f.add(item, i, longer(it.Content, it.Description), date, "")
	}
	return nil
}

// longer is a feed's full content where it has one, else its description.
func longer(content, description string) string {
	if strings.TrimSpace(content) != "" {
		return content
	}
	return description
}

func (f *feedReader) atom(body string) error {
	feed, err := (&atom.Parser{}).Parse(strings.NewReader(body))
	if err != nil {
		return err
	}
	f.head(feed.Title, link(feed.Links, "alternate"))
	f.publisher = names(feed.Authors)
	for i, e := range feed.Entries {
		item := feeds.Item{Title: e.Title, GUID: e.ID, URL: link(e.Links, "alternate")}
		if item.URL == "" {
			item.URL = link(e.Links, "self", "related")
		}
		item.Author = names(e.Authors)
		if e.Source != nil {
			item.Origin = e.Source.Title
		}
		for _, l := range e.Links {
			if l.Rel == "enclosure" {
				f.enclose(&item, feeds.Enclosure{URL: l.Href, Type: l.Type, Length: bytesOf(l.Length), Title: l.Title})
			}
		}
		text := e.Summary
		if e.Content != nil && strings.TrimSpace(e.Content.Value) != "" {
			text = e.Content.Value
		}
		f.add(item, i, text, e.Published, e.Updated)
	}
	return nil
}

func names(people []*atom.Person) string {
	var all []string
	for _, p := range people {
		if p.Name != "" {
			all = append(all, p.Name)
		}
	}
	return strings.Join(all, "、")
}

// link is the first link with one of the relations, in their order; a link without one is an alternate.
func link(links []*atom.Link, rels ...string) string {
	for _, rel := range rels {
		for _, l := range links {
			if (l.Rel == rel || (l.Rel == "" && rel == "alternate")) && l.Href != "" {
				return l.Href
			}
		}
	}
	return ""
}

func (f *feedReader) json(body string) error {
	feed, err := (&json.Parser{}).Parse(strings.NewReader(body))
	if err != nil {
		return err
	}
	if !strings.Contains(feed.Version, "jsonfeed.org") {
		return errors.New("no JSON Feed")
	}
	f.head(feed.Title, feed.HomePageURL)
	f.publisher = firstName(feed.Author, feed.Authors)
	if len(feed.Items) > maxItems {
		feed.Items = feed.Items[:maxItems]
		f.warn("订阅源超过 1000 条，只读取了前面的部分")
	}
	for i, it := range feed.Items {
		if it == nil {
			continue
		}
		item := feeds.Item{Title: it.Title, GUID: it.ID, URL: it.URL}
		if item.URL == "" {
			item.URL = it.ExternalURL
		}
		item.Author = firstName(it.Author, it.Authors)
		text := it.ContentHTML
		if text == "" && it.ContentText != "" {
			text = "<p>" + strings.ReplaceAll(html.EscapeString(it.ContentText), "\n", "<br>") + "</p>"
		}
		if it.Attachments != nil {
			for _, at := range *it.Attachments {
				f.enclose(&item, feeds.Enclosure{URL: at.URL, Type: at.MimeType, Length: at.SizeInBytes, Title: at.Title})
			}
		}
		f.add(item, i, longer(text, html.EscapeString(it.Summary)), it.DatePublished, it.DateModified)
	}
	return nil
}

// head keeps the feed's title and address; items' addresses are read against the latter.
func (f *feedReader) head(title, address string) {
	f.listing.Title = fold(plain(title))
	f.listing.Link = absolute(f.base, address)
	if f.base == nil {
		f.base, _ = url.Parse(f.listing.Link)
	}
}

// media lists the sounds and films of Media RSS; its pictures are thumbnails of what the text shows.
func (f *feedReader) media(item *feeds.Item, media map[string][]ext.Extension) {
	for _, m := range media["content"] {
		if typ := m.Attrs["type"]; m.Attrs["medium"] != "image" && !strings.HasPrefix(typ, "image/") {
			f.enclose(item, feeds.Enclosure{URL: m.Attrs["url"], Type: typ, Length: bytesOf(m.Attrs["fileSize"])})
		}
	}
	for _, group := range media["group"] {
		f.media(item, group.Children)
	}
}

// maxEnclosures bounds an item: no article has more.
const maxEnclosures = 100

func (f *feedReader) enclose(item *feeds.Item, e feeds.Enclosure) {
	e.URL, e.Type, e.Title = absolute(f.base, e.URL), fold(printable(e.Type)), fold(plain(e.Title))
	known := slices.ContainsFunc(item.Enclosures, func(k feeds.Enclosure) bool { return k.URL == e.URL })
	if e.URL != "" && !known && len(item.Enclosures) < maxEnclosures {
		item.Enclosures = append(item.Enclosures, e)
	}
}

// bytesOf is a length attribute's number, 0 when it is none.
func bytesOf(length string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(length), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// add normalises one item and lists it.
func (f *feedReader) add(item feeds.Item, position int, body, published, updated string) {
	item.Title = fold(plain(item.Title))
	item.URL = absolute(f.base, item.URL)
	item.Author, item.Origin = person(item.Author), fold(plain(item.Origin))
	item.GUID = fold(printable(item.GUID))
	if id := [2]string{item.GUID, item.URL}; f.seen[id] {
		return
	} else if id != [2]string{} {
		f.seen[id] = true
	}
	if t, p, ok := ParseDate(published, f.zone, f.now); ok {
		if item.Published, item.Precision = t, p; t.Equal(midnight(t)) {
			item.Precision = feeds.PrecisionDay // formats want a clock time; a portal that has none prints this one
		}
	} else if strings.TrimSpace(published) != "" {
		f.warn("有条目的日期无法识别：" + cut(printable(published), 40))
	}
	if dayName.MatchString(published) || ago.MatchString(published) {
		f.warn("有条目的日期是相对的，每天都会变：" + cut(printable(published), 40))
	}
	if t, _, ok := ParseDate(updated, f.zone, f.now); ok {
		item.Updated = t
	}
	f.body(&item, body)
	if item.Author == "" {
		item.Origin = keep(item.Origin, fold(plain(f.publisher)))
	}
	f.listing.Items = append(f.listing.Items, item)
}

// body cleans an item's HTML. Its addresses are read against the item's own address, where it has one.
func (f *feedReader) body(item *feeds.Item, body string) {
	if strings.TrimSpace(body) == "" {
		return
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(bounded(body)))
	if err != nil {
		return
	}
	base := f.base
	if own, err := url.Parse(item.URL); err == nil && own.IsAbs() {
		base = own
	}
	sel := doc.Find("body")
	c := takeCredit(sel)
	out := clean(sel, base)
	item.Content, item.Text, item.Images = out.html, out.text, out.images
	item.Enclosures = append(item.Enclosures, out.enclosures...)
	item.Origin, item.Editor = keep(item.Origin, c.origin), keep(item.Editor, c.editor)
	item.Author = keep(item.Author, c.author)
}

func firstName(one *json.Author, more []*json.Author) string {
	for _, a := range append([]*json.Author{one}, more...) {
		if a != nil && a.Name != "" {
			return a.Name
		}
	}
	return ""
}

// plain is a title without tags and references: feeds escape once, twice, or not at all.
func plain(title string) string {
	if strings.ContainsAny(title, "<&") {
		if doc, err := goquery.NewDocumentFromReader(strings.NewReader(title)); err == nil {
			title = doc.Text()
		}
	}
	return printable(title)
}

var mailbox = regexp.MustCompile(`^\s*\S+@\S+\s*(?:\((.*)\))?\s*$`)

// person is a name: RSS authors are mailboxes with the name in brackets.
func person(text string) string {
	text = fold(plain(text))
	if m := mailbox.FindStringSubmatch(text); m != nil {
		return fold(m[1])
	}
	return text
}

func cut(text string, n int) string {
	if r := []rune(fold(text)); len(r) > n {
		return string(r[:n]) + "…"
	}
	return fold(text)
}
