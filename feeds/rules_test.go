package feeds

import (
	"slices"
	"testing"
	"time"
)

var (
	beijing = time.FixedZone("CST", 8*3600)
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, beijing)
	src     = Source{ID: "s", Section: "a"}
	rules   = Rules{
		EveryCollectFor: 24 * time.Hour, DailyFor: 7 * 24 * time.Hour, PerCollect: 20,
		WithdrawnChecks: 2, WithdrawnApart: 10 * time.Minute, RedesignShare: 0.6, RedesignAtLeast: 8,
	}
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, beijing) }

func incoming(change func(*Incoming)) Incoming {
	in := Incoming{ID: "id", Keys: []string{"e.cn/1"}, FromPage: true, Item: Item{
		URL: "http://e.cn/1", Title: "标题", Content: "<p>正文</p>", Published: day(2026, 11, 23), Precision: PrecisionDay,
	}}
	if change != nil {
		change(&in)
	}
	return in
}

func TestSortAt(t *testing.T) {
	for _, tc := range []struct {
		name      string
		published time.Time
		precision Precision
		want      time.Time
	}{
		{"no date", time.Time{}, "", noon},
		{"an hour ago", noon.Add(-time.Hour), PrecisionMinute, noon.Add(-time.Hour)},
		{"ahead", noon.Add(time.Hour), PrecisionMinute, noon},
		{"today counts as the end of today, so first seen", day(2026, 11, 23), PrecisionDay, noon},
		{"yesterday counts as its end", day(2026, 11, 22), PrecisionDay, day(2026, 11, 23).Add(-time.Second)},
	} {
		if got := SortAt(noon, tc.published, tc.precision); !got.Equal(tc.want) {
			t.Errorf("%s: SortAt = %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestNewArticle(t *testing.T) {
	a := NewArticle(src, incoming(nil), noon, rules, true)
	if a.Status != StatusLive || !a.Backlog || a.Key != "e.cn/1" || !a.Updated.Equal(noon) || !a.Published.Equal(day(2026, 11, 23)) {
		t.Errorf("NewArticle = %+v", a)
	}
	ahead := NewArticle(src, incoming(func(in *Incoming) { in.Item.Published = noon.Add(Ahead + time.Hour) }), noon, rules, false)
	if ahead.Status != StatusPending {
		t.Errorf("an article dated %v ahead is %s, want pending", Ahead+time.Hour, ahead.Status)
	}
	if pending := NewArticle(src, incoming(func(in *Incoming) { in.Pending = true }), noon, rules, false); pending.Status != StatusPending {
		t.Errorf("an unread article is %s, want pending", pending.Status)
	}
}

func TestMerge(t *testing.T) {
	live := NewArticle(src, incoming(nil), noon, rules, false)
	pending := NewArticle(src, incoming(func(in *Incoming) { in.Pending = true }), noon, rules, false)
	withdrawn := live
	withdrawn.Status = StatusWithdrawn
	later := noon.Add(time.Hour)
	retitled := func(in *Incoming) { in.Item.Title = "更正" }
	for _, tc := range []struct {
		name    string
		old     Article
		src     Source
		in      Incoming
		changed bool
		title   string
		status  Status
		updated time.Time
	}{
		{"same again", live, src, incoming(nil), false, "标题", StatusLive, noon},
		{"corrected", live, src, incoming(retitled), true, "更正", StatusLive, later},
		{"the source says when", live, src, incoming(func(in *Incoming) { retitled(in); in.Item.Updated = noon.Add(time.Minute) }), true, "更正", StatusLive, noon.Add(time.Minute)},
		{"the source lies ahead", live, src, incoming(func(in *Incoming) { retitled(in); in.Item.Updated = later.Add(time.Hour) }), true, "更正", StatusLive, later},
		{"another source corrects nothing", live, Source{ID: "other"}, incoming(retitled), false, "标题", StatusLive, noon},
		{"seen again", live, src, incoming(func(in *Incoming) { retitled(in); in.Seen = true }), false, "标题", StatusLive, noon},
		{"an unread page corrects nothing", live, src, incoming(func(in *Incoming) { retitled(in); in.Pending = true }), false, "标题", StatusLive, noon},
		{"read at last", pending, src, incoming(nil), true, "标题", StatusLive, noon},
		{"withdrawn, and only listed", withdrawn, src, incoming(func(in *Incoming) { retitled(in); in.FromPage = false }), false, "标题", StatusWithdrawn, noon},
		{"withdrawn, listed, its page not read", withdrawn, src, incoming(func(in *Incoming) { in.FromPage, in.Pending = true, true }), false, "标题", StatusWithdrawn, noon},
		{"withdrawn, and published again", withdrawn, src, incoming(func(in *Incoming) { retitled(in); in.FromPage = true }), true, "更正", StatusLive, later},
	} {
		got, changed := Merge(tc.old, tc.src, tc.in, later, rules)
		if changed != tc.changed || got.Title != tc.title || got.Status != tc.status || !got.Updated.Equal(tc.updated) {
			t.Errorf("%s: Merge = changed %v, title %s, %s, updated %v", tc.name, changed, got.Title, got.Status, got.Updated)
		}
		if got.ID != tc.old.ID || !got.FirstSeen.Equal(tc.old.FirstSeen) {
			t.Errorf("%s: Merge moved the id or first seen", tc.name)
		}
	}
}

func TestApplyCheck(t *testing.T) {
	gone, found, failed := Check{Gone: true}, Check{}, Check{Failed: true}
	type look struct {
		after time.Duration
		check Check
	}
	for _, tc := range []struct {
		name  string
		looks []look
		want  Status
	}{
		{"once gone is held", []look{{0, gone}}, StatusHeld},
		{"gone twice too soon is held", []look{{0, gone}, {time.Minute, gone}}, StatusHeld},
		{"gone twice apart is withdrawn", []look{{0, gone}, {10 * time.Minute, gone}}, StatusWithdrawn},
		{"many soon ones do not add up", []look{{0, gone}, {time.Minute, gone}, {2 * time.Minute, gone}, {9 * time.Minute, gone}}, StatusHeld},
		{"found in between begins anew", []look{{0, gone}, {5 * time.Minute, found}, {10 * time.Minute, gone}}, StatusHeld},
		{"found again is live", []look{{0, gone}, {10 * time.Minute, found}}, StatusLive},
		{"a failed check says nothing", []look{{0, gone}, {10 * time.Minute, failed}}, StatusHeld},
		{"failed checks alone say nothing", []look{{0, failed}, {time.Hour, failed}}, StatusLive},
	} {
		a := NewArticle(src, incoming(nil), noon, rules, false)
		for _, l := range tc.looks {
			a, _ = ApplyCheck(a, l.check, noon.Add(l.after), rules)
		}
		if a.Status != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, a.Status, tc.want)
		}
	}
}

func TestNextCheck(t *testing.T) {
	fresh := Article{FirstSeen: noon, Status: StatusLive}
	for _, tc := range []struct {
		name string
		a    Article
		at   time.Time
		want time.Time
	}{
		{"at each collect at first", fresh, noon.Add(time.Hour), noon.Add(time.Hour)},
		{"then daily", fresh, noon.Add(25 * time.Hour), noon.Add(49 * time.Hour)},
		{"then never", fresh, noon.Add(9 * 24 * time.Hour), time.Time{}},
		{"by the printed date when it is older", Article{FirstSeen: noon, Published: noon.Add(-20 * 24 * time.Hour), Status: StatusLive}, noon, time.Time{}},
		{"the second look", Article{FirstSeen: noon, Status: StatusHeld, Missing: 1, MissingAt: noon}, noon, noon.Add(10 * time.Minute)},
		{"withdrawn", Article{FirstSeen: noon, Status: StatusWithdrawn}, noon, time.Time{}},
	} {
		if got := NextCheck(tc.a, tc.at, rules); !got.Equal(tc.want) {
			t.Errorf("%s: NextCheck = %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestRedesigned(t *testing.T) {
	for _, tc := range []struct {
		fresh, listed int
		want          bool
	}{{7, 7, false}, {8, 20, false}, {12, 20, true}, {8, 13, true}, {8, 14, false}, {20, 20, true}} {
		if got := rules.Redesigned(tc.fresh, tc.listed); got != tc.want {
			t.Errorf("Redesigned(%d of %d) = %v", tc.fresh, tc.listed, got)
		}
	}
}

func TestNewestOrder(t *testing.T) {
	articles := []Article{
		{ID: "old", SortAt: noon.Add(-time.Hour)}, {ID: "second", SortAt: noon, Position: 1}, {ID: "first", SortAt: noon},
		{ID: "third", SortAt: noon, Position: 1, Seq: 9},
	}
	Newest(articles)
	var ids []string
	for _, a := range articles {
		ids = append(ids, a.ID)
	}
	if want := []string{"first", "second", "third", "old"}; !slices.Equal(ids, want) {
		t.Errorf("Newest = %v, want %v", ids, want)
	}
}

func TestCatalog(t *testing.T) {
	c, err := NewCatalog([]Section{
		{ID: "a", Sources: []Source{{ID: "a1", Section: "a"}}}, {ID: "b", Parent: "a", Sources: []Source{{ID: "b1", Section: "b"}}},
		{ID: "c", Parent: "b"}, {ID: "d"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Family("a"); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("Family(a) = %v", got)
	}
	if got := c.Family(All); len(got) != 4 {
		t.Errorf("Family(all) = %v", got)
	}
	if got := c.Family("x"); got != nil {
		t.Errorf("Family(x) = %v", got)
	}
	if got := c.Ancestors("c"); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("Ancestors(c) = %v", got)
	}
	for _, tc := range []struct {
		name   string
		states map[string]SourceState
		a, all bool
	}{
		{"nothing tried", nil, false, false},
		{"one learned, one not tried", map[string]SourceState{"a1": {TriedAt: noon, Learned: noon}}, false, false},
		{"one learned, one failed", map[string]SourceState{"a1": {TriedAt: noon, Learned: noon}, "b1": {TriedAt: noon}}, true, true},
		{"all failed", map[string]SourceState{"a1": {TriedAt: noon}, "b1": {TriedAt: noon}}, false, true},
	} {
		if got := c.Ready("a", tc.states); got != tc.a {
			t.Errorf("%s: Ready(a) = %v", tc.name, got)
		}
		if got := c.Ready(All, tc.states); got != tc.all {
			t.Errorf("%s: Ready(all) = %v", tc.name, got)
		}
	}
	for _, bad := range [][]Section{{{ID: "a"}, {ID: "a"}}, {{ID: All}}, {{ID: "b", Parent: "a"}}} {
		if _, err := NewCatalog(bad); err == nil {
			t.Errorf("NewCatalog(%v) took it", bad)
		}
	}
}
