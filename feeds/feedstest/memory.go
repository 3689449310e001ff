// Package feedstest holds what tests of feeds.Store share: [Memory], a store without a database, and [RunStore], the
// conformance suite that every implementation passes, Memory included.
package feedstest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"wefeed/feeds"
)

// Memory is a feeds.Store in maps. Follow-up jobs go nowhere. The zero value is an empty store.
type Memory struct {
	mu       sync.Mutex
	seq      int64
	articles map[int64]*feeds.Article
	ids      map[string]int64 // merged ones name the article that was kept
	keys     map[string]int64
	sources  map[string]feeds.SourceState
	holds    map[string]string
}

var _ feeds.Store = (*Memory)(nil)

func (m *Memory) lock() func() {
	m.mu.Lock()
	if m.articles == nil {
		m.articles, m.ids, m.keys = map[int64]*feeds.Article{}, map[string]int64{}, map[string]int64{}
		m.sources, m.holds = map[string]feeds.SourceState{}, map[string]string{}
	}
	return m.mu.Unlock
}

// SourceState implements feeds.Store.
func (m *Memory) SourceState(_ context.Context, source string) (feeds.SourceState, error) {
	defer m.lock()()
	return m.state(source), nil
}

func (m *Memory) state(source string) feeds.SourceState {
	st := m.sources[source]
	st.ID = source
	return st
}

// Known implements feeds.Store.
func (m *Memory) Known(_ context.Context, keys []string) (map[string]feeds.Article, error) {
	defer m.lock()()
	known := map[string]feeds.Article{}
	for _, k := range keys {
		if seq, ok := m.keys[k]; ok {
			known[k] = clone(*m.articles[seq])
		}
	}
	return known, nil
}

func clone(a feeds.Article) feeds.Article {
	a.Sections = slices.Clone(a.Sections)
	return a
}

// DueChecks implements feeds.Store.
func (m *Memory) DueChecks(_ context.Context, section string, now time.Time, limit int) ([]feeds.Article, error) {
	defer m.lock()()
	var due []feeds.Article
	for _, a := range m.articles {
		if slices.Contains(a.Sections, section) && !a.NextCheck.IsZero() && !a.NextCheck.After(now) {
			due = append(due, clone(*a))
		}
	}
	slices.SortFunc(due, func(a, b feeds.Article) int {
		return cmp.Or(a.CheckedAt.Compare(b.CheckedAt), cmp.Compare(a.Seq, b.Seq))
	})
	return due[:min(limit, len(due))], nil
}

// ByID implements feeds.Store. The article that a merge kept comes under the retired id too, if that is asked for.
func (m *Memory) ByID(_ context.Context, ids []string) ([]feeds.Article, error) {
	defer m.lock()()
	found := map[string]feeds.Article{}
	for _, id := range ids {
		if seq, ok := m.ids[id]; ok {
			a := clone(*m.articles[seq])
			a.ID = id
			found[id] = a
		}
	}
	return slices.Collect(maps.Values(found)), nil
}

// Articles returns all articles in feed order.
func (m *Memory) Articles() []feeds.Article {
	defer m.lock()()
	var all []feeds.Article
	for _, a := range m.articles {
		all = append(all, clone(*a))
	}
	feeds.Newest(all)
	return all
}

// Held returns why the section's pushes are held, "" if they are not.
func (m *Memory) Held(section string) string {
	defer m.lock()()
	return m.holds[section]
}

// SaveFault implements feeds.Store.
func (m *Memory) SaveFault(_ context.Context, source string, at time.Time, f *feeds.Fault) error {
	defer m.lock()()
	st := m.state(source)
	st.TriedAt, st.Fault, st.Detail, st.Failures = at, f.Kind, f.Detail, st.Failures+1
	m.sources[source] = st
	return nil
}

// SaveCollected implements feeds.Store.
func (m *Memory) SaveCollected(_ context.Context, c feeds.Collected) (feeds.Saved, error) {
	defer m.lock()()
	for _, in := range c.Items {
		if len(in.Keys) == 0 {
			return feeds.Saved{}, fmt.Errorf("the item %q has no key", in.Item.Title)
		}
	}
	sv := memorySave{Memory: m, c: c, touched: map[string]bool{}}
	for _, in := range c.Items {
		sv.item(in)
	}
	for _, ch := range c.Checks {
		sv.check(ch)
	}
	if !c.ChecksOnly {
		sv.source()
	}
	if c.HoldPushes != "" && m.holds[c.Source.Section] == "" {
		m.holds[c.Source.Section] = c.HoldPushes
	}
	sv.saved.Touched = slices.Sorted(maps.Keys(sv.touched))
	return sv.saved, nil
}

// memorySave is one Collected on its way into the maps.
type memorySave struct {
	*Memory
	c       feeds.Collected
	saved   feeds.Saved
	touched map[string]bool
}

