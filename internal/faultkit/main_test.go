package faultkit_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // the driver sqlite

	"wefeed/internal/pgtest"
)

var postgres pgtest.Server

func TestMain(m *testing.M) {
	code := postgres.Run(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// patience bounds every wait; none sleeps it out.
const patience = 30 * time.Second

// await fails the test when the channel is not closed in time.
func await(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s never came", what)
	}
}
