package store_test

import (
	"context"
	"testing"
	"time"

	"wefeed/internal/store"
	"wefeed/push/pushtest"
)

func TestPushStore(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn func() string) {
		pushtest.RunStore(t, func(t *testing.T) pushtest.Store {
			return ledgerStore{open(t, store.Options{DSN: dsn(), Secret: []byte("secret"), Now: func() time.Time { return pushtest.Start }})}
		})
	})
}

// ledgerStore shows the suite when editions are due.
type ledgerStore struct{ *store.Store }

func (s ledgerStore) Wakes(ctx context.Context, edition string) (time.Time, error) {
	rows, err := s.DueRows(ctx)
	for _, d := range rows {
		if d.Kind == store.KindDeliver && d.ID == edition {
			return d.NextAt, err
		}
	}
	return time.Time{}, err
}

// Claim takes the editions that are due.
func (s ledgerStore) Claim(ctx context.Context) (ids []string, err error) {
	rows, _, err := s.ClaimDue(ctx, pushtest.Start, 100, nil)
	for _, d := range rows {
		if d.Kind == store.KindDeliver {
			ids = append(ids, d.ID)
		}
	}
	return ids, err
}
