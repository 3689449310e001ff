package faultkit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The locks are taken through database/sql: the test's program must have the driver, sqlite (modernc.org/sqlite) or pgx
// (github.com/jackc/pgx/v5/stdlib).

// LockSQLite holds the write lock of a database file until release, or the end of the test. Who reads goes on, as in any
// database with a write-ahead log.
func LockSQLite(t testing.TB, path string) (release func()) {
	t.Helper()
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: "_pragma=busy_timeout(30000)"}
	return hold(t, "sqlite", u.String(), "BEGIN EXCLUSIVE")
}

// LockTables locks tables of a PostgreSQL database against everybody, readers too, until release or the end of the test.
// Without names it locks all of them.
func LockTables(t testing.TB, dsn string, tables ...string) (release func()) {
	t.Helper()
	if len(tables) == 0 {
		tables = allTables(t, dsn)
	}
	return hold(t, "pgx", dsn, "BEGIN", "LOCK TABLE "+strings.Join(tables, ", ")+" IN ACCESS EXCLUSIVE MODE")
}

// LockAdvisory holds an advisory lock of a PostgreSQL database until release or the end of the test.
func LockAdvisory(t testing.TB, dsn string, key int64) (release func()) {
	t.Helper()
	return hold(t, "pgx", dsn, "SELECT pg_advisory_lock("+strconv.FormatInt(key, 10)+")")
}

// hold runs statements on a connection of its own, whose end ends what they hold.
func hold(t testing.TB, name, dsn string, statements ...string) func() {
	t.Helper()
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		_ = db.Close()
		t.Fatal(err)
	}
	// The session ends with its connection, whatever state its transaction is in, and what it held with the session.
	release := sync.OnceFunc(func() {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
		_ = db.Close()
	})
	t.Cleanup(release)
	for range 20 {
		if err = execAll(conn, statements); !deadlocked(err) {
			break
		}
		_, _ = conn.ExecContext(context.Background(), "ROLLBACK")
	}
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func allTables(t testing.TB, dsn string) (names []string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil || len(names) == 0 {
		t.Fatalf("no tables to lock: %v", err)
	}
	return names
}

func execAll(conn *sql.Conn, statements []string) error {
	for _, s := range statements {
		if _, err := conn.ExecContext(context.Background(), s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// deadlocked reports whether PostgreSQL gave the lock up because another session, busy with the same tables, waited for it
// crosswise: then it is asked for again.
func deadlocked(err error) bool {
	var coded interface{ SQLState() string }
	return errors.As(err, &coded) && coded.SQLState() == "40P01"
}
