package feeds_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
)

// A portal answers and is read without network and without HTML: a document is what it says.
type portal struct {
	mu        sync.Mutex
	listings  map[string]*feeds.Listing
	pages     map[string]*feeds.Page
	statuses  map[string]int
	errs      map[string]error
	panics    map[string]bool
	redirects map[string]string
	etag      string
	asked     []string
	before    func(ctx context.Context, url string)
}

func (p *portal) Fetch(ctx context.Context, r feeds.Request) (*feeds.Response, error) {
	if p.before != nil {
		p.before(ctx, r.URL)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.URL)
	if err := p.errs[r.URL]; err != nil {
		return nil, err
	}
	status := p.statuses[r.URL]
	if status == 0 {
		status = http.StatusOK
	}
	final := r.URL
	if to := p.redirects[r.URL]; to != "" {
		final = to
	}
	resp := &feeds.Response{Status: status, URL: final, ContentType: "text/html", Validators: feeds.Validators{ETag: p.etag}}
	if p.etag != "" && r.Validators.ETag == p.etag {
		resp.Status, resp.NotModified = http.StatusNotModified, true
	}
	return resp, nil
}

func (p *portal) ReadFeed(src feeds.Source, r *feeds.Response) (*feeds.Listing, error) {
	return p.ReadList(src, r)
}

func (p *portal) ReadList(_ feeds.Source, r *feeds.Response) (*feeds.Listing, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.panics[r.URL] {
		panic("foreign bytes")
	}
	l, ok := p.listings[r.URL]
	if !ok || len(l.Items) == 0 {
		return nil, &feeds.Fault{Kind: feeds.FaultEmpty, Detail: "nothing here"}
	}
	return &feeds.Listing{Title: l.Title, Items: slices.Clone(l.Items)}, nil
}

func (p *portal) ReadArticle(_ feeds.Source, r *feeds.Response) (*feeds.Page, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.panics[r.URL] {
		panic("foreign bytes")
	}
	page, ok := p.pages[r.URL]
	if !ok {
		return nil, &feeds.Fault{Kind: feeds.FaultFormat, Detail: "no article"}
	}
	copied := *page
	return &copied, nil
}

func (p *portal) takeAsked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	slices.Sort(asked)
	return asked
}

const (
	base = "http://portal.example.cn/"
	list = base + "a/"
)

func page(n int) string { return fmt.Sprintf("%sa/%d.html", base, n) }

// publish puts articles on the list, the first on top, each with a page.
func (p *portal) publish(numbers ...int) {
	l := &feeds.Listing{}
	for _, n := range numbers {
		l.Items = append(l.Items, feeds.Item{URL: page(n), Title: fmt.Sprint("listed ", n)})
		if p.pages[page(n)] == nil {
			p.pages[page(n)] = &feeds.Page{Item: feeds.Item{Title: fmt.Sprint("title ", n), Content: "<p>text</p>"}}
		}
	}
	p.listings[list] = l
}

// A bench is a collector over a portal, a store and a clock.
type bench struct {
	*testing.T
	portal *portal
	store  *feedstest.Memory
	clock  time.Time
	col    *feeds.Collector
}

var testRules = feeds.Rules{
	EveryCollectFor: 24 * time.Hour, DailyFor: 7 * 24 * time.Hour, PerCollect: 20, WithdrawnChecks: 2, WithdrawnApart: 10 * time.Minute,
	RedesignShare: 0.6, RedesignAtLeast: 8,
}

