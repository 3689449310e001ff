package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"wefeed/internal/store"
)

// A Handler does a job: id is what its kind names (a source, an edition …), arg what the due row carried. It returns
// when ctx ends. An error is tried again a few times, with growing waits.
type Handler func(ctx context.Context, id, arg string) error

// Due is a row of the due table.
type Due = store.Due

// Bounds on waiting. Each is part of what an admin may expect of a restart or a hung portal.
const (
	MaxSleep    = 5 * time.Second  // of the bell: rows that a command wrote are seen after this at the latest
	JobTimeout  = 60 * time.Second // of one run of a handler, at most
	RescueAfter = 75 * time.Second // a job that is running for so long is taken for dead and runs again
	SoftStop    = 4 * time.Second  // Stop lets running jobs go on for so long, then cancels them
	HardStop    = 3 * time.Second  // and gives up on those that do not return in this time after it
)

// claims is how many rows one transaction of the bell rings.
const claims = 200

// Options are what a [Runner] works with.
type Options struct {
	Store    *store.Store
	Handlers map[string]Handler // by kind (store.KindCollect …)
	// Next reads the schedules of due rows, in the site's zone.
	Next   store.Next
	Now    func() time.Time // default time.Now
	Logger *slog.Logger     // default: none
	// Workers is how many jobs of a queue run at once; default: 4 of collect, 4 of push, 2 of render.
	Workers map[string]int
	// Timeout is for one run of a handler. Default and maximum JobTimeout.
	Timeout time.Duration
	// SoftStop and HardStop default to the constants.
	SoftStop, HardStop time.Duration
}

// A Runner is the bell and the workers.
type Runner struct {
	o       Options
	workers store.Workers
	poke    chan struct{}
	stop    context.CancelFunc
	bell    chan struct{} // closed when the bell has ended
}

// New returns a runner that does nothing yet.
func New(o Options) (*Runner, error) {
	if o.Store == nil || o.Next == nil || len(o.Handlers) == 0 {
		return nil, errors.New("a runner of jobs needs a store, a reader of schedules and handlers")
	}
	o.defaults()
	workers, err := o.Store.Workers(riverConfig(o))
	if err != nil {
		return nil, fmt.Errorf("job workers: %w", err)
	}
	return &Runner{o: o, workers: workers, poke: make(chan struct{}, 1)}, nil
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	workers := map[string]int{store.QueueCollect: 4, store.QueuePush: 4, store.QueueRender: 2}
	maps.Copy(workers, o.Workers)
	o.Workers = workers
	if o.Timeout <= 0 || o.Timeout > JobTimeout {
		o.Timeout = JobTimeout
	}
	if o.SoftStop <= 0 {
		o.SoftStop = SoftStop
	}
	if o.HardStop <= 0 {
		o.HardStop = HardStop
	}
}

// Start brings back the jobs of a dead process, then starts workers and bell. It ends only by Stop, not with ctx. Only
// the process that serves the database may start a runner.
func (r *Runner) Start(ctx context.Context) error {
	resumed, err := r.o.Store.ResumeJobs(ctx)
	if err != nil {
		return err
	}
	if resumed > 0 {
		r.o.Logger.Info("jobs of a process that died are resumed", "jobs", resumed)
	}
	running := context.WithoutCancel(ctx)
	if err := r.workers.Start(running); err != nil {
		return fmt.Errorf("start job workers: %w", err)
	}
	running, r.stop = context.WithCancel(running)
	r.bell = make(chan struct{})
	go func() {
		defer close(r.bell)
		r.ring(running)
	}()
	return nil
}

// Stop ends bell and workers. Running jobs may go on for SoftStop, then their contexts are cancelled, and after HardStop
// more Stop returns an error without those that still run. A job that was cut short runs again after the next start. Stop
// may be called again.
func (r *Runner) Stop(ctx context.Context) error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	<-r.bell
	ctx, cancel := context.WithTimeout(ctx, r.o.SoftStop+r.o.HardStop)
	defer cancel()
	if err := r.workers.Stop(ctx); err != nil {
		return fmt.Errorf("some jobs did not end in time: %w", err)
	}
	return nil
}

// Poke makes the bell look now: the clock has moved.
func (r *Runner) Poke() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// Sync makes the recurring rows those of rows; see store.SyncDue. A schedule that has no next time is refused, and then
// nothing changes.
func (r *Runner) Sync(ctx context.Context, rows []Due) error {
	return r.o.Store.SyncDue(ctx, r.o.Now(), rows, r.o.Next)
}
