package faultkit_test

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"wefeed/internal/faultkit"
)

// failing names the test that its parent wants to fail.
const failing = "WEFEED_FAULTKIT_FAILS"

// TestThatFails draws numbers, prints them and fails, when TestSeedReplays runs it in a process of its own.
func TestThatFails(t *testing.T) {
	t.Run("drawn", func(t *testing.T) {
		t.Logf("seed %d", faultkit.Seed(t))
		faultkit.RapidSeed(t)
		rapid.Check(t, func(r *rapid.T) {
			n := rapid.Uint64().Draw(r, "n")
			if os.Getenv(failing) != "" && n > 10 {
				r.Fatalf("drew %d", n)
			}
		})
	})
}

// TestSeedReplays runs a failing test, and again as it says itself: it draws the same.
func TestSeedReplays(t *testing.T) {
	first := fail(t, "")
	replay := regexp.MustCompile(`WEFEED_SEED=(\d+) go test -run '\^TestThatFails/drawn\$'`).FindStringSubmatch(first)
	if replay == nil {
		t.Fatalf("no word on how to replay:\n%s", first)
	}
	drawn := regexp.MustCompile(`seed \d+|rapid.seed=\d+|drew \d+`)
	want := drawn.FindAllString(first, -1)
	if len(want) < 3 {
		t.Fatalf("not all was printed:\n%s", first)
	}
	for i, got := range drawn.FindAllString(fail(t, replay[1]), -1) {
		if got != want[i] {
			t.Errorf("replayed %q, wanted %q", got, want[i])
		}
	}
	if other := drawn.FindString(fail(t, "12345")); other == want[0] {
		t.Errorf("another seed draws the same: %s", other)
	}
}

func fail(t *testing.T, seed string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestThatFails$/^drawn$", "-rapid.nofailfile")
	cmd.Env = append(os.Environ(), failing+"=1", faultkit.SeedVariable+"="+seed)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("it did not fail:\n%s", out)
	}
	return string(out)
}

// Each test draws for itself, the same whenever it asks.
func TestSeedsDiffer(t *testing.T) {
	mine := faultkit.Seed(t)
	if again := faultkit.Seed(t); again != mine {
		t.Error("a test has two seeds")
	}
	t.Run("sub", func(t *testing.T) {
		if faultkit.Seed(t) == mine {
			t.Error("two tests have the same seed")
		}
	})
}
