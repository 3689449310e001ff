package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wefeed/push"
)

// Media implements push.Store.
func (s *Store) Media(ctx context.Context, account string, use push.MediaUse, hash string) (push.Media, error) {
	m := push.Media{Account: account, Use: use, Hash: hash}
	err := s.read(ctx, func(q querier) error {
		return q.row(ctx, `SELECT url, media_id FROM media WHERE account = ? AND used_as = ? AND hash = ?`, account, use, hash).
			Scan(&m.URL, &m.MediaID)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return push.Media{}, push.ErrNotFound
	}
	return m, err
}

// SaveMedia implements push.Store.
func (s *Store) SaveMedia(ctx context.Context, m push.Media) error {
	return s.tx(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO media (account, used_as, hash, url, media_id, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (account, used_as, hash) DO UPDATE SET url = excluded.url, media_id = excluded.media_id, at = excluded.at`,
			m.Account, m.Use, m.Hash, m.URL, m.MediaID, s.now())
		return err
	})
}

const eventColumns = `status, total, filtered, sent_to, errors, urls, publication, refused, note, at`

// SaveEvent implements push.Store. An event that came before its mass send's answer was stored finds no edition to
// wake; that edition asks for the event when it comes to it.
func (s *Store) SaveEvent(ctx context.Context, e push.Event) error {
	err := s.tx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO events (account, kind, id, `+eventColumns+`)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, e.Account, e.Kind, e.ID,
			e.Status, e.Total, e.Filtered, e.SentTo, e.Errors, jsonText(e.URLs), e.Publication, jsonText(e.Refused), e.Note, e.At)
		if err != nil || n == 0 {
			return err
		}
		column := map[push.EventKind]string{push.EventMass: "msg_id", push.EventPublish: "publish_id"}[e.Kind]
		editions, err := t.texts(ctx, `SELECT d.edition FROM deliveries d JOIN editions e ON e.id = d.edition
			WHERE d.`+column+` = ? AND d.`+column+` <> '' AND e.account = ?`, e.ID, e.Account)
		if err != nil {
			return err
		}
		return s.ringEditions(ctx, t, editions)
	})
	if err != nil {
		return fmt.Errorf("save event of %s: %w", e.Account, err)
	}
	return nil
}

func (s *Store) ringEditions(ctx context.Context, t *tx, ids []string) error {
	for _, id := range ids {
		if err := t.ring(ctx, KindDeliver, id, "", s.now()); err != nil {
			return err
		}
	}
	return nil
}

// Event implements push.Store.
func (s *Store) Event(ctx context.Context, account string, kind push.EventKind, id string) (push.Event, error) {
	e := push.Event{Account: account, Kind: kind, ID: id}
	var urls, refused string
	err := s.read(ctx, func(q querier) error {
		return q.row(ctx, `SELECT `+eventColumns+` FROM events WHERE account = ? AND kind = ? AND id = ?`, account, kind, id).Scan(
			&e.Status, &e.Total, &e.Filtered, &e.SentTo, &e.Errors, &urls, &e.Publication, &refused, &e.Note, at(&e.At))
	})
	if errors.Is(err, sql.ErrNoRows) {
		return push.Event{}, push.ErrNotFound
	}
	if err != nil {
		return push.Event{}, err
	}
	return e, errors.Join(json.Unmarshal([]byte(urls), &e.URLs), json.Unmarshal([]byte(refused), &e.Refused))
}

// Switch implements push.Store. Pushes are stopped when the stored switch or the configuration says so.
func (s *Store) Switch(ctx context.Context) (sw push.Switch, err error) {
	err = s.read(ctx, func(q querier) error {
		sw, err = s.readSwitch(ctx, q)
		return err
	})
	return sw, err
}

func (s *Store) readSwitch(ctx context.Context, q querier) (sw push.Switch, err error) {
	err = q.row(ctx, `SELECT stopped, at, by_whom, why FROM red_button`).Scan(&sw.Stopped, at(&sw.At), &sw.By, &sw.Why)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if s.halted.Load() && !sw.Stopped {
		sw = push.Switch{Stopped: true, By: "configuration", Why: "push.stopped: true"}
	}
	return sw, err
}

// SetSwitch implements push.Store.
func (s *Store) SetSwitch(ctx context.Context, sw push.Switch) error {
	act := "push.start"
	if sw.Stopped {
		act = "push.stop"
	}
	err := s.tx(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO red_button (one, stopped, at, by_whom, why) VALUES (1, ?, ?, ?, ?)
			ON CONFLICT (one) DO UPDATE SET stopped = excluded.stopped, at = excluded.at, by_whom = excluded.by_whom,
				why = excluded.why`, sw.Stopped, sw.At, sw.By, sw.Why)
		if err != nil {
			return err
		}
		if err := t.audit(ctx, s.now(), AuditEntry{At: sw.At, Who: sw.By, Act: act, OK: true, Detail: sw.Why}); err != nil {
			return err
		}
		held, err := t.texts(ctx, `SELECT id FROM editions WHERE state = 'held'`)
		if err != nil {
			return err
		}
		return s.ringEditions(ctx, t, held)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return nil
}

// RequestNow asks for an extra edition of a channel (立即推送), with one audit row. why is the admin's reason. Each request
// is a job of its own, named by its channel and time.
func (s *Store) RequestNow(ctx context.Context, channel, by, why string) error {
	now := s.now()
	return s.tx(ctx, func(t *tx) error {
		if err := t.audit(ctx, now, AuditEntry{Who: by, Act: "push.now", Subject: channel, OK: true, Detail: why}); err != nil {
			return err
		}
		return t.ring(ctx, KindNow, channel+" "+now.UTC().Format(time.RFC3339Nano), why, now)
	})
}
