package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
	"wefeed/internal/store"
)

func TestNewest(t *testing.T) { onBoth(t, testNewest) }

func testNewest(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"), feedstest.Incoming("x/2", "二"), feedstest.Incoming("x/gone", "撤"))
	collect(t, s, "b", day.Add(time.Minute), feedstest.Incoming("y/1", "三"))
	seen := feedstest.Incoming("x/1", "一")
	seen.Seen = true
	unread := feedstest.Incoming("y/2", "四")
	unread.Pending = true
	collect(t, s, "b", day.Add(2*time.Minute), seen, unread)
	gone := feeds.Check{ArticleID: feeds.ArticleID("example.cn,2026", "x/gone"), Gone: true}
	for i := range 2 {
		at := day.Add(time.Duration(i+1) * time.Hour)
		_, err := s.SaveCollected(t.Context(), feeds.Collected{
			Source: feedstest.Source("a"), At: at, Rules: feedstest.Rules, ChecksOnly: true, Checks: []feeds.Check{gone}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		sections []string
		limit    int
		want     []string
	}{
		{[]string{"a"}, 50, []string{"x/1", "x/2"}},
		{[]string{"b"}, 50, []string{"y/1", "x/1"}},
		{[]string{"a", "b"}, 50, []string{"y/1", "x/1", "x/2"}},
		{[]string{"a", "b"}, 2, []string{"y/1", "x/1"}},
		{[]string{"c"}, 50, nil},
		{nil, 50, nil},
	} {
		articles, err := s.Newest(t.Context(), test.sections, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range articles {
			got = append(got, a.Key)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("newest %d of %v are %v, want %v", test.limit, test.sections, got, test.want)
		}
	}
}

func TestChanged(t *testing.T) { onBoth(t, testChanged) }

func testChanged(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	if err := s.SyncSections(t.Context(), []string{"a", "b", "c"}); err != nil {
		t.Fatal(err)
	}
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"))
	collect(t, s, "b", day.Add(time.Hour))
	collect(t, s, "a", day.Add(2*time.Hour), feedstest.Incoming("x/1", "一")) // nothing new
	for _, test := range []struct {
		sections []string
		want     time.Time
	}{
		{[]string{"a"}, day}, {[]string{"a", "b"}, day.Add(time.Hour)}, {[]string{"c"}, time.Time{}}, {nil, time.Time{}},
	} {
		if got, err := s.Changed(t.Context(), test.sections); err != nil || !got.Equal(test.want) {
			t.Errorf("%v changed at %v, %v; want %v", test.sections, got, err, test.want)
		}
	}
	// A slow collect that began before the last change is a change after it.
	collect(t, s, "a", day.Add(-time.Minute), feedstest.Incoming("x/2", "二"))
	if got, err := s.Changed(t.Context(), []string{"a"}); err != nil || !got.Equal(day.Add(time.Second)) {
		t.Errorf("changed at %v, %v", got, err)
	}
	got, err := s.ChangedSections(t.Context(), day.Add(time.Minute))
	if diff := cmp.Diff(map[string]time.Time{"b": day.Add(time.Hour)}, got); err != nil || diff != "" {
		t.Errorf("changed since: %v, %s", err, diff)
	}
	states, err := s.SourceStates(t.Context())
	if err != nil || len(states) != 2 || !states["a"].Learned.Equal(day) {
		t.Errorf("states %+v, %v", states, err)
	}
}

func TestRedesignHoldsTheSection(t *testing.T) { onBoth(t, testRedesignHoldsTheSection) }

func testRedesignHoldsTheSection(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	c := feedstest.Collected("a", day)
	c.HoldPushes = "列表 9 条中有 9 条同时变新"
	for range 2 {
		if _, err := s.SaveCollected(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	holds, err := s.HeldSections(t.Context())
	if err != nil || len(holds) != 1 || holds[0] != (store.SectionHold{Section: "a", At: day, By: "wefeed", Why: c.HoldPushes}) {
		t.Errorf("holds %+v, %v", holds, err)
	}
	if trail, err := s.AuditTrail(t.Context(), 10); err != nil || len(trail) != 1 || trail[0].Act != "section.hold" {
		t.Errorf("audit %+v, %v", trail, err)
	}
}

// What follows from a collect is written with it: renders, the rest of a long listing, the second look at a lost page.
func TestFollowUps(t *testing.T) { onBoth(t, testFollowUps) }

func testFollowUps(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"))
	c := feedstest.Collected("a", day.Add(time.Minute))
	c.Checks = []feeds.Check{{ArticleID: feeds.ArticleID("example.cn,2026", "x/1"), Gone: true}}
	c.More = true
	if _, err := s.SaveCollected(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	jobs, err := s.Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"collect a", "render a"}; !slices.Equal(jobs, want) {
		t.Errorf("jobs %v, want %v", jobs, want)
	}
	rows, err := s.DueRows(t.Context())
	if err != nil || len(rows) != 1 || rows[0].Kind != store.KindRecheck || rows[0].ID != "a" || !rows[0].NextAt.Equal(day.Add(11*time.Minute)) {
		t.Errorf("due %+v, %v", rows, err)
	}
}

// A source that was never learned is tried again soon, ever less often; one that was waits for its schedule.
func TestFirstRetry(t *testing.T) { onBoth(t, testFirstRetry) }

func testFirstRetry(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	f := &feeds.Fault{Kind: feeds.FaultNetwork, Detail: "不通"}
	collect(t, s, "b", day)
	if err := errors.Join(s.SaveFault(t.Context(), "a", day, f), s.SaveFault(t.Context(), "b", day, f)); err != nil {
		t.Fatal(err)
	}
	rows, err := s.DueRows(t.Context())
	if err != nil || len(rows) != 1 || rows[0].Kind != store.KindCollect || rows[0].ID != "a" || !rows[0].NextAt.Equal(day.Add(feeds.FirstRetry(1))) {
		t.Errorf("due %+v, %v", rows, err)
	}
	for i := range 20 {
		if now, next := feeds.FirstRetry(i), feeds.FirstRetry(i+1); now < 10*time.Second || next < now || next > 5*time.Minute {
			t.Errorf("after %d failures %v, then %v", i, now, next)
		}
	}
}

// A crash between the articles and their jobs cannot be: both are one transaction.
func TestNothingIsEnqueuedByAFailedSave(t *testing.T) { onBoth(t, testNothingIsEnqueuedByAFailedSave) }

func testNothingIsEnqueuedByAFailedSave(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	if _, err := s.SaveCollected(t.Context(), feedstest.Collected("a", day, feedstest.Incoming("x/1", "一"), feeds.Incoming{})); err == nil {
		t.Fatal("an item without a key was stored")
	}
	if jobs, err := s.Jobs(t.Context()); err != nil || len(jobs) != 0 {
		t.Errorf("jobs %v, %v", jobs, err)
	}
}

func TestArticleFollowsMerges(t *testing.T) { onBoth(t, testArticleFollowsMerges) }

func testArticleFollowsMerges(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"))
	collect(t, s, "b", day, feedstest.Incoming("y/1", "一"))
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一", "y/1"))
	kept, retired := feeds.ArticleID("example.cn,2026", "x/1"), feeds.ArticleID("example.cn,2026", "y/1")
	a, err := s.Article(t.Context(), retired)
	if err != nil || a.ID != kept || a.Title != "一" {
		t.Errorf("%s is %+v, %v", retired, a, err)
	}
	if _, err := s.Article(t.Context(), "0123"); err != store.ErrNotFound {
		t.Error(err)
	}
}

// Text that PostgreSQL would refuse is cleaned, and found again by the keys it came with.
func TestTextIsCleaned(t *testing.T) { onBoth(t, testTextIsCleaned) }

func testTextIsCleaned(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	in := feedstest.Incoming("x/\x00\xff", "题\x00\xff目")
	collect(t, s, "a", day, in)
	known, err := s.Known(t.Context(), in.Keys)
	if err != nil || known["x/\x00\xff"].Title != "题\uFFFD目" {
		t.Errorf("known %+v, %v", known, err)
	}
	if saved := collect(t, s, "a", day, in); len(saved.New)+len(saved.Updated) != 0 {
		t.Errorf("stored again: %+v", saved)
	}
}
