package store_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wefeed/feeds"
	"wefeed/internal/store"
	"wefeed/push"
)

var (
	_ feeds.Store = (*store.Store)(nil)
	_ push.Store  = (*store.Store)(nil)
)

var day = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// fresh is an empty database that has been migrated: copying it is much faster than migrating anew in each test.
var fresh = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "wefeed")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "fresh.db")
	s, err := store.Open(context.Background(), store.Options{DSN: "sqlite:" + path})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func freshDSN(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wefeed.db")
	content, err := fresh()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func freshPostgres(t testing.TB) string {
	t.Helper()
	return server.Migrated(t, func(dsn string) error {
		s, err := store.Open(context.Background(), store.Options{DSN: dsn})
		if err != nil {
			return err
		}
		return s.Close()
	})
}

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	if o.DSN == "" {
		o.DSN = freshDSN(t)
	}
	if o.Now == nil {
		o.Now = func() time.Time { return day }
	}
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestOpenTakesTheDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "a b?#%.db")
	s := open(t, store.Options{DSN: "sqlite:" + path, Serve: true})
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want mode 0600", info, err)
	}
	if _, err := store.Open(t.Context(), store.Options{DSN: "sqlite:" + path, Serve: true}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second serve got %v, want ErrLocked", err)
	}
	open(t, store.Options{DSN: "sqlite:" + path}) // a command
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, store.Options{DSN: "sqlite:" + path, Serve: true})
}

// A database that everything is to be moved from is not made for want of it.
func TestOpenExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "typo.db")
	_, err := store.Open(t.Context(), store.Options{DSN: "sqlite:" + path, Serve: true, Existing: true})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opened: %v", err)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A command of a newer wefeed must not change the schema under a running one.
func TestMigrationNeedsTheDatabaseForItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wefeed.db")
	s := open(t, store.Options{DSN: "sqlite:" + path, Serve: true})
	if err := s.Exec(t.Context(), `DELETE FROM goose_db_version WHERE version_id > 0`); err != nil { // as if one were new
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{DSN: "sqlite:" + path}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a migrating command beside a running serve: %v", err)
	}
}

// A ledger row must survive a power cut once its call has left: anything less than FULL would save the fsync.
func TestWriterIsDurable(t *testing.T) {
	s := open(t, store.Options{})
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		if got, err := s.Pragma(t.Context(), name); got != want || err != nil {
			t.Errorf("%s is %s, %v; want %s", name, got, err, want)
		}
	}
}

// Readers see each commit at once and wait for no writer.
func TestReadersSeeCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wefeed.db")
	serve := open(t, store.Options{DSN: "sqlite:" + path, Serve: true})
	command := open(t, store.Options{DSN: "sqlite:" + path})
	if err := command.SetSwitch(t.Context(), push.Switch{Stopped: true, At: day, By: "admin"}); err != nil {
		t.Fatal(err)
	}
	if sw, err := serve.Switch(t.Context()); !sw.Stopped || err != nil {
		t.Errorf("the serving process sees %+v, %v", sw, err)
	}
}
