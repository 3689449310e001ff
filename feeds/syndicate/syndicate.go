// Package syndicate publishes articles as Atom (RFC 4287), RSS 2.0, JSON Feed 1.1 and OPML 2.0.
//
// The documents are gorilla/feeds' types embedded in ours, whose shallower fields set right what those get wrong or lack:
// several links and categories, authors, permanent ids, languages. They depend on nothing but the stored articles and the
// site's configuration, never on the clock or on a request's Host, so that the same articles give the same bytes after a
// restart.
//
// A [Publisher] renders a feed once per change, keeps it gzipped, and serves it: a cached GET touches neither store nor
// encoder. A feed that is not kept is rendered from the store by one request while the others wait for it.
package syndicate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"wefeed/feeds"
)

// A Store gives the articles of feeds.
type Store interface {
	// Newest returns the newest live articles of any of the sections, in feed order.
	Newest(ctx context.Context, sections []string, limit int) ([]feeds.Article, error)
	// Changed returns when the feed of any of the sections last changed; zero for never.
	Changed(ctx context.Context, sections []string) (time.Time, error)
	SourceStates(ctx context.Context) (map[string]feeds.SourceState, error)
}

// A Site is what the feeds say of their publisher.
type Site struct {
	Title    string
	URL      string // of the gateway, no final slash: all addresses of ours begin with it
	Tag      string // of tag URIs (RFC 4151): example.cn,2026
	Zone     *time.Location
	Language string // zh-CN
	Email    string
	Version  string // of wefeed, for generator; "" names none
}

// Options are what a publisher works with.
type Options struct {
	Catalog    *feeds.Catalog
	Site       Site
	Store      Store
	Limit      int   // articles in a feed; default 50
	CacheBytes int64 // of rendered feeds; default 128 MiB
	Logger     *slog.Logger
}

// A Publisher renders, keeps and serves the feeds. It is safe for concurrent use.
type Publisher struct {
	Options
	cache cache
	opml  *document
}

// New returns a publisher.
func New(o Options) (*Publisher, error) {
	if o.Catalog == nil || o.Store == nil || o.Site.URL == "" || o.Site.Tag == "" || o.Site.Zone == nil {
		return nil, errors.New("a publisher needs a catalog, a store, and the site's URL, tag and zone")
	}
	if o.Limit == 0 {
		o.Limit = 50
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 128 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Publisher{Options: o}
	p.cache.init(o.CacheBytes)
	body, err := p.renderOPML()
	if err != nil {
		return nil, fmt.Errorf("render OPML: %w", err)
	}
	p.opml, err = pack(body, "text/x-opml; charset=utf-8", time.Time{})
	return p, err
}

// A channel is one feed as its documents describe it.
type channel struct {
	id       string // section, all, or a+b
	title    string
	families []string // the sections whose articles it holds
	articles []feeds.Article
	changed  time.Time
}

// channel describes the feed with this id, without its articles; false for an unknown one.
func (p *Publisher) channel(id string) (channel, bool) {
	c := channel{id: id}
	if id == feeds.All {
		c.title, c.families = p.Site.Title, p.Catalog.Family(id)
		return c, true
	}
	titles := ""
	for _, one := range split(id) {
		s, ok := p.Catalog.Section(one)
		if !ok {
			return c, false
		}
		if titles != "" {
			titles += "、"
		}
		titles += s.Title
		c.families = append(c.families, p.Catalog.Family(one)...)
	}
	c.title = titles + " - " + p.Site.Title
	return c, true
}

// feedURL is the one address of a feed in a format.
func (p *Publisher) feedURL(id, ending string) string { return p.Site.URL + "/feeds/" + id + ending }

// pageURL is the page for people that belongs to a feed.
func (p *Publisher) pageURL(id string) string {
	if id == feeds.All || len(split(id)) > 1 {
		return p.Site.URL + "/"
	}
	return p.Site.URL + "/s/" + id
}

func (p *Publisher) tagURI(kind, id string) string {
	return "tag:" + p.Site.Tag + ":" + kind + "/" + id
}
