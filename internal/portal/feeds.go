package portal

import (
	"encoding/xml"
	"html"
	"net/http"
	"strings"
	"time"
)

// feedLength is how many articles a feed holds.
const feedLength = 50

type rssFeed struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Content string     `xml:"xmlns:content,attr"`
	DC      string     `xml:"xmlns:dc,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title   string     `xml:"title"`
	Link    string     `xml:"link"`
	GUID    string     `xml:"guid"`
	PubDate string     `xml:"pubDate"`
	Creator string     `xml:"dc:creator,omitempty"`
	Source  *rssSource `xml:"source"`
	Content string     `xml:"content:encoded"`
}

type rssSource struct {
	URL  string `xml:"url,attr"`
	Name string `xml:",chardata"`
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomPerson  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Published string      `xml:"published"`
	Updated   string      `xml:"updated"`
	Author    *atomPerson `xml:"author"`
	Link      atomLink    `xml:"link"`
	Content   atomContent `xml:"content"`
}

type atomContent struct {
	Base string `xml:"xml:base,attr"`
	Type string `xml:"type,attr"`
	HTML string `xml:",chardata"`
}

func (v view) feed(r *http.Request) (document, error) {
	id, format, _ := strings.Cut(r.PathValue("name"), ".")
	s, ok := sectionByID(id)
	if !ok {
		return document{}, errNotFound
	}
	articles := v.newest(id)
	articles = articles[:min(feedLength, len(articles))]
	switch format {
	case "rss":
		return v.xml("application/rss+xml", v.rss(s, articles))
	case "atom":
		return v.xml("application/atom+xml", v.atom(s, articles))
	}
	return document{}, errNotFound
}

func (v view) xml(kind string, feed any) (document, error) {
	b, err := xml.MarshalIndent(feed, "", " ")
	text := string(b)
	if v.Mode.BrokenFeed {
		text = brokenOff(text)
	}
	declaration := `<?xml version="1.0"?>`
	if c := v.charset(); c != "" {
		declaration = `<?xml version="1.0" encoding="` + c + `"?>`
	}
	return document{http.StatusOK, kind, declaration + "\n" + text + "\n"}, err
}

// brokenOff cuts a feed inside a title in its middle.
func brokenOff(text string) string {
	const tag = "<title>"
	if i := strings.Index(text[len(text)/2:], tag); i >= 0 {
		return text[:len(text)/2+i+len(tag)-2]
	}
	return text[:strings.LastIndex(text, tag)+len(tag)-2]
}

func (v view) rss(s section, articles []article) rssFeed {
	feed := rssFeed{
		Version: "2.0", Content: "http://purl.org/rss/1.0/modules/content/", DC: "http://purl.org/dc/elements/1.1/",
		Channel: rssChannel{Title: s.Title + " - " + siteTitle, Link: v.base + "/" + s.ID + "/", Description: s.Title, Language: "zh-CN"},
	}
	for _, a := range articles {
		item := rssItem{
			Title: a.Title, Link: v.base + a.Path, GUID: v.base + a.Path, PubDate: midnight(a.Published).Format(time.RFC1123Z),
			Creator: a.Source, Content: content(a),
		}
		if a.Source != "" {
			item.Source = &rssSource{URL: v.base + "/", Name: a.Source}
		}
		feed.Channel.Items = append(feed.Channel.Items, item)
	}
	return feed
}

func (v view) atom(s section, articles []article) atomFeed {
	feed := atomFeed{
		ID: v.base + "/feeds/" + s.ID + ".atom", Title: s.Title + " - " + siteTitle, Author: atomPerson{siteTitle},
		Links: []atomLink{
			{"alternate", "text/html", v.base + "/" + s.ID + "/"},
			{"self", "application/atom+xml", v.base + "/feeds/" + s.ID + ".atom"},
		},
	}
	updated := v.Changed
	for i, a := range articles {
		if i == 0 || a.Modified.After(updated) {
			updated = a.Modified
		}
		feed.Entries = append(feed.Entries, v.entry(a))
	}
	feed.Updated = updated.In(beijing).Format(time.RFC3339)
	return feed
}

func (v view) entry(a article) atomEntry {
	e := atomEntry{
		ID: v.base + a.Path, Title: a.Title, Published: midnight(a.Published).Format(time.RFC3339),
		Updated: a.Modified.In(beijing).Format(time.RFC3339), Link: atomLink{"alternate", "text/html", v.base + a.Path},
		Content: atomContent{Base: v.base + a.Path, Type: "html", HTML: content(a)},
	}
	if a.Source != "" {
		e.Author = &atomPerson{a.Source}
	}
	return e
}

// midnight is the beginning of a day, which is all that the portal knows of an article's time.
func midnight(day string) time.Time {
	t, _ := time.ParseInLocation(time.DateOnly, day, beijing) // parseDay has read it before
	return t
}

// content is an article's body, pictures and credits. Addresses are relative to its page, as on the page itself.
func content(a article) string {
	var b strings.Builder
	b.WriteString(a.Body)
	for _, image := range a.Images {
		b.WriteString(`<p><img src="` + html.EscapeString(imageAddress("../../", image)) + `" alt=""></p>`)
	}
	if c := a.Credits(); c != "" {
		b.WriteString("<p>" + html.EscapeString(c) + "</p>")
	}
	return b.String()
}

// Credits is the line below an article that says where it comes from.
func (a article) Credits() string {
	var parts []string
	if a.Source != "" {
		parts = append(parts, "来源："+a.Source)
	}
	if a.Editor != "" {
		parts = append(parts, "编辑："+a.Editor)
	}
	return strings.Join(parts, "　")
}
