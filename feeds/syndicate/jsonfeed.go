package syndicate

import (
	"bytes"
	"encoding/json"
	"time"

	gorilla "github.com/gorilla/feeds"

	"wefeed/feeds"
)

// jsonFeed sets right of gorilla's JSONFeed: items are there even when there are none.
type jsonFeed struct {
	*gorilla.JSONFeed
	Items []*jsonItem `json:"items"`
}

// jsonItem sets right of gorilla's JSONItem: attachments with their size, and the portal's credits as an extension.
type jsonItem struct {
	*gorilla.JSONItem
	Language    string       `json:"language,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
	Portal      *credits     `json:"_portal,omitempty"`
}

type attachment struct {
	URL   string `json:"url"`
	Type  string `json:"mime_type"`
	Title string `json:"title,omitempty"`
	Size  int64  `json:"size_in_bytes,omitempty"`
}

// credits are what the portal prints below an article: 来源 and 编辑.
type credits struct {
	Source string `json:"source,omitempty"`
	Editor string `json:"editor,omitempty"`
}

// renderJSON renders a feed as JSON Feed 1.1.
func (p *Publisher) renderJSON(c channel) ([]byte, error) {
	f := jsonFeed{
		JSONFeed: &gorilla.JSONFeed{
			Version: "https://jsonfeed.org/version/1.1", Title: line(c.title), Language: p.Site.Language,
			HomePageUrl: p.pageURL(c.id), FeedUrl: p.feedURL(c.id, ".json"),
			Authors: []*gorilla.JSONAuthor{{Name: line(p.Site.Title), Url: p.Site.URL + "/"}},
		},
		Items: []*jsonItem{},
	}
	for _, a := range c.articles {
		f.Items = append(f.Items, p.jsonItem(a))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(f)
	return b.Bytes(), err
}

func (p *Publisher) jsonItem(a feeds.Article) *jsonItem {
	modified := p.local(a.Updated)
	it := &jsonItem{JSONItem: &gorilla.JSONItem{
		Id: p.tagURI("article", a.ID), Url: clean(a.URL), Title: title(a), ContentHTML: body(a), Summary: summary(a),
		ModifiedDate: &modified, Authors: []*gorilla.JSONAuthor{{Name: p.author(a)}},
	}}
	if !a.Published.IsZero() {
		it.PublishedDate = &a.Published // as printed, in its own zone
	}
	if len(a.Images) > 0 {
		it.Image = clean(a.Images[0])
	}
	for _, cat := range p.categories(a) {
		it.Tags = append(it.Tags, cat.title)
	}
	for _, e := range a.Enclosures {
		if e.Type == "" { // required by the format
			e.Type = "application/octet-stream"
		}
		it.Attachments = append(it.Attachments, attachment{URL: clean(e.URL), Type: clean(e.Type), Title: line(e.Title), Size: e.Length})
	}
	if a.Origin != "" || a.Editor != "" {
		it.Portal = &credits{Source: line(a.Origin), Editor: line(a.Editor)}
	}
	return it
}

func (p *Publisher) local(t time.Time) time.Time { return t.In(p.Site.Zone).Truncate(time.Second) }
