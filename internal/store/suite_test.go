package store_test

import (
	"os"
	"testing"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
	"wefeed/internal/pgtest"
	"wefeed/internal/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	os.Exit(server.Run(m))
}

// databases make an empty, migrated database of each kind.
var databases = map[string]func(testing.TB) string{
	"sqlite":   freshDSN,
	"postgres": freshPostgres,
}

// onBoth runs a test on every kind of database. dsn makes an empty one.
func onBoth(t *testing.T, test func(t *testing.T, dsn func() string)) {
	t.Helper()
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			test(t, func() string { return fresh(t) })
		})
	}
}

func TestFeedsStore(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn func() string) {
		feedstest.RunStore(t, func(t *testing.T) feeds.Store { return open(t, store.Options{DSN: dsn()}) })
	})
}
