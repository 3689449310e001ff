package faultkit

import (
	"flag"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
)

// SeedVariable is the environment variable that replays a random test.
const SeedVariable = "WEFEED_SEED"

// base is the seed of this run of the tests: that of the environment, or a new one.
var base = sync.OnceValues(func() (uint64, error) {
	if text := os.Getenv(SeedVariable); text != "" {
		return strconv.ParseUint(text, 10, 64)
	}
	return rand.Uint64() | 1, nil // never 0, which rapid takes for "draw one"
})

// Seed returns the seed of this test: drawn from the run's, another one for each test's name. If the test fails it prints
// how to draw the same again.
func Seed(t testing.TB) uint64 {
	t.Helper()
	run, err := base()
	if err != nil {
		t.Fatalf("%s: %v", SeedVariable, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("replay with %s=%d go test -run '^%s$'", SeedVariable, run, t.Name())
		}
	})
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(run, 10) + " " + t.Name()))
	return h.Sum64() | 1
}

// given tells whether somebody asked rapid for a seed of his own.
var given = sync.OnceValue(func() bool {
	f := flag.Lookup("rapid.seed")
	return f != nil && f.Value.String() != "0"
})

// RapidSeed makes [Seed] the seed of the next check of pgregory.net/rapid, unless -rapid.seed names another. Rapid has one
// seed for the whole process, so such tests must not be parallel.
func RapidSeed(t testing.TB) {
	t.Helper()
	seed := Seed(t)
	if given() {
		return
	}
	if err := flag.Set("rapid.seed", strconv.FormatUint(seed, 10)); err != nil {
		t.Fatal(err)
	}
}
