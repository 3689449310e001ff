package store

import (
	"context"
	"slices"

	"wefeed/feeds"
)

// hits are the different articles that keys name, the one to keep first: the oldest of those not withdrawn. A withdrawn
// one is merged with none, since it would take a living one with it.
func (sv *saving) hits(keys []string) []*feeds.Article {
	var hits []*feeds.Article
	for _, k := range keys {
		if a := sv.byKey[k]; a != nil && !slices.Contains(hits, a) {
			hits = append(hits, a)
		}
	}
	slices.SortFunc(hits, func(a, b *feeds.Article) int { return int(a.Seq - b.Seq) })
	living := slices.DeleteFunc(slices.Clone(hits), func(a *feeds.Article) bool { return a.Status == feeds.StatusWithdrawn })
	if len(living) == 0 && len(hits) > 0 {
		return hits[:1]
	}
	return living
}

// merge makes other, found to be the same story, one with keep. Its id stays and names keep from now on; what was sent
// as other counts as sent for keep.
func (sv *saving) merge(ctx context.Context, keep, other *feeds.Article) error {
	if shown(*keep) || shown(*other) {
		sv.touch(append(slices.Clone(keep.Sections), other.Sections...)...)
	}
	was := *keep
	*keep = absorb(*keep, *other)
	for _, query := range []string{
		`UPDATE article_keys SET article = ? WHERE article = ?`,
		`UPDATE edition_items SET article = ? WHERE article = ?`,
		`UPDATE articles SET merged_into = ? WHERE merged_into = ?`,
		`UPDATE articles SET merged_into = ?, next_check = 0 WHERE seq = ?`,
		`INSERT INTO memberships (article, section, source, joined, sort_at, place, shown, next_check)
			SELECT ?, section, source, joined, sort_at, place, shown, next_check FROM memberships WHERE article = ?
			ON CONFLICT DO NOTHING`,
	} {
		if _, err := sv.exec(ctx, query, keep.Seq, other.Seq); err != nil {
			return err
		}
	}
	if _, err := sv.exec(ctx, `DELETE FROM memberships WHERE article = ?`, other.Seq); err != nil {
		return err
	}
	for key, a := range sv.byKey {
		if a == other {
			sv.byKey[key] = keep
		}
	}
	if err := sv.write(ctx, was, *keep); err != nil {
		return err
	}
	return sv.place(ctx, *keep) // the memberships that came over too
}

// absorb returns keep with what other adds: its sections, and its text where keep's page was never read.
func absorb(keep, other feeds.Article) feeds.Article {
	sections := slices.Clone(keep.Sections)
	for _, s := range other.Sections {
		if !slices.Contains(sections, s) {
			sections = append(sections, s)
		}
	}
	if keep.Status == feeds.StatusPending && shown(other) {
		id, seq, key, backlog := keep.ID, keep.Seq, keep.Key, keep.Backlog
		keep = other
		keep.ID, keep.Seq, keep.Key, keep.Backlog = id, seq, key, backlog
	}
	keep.Sections = sections
	return keep
}

func (sv *saving) addKeys(ctx context.Context, a *feeds.Article, keys []string) error {
	for _, k := range keys {
		if sv.byKey[k] != nil {
			continue // its own already, or a withdrawn article's
		}
		if err := sv.insert(ctx, keysInto, unlessThere, []any{k, a.Seq}); err != nil {
			return err
		}
		sv.byKey[k] = a
	}
	return nil
}
