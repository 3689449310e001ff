package source

import (
	"errors"
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/mmcdole/gofeed/atom"
	"github.com/mmcdole/gofeed/json"
	"github.com/mmcdole/gofeed/rss"

	"wefeed/feeds"
)

// ReadFeed reads an RSS, Atom or JSON feed. A feed that is cut off gives the items before the cut, with a warning.
func (r *Reader) ReadFeed(src feeds.Source, resp *feeds.Response) (*feeds.Listing, error) {
	text := decode(resp.Body, resp.ContentType, src.Charset, xmlDeclaration)
	f := &feedReader{zone: r.zone(src), now: r.Now(), listing: &feeds.Listing{Encoding: text.encoding, Warnings: text.warnings}}
	f.base, _ = url.Parse(resp.URL)
	if f.base != nil && !f.base.IsAbs() {
		f.base = nil
	}
	var err error
	if strings.HasPrefix(strings.TrimLeft(text.body, "\ufeff \t\r\n"), "{") {
		err = f.json(text.body)
	} else {
		err = f.xml(text.body)
	}
	if err != nil {
		return nil, &feeds.Fault{Kind: feeds.FaultFormat, Detail: "内容不是可识别的 RSS、Atom 或 JSON Feed", Err: err}
	}
	return f.listing, nil
}

type feedReader struct {
	zone    *time.Location
	now     time.Time
	base    *url.URL
	listing *feeds.Listing
}

func (f *feedReader) warn(text string) { f.listing.Warnings = append(f.listing.Warnings, text) }

var (
	rootTag   = regexp.MustCompile(`(?i)<(rss|feed|rdf:RDF)[\s>]`)
	entryTag  = regexp.MustCompile(`<(?:item|entry)[\s>/]`)
	charRef   = regexp.MustCompile(`&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,9}));`)
	errNoRoot = errors.New("no feed's root element")
)

// xml reads RSS and Atom. What XML forbids is dropped, and everything before the root element: a declared encoding would
// be decoded twice, a document type may define entities.
func (f *feedReader) xml(body string) error {
	body = charRef.ReplaceAllStringFunc(printable(body), legalRef)
	at := rootTag.FindStringSubmatchIndex(body)
	if at == nil {
		return errNoRoot
	}
	root := strings.ToLower(body[at[2]:at[3]])
	body = f.capped(body[at[0]:], root)
	parse := f.rss
	if root == "feed" {
		parse = f.atom
	}
	err := parse(body)
	if err == nil {
		return nil
	}
	if saved, ok := salvage(body, root); ok && parse(saved) == nil {
		f.warn("订阅源不完整或有错误，只读取了完好的部分")
		return nil
	}
	return err
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

// salvage cuts a broken feed after its last whole item.
func salvage(body, root string) (string, bool) {
	end := strings.LastIndex(body, "</item>")
	length := len("</item>")
	if root == "feed" {
		end, length = strings.LastIndex(body, "</entry>"), len("</entry>")
	}
	if end < 0 {
		return "", false
	}
	return body[:end+length] + closing(root), true
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
	f.listing.Items = nil
	for i, it := range feed.Items {
		item := feeds.Item{Title: it.Title, URL: it.Link, Author: it.Author}
		if it.GUID != nil {
			item.GUID = it.GUID.Value
			if item.URL == "" && it.GUID.IsPermalink != "false" {
				item.URL = it.GUID.Value
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
			f.enclose(&item, e.URL, e.Type, e.Length)
		}
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
	f.listing.Items = nil
	for i, e := range feed.Entries {
		item := feeds.Item{Title: e.Title, GUID: e.ID, URL: link(e.Links, "alternate")}
		if item.URL == "" {
			item.URL = link(e.Links, "self", "related")
		}
		item.Author = names(e.Authors)
		if item.Author == "" {
			item.Author = names(feed.Authors)
		}
		if e.Source != nil {
			item.Origin = e.Source.Title
		}
		for _, l := range e.Links {
			if l.Rel == "enclosure" {
				f.enclose(&item, l.Href, l.Type, l.Length)
			}
		}
		text := e.Summary
		if e.Content != nil && strings.TrimSpace(e.Content.Value) != "" {
			text = e.Content.Value
		}
		published := e.Published
		if published == "" {
			published = e.Updated
		}
		f.add(item, i, text, published, e.Updated)
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
		people := append(append([]*json.Author{it.Author}, it.Authors...), feed.Author)
		for _, a := range append(people, feed.Authors...) {
			if a != nil && a.Name != "" && item.Author == "" {
				item.Author = a.Name
			}
		}
		text := it.ContentHTML
		if text == "" && it.ContentText != "" {
			text = "<p>" + strings.ReplaceAll(html.EscapeString(it.ContentText), "\n", "<br>") + "</p>"
		}
		if it.Attachments != nil {
			for _, at := range *it.Attachments {
				item.Enclosures = append(item.Enclosures, feeds.Enclosure{URL: absolute(f.base, at.URL), Type: at.MimeType, Length: at.SizeInBytes, Title: at.Title})
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

func (f *feedReader) enclose(item *feeds.Item, address, typ, length string) {
	if address = absolute(f.base, address); address == "" {
		return
	}
	var n int64
	for _, d := range strings.TrimSpace(length) {
		if d < '0' || d > '9' || n > 1<<50 {
			n = 0
			break
		}
		n = n*10 + int64(d-'0')
	}
	item.Enclosures = append(item.Enclosures, feeds.Enclosure{URL: address, Type: typ, Length: n})
}

// add normalises one item and lists it.
func (f *feedReader) add(item feeds.Item, position int, body, published, updated string) {
	item.Title = fold(plain(item.Title))
	item.URL = absolute(f.base, item.URL)
	item.Author, item.Origin = person(item.Author), fold(plain(item.Origin))
	item.GUID = fold(item.GUID)
	if t, p, ok := ParseDate(published, f.zone, f.now); ok {
		item.Published, item.Precision = t, p
	} else if strings.TrimSpace(published) != "" {
		f.warn("有条目的日期无法识别：" + cut(published, 40))
	}
	if t, _, ok := ParseDate(updated, f.zone, f.now); ok {
		item.Updated = t
	}
	f.body(&item, body)
	f.listing.Items = append(f.listing.Items, item)
}

// body cleans an item's HTML. Its addresses are read against the item's own address, where it has one.
func (f *feedReader) body(item *feeds.Item, body string) {
	if strings.TrimSpace(body) == "" {
		return
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
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
