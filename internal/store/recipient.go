package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"wefeed/push"
)

// people seals openids (AES-256-GCM) and tells them apart by an HMAC, both with keys made from the secret by HKDF-SHA256.
type people struct {
	seal cipher.AEAD
	mac  []byte
}

// errNoSecret: openids are kept only sealed.
var errNoSecret = errors.New("openids cannot be kept without a key_file or an account's secret")

func newPeople(secret []byte) (*people, error) {
	if len(secret) == 0 {
		return nil, nil
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "wefeed openids", 32)
	if err != nil {
		return nil, err
	}
	mac, err := hkdf.Key(sha256.New, secret, nil, "wefeed openids looked up", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	return &people{seal, mac}, err
}

// name is what an openid is looked up by within an edition.
func (p *people) name(openid string) string {
	h := hmac.New(sha256.New, p.mac)
	h.Write([]byte(openid))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (p *people) sealed(random io.Reader, openid string) ([]byte, error) {
	nonce := make([]byte, p.seal.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, err
	}
	return p.seal.Seal(nonce, nonce, []byte(openid), nil), nil
}

func (p *people) open(sealed []byte) (string, error) {
	n := p.seal.NonceSize()
	if len(sealed) < n {
		return "", errors.New("an openid is cut")
	}
	plain, err := p.seal.Open(nil, sealed[:n], sealed[n:], nil)
	return string(plain), err
}

// Recruit implements push.Recipients.
func (s *Store) Recruit(ctx context.Context, edition string, openids []string) error {
	if s.people == nil {
		return errNoSecret
	}
	rows := make([][]any, len(openids))
	for i, id := range openids {
		sealed, err := s.people.sealed(s.rand, id)
		if err != nil {
			return fmt.Errorf("recruit for edition %s: %w", edition, err)
		}
		rows[i] = []any{edition, s.people.name(id), sealed, push.Intended}
	}
	err := s.tx(ctx, func(t *tx) error {
		for some := range slices.Chunk(rows, chunk) {
			if err := t.insert(ctx, `recipients (edition, mac, sealed, state)`, unlessThere, some...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("recruit for edition %s: %w", edition, err)
	}
	return nil
}

// BeginNotices implements push.Recipients. The red button is read in the transaction that commits in_flight.
func (s *Store) BeginNotices(ctx context.Context, edition, node string, n int, now, deadline time.Time) (openids []string, err error) {
	if s.people == nil {
		return nil, errNoSecret
	}
	err = s.tx(ctx, func(t *tx) error {
		if sw, err := s.readSwitch(ctx, t.querier); err != nil || sw.Stopped {
			return cmpErr(err, push.ErrStopped)
		}
		over, err := t.takeNotice(ctx, edition, node, now, deadline)
		if err != nil {
			return err
		}
		if over {
			_, err := t.exec(ctx, `UPDATE recipients SET state = 'unknown', reason = ?, at = ? WHERE edition = ? AND state = 'in_flight'`,
				push.ReasonNoAnswer, now, edition)
			if err != nil {
				return err
			}
		}
		if openids, err = s.nextRecipients(ctx, t, edition, node, n, now); err != nil {
			return err
		}
		return t.wake(ctx, edition, later(deadline, s.now()))
	})
	if err != nil {
		return nil, fmt.Errorf("begin notices of edition %s: %w", edition, err)
	}
	return openids, nil
}

// takeNotice takes the edition's notice over for the node, and reports whether what was in flight is over.
func (t *tx) takeNotice(ctx context.Context, edition, node string, now, deadline time.Time) (over bool, err error) {
	var holder string
	var until, doubt time.Time
	err = t.row(ctx, `SELECT node, deadline, doubt_at FROM deliveries WHERE edition = ? AND step = 'notice' AND state = 'in_flight'`, edition).
		Scan(&holder, at(&until), at(&doubt))
	if errors.Is(err, sql.ErrNoRows) {
		return false, push.ErrConflict
	}
	if err != nil {
		return false, err
	}
	over = !doubt.IsZero() || !now.Before(until)
	if holder != node && !over {
		return false, push.ErrConflict
	}
	_, err = t.exec(ctx, `UPDATE deliveries SET node = ?, deadline = ?, doubt_at = 0 WHERE edition = ? AND step = 'notice'`, node, deadline, edition)
	return over, err
}

func (s *Store) nextRecipients(ctx context.Context, t *tx, edition, node string, n int, now time.Time) (openids []string, err error) {
	var names []string
	err = t.each(ctx, func(r *sql.Rows) error {
		var name string
		var sealed []byte
		if err := r.Scan(&name, &sealed); err != nil {
			return err
		}
		openid, err := s.people.open(sealed)
		if err != nil {
			return fmt.Errorf("an openid does not open with this secret: %w", err)
		}
		names, openids = append(names, name), append(openids, openid)
		return nil
	}, `SELECT mac, sealed FROM recipients WHERE edition = ? AND state = 'intended' ORDER BY mac LIMIT ?`, edition, n)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		_, err := t.exec(ctx, `UPDATE recipients SET state = 'in_flight', node = ?, at = ? WHERE edition = ? AND mac = ?`, node, now, edition, name)
		if err != nil {
			return nil, err
		}
	}
	return openids, nil
}

// EndNotices implements push.Recipients.
func (s *Store) EndNotices(ctx context.Context, edition string, ended []push.Recipient) error {
	if s.people == nil {
		return errNoSecret
	}
	now := s.now()
	err := s.tx(ctx, func(t *tx) error {
		for _, r := range ended {
			_, err := t.exec(ctx, `UPDATE recipients SET state = ?, reason = ?, at = ? WHERE edition = ? AND mac = ? AND state = 'in_flight'`,
				r.State, r.Reason, now, edition, s.people.name(r.OpenID))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end notices of edition %s: %w", edition, err)
	}
	return nil
}

// Tally implements push.Recipients.
func (s *Store) Tally(ctx context.Context, edition string) (tally push.Tally, err error) {
	counts := map[push.DeliveryState]*int{
		push.Intended: &tally.Intended, push.InFlight: &tally.InFlight, push.Done: &tally.Done, push.DeliveryFailed: &tally.Failed,
		push.DeliveryUnknown: &tally.Unknown,
	}
	err = s.read(ctx, func(q querier) error {
		return q.each(ctx, func(r *sql.Rows) error {
			var state push.DeliveryState
			var n int
			err := r.Scan(&state, &n)
			*counts[state] += n
			return err
		}, `SELECT state, count(*) FROM recipients WHERE edition = ? GROUP BY state`, edition)
	})
	return tally, err
}

// Spend implements push.Store.
func (s *Store) Spend(ctx context.Context, account, call, day string, limit int) (ok bool, err error) {
	err = s.tx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO call_counts (account, call, day, made) VALUES (?, ?, ?, 1)
			ON CONFLICT (account, call, day) DO UPDATE SET made = call_counts.made + 1 WHERE call_counts.made < ?`, account, call, day, limit)
		ok = n > 0
		return err
	})
	return ok, err
}

// Tell implements push.Store.
func (s *Store) Tell(ctx context.Context, n push.Remark) (told bool, err error) {
	err = s.tx(ctx, func(t *tx) error {
		rows, err := t.exec(ctx, `INSERT INTO notices (edition, article, kind, hash, detail, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			n.Edition, n.ArticleID, n.Kind, n.Hash, n.Detail, s.now())
		told = rows > 0
		return err
	})
	return told, err
}
