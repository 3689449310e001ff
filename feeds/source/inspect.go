package source

import (
	"time"

	"wefeed/feeds"
)

// An InspectedArticle is what inspect article --json prints. What is absent is omitted; encoding and warnings never are.
type InspectedArticle struct {
	Title       string          `json:"title,omitempty"`
	Author      string          `json:"author,omitempty"`
	Source      string          `json:"source,omitempty"` // 来源
	Editor      string          `json:"editor,omitempty"`
	Published   string          `json:"published,omitempty"` // RFC 3339 in the source's zone
	Precision   feeds.Precision `json:"published_precision,omitempty"`
	Updated     string          `json:"updated,omitempty"`
	ContentHTML string          `json:"content_html,omitempty"`
	Text        string          `json:"text,omitempty"`
	Images      []string        `json:"images,omitempty"`
	Encoding    string          `json:"encoding"`
	Warnings    []string        `json:"warnings"`
}

// An InspectedList is what inspect list --json prints.
type InspectedList struct {
	Items    []InspectedEntry `json:"items"`
	Encoding string           `json:"encoding"`
	Warnings []string         `json:"warnings"`
}

// An InspectedEntry is one entry of a list page.
type InspectedEntry struct {
	Title     string          `json:"title,omitempty"`
	URL       string          `json:"url,omitempty"`
	Published string          `json:"published,omitempty"`
	Precision feeds.Precision `json:"published_precision,omitempty"`
}

// An InspectedFeed is what inspect feed --json prints.
type InspectedFeed struct {
	Title    string              `json:"title,omitempty"`
	Link     string              `json:"link,omitempty"`
	Items    []InspectedFeedItem `json:"items"`
	Encoding string              `json:"encoding"`
	Warnings []string            `json:"warnings"`
}

// An InspectedFeedItem is one item of a feed.
type InspectedFeedItem struct {
	ID          string `json:"id,omitempty"`
	Title       string `json:"title,omitempty"`
	Link        string `json:"link,omitempty"`
	Author      string `json:"author,omitempty"`
	Published   string `json:"published,omitempty"`
	Updated     string `json:"updated,omitempty"`
	ContentHTML string `json:"content_html,omitempty"`
}

// InspectArticle shows a page as the reader sees it.
func InspectArticle(p *feeds.Page) InspectedArticle {
	warnings := p.Warnings
	if p.Withdrawn {
		warnings = append(warnings, "页面声明文章已撤下")
	}
	return InspectedArticle{
		Title: p.Title, Author: p.Author, Source: p.Origin, Editor: p.Editor, Published: stamp(p.Published),
		Precision: p.Precision, Updated: stamp(p.Updated), ContentHTML: p.Content, Text: p.Text, Images: p.Images,
		Encoding: p.Encoding, Warnings: always(warnings),
	}
}

// InspectList shows a list page as the reader sees it.
func InspectList(l *feeds.Listing) InspectedList {
	out := InspectedList{Items: []InspectedEntry{}, Encoding: l.Encoding, Warnings: always(l.Warnings)}
	for _, it := range l.Items {
		out.Items = append(out.Items, InspectedEntry{Title: it.Title, URL: it.URL, Published: stamp(it.Published), Precision: it.Precision})
	}
	return out
}

// InspectFeed shows a feed as the reader sees it.
func InspectFeed(l *feeds.Listing) InspectedFeed {
	out := InspectedFeed{Title: l.Title, Link: l.Link, Items: []InspectedFeedItem{}, Encoding: l.Encoding, Warnings: always(l.Warnings)}
	for _, it := range l.Items {
		out.Items = append(out.Items, InspectedFeedItem{
			ID: it.GUID, Title: it.Title, Link: it.URL, Author: it.Author, Published: stamp(it.Published), Updated: stamp(it.Updated), ContentHTML: it.Content,
		})
	}
	return out
}

// stamp is a time with its zone's offset, never Z.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05-07:00")
}

func always(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
