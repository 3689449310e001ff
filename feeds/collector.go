package feeds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// CollectorOptions are what a [Collector] works with.
type CollectorOptions struct {
	Catalog *Catalog
	Tag     string // site.tag: article ids are built on it
	Rules   Rules
	Fetcher Fetcher
	Reader  Reader
	Store   Store
	Now     func() time.Time
	// Budget bounds the reading of article pages in one collect; what is left over is collected next. Default 35 s,
	// so that a job with its timeout of 60 s ends by storing what it has.
	Budget time.Duration
	// Parallel is how many article pages of one source are read at once. Default 4.
	Parallel int
	Logger   *slog.Logger
}

// A Collector turns what a source shows today into stored articles.
type Collector struct {
	CollectorOptions
	mu   sync.Mutex
	told map[string]string // by source: the warnings that were logged last
}

// NewCollector returns a collector. Only Budget, Parallel, Now and Logger have defaults.
func NewCollector(o CollectorOptions) (*Collector, error) {
	if o.Catalog == nil || o.Fetcher == nil || o.Reader == nil || o.Store == nil || o.Tag == "" {
		return nil, fmt.Errorf("a collector needs a catalog, a site tag, a fetcher, a reader and a store")
	}
	if o.Budget == 0 {
		o.Budget = 35 * time.Second
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Collector{CollectorOptions: o, told: map[string]string{}}, nil
}

// Collect reads a source and stores what is new, corrected or gone, in one transaction. A source that cannot be read is
// marked with the reason and keeps what it had; that is no error of Collect, which returns one only when the store
// fails or ctx ends. A source that is no longer configured is left alone.
func (c *Collector) Collect(ctx context.Context, source string) (Saved, error) {
	src, ok := c.Catalog.Source(source)
	if !ok {
		return Saved{}, nil
	}
	state, err := c.Store.SourceState(ctx, source)
	if err != nil {
		return Saved{}, err
	}
	state = state.Of(src)
	col, err := c.read(ctx, src, state)
	if err != nil {
		if ctx.Err() != nil {
			return Saved{}, ctx.Err()
		}
		return Saved{}, c.fault(ctx, src, state, err)
	}
	saved, err := c.Store.SaveCollected(ctx, col)
	if err != nil {
		return Saved{}, err
	}
	c.report(src, state, col, saved)
	return saved, nil
}

// read makes the Collected of one collect: the listing's items, then the checks that are due.
func (c *Collector) read(ctx context.Context, src Source, state SourceState) (Collected, error) {
	col := Collected{Source: src, At: c.Now(), Rules: c.Rules, Learned: true}
	resp, err := c.Fetcher.Fetch(ctx, Request{URL: src.URL, Validators: state.Validators})
	if err != nil {
		return col, err
	}
	budget, cancel := context.WithTimeout(ctx, c.Budget)
	defer cancel()
	switch {
	case resp.NotModified:
		col.Learned = !state.Learned.IsZero()
	case resp.Status != http.StatusOK:
		return col, statusFault(resp)
	default:
		if err := c.readListing(budget, &col, src, state, resp); err != nil {
			return col, err
		}
	}
	due, err := c.Store.DueChecks(ctx, src.Section, col.At, c.Rules.PerCollect)
	if err != nil {
		return col, err
	}
	col.Checks = c.check(budget, due, col.Items)
	return col, ctx.Err()
}

// readListing reads the listing and the pages of its new items.
func (c *Collector) readListing(ctx context.Context, col *Collected, src Source, state SourceState, resp *Response) error {
	listing, err := c.listing(src, resp)
	if err != nil {
		return err
	}
	c.warn(src, strings.Join(listing.Warnings, "；"))
	entries, err := c.sift(ctx, src, listing, col.At)
	if err != nil {
		return err
	}
	fresh := 0
	for _, e := range entries {
		if !e.known {
			fresh++
		}
	}
	if !state.Learned.IsZero() && c.Rules.Redesigned(fresh, len(listing.Items)) {
		col.HoldPushes = fmt.Sprintf("列表 %d 条中有 %d 条同时变新，页面可能改版", len(listing.Items), fresh)
	}
	col.Items, col.More = c.readPages(ctx, src, entries)
	col.Learned = !col.More
	if !col.More {
		col.Validators = &resp.Validators
	}
	return nil
}

// warn logs a source's warnings when they are others than the last time.
func (c *Collector) warn(src Source, warnings string) {
	c.mu.Lock()
	was := c.told[src.ID]
	c.told[src.ID] = warnings
	c.mu.Unlock()
	if warnings != "" && warnings != was {
		c.Logger.Warn("source read with trouble", "source", src.ID, "warnings", warnings)
	}
}

// listing reads a feed or a list page. Foreign bytes go through foreign parsers: one document must not take the process
// down.
func (c *Collector) listing(src Source, resp *Response) (l *Listing, err error) {
	defer func() {
		if r := recover(); r != nil {
			l, err = nil, fmt.Errorf("reading panicked: %v", r)
		}
	}()
	if src.Kind == KindFeed {
		return c.Reader.ReadFeed(src, resp)
	}
	return c.Reader.ReadList(src, resp)
}

func (c *Collector) fault(ctx context.Context, src Source, was SourceState, err error) error {
	f := asFault(err)
	if f.Kind != was.Fault || f.Detail != was.Detail {
		c.Logger.Warn("source failed", "source", src.ID, "kind", string(f.Kind), "detail", f.Detail, "cause", f.Err)
	}
	return c.Store.SaveFault(ctx, src.ID, c.Now(), f)
}

func (c *Collector) report(src Source, was SourceState, col Collected, s Saved) {
	if was.Fault != "" {
		c.Logger.Info("source recovered", "source", src.ID)
	}
	if len(s.New)+len(s.Updated)+len(s.Withdrawn)+len(s.Held) > 0 {
		c.Logger.Info("source collected", "source", src.ID, "new", len(s.New), "corrected", len(s.Updated),
			"held", len(s.Held), "withdrawn", len(s.Withdrawn))
	}
	for _, a := range s.New {
		if a.Published.After(col.At.Add(Ahead)) {
			c.Logger.Warn("article is dated ahead and stays out of the feeds", "source", src.ID, "article", a.ID)
		}
	}
}

// statusFault says in plain words that an answer was none.
func statusFault(r *Response) *Fault {
	return &Fault{Kind: FaultStatus, Detail: fmt.Sprintf("门户回答了 HTTP %d，而不是内容", r.Status)}
}

// asFault returns err's fault, or one that says no more than that something of ours went wrong.
func asFault(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Kind: FaultInternal, Detail: "读取时内部出错，详见日志", Err: err}
}
