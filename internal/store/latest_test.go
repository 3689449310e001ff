package store_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"wefeed/internal/faultkit"
	"wefeed/internal/store"
)

// TestLatestIsWhatCountingFinds holds the leaping search for the last missed time against counting every one of them.
func TestLatestIsWhatCountingFinds(t *testing.T) {
	faultkit.RapidSeed(t)
	rapid.Check(t, func(r *rapid.T) {
		hours := rapid.SliceOfNDistinct(rapid.IntRange(0, 23), 1, 4, rapid.ID[int]).Draw(r, "hours")
		next := func(_ string, after time.Time) (time.Time, error) {
			for t := after.Truncate(time.Hour).Add(time.Hour); ; t = t.Add(time.Hour) {
				for _, h := range hours {
					if t.Hour() == h {
						return t, nil
					}
				}
			}
		}
		slot, _ := next("", day)
		now := slot.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(r, "minutes")) * time.Minute)
		want := slot
		for t, _ := next("", slot); !t.After(now); t, _ = next("", t) {
			want = t
		}
		last, after, err := store.Latest(next, "spec", slot, now)
		following, _ := next("", want)
		if err != nil || !last.Equal(want) || !after.Equal(following) {
			r.Fatalf("last %v, after %v, %v; want %v, %v", last, after, err, want, following)
		}
	})
}
