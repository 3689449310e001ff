package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"wefeed/feeds/feedstest"
	"wefeed/internal/store"
)

// TestNodesMigrateTogether: nodes that start at once on an empty database bring it up to date once, and all of them run.
func TestNodesMigrateTogether(t *testing.T) {
	dsn := server.Database(t)
	nodes := make([]*store.Store, 6)
	var g errgroup.Group
	for i := range nodes {
		g.Go(func() (err error) {
			nodes[i], err = store.Open(t.Context(), store.Options{DSN: dsn, Serve: true, Now: func() time.Time { return day }})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, s := range nodes {
		if _, err := s.SaveCollected(t.Context(), feedstest.Collected("a", day.Add(time.Duration(i)*time.Minute))); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNodesWriteTogether: articles that nodes collect at once, under keys that they share, are stored once each, and their
// ingest numbers have no gaps.
func TestNodesWriteTogether(t *testing.T) {
	dsn := freshPostgres(t)
	one, two := open(t, store.Options{DSN: dsn}), open(t, store.Options{DSN: dsn})
	const rounds = 20
	var g errgroup.Group
	for _, s := range []*store.Store{one, two} {
		g.Go(func() error {
			for i := range rounds {
				c := feedstest.Collected("a", day.Add(time.Duration(i)*time.Minute), articles("shared", i+1)...)
				if _, err := s.SaveCollected(context.Background(), c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	found, err := one.Newest(t.Context(), []string{"a"}, 2*rounds)
	if err != nil || len(found) != rounds {
		t.Fatalf("%d articles of %d, %v", len(found), rounds, err)
	}
	seen := map[int64]bool{}
	for _, a := range found {
		seen[a.Seq] = true
	}
	for n := range int64(rounds) {
		if !seen[n+1] {
			t.Errorf("no article has the ingest number %d", n+1)
		}
	}
}

// TestNewerPostgresIsRefused, be it our migrations or River's that are newer, and nothing in it changes.
func TestNewerPostgresIsRefused(t *testing.T) {
	for _, query := range []string{
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`,
		`INSERT INTO river_migration (line, version) VALUES ('main', 9999)`,
	} {
		dsn := freshPostgres(t)
		s := open(t, store.Options{DSN: dsn})
		if err := errors.Join(s.Exec(t.Context(), query), s.Exec(t.Context(), `DROP TABLE audit`)); err != nil { // what an upgrade may do
			t.Fatal(err)
		}
		before := describe(t, s, dsn)
		if _, err := store.Open(t.Context(), store.Options{DSN: dsn}); !errors.Is(err, store.ErrNewer) {
			t.Errorf("after %s: %v", query, err)
		}
		if diff := cmp.Diff(before, describe(t, s, dsn)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestPasswordsStayInside: no error of opening a database holds its password.
func TestPasswordsStayInside(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:canary@127.0.0.1:9/db?sslmode=disable", "postgres://u:canary@host:port/db", "postgres://u:canary@127.0.0.1:9/db?sslmode=canary2",
		"postgres://u:can%zzary@host/db",
	} {
		s, err := store.Open(t.Context(), store.Options{DSN: dsn})
		if err == nil {
			s.Close()
			t.Fatalf("%s opens", dsn)
		}
		if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "zzary") {
			t.Errorf("%v", err)
		}
	}
}
