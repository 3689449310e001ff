package need

import (
	"path/filepath"
	"strings"
	"testing"
)

// spy is a test that writes down how it was ended. Its methods return, where a real test's do not.
type spy struct {
	testing.TB
	skipped, failed string
}

func (s *spy) Helper()                        {}
func (s *spy) Skipf(format string, _ ...any)  { s.skipped = format }
func (s *spy) Fatalf(format string, _ ...any) { s.failed = format }

func TestMissing(t *testing.T) {
	asks := map[string]func(testing.TB){
		"program": func(t testing.TB) { Program(t, "no-such-program-1", "no-such-program-2") },
		"file":    func(t testing.TB) { File(t, "a file", filepath.Join("testdata", "nothing")) },
	}
	for name, ask := range asks {
		for ci, fails := range map[string]bool{"": false, "true": true} {
			t.Setenv("CI", ci)
			s := &spy{TB: t}
			ask(s)
			skipped, failed := s.skipped, s.failed
			if (failed != "") != fails || (skipped != "") == fails {
				t.Errorf("%s with CI=%q: skipped %q, failed %q", name, ci, skipped, failed)
			}
			if !strings.Contains(skipped+failed, "scripts/test-deps") {
				t.Errorf("%s with CI=%q does not say what to do: %q", name, ci, skipped+failed)
			}
		}
	}
}

func TestThere(t *testing.T) {
	t.Setenv("CI", "true")
	s := &spy{TB: t}
	if got := Program(s, "no-such-program", "go"); filepath.Base(got) != "go" {
		t.Errorf("program %q", got)
	}
	if got := File(s, "this file", "need_test.go"); got != "need_test.go" {
		t.Errorf("file %q", got)
	}
	if s.skipped+s.failed != "" {
		t.Errorf("skipped %q, failed %q", s.skipped, s.failed)
	}
}
