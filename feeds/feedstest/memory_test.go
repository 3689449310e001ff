package feedstest_test

import (
	"testing"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
)

func TestMemory(t *testing.T) {
	feedstest.RunStore(t, func(*testing.T) feeds.Store { return &feedstest.Memory{} })
}
