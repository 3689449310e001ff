package pgtest

import (
	"database/sql"
	"os"
	"testing"
)

var server Server

func TestMain(m *testing.M) { os.Exit(server.Run(m)) }

// TestRestartKeepsWhatWasCommitted: a crash costs a server its connections and what was not committed.
func TestRestartKeepsWhatWasCommitted(t *testing.T) {
	db, err := sql.Open("pgx", server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE kept (n int)`); err != nil {
		t.Fatal(err)
	}
	open, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Exec(`INSERT INTO kept VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := open.Commit(); err == nil {
		t.Error("a transaction outlived its server")
	}
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM kept`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// skipped is what a test sees that asks for a server: whether it was skipped, or failed.
type skipped struct {
	testing.TB
	skip, fatal bool
}

func (s *skipped) Helper()               {}
func (s *skipped) Skipf(string, ...any)  { s.skip = true }
func (s *skipped) Fatalf(string, ...any) { s.fatal = true }
func (s *skipped) Fatal(...any)          { s.fatal = true }

// TestMissingServer: without PostgreSQL a laptop skips, CI fails; one that is there and does not start fails anywhere.
func TestMissingServer(t *testing.T) {
	for _, c := range []struct {
		ci          string
		err         error
		skip, fatal bool
	}{
		{"", errMissing, true, false},
		{"true", errMissing, false, true},
		{"", os.ErrPermission, false, true},
		{"", nil, false, false},
	} {
		t.Setenv("CI", c.ci)
		s, seen := Server{err: c.err}, skipped{TB: t}
		s.once.Do(func() {})
		if s.Need(&seen); seen.skip != c.skip || seen.fatal != c.fatal {
			t.Errorf("CI=%q, %v: skipped %v, failed %v", c.ci, c.err, seen.skip, seen.fatal)
		}
	}
}
