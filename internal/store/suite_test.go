package store_test

import (
	"testing"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
	"wefeed/internal/store"
)

func TestFeedsStore(t *testing.T) {
	feedstest.RunStore(t, func(t *testing.T) feeds.Store { return open(t, store.Options{}) })
}
