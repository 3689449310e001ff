package syndicate

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"time"

	gorilla "github.com/gorilla/feeds"

	"wefeed/feeds"
)

// rssFeed is the document: gorilla's has no namespace for atom:link and dc:creator.
type rssFeed struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Atom    string   `xml:"xmlns:atom,attr"`
	Content string   `xml:"xmlns:content,attr"`
	DC      string   `xml:"xmlns:dc,attr"`
	Channel *rssChannel
}

// rssChannel sets right of gorilla's RssFeed: the link to itself.
type rssChannel struct {
	*gorilla.RssFeed
	Self  rssSelf    `xml:"atom:link"`
	Items []*rssItem `xml:"item"`
}

type rssSelf struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
}

// rssItem sets right of gorilla's RssItem: names in dc:creator (author takes mailboxes), 来源 in dc:source (source needs
// the address of a feed), several categories.
type rssItem struct {
	*gorilla.RssItem
	Creator    string        `xml:"dc:creator,omitempty"`
	Origin     string        `xml:"dc:source,omitempty"`
	Categories []rssCategory `xml:"category"`
}

type rssCategory struct {
	Domain string `xml:"domain,attr,omitempty"`
	Title  string `xml:",chardata"`
}

// FeedXml makes an rssFeed what gorilla/feeds writes.
func (f *rssFeed) FeedXml() any { return f }

// renderRSS renders a feed as RSS 2.0 after the RSS Advisory Board's profile.
func (p *Publisher) renderRSS(c channel) ([]byte, error) {
	channel := &rssChannel{
		RssFeed: &gorilla.RssFeed{
			Title: line(c.title), Link: p.pageURL(c.id), Description: line(c.title), Language: p.Site.Language,
			Generator: "wefeed", Docs: "https://www.rssboard.org/rss-specification",
		},
		Self: rssSelf{Href: p.feedURL(c.id, ".rss"), Rel: "self", Type: "application/rss+xml"},
	}
	if !c.changed.IsZero() {
		channel.LastBuildDate = p.mailDate(c.changed)
	}
	for _, a := range c.articles {
		channel.Items = append(channel.Items, p.rssItem(a))
	}
	f := &rssFeed{
		Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Content: "http://purl.org/rss/1.0/modules/content/",
		DC: "http://purl.org/dc/elements/1.1/", Channel: channel,
	}
	var b bytes.Buffer
	err := gorilla.WriteXML(f, &b)
	return b.Bytes(), err
}

func (p *Publisher) rssItem(a feeds.Article) *rssItem {
	it := &rssItem{
		RssItem: &gorilla.RssItem{
			Title: title(a), Link: clean(a.URL), Description: summary(a), Content: &gorilla.RssContent{Content: body(a)},
			Guid: &gorilla.RssGuid{Id: p.tagURI("article", a.ID), IsPermaLink: "false"},
		},
		Creator: p.author(a), Origin: line(a.Origin),
	}
	if !a.Published.IsZero() {
		it.PubDate = a.Published.Format(time.RFC1123Z) // as printed, in its own zone
	}
	if it.Description == "" {
		it.Description = it.Title
	}
	for _, enc := range a.Enclosures { // one, and only with all that RSS asks for
		if enc.Length > 0 && enc.Type != "" && it.Enclosure == nil {
			it.Enclosure = &gorilla.RssEnclosure{Url: clean(enc.URL), Length: strconv.FormatInt(enc.Length, 10), Type: clean(enc.Type)}
		}
	}
	for _, cat := range p.categories(a) {
		it.Categories = append(it.Categories, rssCategory{Domain: p.Site.URL + "/s/" + cat.id, Title: cat.title})
	}
	return it
}

// mailDate is a time in the site's zone as RFC 822 writes it, with a year of four digits.
func (p *Publisher) mailDate(t time.Time) string { return t.In(p.Site.Zone).Format(time.RFC1123Z) }
