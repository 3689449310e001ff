package feeds

import (
	"context"
	"slices"
	"time"
)

// An entry is an item of a listing that has something to tell the store.
type entry struct {
	in    Incoming
	known bool
	page  bool // its own page has to be read
}

// sift gives the listing's items their keys and keeps those that tell something new.
func (c *Collector) sift(ctx context.Context, src Source, l *Listing, at time.Time) ([]entry, error) {
	entries := c.identify(src, l)
	var keys []string
	for _, e := range entries {
		keys = append(keys, e.in.Keys...)
	}
	known, err := c.Store.Known(ctx, keys)
	if err != nil {
		return nil, err
	}
	tells := entries[:0]
	for _, e := range entries {
		if e, ok := c.weigh(e, known, src, at); ok {
			tells = append(tells, e)
		}
	}
	return tells, nil
}

func (c *Collector) identify(src Source, l *Listing) []entry {
	times := map[string]int{}
	for _, it := range l.Items {
		times[it.GUID]++
	}
	var entries []entry
	for i, it := range l.Items {
		if src.Key != KeyGUID && times[it.GUID] > 1 {
			it.GUID = "" // a guid that names several items names none
		}
		keys := Keys(src, it)
		if len(keys) == 0 {
			c.Logger.Warn("item without address or guid left out", "source", src.ID, "position", i)
			continue
		}
		entries = append(entries, entry{
			in:   Incoming{ID: ArticleID(c.Tag, keys[0]), Keys: keys, Item: it, Position: i},
			page: src.Kind == KindList || it.Content == "",
		})
	}
	return entries
}

// weigh holds an entry against what is stored and reports whether it tells anything.
func (c *Collector) weigh(e entry, known map[string]Article, src Source, at time.Time) (entry, bool) {
	a, ok := firstKnown(known, e.in.Keys)
	if !ok {
		return e, true
	}
	e.known = true
	own := a.SourceID == src.ID
	if own && (a.Status == StatusPending || (a.Status == StatusWithdrawn && src.Kind == KindList)) {
		return e, true // its page may be there by now, or again
	}
	if e.page || a.FromPage || !own {
		e.page, e.in.Seen = false, true
	}
	if _, corrected := Merge(a, src, e.in, at, c.Rules); corrected {
		return e, true
	}
	e.in.Seen = true
	return e, !slices.Contains(a.Sections, src.Section) || !allKnown(known, e.in.Keys)
}

func firstKnown(known map[string]Article, keys []string) (Article, bool) {
	for _, k := range keys {
		if a, ok := known[k]; ok {
			return a, true
		}
	}
	return Article{}, false
}

func allKnown(known map[string]Article, keys []string) bool {
	for _, k := range keys {
		if _, ok := known[k]; !ok {
			return false
		}
	}
	return true
}
