package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"wefeed/internal/store"
)

// These tests run themselves again as a process that can be killed. childEnv makes one of it: "open" opens the database
// fromEnv, "move" moves everything from there to toEnv.
const (
	childEnv = "WEFEED_TEST_CHILD"
	fromEnv  = "WEFEED_TEST_FROM"
	toEnv    = "WEFEED_TEST_TO"
)

// child says on stdout when it begins, and exits with 0 when all went well.
func child() int {
	fmt.Println("begins")
	if err := childWork(context.Background(), os.Getenv(childEnv)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func childWork(ctx context.Context, what string) error {
	from, err := store.Open(ctx, store.Options{DSN: os.Getenv(fromEnv)})
	if err != nil {
		return err
	}
	defer from.Close()
	if what != "move" {
		return nil
	}
	to, err := store.Open(ctx, store.Options{DSN: os.Getenv(toEnv)})
	if err != nil {
		return err
	}
	defer to.Close()
	_, err = store.Move(ctx, from, to, false, func(store.Moved) {})
	return err
}

// startChild returns when the child begins.
func startChild(t *testing.T, what, from, to string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+what, fromEnv+"="+from, toEnv+"="+to)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// killer kills children at random moments of the time that an undisturbed one takes.
type killer struct {
	*rand.Rand
	whole time.Duration
}

// newKiller runs a child to its end to see how long it takes. The seed stands in the log.
func newKiller(t *testing.T, what, from, to string) killer {
	t.Helper()
	cmd := startChild(t, what, from, to)
	began := time.Now()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	k := killer{rand.New(rand.NewPCG(seed, 0)), time.Since(began)}
	t.Logf("a whole %s takes %v; seed %d", what, k.whole, seed)
	return k
}

// run starts a child, kills it after some of its time, and tells whether it was still at work.
func (k killer) run(t *testing.T, what, from, to string) (killed bool) {
	t.Helper()
	cmd := startChild(t, what, from, to)
	after := time.Duration(k.Int64N(int64(k.whole)))
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == -1 {
		return true
	}
	if err != nil {
		t.Fatalf("a %s that was to be killed after %v failed by itself: %v", what, after, err)
	}
	return false
}
