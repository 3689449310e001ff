package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// tables are all that [Move] copies, in an order in which rows stand before those that refer to them. River's own stay: its
// unfinished jobs become due rows.
var tables = []string{
	"meta", "sources", "sections", "articles", "article_keys", "memberships", "baselines", "editions", "edition_items", "deliveries",
	"media", "events", "red_button", "tokens", "due", "audit", "approvals", "recipients",
	"notices", "call_counts",
}

// order is what the rows of a table are copied in, where it matters: an article after the one it was merged into, which is
// older; the audit trail as it was written.
var order = map[string]string{"articles": "seq", "audit": "seq"}

// drawn are columns that the database fills in by itself.
var drawn = map[string]string{"audit": "seq"}

// moveBatch is how many values one statement inserts at most; SQLite takes no more than 32 766, PostgreSQL 65 535.
const moveBatch = 16_000

// ErrServed: a node is running on the database that is moved.
var ErrServed = errors.New("a wefeed serve is running on the database; stop it, and try again after half a minute")

// ErrNotEmpty: the database that is moved to holds something already.
var ErrNotEmpty = errors.New("the database to move to is not empty")

// A Moved tells how far a table was copied.
type Moved struct {
	Table string
	Rows  int64 // copied
	Of    int64 // in the source
}

// Move copies everything from one store to another, which must be empty, in one transaction there: all or nothing. A
// source that is served is refused: its nodes would go on with what was moved away. tell
// is called after each batch. With dry set everything is done but kept. The counts are compared before the end.
func Move(ctx context.Context, from, to *Store, dry bool, tell func(Moved)) ([]Moved, error) {
	switch served, err := from.served(ctx); {
	case err != nil:
		return nil, err
	case served:
		return nil, ErrServed
	}
	source, err := from.begin(ctx) // whoever writes waits
	if err != nil {
		return nil, err
	}
	defer source.Rollback()
	q := querier{source, from.rebind}
	var all []Moved
	err = to.tx(ctx, func(t *tx) error {
		if err := t.refuseFilled(ctx); err != nil {
			return err
		}
		for _, table := range tables {
			m, err := t.copyTable(ctx, q, table, tell)
			if err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
			all = append(all, m)
		}
		if err := t.copyJobs(ctx, q, to.now()); err != nil {
			return err
		}
		if dry {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return all, err
}

var errDry = errors.New("a dry run keeps nothing")

// refuseFilled looks for rows that a fresh database does not have.
func (t *tx) refuseFilled(ctx context.Context) error {
	for _, table := range tables {
		if table == "meta" {
			continue
		}
		n, err := t.count(ctx, table)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: table %s has %d rows", ErrNotEmpty, table, n)
		}
	}
	_, err := t.exec(ctx, `DELETE FROM meta`)
	return err
}

func (q querier) count(ctx context.Context, table string) (n int64, err error) {
	err = q.row(ctx, `SELECT count(*) FROM `+table).Scan(&n)
	return n, err
}

func (t *tx) copyTable(ctx context.Context, from querier, table string, tell func(Moved)) (Moved, error) {
	m := Moved{Table: table}
	var err error
	if m.Of, err = from.count(ctx, table); err != nil {
		return m, err
	}
	query := `SELECT * FROM ` + table
	if by := order[table]; by != "" {
		query += ` ORDER BY ` + by
	}
	rows, err := from.rows(ctx, query)
	if err != nil {
		return m, err
	}
	defer rows.Close()
	b, err := newBatch(table, rows)
	if err != nil {
		return m, err
	}
	for rows.Next() {
		if err := b.add(rows); err != nil {
			return m, err
		}
		if m.Rows++; b.full() {
			if err := b.flush(ctx, t); err != nil {
				return m, err
			}
			tell(m)
		}
	}
	if err := errors.Join(rows.Err(), b.flush(ctx, t)); err != nil {
		return m, err
	}
	tell(m)
	there, err := t.count(ctx, table)
	if err == nil && (there != m.Of || m.Rows != m.Of) {
		err = fmt.Errorf("%d rows of %d arrived", there, m.Of)
	}
	return m, err
}

// A batch is rows on their way.
type batch struct {
	table   string
	columns []string
	all     []*sql.ColumnType // of the source, the drawn one included
	values  []any
}

func newBatch(table string, rows *sql.Rows) (*batch, error) {
	all, err := rows.ColumnTypes()
	b := &batch{table: table, all: all}
	for _, c := range all {
		if c.Name() != drawn[table] {
			b.columns = append(b.columns, c.Name())
		}
	}
	return b, err
}

func (b *batch) add(rows *sql.Rows) error {
	row, into := make([]any, len(b.all)), make([]any, len(b.all))
	for i := range row {
		into[i] = &row[i]
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	for i, c := range b.all {
		if c.Name() == drawn[b.table] {
			continue
		}
		if n, ok := row[i].(int64); ok && c.DatabaseTypeName() == "BOOLEAN" { // SQLite's are numbers
			row[i] = n != 0
		}
		b.values = append(b.values, row[i])
	}
	return nil
}

func (b *batch) full() bool { return len(b.values)+len(b.columns) > moveBatch }

func (b *batch) flush(ctx context.Context, t *tx) error {
	if len(b.values) == 0 {
		return nil
	}
	marks, _ := list(b.columns)
	row := "(" + marks + "), "
	all := strings.TrimSuffix(strings.Repeat(row, len(b.values)/len(b.columns)), ", ")
	_, err := t.exec(ctx, `INSERT INTO `+b.table+` (`+strings.Join(b.columns, ", ")+`) VALUES `+all, b.values...)
	b.values = b.values[:0]
	return err
}

// copyJobs makes River's unfinished jobs due.
func (t *tx) copyJobs(ctx context.Context, from querier, now time.Time) error {
	return from.each(ctx, func(r *sql.Rows) error {
		var kind, id, arg string
		if err := r.Scan(&kind, &id, &arg); err != nil {
			return err
		}
		return t.ring(ctx, kind, id, arg, now)
	}, `SELECT args ->> 'do', args ->> 'id', COALESCE(args ->> 'arg', '') FROM river_job
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`)
}
