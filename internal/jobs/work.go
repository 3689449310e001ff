package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"wefeed/internal/store"
)

// riverConfig sets every bound that River leaves open: by default a killed job rests for an hour, and a hung one keeps
// SIGTERM waiting for ever.
func riverConfig(o Options) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{handlers: o.Handlers, timeout: o.Timeout})
	queues := map[string]river.QueueConfig{}
	for name, n := range o.Workers {
		queues[name] = river.QueueConfig{MaxWorkers: n}
	}
	return &river.Config{
		Workers:              workers,
		Queues:               queues,
		MaxAttempts:          store.MaxAttempts,
		FetchCooldown:        store.FetchCooldown,
		FetchPollInterval:    250 * time.Millisecond, // should a notification be missed
		JobTimeout:           o.Timeout,
		RescueStuckJobsAfter: RescueAfter,
		SoftStopTimeout:      o.SoftStop,
		RetryPolicy:          retry{},
		ErrorHandler:         told{o.Logger},
		// What is done is of no more use; what failed for good is kept for whoever looks into it.
		CompletedJobRetentionPeriod: time.Minute,
		CancelledJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
		ReindexerIndexNames:         []string{}, // the table stays small
	}
}

// worker hands jobs to their handlers.
type worker struct {
	river.WorkerDefaults[store.JobArgs]
	handlers map[string]Handler
	timeout  time.Duration
}

// Timeout bounds one run.
func (w *worker) Timeout(*river.Job[store.JobArgs]) time.Duration { return w.timeout }

// Work runs the job's handler. A kind without one is not tried again: a newer wefeed has written it.
func (w *worker) Work(ctx context.Context, job *river.Job[store.JobArgs]) error {
	j := job.Args.Job
	handle, ok := w.handlers[j.Kind]
	if !ok {
		return river.JobCancel(fmt.Errorf("no handler for jobs of the kind %q", j.Kind))
	}
	return handle(ctx, j.ID, j.Arg)
}

// retry is when a job that failed runs again.
type retry struct{}

// NextRetry doubles the wait with each attempt: 1, 2, 4 … seconds. A rescued job, whose attempt began long ago, has
// waited enough. It reads the machine's clock, as River does.
func (retry) NextRetry(job *rivertype.JobRow) time.Time {
	now := time.Now()
	if job.AttemptedAt != nil && now.Sub(*job.AttemptedAt) >= RescueAfter {
		return now.Add(time.Second)
	}
	return now.Add(time.Second << min(max(job.Attempt-1, 0), store.MaxAttempts))
}

// told logs what handlers do wrong.
type told struct{ log *slog.Logger }

// HandleError logs an error that a handler returned.
func (t told) HandleError(_ context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	t.log.Warn("job failed", "job", string(job.EncodedArgs), "attempt", job.Attempt, "of", job.MaxAttempts, "error", err)
	return nil
}

// HandlePanic logs a panic of a handler, which River has caught.
func (t told) HandlePanic(_ context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	t.log.Error("job panicked", "job", string(job.EncodedArgs), "attempt", job.Attempt, "panic", value, "trace", trace)
	return nil
}
