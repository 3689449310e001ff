package jobs_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wefeed/internal/jobs"
	"wefeed/internal/pgtest"
	"wefeed/internal/store"
)

var server pgtest.Server

func TestMain(m *testing.M) { goleak.VerifyTestMain(withServer{m}) }

type withServer struct{ *testing.M }

func (m withServer) Run() int { return server.Run(m.M) }

// onBoth runs a test on an empty database of each kind.
func onBoth(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, dsn(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresDSN(t)) })
}

func postgresDSN(t testing.TB) string {
	return server.Migrated(t, func(dsn string) error {
		s, err := store.Open(context.Background(), store.Options{DSN: dsn})
		if err != nil {
			return err
		}
		return s.Close()
	})
}

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// clock runs from start and can be moved ahead.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
	began time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return start.Add(time.Since(c.began) + c.ahead)
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// next reads "@every D" on the grid of after, and "HH" as a daily hour in UTC.
func next(spec string, after time.Time) (time.Time, error) {
	if every, ok := strings.CutPrefix(spec, "@every "); ok {
		d, err := time.ParseDuration(every)
		return after.Add(d), err
	}
	if spec == "never" {
		return time.Time{}, nil
	}
	var hour int
	if _, err := fmt.Sscan(spec, &hour); err != nil {
		return time.Time{}, fmt.Errorf("the schedule %q: %w", spec, err)
	}
	t := time.Date(after.Year(), after.Month(), after.Day(), hour, 0, 0, 0, time.UTC)
	if !t.After(after) {
		t = t.AddDate(0, 0, 1)
	}
	return t, nil
}

// bench is a store, a clock, a runner, and what its handlers did.
type bench struct {
	*jobs.Runner
	*clock
	store *store.Store
	done  chan string
	log   *lines
}

// lines is a log that is read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (b *bench) did(kind string) jobs.Handler {
	return func(_ context.Context, id, arg string) error {
		b.done <- strings.TrimSpace(kind + " " + id + " " + arg)
		return nil
	}
}

// wait returns what is done next.
func (b *bench) wait(t *testing.T) string {
	t.Helper()
	select {
	case s := <-b.done:
		return s
	case <-t.Context().Done():
	case <-time.After(20 * time.Second): // only a failing test waits
	}
	t.Fatal("nothing was done")
	return ""
}

func dsn(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "wefeed.db") }

func openStore(t testing.TB, dsn string, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DSN: dsn, Serve: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newBench starts a runner. Handlers that o names replace those that only tell what they did.
func newBench(t *testing.T, dsn string, o jobs.Options) *bench {
	t.Helper()
	return newNode(t, dsn, &clock{began: time.Now()}, o)
}

// newNode starts a runner that goes by a clock which it may share with others.
func newNode(t *testing.T, dsn string, c *clock, o jobs.Options) *bench {
	t.Helper()
	b := &bench{clock: c, done: make(chan string, 100), log: &lines{}}
	b.store = openStore(t, dsn, b.Now)
	handlers := map[string]jobs.Handler{}
	for _, kind := range []string{store.KindCollect, store.KindRecheck, store.KindSlot, store.KindNow, store.KindDeliver, store.KindRender, store.KindSweep} {
		handlers[kind] = b.did(kind)
	}
	for kind, h := range o.Handlers {
		handlers[kind] = h
	}
	o.Store, o.Handlers, o.Next, o.Now = b.store, handlers, next, b.Now
	o.Logger = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), b.log), &slog.HandlerOptions{Level: slog.LevelDebug}))
	r, err := jobs.New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.Runner = r
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for r.Stop(context.Background()) != nil { // a test has released what hung
		}
	})
	return b
}

