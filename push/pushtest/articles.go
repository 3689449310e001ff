package pushtest

import (
	"context"
	"maps"
	"slices"
	"time"

	"wefeed/feeds"
	"wefeed/push"
)

// rules withdraw an article at the second look that misses it, ten minutes after the first.
var rules = feeds.Rules{
	EveryCollectFor: 24 * time.Hour, DailyFor: 7 * 24 * time.Hour, PerCollect: 20, WithdrawnChecks: 2, WithdrawnApart: 10 * time.Minute,
}

// ArticleID is the public id of the article that [Incoming] makes of the key.
func ArticleID(key string) string { return feeds.ArticleID("example.cn,2026", key) }

// Incoming returns an item as a source would give it.
func Incoming(key, title string, images ...string) feeds.Incoming {
	return feeds.Incoming{
		ID: ArticleID(key), Keys: []string{key}, FromPage: true,
		Item: feeds.Item{URL: "http://" + key, Title: title, Content: "<p>" + title + "</p>", Images: images},
	}
}

// Collected returns a complete collect of the source that feeds the section of the same name.
func Collected(section string, at time.Time, items ...feeds.Incoming) feeds.Collected {
	for i := range items {
		items[i].Position = i
	}
	src := feeds.Source{ID: section, Section: section, Kind: feeds.KindList, URL: "http://portal.example/" + section, Zone: time.UTC}
	return feeds.Collected{Source: src, At: at, Rules: rules, Items: items, Learned: true}
}

// Checked returns looks at articles' pages, apart from any collect.
func Checked(section string, at time.Time, checks ...feeds.Check) feeds.Collected {
	c := Collected(section, at)
	c.ChecksOnly, c.Checks = true, checks
	return c
}

func clone(a feeds.Article) feeds.Article {
	a.Sections, a.Images = slices.Clone(a.Sections), slices.Clone(a.Images)
	return a
}

// SaveCollected stores articles as feeds.Store does, except that articles never merge and nothing follows from it.
func (m *Memory) SaveCollected(_ context.Context, c feeds.Collected) (saved feeds.Saved, _ error) {
	defer m.enter("SaveCollected")()
	for _, in := range c.Items {
		m.item(c, in, &saved)
	}
	for _, ch := range c.Checks {
		if a := m.byID(ch.ArticleID); a != nil {
			*a, _ = feeds.ApplyCheck(*a, ch, c.At, c.Rules)
		}
	}
	if c.Learned && !c.ChecksOnly {
		m.learned[c.Source.ID] = true
	}
	return saved, nil
}

func (m *Memory) item(c feeds.Collected, in feeds.Incoming, saved *feeds.Saved) {
	a, known := m.keys[in.Keys[0]]
	if !known {
		a := feeds.NewArticle(c.Source, in, c.At, c.Rules, !m.learned[c.Source.ID])
		a.Seq = int64(len(m.articles)) + 1
		m.articles = append(m.articles, &a)
		m.keys[in.Keys[0]], m.keys[a.ID] = &a, &a
		saved.New = append(saved.New, clone(a))
		return
	}
	merged, changed := feeds.Merge(*a, c.Source, in, c.At, c.Rules)
	*a = merged
	if !slices.Contains(a.Sections, c.Source.Section) {
		a.Sections = append(slices.Clone(a.Sections), c.Source.Section)
	}
	if changed {
		saved.Updated = append(saved.Updated, clone(*a))
	}
}

// byID returns an article, nil for none. Ids and keys share a map: they never look alike.
func (m *Memory) byID(id string) *feeds.Article { return m.keys[id] }

// ByID returns the articles with these ids.
func (m *Memory) ByID(_ context.Context, ids []string) (articles []feeds.Article, _ error) {
	defer m.enter("ByID")()
	for _, id := range ids {
		if a := m.byID(id); a != nil {
			articles = append(articles, clone(*a))
		}
	}
	return articles, nil
}

// SyncChannels gives each section of a channel seen for the first time its baseline: the present ingest number. What the
// channels no longer send is forgotten.
func (m *Memory) SyncChannels(_ context.Context, channels []push.Channel) error {
	defer m.enter("SyncChannels")()
	maps.DeleteFunc(m.baselines, func(pair [2]string, _ int64) bool {
		return !slices.ContainsFunc(channels, func(ch push.Channel) bool {
			return ch.ID == pair[0] && slices.Contains(ch.Sections, pair[1])
		})
	})
	for _, ch := range channels {
		for _, s := range ch.Sections {
			if _, ok := m.baselines[[2]string{ch.ID, s}]; !ok {
				m.baselines[[2]string{ch.ID, s}] = int64(len(m.articles))
			}
		}
	}
	return nil
}

// HoldSection holds the pushes of a section.
func (m *Memory) HoldSection(_ context.Context, section, _, why string) error {
	defer m.enter("HoldSection")()
	m.heldFor[section] = why
	return nil
}

// ReleaseSection lets them go on.
func (m *Memory) ReleaseSection(_ context.Context, section, _, _ string) error {
	defer m.enter("ReleaseSection")()
	delete(m.heldFor, section)
	return nil
}
