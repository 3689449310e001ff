package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"wefeed/push"
)

const deliveryColumns = `edition, step, state, attempt, key, request_hash, node, first_called_at, called_at, deadline,
	doubt_at, looks, first_look_at, last_look_at, ended_at, reason, detail, media_id, msg_id, publish_id,
	publication, urls`

func (q querier) deliveries(ctx context.Context, edition string) (ds []push.Delivery, err error) {
	err = q.each(ctx, func(r *sql.Rows) error {
		var d push.Delivery
		var urls string
		err := r.Scan(&d.Edition, &d.Step, &d.State, &d.Attempt, &d.Key, &d.RequestHash, &d.Node, at(&d.FirstCalledAt),
			at(&d.CalledAt), at(&d.Deadline), at(&d.DoubtAt), &d.Looks, at(&d.FirstLookAt), at(&d.LastLookAt), at(&d.EndedAt),
			&d.Reason, &d.Detail, &d.MediaID, &d.MsgID, &d.PublishID, &d.Publication, &urls)
		if err != nil {
			return err
		}
		err = json.Unmarshal([]byte(urls), &d.URLs)
		ds = append(ds, d)
		return err
	}, `SELECT `+deliveryColumns+` FROM deliveries WHERE edition = ?`, edition)
	steps := []push.Step{push.StepDraft, push.StepPublish, push.StepMass, push.StepNotice}
	slices.SortFunc(ds, func(a, b push.Delivery) int { return slices.Index(steps, a.Step) - slices.Index(steps, b.Step) })
	return ds, err
}

// saveDelivery inserts a delivery or writes over the one of its step.
func (t *tx) saveDelivery(ctx context.Context, d push.Delivery) error {
	_, err := t.exec(ctx, `INSERT INTO deliveries (`+deliveryColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (edition, step) DO UPDATE SET state = excluded.state, attempt = excluded.attempt, key = excluded.key,
			request_hash = excluded.request_hash, node = excluded.node, first_called_at = excluded.first_called_at,
			called_at = excluded.called_at, deadline = excluded.deadline, doubt_at = excluded.doubt_at,
			looks = excluded.looks, first_look_at = excluded.first_look_at, last_look_at = excluded.last_look_at,
			ended_at = excluded.ended_at, reason = excluded.reason, detail = excluded.detail,
			media_id = excluded.media_id, msg_id = excluded.msg_id, publish_id = excluded.publish_id,
			publication = excluded.publication, urls = excluded.urls`,
		d.Edition, d.Step, d.State, d.Attempt, d.Key, d.RequestHash, d.Node, d.FirstCalledAt,
		d.CalledAt, d.Deadline, d.DoubtAt, d.Looks, d.FirstLookAt, d.LastLookAt, d.EndedAt,
		d.Reason, d.Detail, d.MediaID, d.MsgID, d.PublishID, d.Publication, jsonText(d.URLs))
	return err
}

// Begin implements push.Store. The red button is read in the transaction that commits in_flight. Until the outcome is
// saved, the edition is due at the call's deadline: should this process die, someone looks after it.
func (s *Store) Begin(ctx context.Context, d push.DeliveryChange, from push.EditionState) error {
	now := s.now()
	err := s.tx(ctx, func(t *tx) error {
		if sw, err := s.readSwitch(ctx, t.querier); err != nil || sw.Stopped {
			return cmpErr(err, push.ErrStopped)
		}
		n, err := t.exec(ctx, `UPDATE editions SET changed_at = ?, state = CASE state WHEN 'submitted' THEN state ELSE 'sending' END
			WHERE id = ? AND state = ?`, now, d.Edition, from)
		if err != nil || n == 0 {
			return cmpErr(err, push.ErrConflict)
		}
		n, err = t.exec(ctx, `UPDATE deliveries SET state = 'in_flight' WHERE edition = ? AND step = ? AND attempt = ?
			AND state = ? AND (state = 'intended' OR (state = 'in_flight' AND doubt_at > 0))`,
			d.Edition, d.Step, d.WasAttempt, d.WasState)
		if err != nil || n == 0 {
			return cmpErr(err, push.ErrConflict)
		}
		d.State = push.InFlight
		if err := t.saveDelivery(ctx, d.Delivery); err != nil {
			return err
		}
		return t.wake(ctx, d.Edition, later(d.Deadline, now))
	})
	if err != nil {
		return fmt.Errorf("begin %s of edition %s: %w", d.Step, d.Edition, err)
	}
	return nil
}

// cmpErr returns err, or otherwise if it is nil.
func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// changeDelivery writes a delivery if it is still what it was read as, or none if it is new.
func (t *tx) changeDelivery(ctx context.Context, d push.DeliveryChange) error {
	var same bool
	err := t.row(ctx, `SELECT state = ? AND attempt = ? FROM deliveries WHERE edition = ? AND step = ?`,
		d.WasState, d.WasAttempt, d.Edition, d.Step).Scan(&same)
	isNew := errors.Is(err, sql.ErrNoRows)
	if err != nil && !isNew {
		return err
	}
	if isNew != (d.WasState == "") || (!isNew && !same) {
		return push.ErrConflict
	}
	return t.saveDelivery(ctx, d.Delivery)
}

// Wake implements push.Store.
func (s *Store) Wake(ctx context.Context, edition string, at time.Time) error {
	return s.Ring(ctx, KindDeliver, edition, "", at)
}

// Doubt implements push.Store.
func (s *Store) Doubt(ctx context.Context, node string, dead bool, now time.Time) (count int, err error) {
	err = s.tx(ctx, func(t *tx) error {
		editions, err := t.texts(ctx, `UPDATE deliveries SET doubt_at = ?
			WHERE state = 'in_flight' AND doubt_at = 0 AND node <> ? AND (? OR deadline < ?) RETURNING edition`, now, node, dead, now)
		if err != nil {
			return err
		}
		count = len(editions)
		for _, id := range editions {
			if err := t.ring(ctx, KindDeliver, id, "", now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("doubt calls in flight: %w", err)
	}
	return count, nil
}
