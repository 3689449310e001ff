package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// Queries are those that must not read a whole table, with arguments for each.
func Queries() map[string][]any {
	return map[string][]any{
		newestQuery:                       {"a", 50},
		changedQuery:                      {1},
		dueChecksQuery:                    {"a", 1, 20},
		fmt.Sprintf(candidatesQuery, "?"): {1, "c", "a", "c", true, "acc", 8},
		fmt.Sprintf(refusalsQuery, "?"):   {"c", 1, "content_refused"},
		massSendsQuery:                    {1, "acc", 1},
		`SELECT key, article FROM article_keys WHERE key IN (?)`:                           {"k"},
		`SELECT id, COALESCE(merged_into, seq) FROM articles WHERE id IN (?)`:              {"i"},
		`SELECT kind FROM due WHERE next_at > 0 AND next_at <= ? ORDER BY next_at LIMIT 9`: {1},
		`SELECT COALESCE(min(next_at), 0) FROM due WHERE next_at > 0`:                      {},
		`UPDATE deliveries SET doubt_at = 1 WHERE state = 'in_flight' AND doubt_at = 0`:    {},
		`SELECT edition FROM deliveries WHERE msg_id = ? AND msg_id <> ''`:                 {"m"},
		`UPDATE memberships SET shown = ? WHERE article = ?`:                               {true, 1},
		`UPDATE article_keys SET article = ? WHERE article = ?`:                            {1, 2},
		`UPDATE edition_items SET article = ? WHERE article = ?`:                           {1, 2},
		`UPDATE articles SET merged_into = ? WHERE merged_into = ?`:                        {1, 2},
	}
}

// Plan returns SQLite's plan of a query.
func (s *Store) Plan(ctx context.Context, query string, args ...any) (steps []string, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.each(ctx, func(r *sql.Rows) error {
			var id, parent, unused int
			var step string
			err := r.Scan(&id, &parent, &unused, &step)
			steps = append(steps, step)
			return err
		}, `EXPLAIN QUERY PLAN `+query, args...)
	})
	return steps, err
}

// Exec runs a statement as nobody but a test may.
func (s *Store) Exec(ctx context.Context, query string, args ...any) error {
	return s.tx(ctx, func(t *tx) error {
		_, err := t.exec(ctx, query, args...)
		return err
	})
}

// Latest is latest, for the test of schedules.
var Latest = latest

// Jobs returns the jobs that wait for a worker, in order of their names.
func (s *Store) Jobs(ctx context.Context) (jobs []string, err error) {
	err = s.read(ctx, func(q querier) error {
		jobs, err = q.texts(ctx, `SELECT (args ->> 'do') || ' ' || (args ->> 'id') FROM river_job
			WHERE state = 'available' ORDER BY 1`)
		return err
	})
	return jobs, err
}

// Pragma returns a setting of the connection that writes.
func (s *Store) Pragma(ctx context.Context, name string) (value string, err error) {
	err = s.tx(ctx, func(t *tx) error { return t.row(ctx, `PRAGMA `+name).Scan(&value) })
	return value, err
}

// Tables are those that Move copies.
var Tables = tables

// Query calls scan for every row of a query.
func (s *Store) Query(ctx context.Context, scan func(*sql.Rows) error, query string) error {
	return s.read(ctx, func(q querier) error { return q.each(ctx, scan, query) })
}

// MigrateTo brings an empty database to River's migration rivers and to ours, 0 for none: as an older wefeed has left it, or
// one that was killed.
func MigrateTo(ctx context.Context, dsn string, rivers, ours int) (err error) {
	log := slog.New(slog.DiscardHandler)
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		d := &sqliteDB{path: path}
		db, err := d.pool("_pragma=journal_mode(WAL)", 1)
		if err != nil {
			return err
		}
		theirs, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: log})
		if err == nil {
			err = migrateTo(ctx, theirs, rivers, goose.DialectSQLite3, db, ours)
		}
		return errors.Join(err, db.Close())
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	theirs, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: log})
	if err == nil {
		err = migrateTo(ctx, theirs, rivers, goose.DialectPostgres, db, ours)
	}
	return errors.Join(err, db.Close())
}

type riverMigrator interface {
	Migrate(context.Context, rivermigrate.Direction, *rivermigrate.MigrateOpts) (*rivermigrate.MigrateResult, error)
}

func migrateTo(ctx context.Context, theirs riverMigrator, rivers int, dialect goose.Dialect, db *sql.DB, ours int) error {
	if rivers > 0 {
		if _, err := theirs.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: rivers}); err != nil {
			return err
		}
	}
	if ours == 0 {
		return nil
	}
	files := postgresMigrations
	if dialect == goose.DialectSQLite3 {
		files = sqliteMigrations
	}
	p, err := provider(dialect, db, files, slog.New(slog.DiscardHandler))
	if err == nil {
		_, err = p.UpTo(ctx, int64(ours))
	}
	return err
}

// Newest are the numbers of River's newest migration and of ours.
func Newest() (rivers, ours int) { return newestRiver(nil), count(sqliteMigrations) }
