package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The kinds of jobs and due rows. What their id names stands in brackets.
const (
	KindCollect = "collect" // [source] read it
	KindRecheck = "recheck" // [source] look again at articles whose pages were gone
	KindSlot    = "slot"    // [channel] fill its slot; the argument is the slot's time, RFC 3339
	KindNow     = "now"     // [channel and time of the request] an extra edition; the argument is the admin's reason
	KindDeliver = "deliver" // [edition] carry it on
	KindAfter   = "after"   // [edition] it is out, and the portal changed an article of it
	KindRender  = "render"  // [section] its articles changed
	KindSweep   = "sweep"   // re-enqueue open work that has no live job
)

// The queues, each worked with its own concurrency: a slow portal must not keep an edition waiting.
const (
	QueueCollect = "collect"
	QueuePush    = "push"
	QueueRender  = "render"
)

// MaxAttempts is how often River tries a job that fails. It need not be many: open work is rung again by its due row
// or by the sweep.
const MaxAttempts = 6

// FetchCooldown is the least time between two looks of River for jobs.
const FetchCooldown = 5 * time.Millisecond

// A Job is a hint that there is something to do. Running it once too often does no harm.
type Job struct {
	Kind string `json:"do"`
	ID   string `json:"id"`
	Arg  string `json:"arg,omitempty"`
}

// JobArgs is a Job as River stores it: one River kind for all.
type JobArgs struct{ Job }

// Kind names all our jobs to River; which one it is stands in the arguments.
func (JobArgs) Kind() string { return "wefeed" }

// An Inserted tells what became of a job's insert.
type Inserted struct {
	Job
	// Busy: the same job is running right now and may have read what it works on already, so this one was not inserted
	// and is not done by that one.
	Busy bool
}

// Workers works River's jobs until it is stopped.
type Workers interface {
	Start(ctx context.Context) error
	// Stop waits for running jobs, cancels them after the configured SoftStopTimeout, and gives up when ctx ends.
	Stop(ctx context.Context) error
}

// Workers returns what works the jobs of this database. It offers no insert: jobs are only written inside the
// transaction that causes them.
func (s *Store) Workers(config *river.Config) (Workers, error) { return s.workers(config) }

// ResumeJobs makes the jobs available again that a dead process left running, and returns their number. Only for the
// process that serves, before its workers start.
func (s *Store) ResumeJobs(ctx context.Context) (int64, error) { return s.resume(ctx) }

// enqueue inserts jobs in this transaction. A job that is waiting already is not inserted twice.
func (t *tx) enqueue(ctx context.Context, jobs ...Job) ([]Inserted, error) {
	seen := map[Job]bool{}
	var params []river.InsertManyParams
	for _, j := range jobs {
		if !seen[j] {
			seen[j] = true
			params = append(params, river.InsertManyParams{Args: JobArgs{j}, InsertOpts: insertOpts(j)})
		}
	}
	if len(params) == 0 {
		return nil, nil
	}
	return t.own.insertJobs(ctx, params)
}

func insertOpts(j Job) *river.InsertOpts {
	return &river.InsertOpts{
		MaxAttempts: MaxAttempts,
		Queue:       queueOf(j.Kind),
		// By arguments over the states in which a job still has its run before it. No ByPeriod: River counts it in UTC.
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateScheduled,
			rivertype.JobStateRetryable, rivertype.JobStateRunning, // River insists on running
		}},
	}
}

func queueOf(kind string) string {
	switch kind {
	case KindCollect, KindRecheck:
		return QueueCollect
	case KindRender:
		return QueueRender
	}
	return QueuePush
}

func insertedJobs(results []*rivertype.JobInsertResult, err error) ([]Inserted, error) {
	if err != nil {
		return nil, fmt.Errorf("enqueue: %w", err)
	}
	inserted := make([]Inserted, len(results))
	for i, r := range results {
		if err := json.Unmarshal(r.Job.EncodedArgs, &inserted[i].Job); err != nil {
			return nil, fmt.Errorf("enqueue: %w", err)
		}
		inserted[i].Busy = r.UniqueSkippedAsDuplicate && r.Job.State == rivertype.JobStateRunning
	}
	return inserted, nil
}
