package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// sqliteDB is a SQLite database: one connection that writes, shared with River, and some that only read.
type sqliteDB struct {
	path    string
	writer  *sql.DB
	readers *sql.DB
	inserts *river.Client[*sql.Tx]
	log     *slog.Logger // River's
	unlock  func() error
}

// openSQLite opens or creates the database file at path.
func openSQLite(ctx context.Context, path string, o Options, log *slog.Logger) (_ dialect, err error) {
	d := &sqliteDB{path: path, log: slog.New(guests{log.Handler()}), unlock: func() error { return nil }}
	defer func() {
		if err != nil {
			_ = d.Close()
		}
	}()
	if o.Existing {
		_, err = os.Stat(path)
	} else {
		err = createFile(path)
	}
	if err != nil {
		return nil, err
	}
	if o.Serve {
		unlock, err := lockFile(path + ".lock")
		if err != nil {
			return nil, err
		}
		d.unlock = unlock
	}
	old, err := d.inspect(ctx, o.Serve)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// FULL: a power cut must not lose a ledger row whose call has left. IMMEDIATE: a transaction that begins by reading
	// cannot fail later for want of the write lock.
	if d.writer, err = d.pool("_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)", 1); err != nil {
		return nil, err
	}
	if d.readers, err = d.pool("_pragma=query_only(1)", 4); err != nil {
		return nil, err
	}
	if old {
		if o.Serve {
			err = d.migrate(ctx)
		} else {
			err = d.migrateAlone(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, damaged(err))
		}
	}
	d.inserts, err = river.NewClient(riversqlite.New(d.writer), &river.Config{FetchCooldown: FetchCooldown, Logger: d.log})
	return d, err
}

func (d *sqliteDB) pool(params string, conns int) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(d.path)}).EscapedPath()}
	u.RawQuery = "_pragma=busy_timeout(30000)&_pragma=foreign_keys(1)&" + params
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// createFile makes an empty database file that only its owner may read, and its folder.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// inspect looks at the file without writing a byte: a damaged one and one from a newer wefeed are refused. With thorough
// set it reads every page, as far as a few seconds allow. old tells that there is something to migrate.
func (d *sqliteDB) inspect(ctx context.Context, thorough bool) (old bool, err error) {
	if info, err := os.Stat(d.path); err != nil || info.Size() == 0 {
		return true, err
	}
	old, err = d.look(ctx, "mode=ro", thorough)
	if isCode(err, sqlite3.SQLITE_READONLY) { // a process died in its first write, before the file had its WAL: SQLite undoes that
		old, err = d.look(ctx, "mode=rw", thorough)
	}
	return old, err
}

func (d *sqliteDB) look(ctx context.Context, mode string, thorough bool) (old bool, err error) {
	db, err := d.pool(mode, 1)
	if err != nil {
		return false, err
	}
	defer db.Close()
	if old, err = compareVersions(ctx, db, count(sqliteMigrations), newestRiver(db), noTable); err != nil || !thorough {
		return old, damaged(err)
	}
	limited, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var verdict string
	err = db.QueryRowContext(limited, `PRAGMA quick_check(1)`).Scan(&verdict)
	if limited.Err() != nil {
		return old, ctx.Err() // too large to be read at every start
	}
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return old, damaged(err)
}

// noTable recognises SQLite's words for a table that is not there, or not there any more while another process migrates.
func noTable(err error) bool {
	return isCode(err, sqlite3.SQLITE_ERROR) || isCode(err, sqlite3.SQLITE_SCHEMA)
}

func newestRiver(db *sql.DB) int {
	m, err := rivermigrate.New(riversqlite.New(db), nil)
	if err != nil {
		return 0
	}
	all := m.AllVersions()
	return all[len(all)-1].Version
}

// othersMigrate is how long a command waits for another process that is migrating.
const othersMigrate = 10 * time.Second

// migrateAlone migrates while no other process has the database: a serve of an older wefeed would break on the new
// schema, and two that migrate at once on each other. Whoever has it may be migrating too, and leave nothing to do.
func (d *sqliteDB) migrateAlone(ctx context.Context) error {
	enough := time.NewTimer(othersMigrate)
	defer enough.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		unlock, err := lockFile(d.path + ".lock")
		if err == nil {
			defer unlock()
			return d.migrate(ctx)
		}
		if !errors.Is(err, ErrLocked) {
			return fmt.Errorf("migrate: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-enough.C:
			return fmt.Errorf("migrate: %w", err)
		case <-tick.C:
		}
		if old, err := d.inspect(ctx, false); err != nil || !old {
			return err
		}
	}
}

