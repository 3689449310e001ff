package faultkit

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A Disk is a small file system of its own that a test can fill.
type Disk struct {
	Dir    string // where it is mounted
	t      testing.TB
	filler string
}

// NewDisk mounts a tmpfs of that many bytes until the test ends. It needs Linux and root: where it cannot be, the test is
// skipped, and fails when CI is true.
func NewDisk(t testing.TB, bytes int64) *Disk {
	t.Helper()
	dir := t.TempDir()
	if err := mount(dir, bytes); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no file system to fill: %v", err)
		}
		t.Skipf("SKIPPED, no file system to fill (that needs root on Linux): %v", err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return &Disk{Dir: dir, t: t, filler: filepath.Join(dir, "filler")}
}

// Fill takes all the space that is left.
func (d *Disk) Fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.filler, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		_, err := f.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:len(block)/2]
		case err != nil:
			d.t.Fatal(err)
		}
	}
}

// Free gives the space back.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.filler); err != nil {
		d.t.Fatal(err)
	}
}
