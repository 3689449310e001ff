// Package need is how a test asks for what the machine must have beside Go: a browser, a feed reader, a proxy, a place in
// memory. scripts/test-deps installs them. What is missing skips the test and says so; with CI=true it is a failure, so
// that nothing goes unchecked unseen.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of the first of the programs that is installed.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(t, names[0])
	return ""
}

// File returns path, which is a file or folder that has to be there; what names it for people.
func File(t testing.TB, what, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		Missing(t, what)
	}
	return path
}

// Missing ends the test, because what it needs is not there.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, scripts/test-deps installs it", what)
	} else {
		t.Skipf("NOT TESTED: %s is missing, scripts/test-deps installs it", what)
	}
}
