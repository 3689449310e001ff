package feeds

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// readPages reads the pages that entries need, some at once, and reports whether time ran out before the last.
func (c *Collector) readPages(ctx context.Context, src Source, entries []entry) ([]Incoming, bool) {
	read := make([]*Incoming, len(entries))
	var g errgroup.Group
	g.SetLimit(c.Parallel)
	for i, e := range entries {
		if !e.page {
			read[i] = &e.in
			continue
		}
		g.Go(func() error {
			if in, ok := c.readPage(ctx, src, e); ok {
				read[i] = &in
			}
			return nil
		})
	}
	_ = g.Wait()
	var items []Incoming
	for _, in := range read {
		if in != nil {
			items = append(items, *in)
		}
	}
	addAliases(src, items)
	return items, len(items) < len(entries)
}

// readPage reads one article's page. A page that cannot be read leaves the item pending; false means that time ran out.
func (c *Collector) readPage(ctx context.Context, src Source, e entry) (Incoming, bool) {
	in := e.in
	if ctx.Err() != nil {
		return in, false
	}
	resp, err := c.Fetcher.Fetch(ctx, Request{URL: in.Item.URL})
	if ctx.Err() != nil {
		return in, false
	}
	if err != nil || resp.Status != http.StatusOK || strayed(in.Item.URL, resp.URL) {
		in.Pending = true
		return in, true
	}
	page, err := c.readArticle(src, resp, in.Item)
	if err != nil && !e.known { // a known one is pending, and was told of when it was new
		c.Logger.Warn("article page not read", "source", src.ID, "url", withoutQuery(resp.URL), "title", in.Item.Title, "detail", err)
	}
	if err != nil || page == nil {
		in.Pending = true
		return in, true
	}
	in.Item, in.FromPage, in.Validators = *page, true, resp.Validators
	return in, true
}

// readArticle reads an answered page over what is known already. The page is nil when it is a withdrawal notice. A document
// that is no page, such as a PDF, becomes the item's enclosure.
func (c *Collector) readArticle(src Source, resp *Response, known Item) (page *Item, err error) {
	defer func() {
		if r := recover(); r != nil { // foreign bytes in foreign parsers: one page must not take the process down
			page, err = nil, fmt.Errorf("reading panicked: %v", r)
		}
	}()
	if typ, _, err := mime.ParseMediaType(resp.ContentType); err == nil && !strings.Contains(typ, "html") && !strings.HasPrefix(typ, "text/") {
		known.Enclosures = []Enclosure{{URL: resp.URL, Type: typ, Length: int64(len(resp.Body))}}
		return &known, nil
	}
	p, err := c.Reader.ReadArticle(src, resp)
	if err != nil {
		return nil, err
	}
	if p.Withdrawn {
		return nil, nil
	}
	it := fill(p.Item, known)
	if resp.URL != "" && resp.URL != it.URL {
		it.Aliases = append(it.Aliases, resp.URL)
	}
	return &it, nil
}

// withoutQuery is an address as it may stand in a log: a query may hold a secret.
func withoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}

