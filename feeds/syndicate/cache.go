package syndicate

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"wefeed/feeds"
)

// A document is one rendered representation, kept gzipped.
type document struct {
	zipped   []byte
	size     int // of the identity form
	mime     string
	tag      string // hash of the identity form, without quotes
	modified time.Time
}

// pack compresses a document.
func pack(body []byte, mime string, modified time.Time) (*document, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, 7)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &document{
		zipped: b.Bytes(), size: len(body), mime: mime, modified: modified.Truncate(time.Second),
		tag: base64.RawURLEncoding.EncodeToString(sum[:12]),
	}, nil
}

// A set is one feed in all formats.
type set struct {
	byEnding map[string]*document
	bytes    int64
	used     atomic.Int64 // turn of the last use
	old      atomic.Bool  // its feed has changed since: the last good one, until another is there
}

// A cache keeps sets within a budget of bytes; the ones unused longest go first.
type cache struct {
	mu     sync.RWMutex
	sets   map[string]*set
	turns  map[string]uint64 // by feed: how often it was invalidated
	bytes  int64
	budget int64
	clock  atomic.Int64
	flight singleflight.Group
}

func (c *cache) init(budget int64) {
	c.sets, c.turns, c.budget = map[string]*set{}, map[string]uint64{}, budget
}

// get returns a feed's set, if that is up to date.
func (c *cache) get(id string) *set {
	if s := c.last(id); s != nil && !s.old.Load() {
		return s
	}
	return nil
}

// last returns the feed's newest set, if one is kept.
func (c *cache) last(id string) *set {
	c.mu.RLock()
	s := c.sets[id]
	c.mu.RUnlock()
	if s != nil {
		s.used.Store(c.clock.Add(1))
	}
	return s
}

func (c *cache) turn(id string) uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.turns[id]
}

// put keeps a set unless its feed was invalidated since its rendering began.
func (c *cache) put(id string, s *set, turn uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turns[id] != turn {
		return false
	}
	c.drop(id)
	if s.bytes > c.budget {
		return true
	}
	s.used.Store(c.clock.Add(1))
	c.sets[id] = s
	c.bytes += s.bytes
	for c.bytes > c.budget {
		c.drop(c.oldest())
	}
	return true
}

func (c *cache) oldest() string {
	oldest, least := "", int64(-1)
	for id, s := range c.sets {
		if used := s.used.Load(); least < 0 || used < least {
			oldest, least = id, used
		}
	}
	return oldest
}

func (c *cache) drop(id string) {
	if s, ok := c.sets[id]; ok {
		c.bytes -= s.bytes
		delete(c.sets, id)
	}
}

// invalidate makes the sets of these feeds old, and the combined ones that hold any of them.
func (c *cache) invalidate(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.turns[id]++
	}
	for id, s := range c.sets {
		changed := func(one string) bool { return slices.Contains(ids, one) }
		if slices.ContainsFunc(split(id), changed) {
			s.old.Store(true)
		}
		if len(split(id)) > 1 && s.old.Load() {
			c.turns[id]++
		}
	}
}

// Invalidate makes the rendered feeds old that hold the section's articles: its own, those above it, and the whole.
func (p *Publisher) Invalidate(section string) { p.cache.invalidate(p.above(section)) }

func (p *Publisher) above(section string) []string {
	return append([]string{section, feeds.All}, p.Catalog.Ancestors(section)...)
}

// Refresh renders anew what [Publisher.Invalidate] makes old, so that readers find it ready. Feeds that are not ready to be
// served are left out.
func (p *Publisher) Refresh(ctx context.Context, section string) error {
	if _, ok := p.Catalog.Section(section); !ok {
		return nil // no longer configured
	}
	p.Invalidate(section)
	for _, id := range p.above(section) {
		if p.cache.get(id) != nil {
			continue // a reader was quicker
		}
		if r := <-p.rendering(ctx, id); r.Err != nil {
			return fmt.Errorf("render feed %s: %w", id, r.Err)
		}
	}
	return nil
}

// oldAfter is how long a reader waits for a feed that has changed before the last good one has to do.
const oldAfter = time.Second

// load returns a feed in all formats, from the cache or rendered now; nil if it is not ready to be served. While it cannot
// be rendered, or not soon, because the store is in trouble, readers get the last good one.
func (p *Publisher) load(ctx context.Context, id string) (*set, error) {
	if s := p.cache.get(id); s != nil {
		return s, nil
	}
	rendering, last := p.rendering(ctx, id), p.cache.last(id)
	var enough <-chan time.Time
	if last != nil {
		timer := time.NewTimer(oldAfter)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case r := <-rendering:
		if r.Err == nil {
			return r.Val.(*set), nil
		}
		if last == nil {
			return nil, r.Err
		}
		p.Logger.Warn("feed not rendered, the last good one is served", "feed", id, "error", r.Err)
	case <-enough:
	}
	return last, nil
}

// rendering renders a feed. It outlives the request that began it: all requests for one feed share it.
func (p *Publisher) rendering(ctx context.Context, id string) <-chan singleflight.Result {
	return p.cache.flight.DoChan(id, func() (any, error) { return p.render(context.WithoutCancel(ctx), id) })
}

// render renders a feed from the store, again if it was invalidated meanwhile.
func (p *Publisher) render(ctx context.Context, id string) (*set, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for tries := 0; ; tries++ {
		turn := p.cache.turn(id)
		s, err := p.renderOnce(ctx, id)
		if err != nil || s == nil || p.cache.put(id, s, turn) || tries == 3 {
			return s, err
		}
	}
}

func (p *Publisher) renderOnce(ctx context.Context, id string) (*set, error) {
	c, ok := p.channel(id)
	if !ok {
		return nil, fmt.Errorf("no feed %q", id)
	}
	states, err := p.Store.SourceStates(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range split(id) {
		if !p.Catalog.Ready(one, states) {
			return nil, nil
		}
	}
	if c.articles, err = p.Store.Newest(ctx, c.families, p.Limit); err != nil {
		return nil, err
	}
	if c.changed, err = p.Store.Changed(ctx, c.families); err != nil {
		return nil, err
	}
	s := &set{byEnding: map[string]*document{}}
	for ending, f := range p.formats() {
		body, err := f.render(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(ending, "."), err)
		}
		doc, err := pack(body, f.mime, c.changed)
		if err != nil {
			return nil, err
		}
		s.byEnding[ending] = doc
		s.bytes += int64(len(doc.zipped))
	}
	return s, nil
}

type format struct {
	mime   string
	render func(channel) ([]byte, error)
}

func (p *Publisher) formats() map[string]format {
	return map[string]format{
		".atom": {"application/atom+xml; charset=utf-8", p.renderAtom},
		".rss":  {"application/rss+xml; charset=utf-8", p.renderRSS},
		".json": {"application/feed+json; charset=utf-8", p.renderJSON},
	}
}