func newBench(t *testing.T) *bench {
	t.Helper()
	cat, err := feeds.NewCatalog([]feeds.Section{
		{ID: "a", Sources: []feeds.Source{{ID: "a", Section: "a", Kind: feeds.KindList, URL: list, Key: feeds.KeyURL}}},
		{ID: "f", Sources: []feeds.Source{{ID: "f", Section: "f", Kind: feeds.KindFeed, URL: base + "f.rss", Key: feeds.KeyURL}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, store: &feedstest.Memory{}, clock: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), portal: &portal{
		listings: map[string]*feeds.Listing{}, pages: map[string]*feeds.Page{}, statuses: map[string]int{}, errs: map[string]error{}, panics: map[string]bool{},
	}}
	b.col, err = feeds.NewCollector(feeds.CollectorOptions{
		Catalog: cat, Tag: "example.cn,2026", Rules: testRules, Fetcher: b.portal, Reader: b.portal, Store: b.store, Now: func() time.Time { return b.clock },
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) collect(source string) feeds.Saved {
	b.Helper()
	saved, err := b.col.Collect(b.Context(), source)
	if err != nil {
		b.Fatal(err)
	}
	return saved
}

func (b *bench) state(source string) feeds.SourceState {
	b.Helper()
	st, err := b.store.SourceState(b.Context(), source)
	if err != nil {
		b.Fatal(err)
	}
	return st
}

func titlesOf(articles []feeds.Article) []string {
	var titles []string
	for _, a := range articles {
		titles = append(titles, a.Title)
	}
	return titles
}

// TestFirstCollectIsBacklog, and only what comes after it is news.
func TestFirstCollectIsBacklog(t *testing.T) {
	b := newBench(t)
	b.portal.publish(2, 1)
	if got := titlesOf(b.collect("a").New); !cmp.Equal(got, []string{"title 2", "title 1"}) {
		t.Errorf("first collect: %v", got)
	}
	b.clock = b.clock.Add(10 * time.Minute)
	b.portal.publish(3, 2, 1)
	if got := titlesOf(b.collect("a").New); !cmp.Equal(got, []string{"title 3"}) {
		t.Errorf("second collect: %v", got)
	}
	for _, a := range b.store.Articles() {
		if want := a.Title != "title 3"; a.Backlog != want {
			t.Errorf("%s: backlog %v", a.Title, a.Backlog)
		}
	}
}

// TestUnchangedListIsNotReadAgain: validators go out, and a 304 costs one request beside the checks that are due.
func TestUnchangedListIsNotReadAgain(t *testing.T) {
	b := newBench(t)
	b.portal.etag = `"1"`
	b.portal.publish(1)
	b.collect("a")
	b.portal.takeAsked()
	b.clock = b.clock.Add(20 * 24 * time.Hour) // no check is due any more
	saved := b.collect("a")
	if len(saved.New)+len(saved.Updated) > 0 {
		t.Errorf("a 304 brought %+v", saved)
	}
	if got := b.portal.takeAsked(); !cmp.Equal(got, []string{list, page(1)}) { // the check that had been due since
		t.Errorf("asked for %v", got)
	}
	if b.collect("a"); !cmp.Equal(b.portal.takeAsked(), []string{list}) {
		t.Error("a 304 costs more than one request")
	}
}

// TestFailingSourceKeepsWhatItHad and says why, whatever the failure.
func TestFailingSourceKeepsWhatItHad(t *testing.T) {
	failures := map[string]struct {
		arrange func(*portal)
		want    feeds.FaultKind
	}{
		"status":  {func(p *portal) { p.statuses[list] = 500 }, feeds.FaultStatus},
		"network": {func(p *portal) { p.errs[list] = &feeds.Fault{Kind: feeds.FaultNetwork, Detail: "cut"} }, feeds.FaultNetwork},
		"empty":   {func(p *portal) { p.listings[list] = &feeds.Listing{} }, feeds.FaultEmpty},
		"panic":   {func(p *portal) { p.panics[list] = true }, feeds.FaultInternal},
		"unknown": {func(p *portal) { p.errs[list] = errors.New("some error of ours") }, feeds.FaultInternal},
	}
	for name, f := range failures {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.portal.publish(1)
			b.collect("a")
			was := b.store.Articles()
			f.arrange(b.portal)
			b.clock = b.clock.Add(time.Minute)
			b.collect("a")
			st := b.state("a")
			if st.Fault != f.want || st.Detail == "" || st.Failures != 1 || st.Learned.IsZero() {
				t.Errorf("state %+v, want fault %s", st, f.want)
			}
			if diff := cmp.Diff(was, b.store.Articles()); diff != "" {
				t.Error(diff)
			}
			*b.portal = portal{listings: b.portal.listings, pages: b.portal.pages}
			b.portal.publish(2, 1)
			if got := titlesOf(b.collect("a").New); !cmp.Equal(got, []string{"title 2"}) || b.state("a").Fault != "" {
				t.Errorf("after recovery: new %v, state %+v", got, b.state("a"))
			}
		})
	}
}

// TestUnreadPageIsPending: its article waits outside the feeds until the page can be read; the others go on.
func TestUnreadPageIsPending(t *testing.T) {
	for name, arrange := range map[string]func(*portal){
		"500":       func(p *portal) { p.statuses[page(2)] = 500 },
		"404":       func(p *portal) { p.statuses[page(2)] = 404 },
		"cut":       func(p *portal) { p.errs[page(2)] = errors.New("cut") },
		"no text":   func(p *portal) { delete(p.pages, page(2)) },
		"panic":     func(p *portal) { p.panics[page(2)] = true },
		"withdrawn": func(p *portal) { p.pages[page(2)] = &feeds.Page{Withdrawn: true} },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.portal.publish(1)
			b.collect("a")
			b.portal.publish(2, 1)
			arrange(b.portal)
			b.clock = b.clock.Add(time.Minute)
			b.collect("a")
			if got := b.status(2); got != feeds.StatusPending {
				t.Fatalf("status %s", got)
			}
			*b.portal = portal{listings: b.portal.listings, pages: b.portal.pages, statuses: map[string]int{}}
			delete(b.portal.pages, page(2))
			b.portal.publish(2, 1)
			b.clock = b.clock.Add(time.Minute)
			b.collect("a")
			if a := b.article(2); a.Status != feeds.StatusLive || a.Title != "title 2" || a.Backlog {
				t.Errorf("read at last: %+v", a)
			}
		})
	}
}

