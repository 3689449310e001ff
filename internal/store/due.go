package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A Due row is a wait: its job is enqueued when NextAt has come.
type Due struct {
	Kind string
	ID   string
	// Once: the row goes when it has been rung. A job may have such a row beside its recurring one.
	Once   bool
	Arg    string    // handed to the job; a slot's is the time it was rung for
	Spec   string    // a recurring row's schedule, as [Next] reads it
	NextAt time.Time // zero: parked, since its schedule has no next time
	soft   bool      // set by the job itself
	// LastRun is the NextAt that a recurring row was last rung for.
	LastRun time.Time
}

// Next returns the first time after the given one in a schedule, zero if there is none.
type Next func(spec string, after time.Time) (time.Time, error)

// busyWait is when a row is looked at again that came while its job ran. No more of them wait so than jobs run at once.
const busyWait = 250 * time.Millisecond

// ring sets a one-time row: its job is due at the given time, or earlier if it was due earlier already.
func (t *tx) ring(ctx context.Context, kind, id, arg string, when time.Time) error {
	return t.setOnce(ctx, Due{Kind: kind, ID: id, Arg: arg, NextAt: when})
}

func (t *tx) setOnce(ctx context.Context, d Due) error {
	t.rang = true
	_, err := t.exec(ctx, `INSERT INTO due (kind, id, once, soft, arg, next_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, id, once) DO UPDATE SET arg = excluded.arg, soft = (due.soft AND excluded.soft),
			next_at = CASE WHEN due.next_at < excluded.next_at THEN due.next_at ELSE excluded.next_at END`,
		d.Kind, d.ID, true, d.soft, d.Arg, d.NextAt)
	return err
}

// start enqueues jobs at once. One that is running already may have read its work before this transaction changed it:
// it is rung again when it has ended.
func (t *tx) start(ctx context.Context, now time.Time, jobs ...Job) error {
	inserted, err := t.enqueue(ctx, jobs...)
	if err != nil {
		return err
	}
	for _, in := range inserted {
		if in.Busy {
			if err := t.ring(ctx, in.Kind, in.ID, in.Arg, now.Add(busyWait)); err != nil {
				return err
			}
		}
	}
	return nil
}

// wake says when the edition that a transaction has moved is due next, zero for never. It replaces what was said so
// before, but not what anyone else rang: the job that speaks here may have read the edition before that.
func (t *tx) wake(ctx context.Context, edition string, when time.Time) error {
	if _, err := t.exec(ctx, `DELETE FROM due WHERE kind = ? AND id = ? AND once = ? AND soft`, KindDeliver, edition, true); err != nil {
		return err
	}
	if when.IsZero() {
		return nil
	}
	return t.setOnce(ctx, Due{Kind: KindDeliver, ID: edition, soft: true, NextAt: when})
}

// Ring makes a job due once at the given time, or earlier if it was due earlier already.
func (s *Store) Ring(ctx context.Context, kind, id, arg string, when time.Time) error {
	return s.tx(ctx, func(t *tx) error { return t.ring(ctx, kind, id, arg, when) })
}