func (b *bench) sync(t *testing.T, rows ...jobs.Due) {
	t.Helper()
	if err := b.Sync(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

// about reports whether a time is the wanted one, but for what the test itself takes.
func about(got, want time.Time) bool { return got.Sub(want).Abs() < time.Minute }

// rows are the recurring rows.
func (b *bench) rows(t *testing.T) map[string]jobs.Due {
	t.Helper()
	rows, err := b.store.DueRows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]jobs.Due{}
	for _, d := range rows {
		if !d.Once {
			byName[d.Kind+" "+d.ID] = d
		}
	}
	return byName
}

func TestBellRingsWhatIsDue(t *testing.T) { onBoth(t, testBellRingsWhatIsDue) }

func testBellRingsWhatIsDue(t *testing.T, dsn string) {
	b := newBench(t, dsn, jobs.Options{})
	b.sync(t,
		jobs.Due{Kind: store.KindCollect, ID: "fresh", Spec: "@every 10m", NextAt: start}, // never collected: at once
		jobs.Due{Kind: store.KindCollect, ID: "known", Spec: "@every 10m"},
		jobs.Due{Kind: store.KindSlot, ID: "daily", Spec: "18"})
	if got := b.wait(t); got != "collect fresh" {
		t.Fatalf("first %q, want collect fresh", got)
	}
	b.Advance(10 * time.Minute)
	b.Poke()
	got := map[string]bool{b.wait(t): true, b.wait(t): true}
	if !got["collect fresh"] || !got["collect known"] {
		t.Fatalf("after ten minutes %v, want both collects", got)
	}
	if at := b.rows(t)["slot daily"].NextAt; !about(at, start.Add(10*time.Hour)) {
		t.Errorf("the slot is due at %v", at)
	}
}

func TestCatchUpOnceForTheLatestTime(t *testing.T) { onBoth(t, testCatchUpOnceForTheLatestTime) }

func testCatchUpOnceForTheLatestTime(t *testing.T, dsn string) {
	b := newBench(t, dsn, jobs.Options{})
	b.sync(t, jobs.Due{Kind: store.KindSlot, ID: "daily", Spec: "18"}, jobs.Due{Kind: store.KindSlot, ID: "often", Spec: "@every 7m"})
	b.Advance(3*24*time.Hour + 11*time.Hour) // three evenings missed, an hour past the fourth
	b.Poke()
	for range 2 {
		got := b.wait(t)
		if got != "slot daily 2026-11-23T18:00:00Z" && !strings.HasPrefix(got, "slot often 2026-11-23T18:57:") {
			t.Errorf("rung: %s", got)
		}
	}
	rows := b.rows(t)
	if at := rows["slot daily"].NextAt; !about(at, time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)) {
		t.Errorf("the daily slot is next at %v", at)
	}
	if at := rows["slot often"].NextAt; !about(at, time.Date(2026, 11, 23, 19, 4, 0, 0, time.UTC)) {
		t.Errorf("@every lost its beat: next at %v", at)
	}
}

func TestSyncSetsTheRows(t *testing.T) { onBoth(t, testSyncSetsTheRows) }

func testSyncSetsTheRows(t *testing.T, dsn string) {
	b := newBench(t, dsn, jobs.Options{})
	b.sync(t,
		jobs.Due{Kind: store.KindCollect, ID: "same", Spec: "@every 1h"},
		jobs.Due{Kind: store.KindCollect, ID: "changed", Spec: "@every 1h"},
		jobs.Due{Kind: store.KindSlot, ID: "gone", Spec: "18"})
	b.Advance(30 * time.Minute)
	b.sync(t,
		jobs.Due{Kind: store.KindCollect, ID: "same", Spec: "@every 1h", NextAt: b.Now()},
		jobs.Due{Kind: store.KindCollect, ID: "changed", Spec: "@every 2h"})
	rows := b.rows(t)
	if len(rows) != 2 || !about(rows["collect same"].NextAt, start.Add(time.Hour)) ||
		!about(rows["collect changed"].NextAt, start.Add(150*time.Minute)) {
		t.Errorf("rows are %+v", rows)
	}
	err := b.Sync(t.Context(), []jobs.Due{{Kind: store.KindCollect, ID: "same", Spec: "never"}})
	if err == nil || len(b.rows(t)) != 2 {
		t.Errorf("a schedule without times: %v, rows %v", err, b.rows(t))
	}
}

// A row without a next time stays, parked, and the others ring on.
func TestScheduleThatEndsIsParked(t *testing.T) { onBoth(t, testScheduleThatEndsIsParked) }

func testScheduleThatEndsIsParked(t *testing.T, dsn string) {
	b := newBench(t, dsn, jobs.Options{})
	b.sync(t, jobs.Due{Kind: store.KindCollect, ID: "a", Spec: "@every 1h", NextAt: start})
	b.wait(t)
	ends := func(spec string, after time.Time) (time.Time, error) { return time.Time{}, nil }
	if _, _, err := b.store.ClaimDue(t.Context(), start.Add(90*time.Minute), 10, ends); err != nil {
		t.Fatal(err)
	}
	if at := b.rows(t)["collect a"].NextAt; !at.IsZero() {
		t.Errorf("not parked: %v", at)
	}
}

// What rings while its job runs is not lost: that job may have looked already.
func TestRingWhileRunningRunsAgain(t *testing.T) { onBoth(t, testRingWhileRunningRunsAgain) }

func testRingWhileRunningRunsAgain(t *testing.T, dsn string) {
	entered, release := make(chan string), make(chan struct{})
	b := newBench(t, dsn, jobs.Options{Handlers: map[string]jobs.Handler{
		store.KindDeliver: func(ctx context.Context, id, _ string) error {
			entered <- id
			<-release
			return nil
		},
	}})
	ring := func() {
		if err := b.store.Ring(t.Context(), store.KindDeliver, "e1", "", b.Now()); err != nil {
			t.Fatal(err)
		}
	}
	ring()
	<-entered
	ring() // meanwhile
	claimed, earliest, err := b.store.ClaimDue(t.Context(), b.Now(), 10, next)
	if err != nil || len(claimed) != 0 || earliest.Sub(b.Now()) > time.Second {
		t.Fatalf("claimed %v, earliest %v, %v; want the row kept and looked at soon", claimed, earliest, err)
	}
	release <- struct{}{}
	b.Advance(time.Second)
	b.Poke()
	<-entered
	release <- struct{}{}
}

