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
	"wefeed/push"
)

// openStates are the states that are Open.
const openStates = `'planned', 'in_review', 'approved', 'sending', 'submitted', 'held'`

// candidatesQuery selects what a channel may send; takenQuery, what is in an edition that keeps its articles: one of the
// channel's, or one of its account's that reaches followers when the channel does so too.
const (
	candidatesQuery = `SELECT seq FROM articles
	WHERE status = 'live' AND NOT backlog AND merged_into IS NULL AND first_seen >= ?
		AND EXISTS (SELECT 1 FROM memberships m JOIN baselines b ON b.section = m.section
			WHERE m.article = articles.seq AND b.channel = ? AND articles.seq > b.seq AND m.section IN (%s))
		AND NOT EXISTS (SELECT 1 FROM memberships m JOIN sections s ON s.id = m.section
			WHERE m.article = articles.seq AND s.held_at > 0)
		AND NOT EXISTS (` + takenQuery + `)
	ORDER BY sort_at DESC, place, seq LIMIT ?`
	takenQuery = `SELECT 1 FROM edition_items i JOIN editions e ON e.id = i.edition
		WHERE i.article = articles.seq AND e.state NOT IN ('failed', 'expired', 'rejected', 'withdrawn')
			AND (e.channel = ? OR (? AND e.account = ? AND e.kind IN ('mass', 'notice')))`
)

// Candidates implements push.Store.
func (s *Store) Candidates(ctx context.Context, ch push.Channel, now time.Time, limit int) (found []feeds.Article, err error) {
	if len(ch.Sections) == 0 {
		return nil, nil
	}
	var since time.Time
	if ch.MaxAge > 0 {
		since = now.Add(-ch.MaxAge)
	}
	marks, sections := list(ch.Sections)
	args := append([]any{since, ch.ID}, sections...)
	args = append(args, ch.ID, ch.Kind.Reaches(), ch.Account, limit)
	err = s.read(ctx, func(q querier) error {
		found, err = q.inOrder(ctx, fmt.Sprintf(candidatesQuery, marks), args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("candidates of %s: %w", ch.ID, err)
	}
	return found, nil
}

// massSendsQuery selects when mass sends used up quota.
const massSendsQuery = `SELECT used_at FROM (
	SELECT CASE WHEN d.state IN ('in_flight', 'done', 'unknown') THEN d.called_at WHEN e.state IN (` + openStates + `) THEN ?
			WHEN d.reason = 'quota_used' THEN d.ended_at ELSE 0 END AS used_at
		FROM editions e LEFT JOIN deliveries d ON d.edition = e.id AND d.step = 'mass'
		WHERE e.account = ? AND e.kind = 'mass') AS sends
	WHERE used_at > 0 AND used_at >= ? ORDER BY used_at`

// MassSends implements push.Store.
func (s *Store) MassSends(ctx context.Context, account string, since, now time.Time) (times []time.Time, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.each(ctx, func(r *sql.Rows) error {
			var used time.Time
			err := r.Scan(at(&used))
			times = append(times, used)
			return err
		}, massSendsQuery, now, account, since)
	})
	return times, err
}

// refusalsQuery selects the articles of editions that WeChat refused, the newest edition last.
const refusalsQuery = `SELECT a.id, e.changed_at, (SELECT count(*) FROM edition_items o WHERE o.edition = e.id) = 1
	FROM editions e JOIN edition_items i ON i.edition = e.id JOIN articles a ON a.seq = i.article
	WHERE e.channel = ? AND e.state = 'failed' AND e.changed_at >= ? AND e.reason IN (%s) ORDER BY e.changed_at`