// fill completes what a page says with what was known before. The address stays: it is the article's identity.
func fill(page, known Item) Item {
	page.URL, page.GUID = known.URL, known.GUID
	page.Title = first(page.Title, known.Title)
	page.Author = first(page.Author, known.Author)
	page.Origin = first(page.Origin, known.Origin)
	page.Editor = first(page.Editor, known.Editor)
	if page.Published.IsZero() || finer(known, page) {
		page.Published, page.Precision = known.Published, known.Precision
	}
	if len(page.Enclosures) == 0 {
		page.Enclosures = known.Enclosures
	}
	return page
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// finer reports whether known gives the clock time of the day that page prints alone.
func finer(known, page Item) bool {
	if page.Precision != PrecisionDay || known.Precision == PrecisionDay || known.Published.IsZero() {
		return false
	}
	y, m, d := known.Published.In(page.Published.Location()).Date()
	py, pm, pd := page.Published.Date()
	return y == py && m == pm && d == pd
}

// addAliases adds the items' alias addresses to their keys, but none that several items share and none that is a
// front page: a portal that redirects its lost pages to one address must not make one article of them.
func addAliases(src Source, items []Incoming) {
	owners := map[string]int{}
	for _, in := range items {
		for _, k := range aliasKeys(in.Item) {
			owners[k]++
		}
	}
	for i := range items {
		in := &items[i]
		in.Item.Aliases = slices.DeleteFunc(in.Item.Aliases, func(raw string) bool {
			u, err := url.Parse(raw)
			return err != nil || strings.Trim(u.Path, "/") == "" && u.RawQuery == "" || owners[URLKey(raw)] > 1
		})
		for _, k := range Keys(src, in.Item) {
			if !slices.Contains(in.Keys, k) {
				in.Keys = append(in.Keys, k)
			}
		}
	}
}

// check looks at the pages of known articles, some at once, leaving out those that items bring anyway. What time does
// not allow is left for the next collect.
func (c *Collector) check(ctx context.Context, due []Article, items []Incoming) []Check {
	brought := map[string]bool{}
	for _, in := range items {
		brought[in.Keys[0]] = true
	}
	checks := make([]*Check, len(due))
	var g errgroup.Group
	g.SetLimit(c.Parallel)
	for i, a := range due {
		if brought[a.Key] {
			continue
		}
		g.Go(func() error {
			if ch := c.checkOne(ctx, a); ctx.Err() == nil {
				checks[i] = &ch
			}
			return nil
		})
	}
	_ = g.Wait()
	var done []Check
	for _, ch := range checks {
		if ch != nil {
			done = append(done, *ch)
		}
	}
	return done
}

// checkOne looks at one article's page.
func (c *Collector) checkOne(ctx context.Context, a Article) Check {
	ch := Check{ArticleID: a.ID}
	resp, err := c.Fetcher.Fetch(ctx, Request{URL: a.URL, Validators: a.Validators})
	switch {
	case err != nil:
		ch.Failed = true
	case resp.Status == http.StatusNotFound, resp.Status == http.StatusGone:
		ch.Gone = true
	case resp.NotModified:
	case resp.Status != http.StatusOK, strayed(a.URL, resp.URL):
		ch.Failed = true
	case a.FromPage || a.Status == StatusPending:
		src := c.sourceOf(a)
		page, err := c.readArticle(src, resp, knownItem(a, src.Zone))
		ch.Page, ch.Failed, ch.Gone = page, err != nil, err == nil && page == nil
		ch.Validators = resp.Validators
	}
	return ch
}

// strayed reports whether a request for an article was led to a front page or an error page that answers 200: whatever
// stands there is not the article, and no proof that it is gone.
func strayed(asked, answered string) bool {
	from, err := url.Parse(asked)
	to, err2 := url.Parse(answered)
	if err != nil || err2 != nil || answered == "" || from.Path == to.Path {
		return false
	}
	return stray.MatchString(to.Path) && !stray.MatchString(from.Path) && to.RawQuery == ""
}

var stray = regexp.MustCompile(`(?i)^/?(?:(?:index|default|home|main)(?:\.\w{2,5})?|(?:\w+/)*(?:404|error|notfound)(?:\.\w{2,5})?)?$`)

func (c *Collector) sourceOf(a Article) Source {
	if src, ok := c.Catalog.Source(a.SourceID); ok {
		return src
	}
	return Source{ID: a.SourceID, Kind: KindList, Charset: "auto"}
}

// knownItem is what is stored of an article, as an item.
func knownItem(a Article, zone *time.Location) Item {
	it := Item{
		URL: a.URL, Title: a.Title, Author: a.Author, Origin: a.Origin, Editor: a.Editor,
		Published: a.Published, Precision: a.Precision, Content: a.Content, Images: a.Images, Enclosures: a.Enclosures,
	}
	if zone != nil && !it.Published.IsZero() {
		it.Published = it.Published.In(zone)
	}
	return it
}

// Recheck looks at the pages of these articles now, stores what it finds, and returns them as stored. A page that
// cannot be reached leaves its article as it was.
func (c *Collector) Recheck(ctx context.Context, ids []string) ([]Article, error) {
	articles, err := c.Store.ByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	budget, cancel := context.WithTimeout(ctx, c.Budget)
	defer cancel()
	bySource := map[string][]Article{}
	for _, a := range articles {
		if a.Status != StatusWithdrawn {
			bySource[a.SourceID] = append(bySource[a.SourceID], a)
		}
	}
	for _, some := range bySource {
		col := Collected{Source: c.sourceOf(some[0]), At: c.Now(), Rules: c.Rules, ChecksOnly: true, Checks: c.check(budget, some, nil)}
		if _, err := c.Store.SaveCollected(ctx, col); err != nil {
			return nil, err
		}
	}
	return c.Store.ByID(ctx, ids)
}

// RecheckDue looks at the source's section's articles whose check has come: the second look at a page that was gone.
func (c *Collector) RecheckDue(ctx context.Context, source string) error {
	src, ok := c.Catalog.Source(source)
	if !ok {
		return nil
	}
	due, err := c.Store.DueChecks(ctx, src.Section, c.Now(), c.Rules.PerCollect)
	if err != nil || len(due) == 0 {
		return err
	}
	ids := make([]string, len(due))
	for i, a := range due {
		ids[i] = a.ID
	}
	_, err = c.Recheck(ctx, ids)
	return err
}
