package feedstest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wefeed/feeds"
)

// Rules are those of the default configuration.
var Rules = feeds.Rules{
	EveryCollectFor: 24 * time.Hour, DailyFor: 7 * 24 * time.Hour, PerCollect: 20,
	WithdrawnChecks: 2, WithdrawnApart: 10 * time.Minute,
	RedesignShare: 0.6, RedesignAtLeast: 8,
}

// Start is when the suite's first collect happens.
var Start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// Source returns a list source that feeds the section of the same name.
func Source(id string) feeds.Source {
	return feeds.Source{ID: id, Section: id, Kind: feeds.KindList, URL: "http://portal.example/" + id + "/", Zone: time.UTC, Key: feeds.KeyURL}
}

// Incoming returns an item with its identity. Its first key is key, its title tells it apart.
func Incoming(key, title string, aliases ...string) feeds.Incoming {
	zone := time.FixedZone("CST", 8*60*60)
	return feeds.Incoming{
		ID: feeds.ArticleID("example.cn,2026", key), Keys: append([]string{key}, aliases...), FromPage: true,
		Validators: feeds.Validators{ETag: `"` + title + `"`, LastModified: "Fri, 20 Nov 2026 08:00:00 GMT"},
		Item: feeds.Item{
			URL: "http://" + key, Title: title, Author: "王记者", Origin: "天津日报", Editor: "李编辑",
			Published: time.Date(2026, 11, 20, 0, 0, 0, 0, zone), Precision: feeds.PrecisionDay,
			Content: "<p>" + title + "</p>", Images: []string{"http://portal.example/1.jpg"},
			Enclosures: []feeds.Enclosure{{URL: "http://portal.example/1.mp4", Type: "video/mp4", Length: 12, Title: "视频"}},
		},
	}
}

// Collected returns the outcome of a complete collect of the source.
func Collected(source string, at time.Time, items ...feeds.Incoming) feeds.Collected {
	for i := range items {
		items[i].Position = i
	}
	return feeds.Collected{Source: Source(source), At: at, Rules: Rules, Items: items, Learned: true,
		Validators: &feeds.Validators{ETag: `"list"`}}
}

// RunStore holds a feeds.Store against what its users rely on. newStore returns an empty one.
func RunStore(t *testing.T, newStore func(*testing.T) feeds.Store) {
	for name, test := range map[string]func(*suite){
		"an article comes back as it was stored":          (*suite).roundTrip,
		"the first collect is backlog, the next is not":   (*suite).backlog,
		"a source that moved begins anew":                 (*suite).movedSource,
		"a collect cut short learns nothing":              (*suite).partial,
		"storing twice changes nothing":                   (*suite).twice,
		"a correction moves updated, not the id":          (*suite).correction,
		"one story in two sections is one article":        (*suite).twoSections,
		"a second source never corrects":                  (*suite).otherSource,
		"what is seen again only adds keys":               (*suite).seen,
		"an alias makes two articles one":                 (*suite).mergeTwo,
		"a merge heals a pending article":                 (*suite).mergePending,
		"a withdrawn article takes none with it":          (*suite).mergeWithdrawn,
		"pending articles change no feed until read":      (*suite).pending,
		"gone once is held, gone twice is withdrawn":      (*suite).withdrawal,
		"a page that comes back frees its article":        (*suite).comesBack,
		"checks are due by section, oldest first":         (*suite).dueChecks,
		"checks alone leave the source as it is":          (*suite).checksOnly,
		"faults count up and a collect ends them":         (*suite).faults,
		"validators stay when nothing vouches for others": (*suite).validators,
		"an item without a key stores nothing":            (*suite).atomic,
		"unknown things are left out":                     (*suite).unknown,
	} {
		t.Run(name, func(t *testing.T) { test(&suite{T: t, Store: newStore(t)}) })
	}
}

type suite struct {
	*testing.T
	feeds.Store
}

func (s *suite) save(c feeds.Collected) feeds.Saved {
	s.Helper()
	saved, err := s.SaveCollected(s.Context(), c)
	if err != nil {
		s.Fatal(err)
	}
	return saved
}

// one returns the article that a key names.
func (s *suite) one(key string) feeds.Article {
	s.Helper()
	known, err := s.Known(s.Context(), []string{key})
	if err != nil {
		s.Fatal(err)
	}
	a, ok := known[key]
	if !ok {
		s.Fatalf("nothing is known as %q", key)
	}
	return a
}

// learned collects an empty source, so that what follows is no backlog.
func (s *suite) learned(sources ...string) {
	s.Helper()
	for _, src := range sources {
		s.save(Collected(src, Start.Add(-time.Hour)))
	}
}

