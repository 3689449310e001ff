package faultkit_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"wefeed/internal/faultkit"
)

// open opens a database that has a table t.
func open(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`CREATE TABLE t (n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	return db
}

// writes reports whether a statement gets through soon.
func writes(t *testing.T, db *sql.DB, statement string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := db.ExecContext(ctx, statement)
	return err == nil
}

func TestLockSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := open(t, "sqlite", "file:"+path+"?_pragma=journal_mode(WAL)")
	release := faultkit.LockSQLite(t, path)
	if writes(t, db, `INSERT INTO t VALUES (1)`) {
		t.Error("a locked database was written")
	}
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM t`).Scan(&n); err != nil {
		t.Errorf("a locked database is not read: %v", err)
	}
	release()
	if !writes(t, db, `INSERT INTO t VALUES (1)`) {
		t.Error("a released database is not written")
	}
}

func TestLockPostgres(t *testing.T) {
	dsn := postgres.Database(t)
	db := open(t, "pgx", dsn)
	for name, lock := range map[string]struct {
		hold  func() func()
		query string
	}{
		"all tables": {func() func() { return faultkit.LockTables(t, dsn) }, `SELECT * FROM t`},
		"a table":    {func() func() { return faultkit.LockTables(t, dsn, "t") }, `INSERT INTO t VALUES (1)`},
		"advisory":   {func() func() { return faultkit.LockAdvisory(t, dsn, 42) }, `SELECT pg_advisory_xact_lock(42)`},
	} {
		t.Run(name, func(t *testing.T) {
			release := lock.hold()
			if writes(t, db, lock.query) {
				t.Error("it was not held")
			}
			release()
			if !writes(t, db, lock.query) {
				t.Error("it was not released")
			}
		})
	}
}
