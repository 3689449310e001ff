package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

// The advisory locks that nodes share one database by.
const (
	lockWrite   = 0x77656665656401 // one transaction that writes at a time, as on SQLite
	lockMigrate = 0x77656665656402 // one node that migrates
)

// postgresDB is a PostgreSQL database that several nodes may share.
type postgresDB struct {
	pool    *pgxpool.Pool // River's, and under db
	db      *sql.DB
	inserts *river.Client[pgx.Tx]
	log     *slog.Logger // River's
}

// openPostgres opens the database at a postgres:// URL and brings its schema up to date.
func openPostgres(ctx context.Context, dsn string, log *slog.Logger) (_ dialect, err error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the store's postgres:// URL cannot be read") // the error may hold its password
	}
	config.MaxConns = max(config.MaxConns, 16)
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	d := &postgresDB{log: slog.New(guests{log.Handler()})}
	if d.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	d.db = stdlib.OpenDBFromPool(d.pool)
	defer func() {
		if err != nil {
			_ = d.Close()
		}
	}()
	if err := d.migrate(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", redact(dsn), err)
	}
	d.inserts, err = river.NewClient(riverpgxv5.New(d.pool), &river.Config{Logger: d.log})
	return d, err
}

// migrate brings River's tables and ours up to date while no other node does; a database that a newer wefeed has migrated
// is left as it is.
func (d *postgresDB) migrate(ctx context.Context) (err error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lockMigrate); err != nil {
		return err
	}
	defer func() {
		_, unlock := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockMigrate)
		err = errors.Join(err, unlock)
	}()
	theirs, err := rivermigrate.New(riverpgxv5.New(d.pool), &rivermigrate.Config{Logger: d.log})
	if err != nil {
		return err
	}
	all := theirs.AllVersions()
	// undefined_table, and undefined_column: River's own table has had its column line only since its fifth migration
	missing := func(err error) bool { return isState(err, "42P01") || isState(err, "42703") }
	old, err := compareVersions(ctx, d.db, count(postgresMigrations), all[len(all)-1].Version, missing)
	if err != nil || !old {
		return err
	}
	if _, err := theirs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return migrateOurs(ctx, goose.DialectPostgres, d.db, postgresMigrations, d.log)
}

// postgresTx is a transaction on a connection of its own: our queries reach it through database/sql, River's inserts
// through pgx, and both are committed as one.
type postgresTx struct {
	*sql.Conn
	own   pgx.Tx
	river *river.Client[pgx.Tx]
}

// begin starts a transaction when no other that writes is under way, on any node. The rules of rules.go and the ledger
// read before they write; one after the other they need no thought about what changes in between, on either database.
func (d *postgresDB) begin(ctx context.Context) (transaction, error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &postgresTx{Conn: conn, river: d.inserts}
	err = conn.Raw(func(c any) (err error) {
		t.own, err = c.(*stdlib.Conn).Conn().Begin(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lockWrite); err != nil {
		return nil, errors.Join(err, t.Rollback())
	}
	return t, nil
}

// end ends the transaction and gives its connection back, once.
func (t *postgresTx) end(how func(context.Context) error) error {
	if t.own == nil {
		return sql.ErrTxDone
	}
	t.own = nil
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := t.Raw(func(any) error { return how(ctx) })
	return errors.Join(err, t.Conn.Close())
}

// Commit commits.
func (t *postgresTx) Commit() error {
	if t.own == nil {
		return sql.ErrTxDone
	}
	return t.end(t.own.Commit)
}

// Rollback gives up what was not committed.
func (t *postgresTx) Rollback() error {
	if t.own == nil {
		return sql.ErrTxDone
	}
	return t.end(t.own.Rollback)
}

func (t *postgresTx) insertJobs(ctx context.Context, params []river.InsertManyParams) (inserted []Inserted, err error) {
	raw := t.Raw(func(any) error {
		inserted, err = insertedJobs(t.river.InsertManyTx(ctx, t.own, params))
		return nil
	})
	return inserted, errors.Join(raw, err)
}

func (d *postgresDB) snapshot(ctx context.Context) (*sql.Tx, error) {
	return d.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

// rebind writes $1, $2 … for question marks. Our queries have none of those in their texts.
func (d *postgresDB) rebind(query string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

func (d *postgresDB) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

func (d *postgresDB) taken(err error) bool { return isState(err, "23505") } // unique_violation

func (d *postgresDB) workers(config *river.Config) (Workers, error) {
	config.Logger = d.log
	return river.NewClient(riverpgxv5.New(d.pool), config)
}

// resume does nothing: which of the running jobs are dead only time tells, since other nodes may be alive. River makes
// them available again when they have run too long.
func (d *postgresDB) resume(context.Context) (int64, error) { return 0, nil }

func (d *postgresDB) alone() bool { return false }

func (d *postgresDB) room() error { return nil } // the server's disk is the server's care

// served looks for River's leader, which every running set of nodes has, and whose term is short.
func (d *postgresDB) served(ctx context.Context) (leader bool, err error) {
	err = d.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_leader WHERE expires_at > now())`).Scan(&leader)
	return leader, err
}

func (d *postgresDB) schema(ctx context.Context) (int64, error) { return gooseVersion(ctx, d.db) }

// Close closes the connections. It may be called again.
func (d *postgresDB) Close() error {
	err := d.db.Close()
	d.pool.Close()
	return err
}

func isState(err error, state string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == state
}
