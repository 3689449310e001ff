package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
	"wefeed/internal/pgtest"
	"wefeed/internal/store"
)

// benchBoth runs a benchmark on a database of each kind that waits for the disk at each commit as it
// does in production.
func benchBoth(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, benchStore(b, "sqlite:"+filepath.Join(b.TempDir(), "wefeed.db"))) })
	b.Run("postgres", func(b *testing.B) {
		server := &pgtest.Server{Durable: true}
		b.Cleanup(server.Stop)
		bench(b, benchStore(b, server.Database(b)))
	})
}

func benchStore(b *testing.B, dsn string) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{DSN: dsn, Now: func() time.Time { return day }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// articles returns n new items whose keys begin with prefix, each of about 3 kB.
func articles(prefix string, n int) []feeds.Incoming {
	text := strings.Repeat("<p>天津文明网讯，志愿者走进社区。</p>", 60)
	items := make([]feeds.Incoming, n)
	for i := range items {
		items[i] = feedstest.Incoming(fmt.Sprintf("%s/%d", prefix, i), "一")
		items[i].Item.Content = text
	}
	return items
}

// fill stores n articles, spread over 17 sections.
func fill(b *testing.B, s *store.Store, n int) (sections []string) {
	b.Helper()
	for i := range 17 {
		sections = append(sections, fmt.Sprintf("s%d", i))
	}
	for i := 0; i*500 < n; i++ {
		c := feedstest.Collected(sections[i%17], day.Add(time.Duration(i)*time.Minute), articles(fmt.Sprint("fill", i), 500)...)
		if _, err := s.SaveCollected(context.Background(), c); err != nil {
			b.Fatal(err)
		}
	}
	return sections
}

func BenchmarkSaveCollected50(b *testing.B) { benchBoth(b, benchSaveCollected50) }

func benchSaveCollected50(b *testing.B, s *store.Store) {
	n := 0
	for b.Loop() {
		n++
		c := feedstest.Collected("a", day.Add(time.Duration(n)*time.Minute), articles(fmt.Sprint(n), 50)...)
		if _, err := s.SaveCollected(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(50*n)/b.Elapsed().Seconds(), "articles/s")
}

func BenchmarkSaveCollectedNothingNew(b *testing.B) { benchBoth(b, benchSaveCollectedNothingNew) }

func benchSaveCollectedNothingNew(b *testing.B, s *store.Store) {
	c := feedstest.Collected("a", day, articles("x", 50)...)
	for b.Loop() {
		if _, err := s.SaveCollected(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReads(b *testing.B) { benchBoth(b, benchReads) }

func benchReads(b *testing.B, s *store.Store) {
	sections := fill(b, s, 100_000)
	if err := s.SyncChannels(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	b.Run("newest 50 of one section", func(b *testing.B) {
		for b.Loop() {
			if found, err := s.Newest(b.Context(), sections[:1], 50); err != nil || len(found) != 50 {
				b.Fatal(len(found), err)
			}
		}
	})
	b.Run("newest 50 of all", func(b *testing.B) {
		for b.Loop() {
			if found, err := s.Newest(b.Context(), sections, 50); err != nil || len(found) != 50 {
				b.Fatal(len(found), err)
			}
		}
	})
	b.Run("20 due checks", func(b *testing.B) {
		for b.Loop() {
			if found, err := s.DueChecks(b.Context(), sections[0], day.Add(300*time.Minute), 20); err != nil || len(found) != 20 {
				b.Fatal(len(found), err)
			}
		}
	})
	b.Run("candidates", func(b *testing.B) {
		ch := drafts
		ch.Sections = sections
		for b.Loop() {
			if _, err := s.Candidates(b.Context(), ch, day.Add(300*time.Minute), 8); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkClaimDue(b *testing.B) { benchBoth(b, benchClaimDue) }

func benchClaimDue(b *testing.B, s *store.Store) {
	rows := make([]store.Due, 100_000)
	for i := range rows {
		rows[i] = store.Due{Kind: store.KindCollect, ID: fmt.Sprint("s", i), Spec: "x", NextAt: day.Add(time.Duration(i) * time.Second)}
	}
	every := func(_ string, after time.Time) (time.Time, error) { return after.Add(100_000 * time.Second), nil }
	if err := s.SyncDue(b.Context(), day, rows, every); err != nil {
		b.Fatal(err)
	}
	for _, due := range []int{0, 1, 100} {
		b.Run(fmt.Sprintf("%d due", due), func(b *testing.B) {
			now := day.Add(-time.Second)
			claimed := 0
			for b.Loop() {
				now = now.Add(time.Duration(due) * time.Second)
				got, _, err := s.ClaimDue(b.Context(), now, 200, every)
				if err != nil {
					b.Fatal(err)
				}
				claimed += len(got)
			}
			b.ReportMetric(float64(claimed)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
