package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
)

// dbtx is what every query is written against; a pool, a connection and a transaction all have it.
type dbtx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A dialect is all that differs between databases.
type dialect interface {
	// begin starts a transaction that writes.
	begin(ctx context.Context) (transaction, error)
	// snapshot starts a transaction that only reads, all of it at one moment.
	snapshot(ctx context.Context) (*sql.Tx, error)
	// rebind turns the question marks of a query into the database's placeholders.
	rebind(query string) string
	// taken reports whether err is a violated unique constraint.
	taken(err error) bool
	// skipLocked follows a SELECT of rows that other nodes may be claiming too.
	skipLocked() string
	// workers makes the client that works River's jobs.
	workers(config *river.Config) (Workers, error)
	// alone reports whether a process that serves has the database to itself.
	alone() bool
	// served reports whether a node is running on the database, beside this process.
	served(ctx context.Context) (bool, error)
	// resume makes jobs available again that a dead process left running.
	resume(ctx context.Context) (int64, error)
	// room reports a disk that is full, as far as this process can know.
	room() error
	// schema returns the number of the last migration.
	schema(ctx context.Context) (int64, error)
	// Close closes the database and gives its lock back.
	Close() error
}

// A transaction is a database's own, with River's insert bound to it.
type transaction interface {
	dbtx
	Commit() error
	Rollback() error
	insertJobs(ctx context.Context, params []river.InsertManyParams) ([]Inserted, error)
}

// A querier reads: it binds Go values as the schema wants them.
type querier struct {
	dbtx
	rebind func(string) string
}

func (q querier) row(ctx context.Context, query string, args ...any) *sql.Row {
	return q.QueryRowContext(ctx, q.rebind(query), bind(args)...)
}

func (q querier) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return q.QueryContext(ctx, q.rebind(query), bind(args)...)
}

// each calls scan for every row of a query.
func (q querier) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.rows(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// texts returns the only column of a query.
func (q querier) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	var all []string
	err := q.each(ctx, func(r *sql.Rows) error {
		var s string
		err := r.Scan(&s)
		all = append(all, s)
		return err
	}, query, args...)
	return all, err
}

// A tx is one transaction that writes.
type tx struct {
	querier
	own  transaction
	rang bool
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.ExecContext(ctx, t.rebind(query), bind(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// tx runs fn in one transaction that is committed when fn returns nil and rolled back otherwise. Everything that writes
// goes through here. fn must not reach for the network or for another transaction: on SQLite it would wait for itself.
func (s *Store) tx(ctx context.Context, fn func(*tx) error) (err error) {
	own, err := s.begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { // also when fn panics
		if rollback := own.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) && err == nil {
			err = rollback
		}
	}()
	t := &tx{querier: querier{own, s.rebind}, own: own}
	if err := fn(t); err != nil {
		return err
	}
	if err := own.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if t.rang {
		select {
		case s.rung <- struct{}{}:
		default:
		}
	}
	return nil
}

// read runs fn on one snapshot of the database, without waiting for writers.
func (s *Store) read(ctx context.Context, fn func(querier) error) error {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer snap.Rollback()
	return fn(querier{snap, s.rebind})
}

// bind turns Go values into what the schema stores.
func bind(args []any) []any {
	bound := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			bound[i] = clean(v)
		case time.Time:
			bound[i] = micros(v)
		default:
			bound[i] = arg
		}
	}
	return bound
}

// clean returns text that every database stores: valid UTF-8 without U+0000.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// whole is t as the database gives it back.
func whole(t time.Time) time.Time { return instant(micros(t)) }

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// at scans a stored time into t.
func at(t *time.Time) sql.Scanner { return stamp{t} }

type stamp struct{ t *time.Time }

// Scan reads microseconds since 1970.
func (s stamp) Scan(src any) error {
	us, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a stored time is a %T, not a number", src)
	}
	*s.t = instant(us)
	return nil
}

// list returns "?, ?, …" for the values, and them as arguments.
func list[T any](values []T) (string, []any) {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", "), args
}