// ClaimDue enqueues the jobs of up to limit rows that are due at now, sets their next times, all in one transaction,
// and returns them with the time of the earliest row left (zero: none). However many times of a schedule have passed, its
// row is rung once, for the latest of them. A job that is running may have looked before whatever made its row due, so
// it is not counted: a one-time row, left or added for it, is looked at again soon.
func (s *Store) ClaimDue(ctx context.Context, now time.Time, limit int, next Next) (claimed []Due, earliest time.Time, err error) {
	err = s.tx(ctx, func(t *tx) error {
		rows, err := t.due(ctx, `WHERE next_at > 0 AND next_at <= ? ORDER BY next_at LIMIT ?`+s.skipLocked(), now, limit)
		if err != nil {
			return err
		}
		after := make([]time.Time, len(rows))
		for i := range rows {
			rows[i].NextAt, after[i] = s.turn(rows[i], now, next)
		}
		busy, err := t.enqueueDue(ctx, rows)
		if err != nil {
			return err
		}
		for i, d := range rows {
			rung := d
			rung.LastRun, rung.NextAt = d.NextAt, after[i]
			switch {
			case !busy[d.job()]:
				claimed = append(claimed, d)
			case d.Once:
				rung.NextAt = now.Add(busyWait)
			default:
				if err := t.ring(ctx, d.Kind, d.ID, d.job().Arg, now.Add(busyWait)); err != nil {
					return err
				}
			}
			if err := t.setDue(ctx, rung); err != nil {
				return err
			}
		}
		return t.row(ctx, `SELECT COALESCE(min(next_at), 0) FROM due WHERE next_at > 0`).Scan(at(&earliest))
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("claim due rows: %w", err)
	}
	return claimed, earliest, nil
}

// turn returns the time that a row is rung for at now, and its next one; zero for never.
func (s *Store) turn(d Due, now time.Time, next Next) (slot, after time.Time) {
	if d.Once {
		return d.NextAt, time.Time{}
	}
	slot, after, err := latest(next, d.Spec, d.NextAt, now)
	if err != nil || after.IsZero() {
		s.log.Error("schedule has no next time and is parked", "kind", d.Kind, "id", d.ID, "spec", d.Spec, "error", err)
	}
	return slot, after
}

// job is what a due row asks for.
func (d Due) job() Job {
	if d.Kind == KindSlot {
		return Job{Kind: d.Kind, ID: d.ID, Arg: d.NextAt.Format(time.RFC3339)}
	}
	return Job{Kind: d.Kind, ID: d.ID, Arg: d.Arg}
}

func (t *tx) enqueueDue(ctx context.Context, rows []Due) (busy map[Job]bool, err error) {
	jobs := make([]Job, len(rows))
	for i, d := range rows {
		jobs[i] = d.job()
	}
	inserted, err := t.enqueue(ctx, jobs...)
	if err != nil {
		return nil, err
	}
	busy = map[Job]bool{}
	for _, in := range inserted {
		busy[in.Job] = in.Busy
	}
	return busy, nil
}

// latest returns the last time of a schedule that is not after now, and the one that follows it. Both are counted from
// slot, itself such a time, so that "@every" keeps its beat however late the bell is. It leaps over a long sleep in steps
// of the schedule's first gap instead of counting every missed time.
func latest(next Next, spec string, slot, now time.Time) (last, after time.Time, err error) {
	if after, err = next(spec, slot); err != nil || after.IsZero() || after.After(now) {
		return slot, after, err
	}
	step := after.Sub(slot)
	if step <= 0 {
		return slot, time.Time{}, fmt.Errorf("the schedule %q goes backwards", spec)
	}
	last = slot
	for leaps := now.Sub(slot) / step; leaps >= 0; leaps-- {
		if after, err = next(spec, slot.Add(leaps*step)); err != nil || after.IsZero() || !after.After(now) {
			break // at the latest with no leap at all
		}
	}
	for err == nil && !after.IsZero() && !after.After(now) {
		last = after
		after, err = next(spec, last)
	}
	return last, after, err
}

func (t *tx) setDue(ctx context.Context, d Due) error {
	if d.Once && d.NextAt.IsZero() {
		_, err := t.exec(ctx, `DELETE FROM due WHERE kind = ? AND id = ? AND once = ?`, d.Kind, d.ID, d.Once)
		return err
	}
	_, err := t.exec(ctx, `INSERT INTO due (kind, id, once, arg, spec, next_at, last_run) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, id, once) DO UPDATE SET arg = excluded.arg, spec = excluded.spec, next_at = excluded.next_at,
			last_run = excluded.last_run`, d.Kind, d.ID, d.Once, d.Arg, d.Spec, d.NextAt, d.LastRun)
	return err
}

func (q querier) due(ctx context.Context, where string, args ...any) (rows []Due, err error) {
	err = q.each(ctx, func(r *sql.Rows) error {
		var d Due
		err := r.Scan(&d.Kind, &d.ID, &d.Once, &d.Arg, &d.Spec, at(&d.NextAt), at(&d.LastRun))
		rows = append(rows, d)
		return err
	}, `SELECT kind, id, once, arg, spec, next_at, last_run FROM due `+where, args...)
	return rows, err
}

// DueRows returns the whole due table, the earliest row first, parked rows before it.
func (s *Store) DueRows(ctx context.Context) (rows []Due, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err = q.due(ctx, `ORDER BY next_at, kind, id`)
		return err
	})
	return rows, err
}

// SyncDue makes the recurring rows those of the list, in one transaction: a new row is due at its NextAt, or at its
// schedule's next time after now; a row with another spec than before, at that schedule's next time; the rest stay as they
// are, and recurring rows that are not listed go. A spec without a next time is refused, and then nothing changes.
func (s *Store) SyncDue(ctx context.Context, now time.Time, want []Due, next Next) error {
	err := s.tx(ctx, func(t *tx) error {
		t.rang = true
		rows, err := t.due(ctx, `WHERE once = ?`, false)
		if err != nil {
			return err
		}
		have := map[[2]string]Due{}
		for _, d := range rows {
			have[[2]string{d.Kind, d.ID}] = d
		}
		for _, d := range want {
			was, known := have[[2]string{d.Kind, d.ID}]
			delete(have, [2]string{d.Kind, d.ID})
			if err := t.syncRow(ctx, now, d, was, known, next); err != nil {
				return err
			}
		}
		for _, d := range have {
			if _, err := t.exec(ctx, `DELETE FROM due WHERE kind = ? AND id = ? AND once = ?`, d.Kind, d.ID, false); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set due rows: %w", err)
	}
	return nil
}

func (t *tx) syncRow(ctx context.Context, now time.Time, d, was Due, known bool, next Next) error {
	when, err := next(d.Spec, now)
	if err != nil {
		return fmt.Errorf("%s %s: %w", d.Kind, d.ID, err)
	}
	if when.IsZero() {
		return fmt.Errorf("%s %s: the schedule %q has no next time", d.Kind, d.ID, d.Spec)
	}
	d.Once = false
	switch {
	case !known && d.NextAt.IsZero():
		d.NextAt = when
	case known:
		d.LastRun, d.NextAt = was.LastRun, was.NextAt
		if was.Spec != d.Spec || was.NextAt.IsZero() || was.NextAt.After(when) { // the last: the clock went back
			d.NextAt = when
		}
	}
	return t.setDue(ctx, d)
}
