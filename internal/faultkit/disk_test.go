package faultkit_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"wefeed/internal/faultkit"
)

func TestDisk(t *testing.T) {
	d := faultkit.NewDisk(t, 1<<20)
	file := filepath.Join(d.Dir, "file")
	for range 2 {
		if err := os.WriteFile(file, make([]byte, 4096), 0o600); err != nil {
			t.Fatalf("with space: %v", err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		d.Fill()
		if err := os.WriteFile(file, make([]byte, 1), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("on a full disk: %v", err)
		}
		_ = os.Remove(file)
		d.Free()
	}
}
