package syndicate

import (
	"bytes"
	"encoding/xml"

	"wefeed/feeds"
)

type opml struct {
	XMLName xml.Name  `xml:"opml"`
	Version string    `xml:"version,attr"`
	Title   string    `xml:"head>title"`
	Outline []outline `xml:"body>outline"`
}

// An outline is one feed, with those of its child sections in it.
type outline struct {
	Text     string    `xml:"text,attr"`
	Title    string    `xml:"title,attr"`
	Type     string    `xml:"type,attr"`
	XMLURL   string    `xml:"xmlUrl,attr"`
	HTMLURL  string    `xml:"htmlUrl,attr"`
	Children []outline `xml:"outline"`
}

// renderOPML lists the whole portal and all sections, nested as the navigation nests them (OPML 2.0).
func (p *Publisher) renderOPML() ([]byte, error) {
	doc := opml{Version: "2.0", Title: line(p.Site.Title), Outline: []outline{p.outline(feeds.All, p.Site.Title)}}
	for _, s := range p.Catalog.Sections() {
		if s.Parent == "" {
			doc.Outline = append(doc.Outline, p.branch(s))
		}
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	err := enc.Encode(doc)
	b.WriteByte('\n')
	return b.Bytes(), err
}

func (p *Publisher) branch(s feeds.Section) outline {
	o := p.outline(s.ID, s.Title)
	for _, child := range p.Catalog.Sections() {
		if child.Parent == s.ID {
			o.Children = append(o.Children, p.branch(child))
		}
	}
	return o
}

func (p *Publisher) outline(id, name string) outline {
	return outline{Text: line(name), Title: line(name), Type: "rss", XMLURL: p.feedURL(id, ".atom"), HTMLURL: p.pageURL(id)}
}