// migrate brings River's tables and ours up to date.
func (d *sqliteDB) migrate(ctx context.Context) error {
	theirs, err := rivermigrate.New(riversqlite.New(d.writer), &rivermigrate.Config{Logger: d.log})
	if err != nil {
		return err
	}
	if _, err := theirs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return migrateOurs(ctx, goose.DialectSQLite3, d.writer, sqliteMigrations, d.log)
}

func (d *sqliteDB) alone() bool { return true }

// leastRoom is what the write-ahead log grows to before it is folded back.
const leastRoom = 4 << 20

func (d *sqliteDB) room() error {
	left, err := freeBytes(filepath.Dir(d.path))
	if err == nil && left < leastRoom {
		err = fmt.Errorf("the disk is full: %d KiB are left for %s", left>>10, d.path)
	}
	return err
}

// served is false: a process that moves has the lock of those that serve.
func (d *sqliteDB) served(context.Context) (bool, error) { return false, nil }

func (d *sqliteDB) schema(ctx context.Context) (int64, error) { return gooseVersion(ctx, d.readers) }

// Close closes the database and gives its lock back. It may be called again.
func (d *sqliteDB) Close() error {
	var errs []error
	for _, db := range []*sql.DB{d.readers, d.writer} { // the writer last: it folds the WAL back
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, d.unlock())...)
}

// sqliteTx is a transaction of the writer.
type sqliteTx struct {
	*sql.Tx
	river *river.Client[*sql.Tx]
}

func (t sqliteTx) insertJobs(ctx context.Context, params []river.InsertManyParams) ([]Inserted, error) {
	return insertedJobs(t.river.InsertManyTx(ctx, t.Tx, params))
}

func (d *sqliteDB) begin(ctx context.Context) (transaction, error) {
	own, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return sqliteTx{own, d.inserts}, nil
}

func (d *sqliteDB) snapshot(ctx context.Context) (*sql.Tx, error) { return d.readers.BeginTx(ctx, nil) }

func (d *sqliteDB) rebind(query string) string { return query }

func (d *sqliteDB) skipLocked() string { return "" } // one writer: nobody else is claiming

func (d *sqliteDB) taken(err error) bool {
	return isCode(err, sqlite3.SQLITE_CONSTRAINT_UNIQUE) || isCode(err, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func (d *sqliteDB) workers(config *river.Config) (Workers, error) {
	config.Logger = d.log
	return river.NewClient(riversqlite.New(d.writer), config)
}

// resume gives the interrupted attempt back, so that a process that is killed again and again uses none up, and the
// leadership too, whose holder is dead: without a leader no failed job would run again until its term is over.
func (d *sqliteDB) resume(ctx context.Context) (int64, error) {
	res, err := d.writer.ExecContext(ctx,
		`UPDATE river_job SET state = 'available', attempt = max(attempt - 1, 0) WHERE state = 'running'`)
	if err != nil {
		return 0, fmt.Errorf("resume jobs: %w", err)
	}
	if _, err := d.writer.ExecContext(ctx, `DELETE FROM river_leader`); err != nil {
		return 0, fmt.Errorf("resume jobs: %w", err)
	}
	return res.RowsAffected()
}

// damaged turns SQLite's words for a broken file into ErrDamaged.
func damaged(err error) error {
	if isCode(err, sqlite3.SQLITE_NOTADB) || isCode(err, sqlite3.SQLITE_CORRUPT) {
		return fmt.Errorf("%w (%v); restore a backup with: wefeed restore", ErrDamaged, err)
	}
	return err
}

func isCode(err error, code int) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == code || e.Code()&0xff == code)
}

// guests is the log of River and goose. They tell more than an admin wants to read, and what they call an error, such as an
// election of River's that a busy machine was too slow for, they try again by themselves: a warning, no more and no less.
type guests struct{ slog.Handler }

func (h guests) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, slog.LevelWarn)
}

func (h guests) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelWarn
	return h.Handler.Handle(ctx, r)
}

func (h guests) WithAttrs(attrs []slog.Attr) slog.Handler { return guests{h.Handler.WithAttrs(attrs)} }

func (h guests) WithGroup(name string) slog.Handler { return guests{h.Handler.WithGroup(name)} }
