package faultkit

import (
	"fmt"
	"syscall"
)

func mount(dir string, bytes int64) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes))
}

// unmount lets go even while a process that a failed test left behind has files open there.
func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
