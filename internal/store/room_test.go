package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"wefeed/internal/faultkit"
	"wefeed/internal/store"
)

// A full disk is told as such, although a small write still finds a place, and forgotten when there is space again.
func TestPingTellsOfAFullDisk(t *testing.T) {
	disk := faultkit.NewDisk(t, 32<<20)
	s := open(t, store.Options{DSN: "sqlite:" + filepath.Join(disk.Dir, "wefeed.db")})
	for range 2 {
		if err := s.Ping(t.Context()); err != nil {
			t.Fatalf("with space: %v", err)
		}
		disk.Fill()
		if err := s.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "disk is full") {
			t.Errorf("on a full disk: %v", err)
		}
		disk.Free()
	}
}
