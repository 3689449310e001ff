//go:build unix

package store

import (
	"fmt"
	"syscall"
)

// freeBytes is the space that the file system of a folder has left for us.
func freeBytes(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil // their types differ from system to system
}
