package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"wefeed/feeds"
	"wefeed/push"
)

// Newest returns the newest articles that feeds show (live and held ones) of any of the sections, at most limit, in
// feed order: by sort_at, newest first, then by list position, then by ingest number.
func (s *Store) Newest(ctx context.Context, sections []string, limit int) (articles []feeds.Article, err error) {
	err = s.read(ctx, func(q querier) error {
		seqs, err := q.newest(ctx, sections, limit)
		if err != nil {
			return err
		}
		articles, err = q.bySeq(ctx, seqs)
		return err
	})
	feeds.Newest(articles)
	return articles, err
}

const newestQuery = `SELECT article, sort_at, place FROM memberships WHERE section = ? AND shown
	ORDER BY sort_at DESC, place, article LIMIT ?`

// newest walks the top of each section's index and keeps the top of all: what stands in no section's top cannot.
func (q querier) newest(ctx context.Context, sections []string, limit int) ([]int64, error) {
	type place struct{ seq, sortAt, position int64 }
	var tops []place
	for _, section := range sections {
		err := q.each(ctx, func(r *sql.Rows) error {
			var p place
			err := r.Scan(&p.seq, &p.sortAt, &p.position)
			tops = append(tops, p)
			return err
		}, newestQuery, section, limit)
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(tops, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.sortAt, a.sortAt), cmp.Compare(a.position, b.position), cmp.Compare(a.seq, b.seq))
	})
	tops = slices.Compact(tops) // one article in several sections
	var seqs []int64
	for _, p := range tops[:min(limit, len(tops))] {
		seqs = append(seqs, p.seq)
	}
	return seqs, nil
}

// Changed returns when the feed of any of the sections last changed; zero: never.
func (s *Store) Changed(ctx context.Context, sections []string) (last time.Time, err error) {
	err = s.read(ctx, func(q querier) error {
		for some := range slices.Chunk(sections, chunk) {
			marks, args := list(some)
			var changed time.Time
			row := q.row(ctx, `SELECT COALESCE(max(changed_at), 0) FROM sections WHERE id IN (`+marks+`)`, args...)
			if err := row.Scan(at(&changed)); err != nil {
				return err
			}
			if changed.After(last) {
				last = changed
			}
		}
		return nil
	})
	return last, err
}

// ChangedSections returns the sections whose feeds changed after since, and when they last did.
func (s *Store) ChangedSections(ctx context.Context, since time.Time) (map[string]time.Time, error) {
	changed := map[string]time.Time{}
	err := s.read(ctx, func(q querier) error {
		return q.each(ctx, func(r *sql.Rows) error {
			var id string
			var when time.Time
			err := r.Scan(&id, at(&when))
			changed[id] = when
			return err
		}, changedQuery, since)
	})
	return changed, err
}

const changedQuery = `SELECT id, changed_at FROM sections WHERE changed_at > ?`

// SyncSections makes rows for sections seen for the first time. Those no longer configured keep theirs.
func (s *Store) SyncSections(ctx context.Context, ids []string) error {
	return s.tx(ctx, func(t *tx) error {
		for _, id := range ids {
			if _, err := t.exec(ctx, `INSERT INTO sections (id) VALUES (?) ON CONFLICT DO NOTHING`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SyncChannels gives each (channel, section) seen for the first time its baseline: the present ingest number, so that a
// channel sends only what comes after it joined (rule 2).
func (s *Store) SyncChannels(ctx context.Context, channels []push.Channel) error {
	now := s.now()
	return s.tx(ctx, func(t *tx) error {
		if err := t.leave(ctx, channels); err != nil {
			return err
		}
		for _, ch := range channels {
			for _, section := range ch.Sections {
				_, err := t.exec(ctx, `INSERT INTO baselines (channel, section, seq, at)
					SELECT ?, ?, value, ? FROM meta WHERE name = 'ingest' ON CONFLICT DO NOTHING`, ch.ID, section, now)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// leave drops the baselines of what the channels no longer send: should it come back, it begins at that day's number.
func (t *tx) leave(ctx context.Context, channels []push.Channel) error {
	sends := map[[2]string]bool{}
	for _, ch := range channels {
		for _, section := range ch.Sections {
			sends[[2]string{ch.ID, section}] = true
		}
	}
	var left [][2]string
	err := t.each(ctx, func(r *sql.Rows) error {
		var pair [2]string
		err := r.Scan(&pair[0], &pair[1])
		if !sends[pair] {
			left = append(left, pair)
		}
		return err
	}, `SELECT channel, section FROM baselines`)
	if err != nil {
		return err
	}
	for _, pair := range left {
		if _, err := t.exec(ctx, `DELETE FROM baselines WHERE channel = ? AND section = ?`, pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

// A SectionHold tells why a section's pushes are held.
type SectionHold struct {
	Section string
	At      time.Time
	By      string
	Why     string
}

// HeldSections returns the sections whose pushes are held.
func (s *Store) HeldSections(ctx context.Context) (holds []SectionHold, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.each(ctx, func(r *sql.Rows) error {
			var h SectionHold
			err := r.Scan(&h.Section, at(&h.At), &h.By, &h.Why)
			holds = append(holds, h)
			return err
		}, `SELECT id, held_at, held_by, held_why FROM sections WHERE held_at > 0 ORDER BY id`)
	})
	return holds, err
}

// HoldSection holds the pushes of a section until they are released. A section that is held already stays so for its
// first reason.
func (s *Store) HoldSection(ctx context.Context, section, by, why string) error {
	return s.tx(ctx, func(t *tx) error { return t.holdSection(ctx, section, s.now(), by, why) })
}

func (t *tx) holdSection(ctx context.Context, section string, now time.Time, by, why string) error {
	n, err := t.exec(ctx, `INSERT INTO sections (id, held_at, held_by, held_why) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET held_at = excluded.held_at, held_by = excluded.held_by, held_why = excluded.held_why
		WHERE sections.held_at = 0`, section, now, by, why)
	if err != nil || n == 0 {
		return err
	}
	return t.audit(ctx, now, AuditEntry{Who: by, Act: "section.hold", Subject: section, OK: true, Detail: why})
}

// ReleaseSection lets the pushes of a held section go on.
func (s *Store) ReleaseSection(ctx context.Context, section, by, why string) error {
	return s.tx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE sections SET held_at = 0, held_by = '', held_why = '' WHERE id = ? AND held_at > 0`, section)
		if err != nil || n == 0 {
			return err
		}
		return t.audit(ctx, s.now(), AuditEntry{Who: by, Act: "section.release", Subject: section, OK: true, Detail: why})
	})
}