func (s *suite) check(at time.Time, ch feeds.Check) feeds.Saved {
	s.Helper()
	return s.save(feeds.Collected{Source: Source("a"), At: at, Rules: Rules, ChecksOnly: true, Checks: []feeds.Check{ch}})
}

func (s *suite) want(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func ids(articles []feeds.Article) []string {
	var all []string
	for _, a := range articles {
		all = append(all, a.ID)
	}
	slices.Sort(all)
	return all
}

func (s *suite) roundTrip() {
	s.learned("a")
	in := Incoming("portal.example/1", "一则")
	saved := s.save(Collected("a", Start, in))
	want := feeds.NewArticle(Source("a"), in, Start, Rules, false)
	want.Seq = saved.New[0].Seq
	s.want("Saved.New", saved.New, []feeds.Article{want})
	s.want("Touched", saved.Touched, []string{"a"})
	got := s.one("portal.example/1")
	s.want("the stored article", got, want)
	if _, offset := got.Published.Zone(); offset != 8*60*60 {
		s.Errorf("published lost its zone: %v", got.Published)
	}
	byID, err := s.ByID(s.Context(), []string{in.ID})
	if err != nil {
		s.Fatal(err)
	}
	s.want("by id", byID, []feeds.Article{want})
}

func (s *suite) backlog() {
	s.save(Collected("a", Start, Incoming("x/1", "旧")))
	s.save(Collected("a", Start.Add(time.Hour), Incoming("x/2", "新"), Incoming("x/1", "旧")))
	first, second := s.one("x/1"), s.one("x/2")
	if !first.Backlog || second.Backlog || second.Seq <= first.Seq {
		s.Errorf("backlog %v, %v; seq %d, %d", first.Backlog, second.Backlog, first.Seq, second.Seq)
	}
	st, err := s.SourceState(s.Context(), "a")
	if err != nil || !st.Learned.Equal(Start) || !st.SuccessAt.Equal(Start.Add(time.Hour)) {
		s.Errorf("state %+v, %v", st, err)
	}
}

func (s *suite) movedSource() {
	s.save(Collected("a", Start, Incoming("x/1", "旧")))
	moved := Collected("a", Start.Add(time.Hour), Incoming("x/2", "那里早有的"), Incoming("x/1", "旧"))
	moved.Source.URL += "elsewhere/"
	moved.Validators = nil
	s.save(moved)
	if a := s.one("x/2"); !a.Backlog {
		s.Error("what stood at the new address already is no backlog")
	}
	st, err := s.SourceState(s.Context(), "a")
	if err != nil || st.URL != moved.Source.URL || st.Validators != (feeds.Validators{}) || !st.Learned.Equal(moved.At) {
		s.Errorf("state %+v, %v", st, err)
	}
	moved.At, moved.Items = moved.At.Add(time.Hour), []feeds.Incoming{Incoming("x/3", "新")}
	s.save(moved)
	if s.one("x/3").Backlog {
		s.Error("news of the new address is backlog")
	}
}

func (s *suite) partial() {
	c := Collected("a", Start, Incoming("x/1", "一"))
	c.Learned, c.More, c.Validators = false, true, nil
	s.save(c)
	st, err := s.SourceState(s.Context(), "a")
	if err != nil || !st.Learned.IsZero() || st.TriedAt.IsZero() || st.Validators != (feeds.Validators{}) {
		s.Errorf("state %+v, %v", st, err)
	}
	s.save(Collected("a", Start.Add(time.Minute), Incoming("x/2", "二"), Incoming("x/1", "一")))
	if !s.one("x/2").Backlog {
		s.Error("the rest of the first collect is no backlog")
	}
}

func (s *suite) twice() {
	s.learned("a")
	c := Collected("a", Start, Incoming("x/1", "一", "x/one"), Incoming("x/2", "二"))
	c.Checks = []feeds.Check{{ArticleID: c.Items[1].ID, Gone: true}}
	s.save(c)
	before := []feeds.Article{s.one("x/1"), s.one("x/2")}
	saved := s.save(c)
	s.want("what the second time changed", saved, feeds.Saved{})
	s.want("the articles", []feeds.Article{s.one("x/1"), s.one("x/2")}, before)
}

func (s *suite) correction() {
	s.learned("a")
	s.save(Collected("a", Start, Incoming("x/1", "错字")))
	before := s.one("x/1")
	saved := s.save(Collected("a", Start.Add(time.Hour), Incoming("x/1", "正字")))
	after := s.one("x/1")
	if after.ID != before.ID || after.Seq != before.Seq || after.Title != "正字" || !after.Updated.Equal(Start.Add(time.Hour)) {
		s.Errorf("corrected to %+v", after)
	}
	s.want("Updated", ids(saved.Updated), []string{after.ID})
	s.want("Touched", saved.Touched, []string{"a"})
}

func (s *suite) twoSections() {
	s.learned("a", "b")
	s.save(Collected("a", Start, Incoming("x/1", "一")))
	seen := Incoming("x/1", "一")
	seen.Seen = true
	saved := s.save(Collected("b", Start.Add(time.Minute), seen))
	s.want("New", len(saved.New), 0)
	s.want("Touched, since both name the sections", saved.Touched, []string{"a", "b"})
	s.want("Sections", s.one("x/1").Sections, []string{"a", "b"})
	s.save(Collected("a", Start.Add(time.Hour), Incoming("x/1", "二")))
	saved = s.save(Collected("a", Start.Add(2*time.Hour), Incoming("x/1", "三")))
	s.want("a correction touches both", saved.Touched, []string{"a", "b"})
}

func (s *suite) otherSource() {
	s.learned("a", "b")
	s.save(Collected("a", Start, Incoming("x/1", "甲")))
	saved := s.save(Collected("b", Start.Add(time.Minute), Incoming("x/1", "乙")))
	if a := s.one("x/1"); a.Title != "甲" || a.SourceID != "a" || len(saved.Updated) != 0 {
		s.Errorf("corrected by another source: %+v", a)
	}
}

func (s *suite) seen() {
	s.learned("a")
	s.save(Collected("a", Start, Incoming("x/1", "一")))
	again := Incoming("x/moved", "列表上的短题", "x/1")
	again.Seen = true
	saved := s.save(Collected("a", Start.Add(time.Minute), again))
	s.want("changes", saved, feeds.Saved{})
	if a := s.one("x/moved"); a.Title != "一" || a.Key != "x/1" {
		s.Errorf("known by its new key as %+v", a)
	}
}

func (s *suite) mergeTwo() {
	s.learned("a", "b")
	s.save(Collected("a", Start, Incoming("x/1", "一")))
	s.save(Collected("b", Start.Add(time.Minute), Incoming("y/1", "一")))
	old, young := s.one("x/1"), s.one("y/1")
	saved := s.save(Collected("a", Start.Add(time.Hour), Incoming("x/1", "一", "y/1")))
	s.want("Touched", saved.Touched, []string{"a", "b"})
	kept := s.one("y/1")
	if kept.ID != old.ID || kept.Seq != old.Seq {
		s.Errorf("kept %s, want the oldest, %s", kept.ID, old.ID)
	}
	s.want("its sections", kept.Sections, []string{"a", "b"})
	byID, err := s.ByID(s.Context(), []string{young.ID, old.ID})
	if err != nil {
		s.Fatal(err)
	}
	want := []string{young.ID, old.ID}
	slices.Sort(want)
	s.want("both ids name it", ids(byID), want)
	if byID[0].Key != byID[1].Key {
		s.Error("the ids name different articles")
	}
	saved = s.save(Collected("b", Start.Add(2*time.Hour), Incoming("y/1", "一")))
	s.want("the merged one stays away", saved, feeds.Saved{})
}

func (s *suite) mergePending() {
	s.learned("a", "b")
	unread := Incoming("x/1", "一")
	unread.Pending, unread.FromPage, unread.Item.Content = true, false, ""
	s.save(Collected("a", Start, unread))
	s.save(Collected("b", Start.Add(time.Minute), Incoming("y/1", "一")))
	both := Incoming("x/1", "一", "y/1")
	both.Seen = true
	s.save(Collected("a", Start.Add(time.Hour), both))
	if a := s.one("x/1"); a.Status != feeds.StatusLive || a.Content == "" || a.ID != unread.ID {
		s.Errorf("the merge left readers without it: %+v", a)
	}
}

func (s *suite) mergeWithdrawn() {
	s.learned("a")
	s.save(Collected("a", Start, Incoming("x/1", "一")))
	gone := s.one("x/1")
	s.check(Start.Add(time.Hour), feeds.Check{ArticleID: gone.ID, Gone: true})
	s.check(Start.Add(2*time.Hour), feeds.Check{ArticleID: gone.ID, Gone: true})
	s.save(Collected("a", Start.Add(3*time.Hour), Incoming("x/2", "二")))
	listed := Incoming("x/1", "一")
	listed.FromPage = false
	s.save(Collected("a", Start.Add(4*time.Hour), Incoming("x/2", "二", "x/1"), listed))
	if a := s.one("x/2"); a.Status != feeds.StatusLive {
		s.Errorf("the living one is %s", a.Status)
	}
	if a := s.one("x/1"); a.ID != gone.ID || a.Status != feeds.StatusWithdrawn {
		s.Errorf("the withdrawn one came back as %s", a.Status)
	}
}
