package syndicate

import (
	"bytes"
	"strconv"
	"time"

	gorilla "github.com/gorilla/feeds"

	"wefeed/feeds"
)

// atomFeed sets right of gorilla's AtomFeed: several links, the language, a generator.
type atomFeed struct {
	*gorilla.AtomFeed
	Lang      string             `xml:"xml:lang,attr,omitempty"`
	Links     []gorilla.AtomLink `xml:"link"`
	Generator generator          `xml:"generator"`
	Entries   []*atomEntry       `xml:"entry"`
}

type generator struct {
	URI     string `xml:"uri,attr,omitempty"`
	Version string `xml:"version,attr,omitempty"`
	Name    string `xml:",chardata"`
}

// atomEntry sets right of gorilla's AtomEntry: categories with terms, enclosures of any length.
type atomEntry struct {
	*gorilla.AtomEntry
	Categories []atomCategory `xml:"category"`
}

type atomCategory struct {
	Term   string `xml:"term,attr"`
	Scheme string `xml:"scheme,attr,omitempty"`
	Label  string `xml:"label,attr,omitempty"`
}

// FeedXml makes an atomFeed what gorilla/feeds writes.
func (f *atomFeed) FeedXml() any { return f }

// renderAtom renders a feed as Atom (RFC 4287).
func (p *Publisher) renderAtom(c channel) ([]byte, error) {
	f := &atomFeed{
		AtomFeed: &gorilla.AtomFeed{
			Xmlns: "http://www.w3.org/2005/Atom", Title: line(c.title), Id: p.tagURI("section", c.id), Updated: p.stamp(c.changed),
			Author: &gorilla.AtomAuthor{AtomPerson: gorilla.AtomPerson{Name: line(p.Site.Title), Uri: p.Site.URL + "/"}},
		},
		Lang:      p.Site.Language,
		Generator: generator{Version: p.Site.Version, Name: "wefeed"},
		Links: []gorilla.AtomLink{
			{Href: p.feedURL(c.id, ".atom"), Rel: "self", Type: "application/atom+xml"},
			{Href: p.pageURL(c.id), Rel: "alternate", Type: "text/html"},
		},
		Entries: []*atomEntry{},
	}
	for _, a := range c.articles {
		f.Entries = append(f.Entries, p.atomEntry(a))
	}
	var b bytes.Buffer
	err := gorilla.WriteXML(f, &b)
	return b.Bytes(), err
}

func (p *Publisher) atomEntry(a feeds.Article) *atomEntry {
	e := &atomEntry{AtomEntry: &gorilla.AtomEntry{
		Title: title(a), Id: p.tagURI("article", a.ID), Updated: p.stamp(a.Updated),
		Author:  &gorilla.AtomAuthor{AtomPerson: gorilla.AtomPerson{Name: p.author(a)}},
		Content: &gorilla.AtomContent{Type: "html", Content: body(a)},
		Links:   []gorilla.AtomLink{{Href: clean(a.URL), Rel: "alternate", Type: "text/html"}},
	}}
	if text := summary(a); text != "" {
		e.Summary = &gorilla.AtomSummary{Type: "text", Content: text}
	}
	if !a.Published.IsZero() {
		e.Published = a.Published.Format(time.RFC3339) // as printed, in its own zone
	}
	if a.Author != "" && a.Origin != "" {
		// 来源 is no atom:source, which stands for the feed that an entry was copied from.
		e.Contributor = &gorilla.AtomContributor{AtomPerson: gorilla.AtomPerson{Name: line(a.Origin)}}
	}
	for _, enc := range a.Enclosures {
		l := gorilla.AtomLink{Href: clean(enc.URL), Rel: "enclosure", Type: clean(enc.Type)}
		if enc.Length > 0 {
			l.Length = strconv.FormatInt(enc.Length, 10)
		}
		e.Links = append(e.Links, l)
	}
	for _, cat := range p.categories(a) {
		e.Categories = append(e.Categories, atomCategory{Term: cat.id, Scheme: p.Site.URL + "/s/", Label: cat.title})
	}
	return e
}

// stamp is a time in the site's zone (RFC 3339).
func (p *Publisher) stamp(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0) // a feed that never changed
	}
	return t.In(p.Site.Zone).Truncate(time.Second).Format(time.RFC3339)
}
