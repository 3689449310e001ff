package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"wefeed/feeds"
)

// articleColumns are an article's own, in the order of scanArticle; those after the first, in that of articleValues.
const articleColumns = `seq, ` + valueColumns

const valueColumns = `id, source_id, key, url, title, author, origin, editor, published, published_offset, precise,
	updated, first_seen, sort_at, place, status, backlog, from_page, missing, missing_at, withdrawn_at, checked_at,
	next_check, etag, last_modified, hash, images, enclosures, content`

func scanArticle(r interface{ Scan(...any) error }, more ...any) (feeds.Article, error) {
	var a feeds.Article
	var published time.Time
	var offset int
	var images, enclosures string
	err := r.Scan(append([]any{&a.Seq, &a.ID, &a.SourceID, &a.Key, &a.URL, &a.Title, &a.Author, &a.Origin, &a.Editor,
		at(&published), &offset, &a.Precision, at(&a.Updated), at(&a.FirstSeen), at(&a.SortAt), &a.Position, &a.Status, &a.Backlog,
		&a.FromPage, &a.Missing, at(&a.MissingAt), at(&a.WithdrawnAt), at(&a.CheckedAt), at(&a.NextCheck),
		&a.Validators.ETag, &a.Validators.LastModified, &a.Hash, &images, &enclosures, &a.Content}, more...)...)
	if err != nil {
		return a, err
	}
	a.Published = inOffset(published, offset)
	return a, errors.Join(json.Unmarshal([]byte(images), &a.Images), json.Unmarshal([]byte(enclosures), &a.Enclosures))
}

// articleValues are the values of the columns of one article, without seq.
func articleValues(a feeds.Article) []any {
	_, offset := a.Published.Zone()
	return []any{a.ID, a.SourceID, a.Key, a.URL, a.Title, a.Author, a.Origin, a.Editor,
		a.Published, offset, a.Precision, a.Updated, a.FirstSeen, a.SortAt, a.Position, a.Status, a.Backlog,
		a.FromPage, a.Missing, a.MissingAt, a.WithdrawnAt, a.CheckedAt, a.NextCheck,
		a.Validators.ETag, a.Validators.LastModified, a.Hash, jsonText(a.Images), jsonText(a.Enclosures), a.Content}
}

// inOffset gives a printed date back in the zone it was printed in (rule 3): a day's midnight is midnight there.
func inOffset(t time.Time, seconds int) time.Time {
	if t.IsZero() || seconds == 0 {
		return t
	}
	return t.In(time.FixedZone("", seconds))
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T has no JSON form: %v", v, err)) // strings and structs of strings always have
	}
	return string(b)
}

// chunk bounds the values bound to one query.
const chunk = 500

