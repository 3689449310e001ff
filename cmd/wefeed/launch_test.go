package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// launch runs wefeed until the test ends, and returns the addresses that it prints, by name, once there are n of them.
func launch(t *testing.T, n int, args ...string) map[string]string {
	t.Helper()
	cmd := exec.Command("wefeed", args...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			said, _ := os.ReadFile(log.Name())
			t.Errorf("wefeed %s ends with %v:\n%s", args[0], err, said)
		}
	})
	at := map[string]string{}
	for lines := bufio.NewScanner(out); len(at) < n && lines.Scan(); {
		name, address, _ := strings.Cut(lines.Text(), " ")
		at[name] = address
	}
	if len(at) < n {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("wefeed %s printed only %v:\n%s", args[0], at, said)
	}
	return at
}