// One hung job of a source does not fill the queue with its like.
func TestCollectIsNotEnqueuedTwice(t *testing.T) { onBoth(t, testCollectIsNotEnqueuedTwice) }

func testCollectIsNotEnqueuedTwice(t *testing.T, dsn string) {
	entered, release := make(chan string, 10), make(chan struct{})
	b := newBench(t, dsn, jobs.Options{Handlers: map[string]jobs.Handler{
		store.KindCollect: func(ctx context.Context, id, _ string) error {
			entered <- id
			<-release
			return nil
		},
	}})
	b.sync(t, jobs.Due{Kind: store.KindCollect, ID: "slow", Spec: "@every 1m", NextAt: start})
	<-entered
	for range 3 {
		b.Advance(time.Minute)
		if _, _, err := b.store.ClaimDue(t.Context(), b.Now(), 10, next); err != nil {
			t.Fatal(err)
		}
	}
	b.sync(t, jobs.Due{Kind: store.KindCollect, ID: "other", Spec: "@every 1m", NextAt: b.Now()})
	if got := <-entered; got != "other" {
		t.Errorf("%q ran beside the hung one", got)
	}
	close(release)
}

// A process is killed in the middle of a job: the next one runs it again, at once.
func TestKilledJobIsResumed(t *testing.T) {
	path := dsn(t)
	s := openStore(t, path, time.Now)
	if err := s.Ring(t.Context(), store.KindDeliver, "e1", "", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.ClaimDue(t.Context(), time.Now(), 10, next); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", strings.TrimPrefix(path, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := raw.Exec(`UPDATE river_job SET state = 'running', attempt = max_attempts, attempted_at = datetime('now', 'subsec')`)
	if n, _ := res.RowsAffected(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if err := errors.Join(raw.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if got := newBench(t, path, jobs.Options{}).wait(t); got != "deliver e1" {
		t.Error(got)
	}
}

func TestFailedAndPanickingJobsRunAgain(t *testing.T) { onBoth(t, testFailedAndPanickingJobsRunAgain) }

func testFailedAndPanickingJobsRunAgain(t *testing.T, dsn string) {
	tried := make(chan string, 10)
	var tries atomic.Int32
	b := newBench(t, dsn, jobs.Options{Handlers: map[string]jobs.Handler{
		store.KindRender: func(context.Context, string, string) error {
			defer func() { tried <- "render" }()
			switch tries.Add(1) {
			case 1:
				panic("nil map")
			case 2:
				return errors.New("the disk is full")
			}
			return nil
		},
	}})
	if err := b.store.Ring(t.Context(), store.KindRender, "wennuan", "", b.Now()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		<-tried
	}
	log := b.log.String()
	if !strings.Contains(log, "job panicked") || !strings.Contains(log, "nil map") || !strings.Contains(log, "the disk is full") {
		t.Errorf("the log does not tell:\n%s", log)
	}
}

func TestStopCancelsHungJobs(t *testing.T) { onBoth(t, testStopCancelsHungJobs) }

func testStopCancelsHungJobs(t *testing.T, dsn string) {
	entered := make(chan struct{})
	b := newBench(t, dsn, jobs.Options{SoftStop: 20 * time.Millisecond, Handlers: map[string]jobs.Handler{
		store.KindCollect: func(ctx context.Context, _, _ string) error {
			close(entered)
			<-ctx.Done()
			return ctx.Err()
		},
	}})
	b.sync(t, jobs.Due{Kind: store.KindCollect, ID: "hung", Spec: "@every 1m", NextAt: start})
	<-entered
	if err := b.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := b.Stop(t.Context()); err != nil {
		t.Errorf("a second stop: %v", err)
	}
}

func TestStopGivesUpOnDeafJobs(t *testing.T) { onBoth(t, testStopGivesUpOnDeafJobs) }

func testStopGivesUpOnDeafJobs(t *testing.T, dsn string) {
	entered, release := make(chan struct{}), make(chan struct{})
	b := newBench(t, dsn, jobs.Options{SoftStop: 20 * time.Millisecond, HardStop: 20 * time.Millisecond,
		Handlers: map[string]jobs.Handler{store.KindCollect: func(context.Context, string, string) error {
			close(entered)
			<-release // whatever ctx says
			return nil
		}}})
	b.sync(t, jobs.Due{Kind: store.KindCollect, ID: "deaf", Spec: "@every 1m", NextAt: start})
	<-entered
	if err := b.Stop(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop returned %v with a deaf job", err)
	}
	close(release)
}