func (b *bench) article(n int) feeds.Article {
	b.Helper()
	for _, a := range b.store.Articles() {
		if a.URL == page(n) {
			return a
		}
	}
	b.Fatalf("article %d is not stored", n)
	return feeds.Article{}
}

func (b *bench) status(n int) feeds.Status { b.Helper(); return b.article(n).Status }

// TestCorrection moves updated and keeps the id; a second look changes nothing more.
func TestCorrection(t *testing.T) {
	b := newBench(t)
	b.portal.publish(1)
	b.collect("a")
	was := b.article(1)
	b.portal.pages[page(1)].Title = "corrected"
	b.clock = b.clock.Add(time.Hour)
	if got := titlesOf(b.collect("a").Updated); !cmp.Equal(got, []string{"corrected"}) {
		t.Fatalf("corrected: %v", got)
	}
	now := b.article(1)
	if now.ID != was.ID || !now.Updated.Equal(b.clock) || !now.SortAt.Equal(was.SortAt) {
		t.Errorf("was %+v, is %+v", was, now)
	}
	b.clock = b.clock.Add(time.Hour)
	if saved := b.collect("a"); len(saved.Updated) > 0 {
		t.Errorf("an unchanged page was a correction: %v", titlesOf(saved.Updated))
	}
}

// TestWithdrawal: one miss holds, a second one soon after changes nothing, one long enough after withdraws. Failed looks
// and falling off the list never do.
func TestWithdrawal(t *testing.T) {
	b := newBench(t)
	b.portal.publish(2, 1)
	b.collect("a")
	b.portal.publish(2)
	b.portal.statuses[page(1)] = 500
	for range 5 {
		b.clock = b.clock.Add(time.Hour)
		b.collect("a")
	}
	if got := b.status(1); got != feeds.StatusLive {
		t.Fatalf("failed looks made it %s", got)
	}
	b.portal.statuses[page(1)] = 404
	b.clock = b.clock.Add(time.Minute)
	b.collect("a")
	if got := b.status(1); got != feeds.StatusHeld {
		t.Fatalf("after one miss %s", got)
	}
	b.clock = b.clock.Add(time.Minute)
	b.collect("a")
	if got := b.status(1); got != feeds.StatusHeld {
		t.Fatalf("after two misses a minute apart %s", got)
	}
	b.clock = b.clock.Add(testRules.WithdrawnApart)
	if err := b.col.RecheckDue(b.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got := b.status(1); got != feeds.StatusWithdrawn {
		t.Fatalf("after two misses ten minutes apart %s", got)
	}
	if got := b.status(2); got != feeds.StatusLive {
		t.Errorf("its neighbour became %s", got)
	}
}

// TestMissThatWasAnAccident: a page that is back makes the article live again, and the count begins anew.
func TestMissThatWasAnAccident(t *testing.T) {
	b := newBench(t)
	b.portal.publish(1)
	b.collect("a")
	for range 3 {
		b.portal.statuses[page(1)] = 410
		b.clock = b.clock.Add(20 * time.Minute)
		b.collect("a")
		if got := b.status(1); got != feeds.StatusHeld {
			t.Fatalf("after a miss %s", got)
		}
		delete(b.portal.statuses, page(1))
		b.clock = b.clock.Add(20 * time.Minute)
		b.collect("a")
		if got := b.status(1); got != feeds.StatusLive {
			t.Fatalf("back again, but %s", got)
		}
	}
}

// TestRedesignHoldsPushes: a page that is new all over at once is stored, and its section's pushes wait for a person.
func TestRedesignHoldsPushes(t *testing.T) {
	b := newBench(t)
	b.portal.publish(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	b.collect("a")
	if why := b.store.Held("a"); why != "" {
		t.Fatalf("the first collect holds pushes: %s", why)
	}
	b.portal.publish(11, 12, 13, 14, 15, 16, 17, 1, 2, 3)
	b.collect("a")
	if why := b.store.Held("a"); why != "" {
		t.Fatalf("seven new articles hold pushes: %s", why)
	}
	b.portal.publish(21, 22, 23, 24, 25, 26, 27, 28, 1, 2)
	b.collect("a")
	if b.store.Held("a") == "" {
		t.Error("eight of ten new at once do not hold pushes")
	}
}

// TestTimeRunsOut: what was read is stored, validators are not, and the rest comes with the next collect.
func TestTimeRunsOut(t *testing.T) {
	b := newBench(t)
	b.portal.etag = `"1"`
	b.portal.publish(1, 2, 3, 4, 5, 6)
	b.col.Parallel = 1
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fourth := func(then func(context.Context)) func(context.Context, string) {
		pages := 0
		return func(ctx context.Context, url string) {
			if url != list {
				if pages++; pages == 4 {
					then(ctx)
				}
			}
		}
	}
	// The job's own context ends: nothing is stored, nothing is marked as failed.
	b.portal.before = fourth(func(context.Context) { cancel() })
	if _, err := b.col.Collect(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if n := len(b.store.Articles()); n != 0 || b.state("a").Failures != 0 {
		t.Errorf("%d articles, state %+v", n, b.state("a"))
	}
	// The budget ends: what was read is kept.
	b.col.Budget = 50 * time.Millisecond
	b.portal.before = fourth(func(ctx context.Context) { <-ctx.Done() })
	b.collect("a")
	if n := len(b.store.Articles()); n != 3 {
		t.Errorf("%d articles kept, want 3", n)
	}
	if st := b.state("a"); st.Validators != (feeds.Validators{}) || !st.Learned.IsZero() {
		t.Errorf("state %+v", st)
	}
	b.portal.before, b.col.Budget = nil, time.Hour
	b.collect("a")
	if n := len(b.store.Articles()); n != 6 {
		t.Errorf("%d articles at last", n)
	}
	for _, a := range b.store.Articles() {
		if !a.Backlog {
			t.Errorf("%s is no backlog", a.Title)
		}
	}
}

// TestFeedItems with their text need no page; those without are read from it.
func TestFeedItems(t *testing.T) {
	b := newBench(t)
	b.portal.listings[base+"f.rss"] = &feeds.Listing{Items: []feeds.Item{
		{GUID: "g1", URL: page(1), Title: "with text", Content: "<p>text</p>"},
		{GUID: "g2", URL: page(2), Title: "without"},
		{GUID: "", URL: "", Title: "nameless", Content: "<p>text</p>"},
	}}
	b.portal.pages[page(2)] = &feeds.Page{Item: feeds.Item{Title: "from its page", Content: "<p>page</p>"}}
	if got := titlesOf(b.collect("f").New); !cmp.Equal(got, []string{"with text", "from its page"}) {
		t.Errorf("new: %v", got)
	}
	if got := b.portal.takeAsked(); !cmp.Equal(got, []string{page(2), base + "f.rss"}) {
		t.Errorf("asked for %v", got)
	}
	b.portal.listings[base+"f.rss"].Items[0].Title = "with corrected text"
	if got := titlesOf(b.collect("f").Updated); !cmp.Equal(got, []string{"with corrected text"}) {
		t.Errorf("corrected: %v", got)
	}
}

// TestRepeatedGuidNamesNothing: a portal that prints one guid on all items does not make one article of them.
func TestRepeatedGuidNamesNothing(t *testing.T) {
	b := newBench(t)
	l := &feeds.Listing{}
	for n := range 3 {
		l.Items = append(l.Items, feeds.Item{GUID: "0", URL: page(n), Title: fmt.Sprint(n), Content: "<p>text</p>"})
	}
	b.portal.listings[base+"f.rss"] = l
	b.collect("f")
	if n := len(b.store.Articles()); n != 3 {
		t.Errorf("%d articles of 3", n)
	}
}

// TestOneStoryInTwoSections is one article with two memberships, and its page is read once.
func TestOneStoryInTwoSections(t *testing.T) {
	b := newBench(t)
	b.portal.publish(1)
	b.portal.listings[base+"f.rss"] = &feeds.Listing{Items: []feeds.Item{{URL: "https://www.portal.example.cn/a/1.html?utm_source=x#top", Title: "listed"}}}
	b.collect("a")
	b.portal.takeAsked()
	b.collect("f")
	if got := b.portal.takeAsked(); slices.Contains(got, page(1)) && len(got) > 2 {
		t.Errorf("asked for %v", got)
	}
	all := b.store.Articles()
	if len(all) != 1 || !cmp.Equal(all[0].Sections, []string{"a", "f"}) || all[0].Title != "title 1" {
		t.Errorf("%+v", all)
	}
}

// TestHitCounters are no corrections.
func TestHitCounters(t *testing.T) {
	b := newBench(t)
	b.portal.publish(1)
	for i := range 4 {
		b.portal.pages[page(1)].Content = fmt.Sprintf("<p>text</p><p>浏览次数：%d</p>", 10+i)
		b.clock = b.clock.Add(time.Minute)
		if saved := b.collect("a"); len(saved.Updated) > 0 {
			t.Errorf("look %d was a correction", i)
		}
	}
	for _, same := range [][2]string{
		{"阅读量:1", "阅读量:25"}, {"点击 <span>7</span> 次", "点击 <span>800</span> 次"}, {"（浏览：3）", "（浏览：4）"},
	} {
		if (feeds.Article{Content: same[0]}).ContentHash() != (feeds.Article{Content: same[1]}).ContentHash() {
			t.Errorf("%q and %q differ", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"共 3 人", "共 4 人"}, {"阅读节第 2 届", "阅读节第 3 届"}} {
		if (feeds.Article{Content: other[0]}).ContentHash() == (feeds.Article{Content: other[1]}).ContentHash() {
			t.Errorf("%q and %q are alike", other[0], other[1])
		}
	}
}

// TestPublishedAgain: an article that was withdrawn comes back when its list shows it and its page answers; a list that
// only forgot to take it off brings nothing back.
func TestPublishedAgain(t *testing.T) {
	b := newBench(t)
	b.portal.publish(1)
	b.collect("a")
	was := b.article(1)
	b.portal.statuses[page(1)] = 404
	for range 3 {
		b.clock = b.clock.Add(testRules.WithdrawnApart)
		b.collect("a")
	}
	if got := b.status(1); got != feeds.StatusWithdrawn {
		t.Fatalf("listed, gone three times, and %s", got)
	}
	delete(b.portal.statuses, page(1))
	b.portal.publish(2)
	b.clock = b.clock.Add(time.Minute)
	if b.collect("a"); b.status(1) != feeds.StatusWithdrawn {
		t.Fatal("back although no list shows it")
	}
	b.portal.publish(2, 1)
	b.clock = b.clock.Add(time.Minute)
	b.collect("a")
	if now := b.article(1); now.Status != feeds.StatusLive || now.ID != was.ID || !now.Updated.Equal(was.Updated) || !now.WithdrawnAt.IsZero() || now.Missing != 0 {
		t.Errorf("published again: %+v", now)
	}
}

// TestStrayedPage: an article whose address leads to the front page is neither rewritten with it nor taken for gone.
func TestStrayedPage(t *testing.T) {
	b := newBench(t)
	b.portal.publish(1)
	b.collect("a")
	was := b.article(1)
	for _, to := range []string{base, base + "index.html", base + "404.html", base + "error/404.htm"} {
		b.portal.redirects = map[string]string{page(1): to, page(2): to}
		b.portal.pages[to] = &feeds.Page{Item: feeds.Item{Title: "网站首页", Content: "<p>front</p>"}}
		b.portal.publish(2, 1)
		b.clock = b.clock.Add(time.Minute)
		b.collect("a")
		now := b.article(1)
		if now.Title != was.Title || now.Status != feeds.StatusLive || !now.Updated.Equal(was.Updated) || b.status(2) != feeds.StatusPending {
			t.Errorf("%s: %+v, the new one is %s", to, now, b.status(2))
		}
	}
	b.portal.redirects = map[string]string{page(1): base + "b/1.html"}
	b.portal.pages[base+"b/1.html"] = &feeds.Page{Item: feeds.Item{Title: "moved", Content: "<p>text</p>"}}
	b.clock = b.clock.Add(time.Minute)
	if b.collect("a"); b.article(1).Title != "moved" {
		t.Error("a page that moved is not followed")
	}
}

func TestRecheck(t *testing.T) {
	b := newBench(t)
	b.portal.publish(2, 1)
	b.collect("a")
	one, two := b.article(1), b.article(2)
	b.portal.pages[page(1)].Title = "corrected"
	b.portal.statuses[page(2)] = 404
	got, err := b.col.Recheck(t.Context(), []string{one.ID, two.ID, "unknown"})
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if b.article(1).Title != "corrected" || b.status(2) != feeds.StatusHeld {
		t.Errorf("%+v, %+v", b.article(1), b.article(2))
	}
	if st := b.state("a"); !st.TriedAt.Equal(b.clock) || st.Learned.IsZero() {
		t.Errorf("a recheck changed the source's state: %+v", st)
	}
}

func TestUnknownSourceIsLeftAlone(t *testing.T) {
	b := newBench(t)
	b.collect("gone")
	if err := b.col.RecheckDue(t.Context(), "gone"); err != nil {
		t.Error(err)
	}
	if got := b.portal.takeAsked(); got != nil {
		t.Errorf("asked for %v", got)
	}
}

func TestNewCatalogRefuses(t *testing.T) {
	src := []feeds.Source{{ID: "s"}}
	for name, sections := range map[string][]feeds.Section{
		"the same id twice":        {{ID: "a"}, {ID: "a"}},
		"a reserved id":            {{ID: feeds.All}},
		"a parent after it":        {{ID: "b", Parent: "a"}, {ID: "a"}},
		"the same source id twice": {{ID: "a", Sources: src}, {ID: "b", Sources: src}},
	} {
		if _, err := feeds.NewCatalog(sections); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// BenchmarkCollect collects a list of 20 known articles, which is what most collects do, without network and database.
func BenchmarkCollect(b *testing.B) {
	t := newBench(&testing.T{})
	t.col.Rules.PerCollect = 0
	var numbers []int
	for n := range 20 {
		numbers = append(numbers, n)
	}
	t.portal.publish(numbers...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.col.Collect(b.Context(), "a"); err != nil {
			b.Fatal(err)
		}
	}
}