// Refusals implements push.Store.
func (s *Store) Refusals(ctx context.Context, channel string, since time.Time) (map[string]push.Refusal, error) {
	about := slices.DeleteFunc(push.Reasons(), func(r push.Reason) bool { return !r.AboutContent() })
	marks, reasons := list(about)
	refusals := map[string]push.Refusal{}
	err := s.read(ctx, func(q querier) error {
		return q.each(ctx, func(r *sql.Rows) error {
			var id string
			var when time.Time
			var alone bool
			err := r.Scan(&id, at(&when), &alone)
			refusal := refusals[id]
			if refusal.At = when; alone {
				refusal.Alone++
			}
			refusals[id] = refusal
			return err
		}, fmt.Sprintf(refusalsQuery, marks), append([]any{channel, since}, reasons...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("refusals of %s: %w", channel, err)
	}
	return refusals, nil
}

// CreateEdition implements push.Store.
func (s *Store) CreateEdition(ctx context.Context, e push.Edition, ds []push.Delivery) error {
	err := s.tx(ctx, func(t *tx) error {
		if err := t.insertEdition(ctx, e); err != nil {
			if s.taken(err) {
				return push.ErrTaken
			}
			return err
		}
		if err := t.insertItems(ctx, e, true); err != nil {
			return err
		}
		for _, d := range ds {
			if err := t.saveDelivery(ctx, d); err != nil {
				return err
			}
		}
		return t.ring(ctx, KindDeliver, e.ID, "", s.now())
	})
	if err != nil {
		return fmt.Errorf("create edition of %s: %w", e.Channel, err)
	}
	return nil
}

func (t *tx) insertEdition(ctx context.Context, e push.Edition) error {
	_, err := t.exec(ctx, `INSERT INTO editions (`+editionColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.Channel, e.Account, e.Kind, e.State, e.Before, e.Reason, e.Detail, e.Slot, e.Expires, e.Extra, e.Why,
		e.Mark, e.Digest, jsonText(e.Pieces), e.Created, e.Changed, e.Audience, e.ReviewBy)
	return err
}

// insertItems stores an edition's articles. With check set it looks again that no other edition has them.
func (t *tx) insertItems(ctx context.Context, e push.Edition, check bool) error {
	ids := make([]string, len(e.Items))
	for i, it := range e.Items {
		ids[i] = it.ArticleID
	}
	found, err := t.byIDs(ctx, ids)
	if err != nil {
		return err
	}
	for i, it := range e.Items {
		a, ok := found[it.ArticleID]
		if !ok {
			return fmt.Errorf("article %s: %w", it.ArticleID, push.ErrNotFound)
		}
		if check {
			if err := t.free(ctx, e, a.Seq); err != nil {
				return err
			}
		}
		_, err := t.exec(ctx, `INSERT INTO edition_items (edition, place, article_id, article, title, retitled) VALUES (?, ?, ?, ?, ?, ?)`,
			e.ID, i, it.ArticleID, a.Seq, it.Title, it.Retitled)
		if err != nil {
			return err
		}
	}
	return nil
}

// free returns push.ErrTaken if the edition may not have the article.
func (t *tx) free(ctx context.Context, e push.Edition, article int64) error {
	var taken bool
	err := t.row(ctx, `SELECT EXISTS (`+takenQuery+`) FROM articles WHERE seq = ?`,
		e.Channel, e.Kind.Reaches(), e.Account, article).Scan(&taken)
	if err == nil && taken {
		return push.ErrTaken
	}
	return err
}

const editionColumns = `id, channel, account, kind, state, before, reason, detail, slot, expires, extra, why, mark, digest,
	pieces, created_at, changed_at, audience, review_by`

// Edition implements push.Store.
func (s *Store) Edition(ctx context.Context, id string) (e push.Edition, ds []push.Delivery, err error) {
	err = s.read(ctx, func(q querier) error {
		if e, err = q.edition(ctx, id); err != nil {
			return err
		}
		ds, err = q.deliveries(ctx, id)
		return err
	})
	if err != nil {
		return push.Edition{}, nil, fmt.Errorf("edition %s: %w", id, err)
	}
	return e, ds, nil
}

func (q querier) edition(ctx context.Context, id string) (e push.Edition, err error) {
	var pieces string
	err = q.row(ctx, `SELECT `+editionColumns+` FROM editions WHERE id = ?`, id).Scan(
		&e.ID, &e.Channel, &e.Account, &e.Kind, &e.State, &e.Before, &e.Reason, &e.Detail, at(&e.Slot), at(&e.Expires), &e.Extra, &e.Why,
		&e.Mark, &e.Digest, &pieces, at(&e.Created), at(&e.Changed), &e.Audience, at(&e.ReviewBy))
	if errors.Is(err, sql.ErrNoRows) {
		return e, push.ErrNotFound
	}
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(pieces), &e.Pieces); err != nil {
		return e, err
	}
	e.Items, err = q.items(ctx, id)
	return e, err
}

func (q querier) items(ctx context.Context, edition string) (items []push.EditionItem, err error) {
	err = q.each(ctx, func(r *sql.Rows) error {
		var it push.EditionItem
		err := r.Scan(&it.ArticleID, &it.Title, &it.Retitled)
		items = append(items, it)
		return err
	}, `SELECT article_id, title, retitled FROM edition_items WHERE edition = ? ORDER BY place`, edition)
	return items, err
}

// OpenEditions implements push.Store.
func (s *Store) OpenEditions(ctx context.Context) (ids []string, err error) {
	err = s.read(ctx, func(q querier) error {
		ids, err = q.texts(ctx, `SELECT id FROM editions
			WHERE state IN (`+openStates+`) ORDER BY slot, id`)
		return err
	})
	return ids, err
}

// Save implements push.Store.
func (s *Store) Save(ctx context.Context, p push.Progress) error {
	err := s.tx(ctx, func(t *tx) error {
		if err := t.changeEdition(ctx, p.Edition, p.From, p.Deliveries); err != nil {
			return err
		}
		return t.wake(ctx, p.Edition.ID, p.Wake)
	})
	if err != nil {
		return fmt.Errorf("save edition %s: %w", p.Edition.ID, err)
	}
	return nil
}

// changeEdition writes an edition that is still in the state it was read in, with its articles and deliveries.
func (t *tx) changeEdition(ctx context.Context, e push.Edition, from push.EditionState, deliveries []push.DeliveryChange) error {
	n, err := t.exec(ctx, `UPDATE editions SET state = ?, before = ?, reason = ?, detail = ?, expires = ?, why = ?,
			mark = ?, digest = ?, pieces = ?, changed_at = ?, review_by = ? WHERE id = ? AND state = ?`,
		e.State, e.Before, e.Reason, e.Detail, e.Expires, e.Why, e.Mark, e.Digest, jsonText(e.Pieces), e.Changed, e.ReviewBy, e.ID, from)
	if err != nil || n == 0 {
		return cmpErr(err, push.ErrConflict)
	}
	if err := t.changeItems(ctx, e); err != nil {
		return err
	}
	for _, d := range deliveries {
		if err := t.changeDelivery(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// changeItems writes an edition's articles if they are others than before: the portal takes some back, or corrects titles.
func (t *tx) changeItems(ctx context.Context, e push.Edition) error {
	was, err := t.items(ctx, e.ID)
	if err != nil || slices.Equal(was, e.Items) {
		return err
	}
	if _, err := t.exec(ctx, `DELETE FROM edition_items WHERE edition = ?`, e.ID); err != nil {
		return err
	}
	return t.insertItems(ctx, e, false)
}
