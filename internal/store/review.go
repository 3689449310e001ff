package store

import (
	"context"
	"database/sql"
	"fmt"

	"wefeed/push"
)

// Dossier returns all that the ledger holds of an edition, or push.ErrNotFound.
func (s *Store) Dossier(ctx context.Context, id string) (d push.Dossier, err error) {
	err = s.read(ctx, func(q querier) error {
		d, err = q.dossier(ctx, id)
		return err
	})
	if err != nil {
		return push.Dossier{}, fmt.Errorf("edition %s: %w", id, err)
	}
	return d, nil
}

func (q querier) dossier(ctx context.Context, id string) (d push.Dossier, err error) {
	if d.Edition, err = q.edition(ctx, id); err != nil {
		return d, err
	}
	if d.Deliveries, err = q.deliveries(ctx, id); err != nil {
		return d, err
	}
	err = q.each(ctx, func(r *sql.Rows) error {
		var a push.Approval
		err := r.Scan(&a.Digest, &a.Stage, &a.Who, &a.Note, at(&a.At))
		d.Approvals = append(d.Approvals, a)
		return err
	}, `SELECT digest, stage, who, note, at FROM approvals WHERE edition = ? ORDER BY at, stage`, id)
	return d, err
}

// Act lets a person decide on an edition: decide sees it as it is, and what it returns is written in the same transaction,
// with one row of the audit trail. A refused act leaves its row too. Two acts at once come one after the other.
func (s *Store) Act(ctx context.Context, id, who string, decide func(push.Dossier) (push.Act, error)) error {
	var refused error
	err := s.tx(ctx, func(t *tx) error {
		d, err := t.dossier(ctx, id)
		if err != nil {
			return err
		}
		act, no := decide(d)
		if refused = no; no != nil {
			return t.audit(ctx, s.now(), AuditEntry{Who: who, Act: "edition.refused", Subject: id, Detail: no.Error()})
		}
		act.Edition.Changed = s.now()
		if err := t.changeEdition(ctx, act.Edition, d.Edition.State, act.Deliveries); err != nil {
			return err
		}
		if a := act.Approval; a != nil {
			row := []any{id, a.Digest, a.Stage, a.Who, a.Note, a.At}
			if err := t.insert(ctx, `approvals (edition, digest, stage, who, note, at)`, "", row); err != nil {
				return err
			}
		}
		if err := t.audit(ctx, s.now(), AuditEntry{Who: act.Who, Act: act.Name, Subject: id, OK: true, Detail: act.Detail}); err != nil {
			return err
		}
		return t.ring(ctx, KindDeliver, id, "", s.now())
	})
	if err != nil {
		return fmt.Errorf("edition %s: %w", id, err)
	}
	return refused
}

// Editions returns the newest editions, newest first, at most limit; with open set only those that are not over.
func (s *Store) Editions(ctx context.Context, open bool, limit int) (editions []push.Edition, err error) {
	where := ""
	if open {
		where = ` WHERE state IN (` + openStates + `, 'unknown')`
	}
	err = s.read(ctx, func(q querier) error {
		ids, err := q.texts(ctx, `SELECT id FROM editions`+where+` ORDER BY slot DESC, id LIMIT ?`, limit)
		if err != nil {
			return err
		}
		for _, id := range ids {
			e, err := q.edition(ctx, id)
			if err != nil {
				return err
			}
			editions = append(editions, e)
		}
		return nil
	})
	return editions, err
}
