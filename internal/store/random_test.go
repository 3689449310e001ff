package store_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
	"wefeed/internal/faultkit"
	"wefeed/internal/store"
)

// TestRandomCollects draws collects of few sources and few keys, so that items meet, merge and go, and holds the store
// against the one in memory. All draws share a database, each with names of its own.
func TestRandomCollects(t *testing.T) { onBoth(t, testRandomCollects) }

func testRandomCollects(t *testing.T, dsn func() string) {
	faultkit.RapidSeed(t)
	s, n := open(t, store.Options{DSN: dsn()}), 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		world := fmt.Sprintf("%d/", n)
		m := &feedstest.Memory{}
		now, ids := feedstest.Start, map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(r, "collects") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(r, "minutes")) * time.Minute)
			c := drawCollected(r, world, now, m.Articles())
			want, err1 := m.SaveCollected(t.Context(), c)
			got, err2 := s.SaveCollected(t.Context(), c)
			if err1 != nil || err2 != nil {
				r.Fatal(err1, err2)
			}
			same(r, "saved", want, got)
			for _, in := range c.Items {
				ids[in.ID] = true
			}
			same(r, "articles", byID(r, m, ids), byID(r, s, ids))
			for _, sections := range [][]string{{world + "a"}, {world + "b"}, {world + "a", world + "b"}} {
				newest, err := s.Newest(t.Context(), sections, 2)
				if err != nil {
					r.Fatal(err)
				}
				same(r, "newest", inFeeds(m, sections, 2), newest)
			}
		}
	})
}

func same(r *rapid.T, what string, want, got any) {
	sortSections := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty(), sortSections, cmpopts.IgnoreFields(feeds.Article{}, "Seq")); diff != "" {
		r.Fatalf("%s (-memory +store):\n%s", what, diff)
	}
}

// inFeeds returns the newest that the sections' feeds show, in their order.
func inFeeds(m *feedstest.Memory, sections []string, limit int) []feeds.Article {
	inNone := func(a feeds.Article) bool {
		in := func(section string) bool { return slices.Contains(a.Sections, section) }
		return a.Status != feeds.StatusLive && a.Status != feeds.StatusHeld || !slices.ContainsFunc(sections, in)
	}
	shown := slices.DeleteFunc(m.Articles(), inNone)
	return shown[:min(limit, len(shown))]
}

func byID(r *rapid.T, s feeds.Store, ids map[string]bool) []feeds.Article {
	found, err := s.ByID(context.Background(), slices.Collect(maps.Keys(ids)))
	if err != nil {
		r.Fatal(err)
	}
	slices.SortFunc(found, func(a, b feeds.Article) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

func drawCollected(r *rapid.T, world string, now time.Time, known []feeds.Article) feeds.Collected {
	key := rapid.SampledFrom([]string{world + "1", world + "2", world + "3", world + "4", world + "5"})
	var items []feeds.Incoming
	used := map[string]bool{}
	for range rapid.IntRange(0, 4).Draw(r, "items") {
		first := key.Draw(r, "key")
		if used[first] {
			continue
		}
		used[first] = true
		var aliases []string
		if rapid.IntRange(0, 3).Draw(r, "alias") == 0 {
			aliases = append(aliases, key.Draw(r, "alias"))
		}
		in := feedstest.Incoming(first, rapid.SampledFrom([]string{"甲", "乙"}).Draw(r, "title"), aliases...)
		switch rapid.IntRange(0, 5).Draw(r, "how") {
		case 0:
			in.Pending, in.FromPage = true, false
		case 1:
			in.Seen = true
		}
		items = append(items, in)
	}
	c := feedstest.Collected(rapid.SampledFrom([]string{world + "a", world + "b"}).Draw(r, "source"), now, items...)
	c.Learned = rapid.Bool().Draw(r, "learned")
	c.ChecksOnly = len(items) == 0 && rapid.Bool().Draw(r, "checks only")
	for _, a := range known {
		if rapid.IntRange(0, 4).Draw(r, "checked") == 0 {
			c.Checks = append(c.Checks, drawCheck(r, a))
		}
	}
	return c
}

func drawCheck(r *rapid.T, a feeds.Article) feeds.Check {
	ch := feeds.Check{ArticleID: a.ID}
	switch rapid.IntRange(0, 3).Draw(r, "check") {
	case 0:
		ch.Failed = true
	case 1, 2:
		ch.Gone = true
	default:
		page := feedstest.Incoming(a.Key, "改").Item
		ch.Page = &page
	}
	return ch
}