// articles returns the articles that a query selects; its first columns are articleColumns.
func (q querier) articles(ctx context.Context, query string, args ...any) ([]feeds.Article, error) {
	var found []feeds.Article
	err := q.each(ctx, func(r *sql.Rows) error {
		a, err := scanArticle(r)
		found = append(found, a)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return found, q.fillSections(ctx, found)
}

// fillSections sets the Sections of articles, in the order in which they were joined.
func (q querier) fillSections(ctx context.Context, articles []feeds.Article) error {
	index := make(map[int64]int, len(articles))
	seqs := make([]int64, len(articles))
	for i, a := range articles {
		index[a.Seq], seqs[i] = i, a.Seq
	}
	for some := range slices.Chunk(seqs, chunk) {
		marks, args := list(some)
		err := q.each(ctx, func(r *sql.Rows) error {
			var seq int64
			var section string
			err := r.Scan(&seq, &section)
			a := &articles[index[seq]]
			a.Sections = append(a.Sections, section)
			return err
		}, `SELECT article, section FROM memberships WHERE article IN (`+marks+`) ORDER BY joined, section`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

func (q querier) bySeq(ctx context.Context, seqs []int64) ([]feeds.Article, error) {
	var all []feeds.Article
	for some := range slices.Chunk(seqs, chunk) {
		marks, args := list(some)
		found, err := q.articles(ctx, `SELECT `+articleColumns+` FROM articles WHERE seq IN (`+marks+`)`, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// inOrder returns the articles whose numbers a query selects, in its order. Sorting numbers first and reading articles
// after keeps their texts out of the sorter.
func (q querier) inOrder(ctx context.Context, query string, args ...any) ([]feeds.Article, error) {
	var seqs []int64
	err := q.each(ctx, func(r *sql.Rows) error {
		var seq int64
		err := r.Scan(&seq)
		seqs = append(seqs, seq)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	found, err := q.bySeq(ctx, seqs)
	slices.SortFunc(found, func(a, b feeds.Article) int { return slices.Index(seqs, a.Seq) - slices.Index(seqs, b.Seq) })
	return found, err
}

// known returns the articles that keys name, by key. A merged article's keys have moved to the one that was kept.
func (q querier) known(ctx context.Context, keys []string) (map[string]feeds.Article, error) {
	seqs, byKey := map[int64]bool{}, map[string]int64{}
	for some := range slices.Chunk(keys, chunk) {
		marks, args := list(some)
		err := q.each(ctx, func(r *sql.Rows) error {
			var key string
			var seq int64
			err := r.Scan(&key, &seq)
			byKey[key], seqs[seq] = seq, true
			return err
		}, `SELECT key, article FROM article_keys WHERE key IN (`+marks+`)`, args...)
		if err != nil {
			return nil, err
		}
	}
	articles, err := q.bySeq(ctx, sortedKeys(seqs))
	if err != nil {
		return nil, err
	}
	bySeq := map[int64]feeds.Article{}
	for _, a := range articles {
		bySeq[a.Seq] = a
	}
	known := map[string]feeds.Article{}
	for _, key := range keys {
		if seq, ok := byKey[clean(key)]; ok {
			known[key] = bySeq[seq]
		}
	}
	return known, nil
}

func sortedKeys(set map[int64]bool) []int64 {
	keys := make([]int64, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// byIDs returns the articles with these public ids, by id; that of a merged one names the article that was kept.
func (q querier) byIDs(ctx context.Context, ids []string) (map[string]feeds.Article, error) {
	seqOf, seqs := map[string]int64{}, map[int64]bool{}
	for some := range slices.Chunk(ids, chunk) {
		marks, args := list(some)
		err := q.each(ctx, func(r *sql.Rows) error {
			var id string
			var seq int64
			err := r.Scan(&id, &seq)
			seqOf[id], seqs[seq] = seq, true
			return err
		}, `SELECT id, COALESCE(merged_into, seq) FROM articles WHERE id IN (`+marks+`)`, args...)
		if err != nil {
			return nil, err
		}
	}
	articles, err := q.bySeq(ctx, sortedKeys(seqs))
	if err != nil {
		return nil, err
	}
	bySeq := map[int64]feeds.Article{}
	for _, a := range articles {
		bySeq[a.Seq] = a
	}
	found := map[string]feeds.Article{}
	for id, seq := range seqOf {
		found[id] = bySeq[seq]
	}
	return found, nil
}

// SourceState implements feeds.Store.
func (s *Store) SourceState(ctx context.Context, source string) (st feeds.SourceState, err error) {
	err = s.read(ctx, func(q querier) error {
		st, err = q.sourceState(ctx, source)
		return err
	})
	return st, err
}

const sourceColumns = `id, url, etag, last_modified, learned, tried_at, success_at, fault, detail, failures`

func scanSource(r interface{ Scan(...any) error }) (st feeds.SourceState, err error) {
	err = r.Scan(&st.ID, &st.URL, &st.Validators.ETag, &st.Validators.LastModified, at(&st.Learned), at(&st.TriedAt), at(&st.SuccessAt),
		&st.Fault, &st.Detail, &st.Failures)
	return st, err
}

func (q querier) sourceState(ctx context.Context, source string) (feeds.SourceState, error) {
	st, err := scanSource(q.row(ctx, `SELECT `+sourceColumns+` FROM sources WHERE id = ?`, source))
	if errors.Is(err, sql.ErrNoRows) {
		return feeds.SourceState{ID: source}, nil
	}
	return st, err
}

// SourceStates returns the states of all sources ever tried, by id.
func (s *Store) SourceStates(ctx context.Context) (map[string]feeds.SourceState, error) {
	states := map[string]feeds.SourceState{}
	err := s.read(ctx, func(q querier) error {
		return q.each(ctx, func(r *sql.Rows) error {
			st, err := scanSource(r)
			states[st.ID] = st
			return err
		}, `SELECT `+sourceColumns+` FROM sources`)
	})
	return states, err
}

// Known implements feeds.Store.
func (s *Store) Known(ctx context.Context, keys []string) (known map[string]feeds.Article, err error) {
	err = s.read(ctx, func(q querier) error {
		known, err = q.known(ctx, keys)
		return err
	})
	return known, err
}

// DueChecks implements feeds.Store.
func (s *Store) DueChecks(ctx context.Context, section string, now time.Time, limit int) (due []feeds.Article, err error) {
	err = s.read(ctx, func(q querier) error {
		due, err = q.inOrder(ctx, dueChecksQuery, section, now, limit)
		return err
	})
	return due, err
}

const dueChecksQuery = `SELECT m.article FROM memberships m JOIN articles a ON a.seq = m.article
	WHERE m.section = ? AND m.next_check > 0 AND m.next_check <= ? ORDER BY a.checked_at, a.seq LIMIT ?`

// ByID implements feeds.Store. An id that a merge has retired names the article that was kept, which then comes under
// the id asked for: an edition goes on with the ids it was planned with.
func (s *Store) ByID(ctx context.Context, ids []string) (articles []feeds.Article, err error) {
	err = s.read(ctx, func(q querier) error {
		found, err := q.byIDs(ctx, ids)
		for id, a := range found {
			a.ID = id
			articles = append(articles, a)
		}
		return err
	})
	return articles, err
}

// Article returns the article with this public id, or ErrNotFound. The id of a merged article names the one that was
// kept.
func (s *Store) Article(ctx context.Context, id string) (a feeds.Article, err error) {
	err = s.read(ctx, func(q querier) error {
		found, err := q.byIDs(ctx, []string{id})
		if err != nil {
			return err
		}
		var ok bool
		if a, ok = found[id]; !ok {
			return ErrNotFound
		}
		return nil
	})
	return a, err
}
