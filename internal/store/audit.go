package store

import (
	"context"
	"database/sql"
	"time"
)

// An AuditEntry is one important act of a person or of the machine.
type AuditEntry struct {
	At      time.Time // zero: now
	Who     string    // a person's name, "configuration", or "wefeed"
	Act     string    // such as push.stop
	Subject string    // what it was done to
	OK      bool
	Detail  string // without secrets
}

// Audit appends entries to the audit trail. The database refuses to change or delete them.
func (s *Store) Audit(ctx context.Context, entries ...AuditEntry) error {
	return s.tx(ctx, func(t *tx) error { return t.audit(ctx, s.now(), entries...) })
}

func (t *tx) audit(ctx context.Context, now time.Time, entries ...AuditEntry) error {
	for _, e := range entries {
		if e.At.IsZero() {
			e.At = now
		}
		_, err := t.exec(ctx, `INSERT INTO audit (at, who, act, subject, ok, detail) VALUES (?, ?, ?, ?, ?, ?)`,
			e.At, e.Who, e.Act, e.Subject, e.OK, e.Detail)
		if err != nil {
			return err
		}
	}
	return nil
}

// AuditTrail returns the newest entries, newest first, at most limit.
func (s *Store) AuditTrail(ctx context.Context, limit int) (entries []AuditEntry, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.each(ctx, func(r *sql.Rows) error {
			var e AuditEntry
			err := r.Scan(at(&e.At), &e.Who, &e.Act, &e.Subject, &e.OK, &e.Detail)
			entries = append(entries, e)
			return err
		}, `SELECT at, who, act, subject, ok, detail FROM audit ORDER BY seq DESC LIMIT ?`, limit)
	})
	return entries, err
}