func (sv *memorySave) touch(sections []string) {
	for _, s := range sections {
		sv.touched[s] = true
	}
}

func shown(a *feeds.Article) bool {
	return a.Status == feeds.StatusLive || a.Status == feeds.StatusHeld
}

func (sv *memorySave) item(in feeds.Incoming) {
	a := sv.find(in.Keys)
	if a == nil {
		sv.create(in)
		return
	}
	sv.name(a, in.Keys)
	if section := sv.c.Source.Section; !slices.Contains(a.Sections, section) {
		a.Sections = append(a.Sections, section)
		if shown(a) {
			sv.touch(a.Sections) // each names all of them as categories
		}
	}
	merged, changed := feeds.Merge(*a, sv.c.Source, in, sv.c.At, sv.c.Rules)
	*a = merged
	if changed {
		sv.saved.Updated = append(sv.saved.Updated, clone(*a))
		sv.touch(a.Sections)
	}
}

// find returns the article that keys name, nil for none. When they name several they become one: the oldest of those not
// withdrawn.
func (sv *memorySave) find(keys []string) *feeds.Article {
	seqs := map[int64]bool{}
	for _, k := range keys {
		if seq, ok := sv.keys[k]; ok {
			seqs[seq] = true
		}
	}
	var withdrawn, keep *feeds.Article
	for _, seq := range slices.Sorted(maps.Keys(seqs)) {
		a := sv.articles[seq]
		switch {
		case a.Status == feeds.StatusWithdrawn:
			withdrawn = cmp.Or(withdrawn, a)
		case keep == nil:
			keep = a
		default:
			sv.merge(keep, a)
		}
	}
	return cmp.Or(keep, withdrawn)
}

func (sv *memorySave) merge(keep, other *feeds.Article) {
	sections := slices.Clone(keep.Sections)
	for _, s := range other.Sections {
		if !slices.Contains(sections, s) {
			sections = append(sections, s)
		}
	}
	if shown(keep) || shown(other) {
		sv.touch(sections)
	}
	if keep.Status == feeds.StatusPending && shown(other) {
		was := *keep
		*keep = *other
		keep.ID, keep.Seq, keep.Key, keep.Backlog = was.ID, was.Seq, was.Key, was.Backlog
	}
	keep.Sections = sections
	for _, names := range []map[string]int64{sv.ids, sv.keys} {
		for name, seq := range names {
			if seq == other.Seq {
				names[name] = keep.Seq
			}
		}
	}
	delete(sv.articles, other.Seq)
}

func (sv *memorySave) create(in feeds.Incoming) {
	in.Pending = in.Pending || in.Seen
	a := feeds.NewArticle(sv.c.Source, in, sv.c.At, sv.c.Rules, sv.state(sv.c.Source.ID).Of(sv.c.Source).Learned.IsZero())
	sv.seq++
	a.Seq = sv.seq
	sv.articles[a.Seq], sv.ids[a.ID] = &a, a.Seq
	sv.name(&a, in.Keys)
	if shown(&a) {
		sv.touch(a.Sections)
	}
	sv.saved.New = append(sv.saved.New, clone(a))
}

// name gives an article the keys that name none yet.
func (sv *memorySave) name(a *feeds.Article, keys []string) {
	for _, k := range keys {
		if _, taken := sv.keys[k]; !taken {
			sv.keys[k] = a.Seq
		}
	}
}

func (sv *memorySave) check(ch feeds.Check) {
	seq, ok := sv.ids[ch.ArticleID]
	if !ok {
		return
	}
	was := *sv.articles[seq]
	a, changed := feeds.ApplyCheck(was, ch, sv.c.At, sv.c.Rules)
	*sv.articles[seq] = a
	switch {
	case a.Status == feeds.StatusWithdrawn && was.Status != feeds.StatusWithdrawn:
		sv.saved.Withdrawn = append(sv.saved.Withdrawn, clone(a))
	case a.Status == feeds.StatusHeld && was.Status != feeds.StatusHeld:
		sv.saved.Held = append(sv.saved.Held, clone(a))
	case changed:
		sv.saved.Updated = append(sv.saved.Updated, clone(a))
	}
	if changed {
		sv.touch(a.Sections)
	}
}

func (sv *memorySave) source() {
	st := sv.state(sv.c.Source.ID).Of(sv.c.Source)
	st.URL = sv.c.Source.URL
	st.TriedAt, st.SuccessAt, st.Fault, st.Detail, st.Failures = sv.c.At, sv.c.At, "", "", 0
	if sv.c.Learned && st.Learned.IsZero() {
		st.Learned = sv.c.At
		sv.touch([]string{sv.c.Source.Section})
	}
	if sv.c.Validators != nil {
		st.Validators = *sv.c.Validators
	}
	sv.sources[st.ID] = st
}
