package jobs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"wefeed/internal/jobs"
	"wefeed/internal/store"
)

// BenchmarkJobs rings b.N due rows and waits until their jobs are done.
func BenchmarkJobs(b *testing.B) {
	s := openStore(b, dsn(b), time.Now)
	done := make(chan struct{}, 1000)
	r, err := jobs.New(jobs.Options{Store: s, Next: next, Workers: map[string]int{store.QueueCollect: 20},
		Handlers: map[string]jobs.Handler{store.KindCollect: func(context.Context, string, string) error {
			done <- struct{}{}
			return nil
		}}})
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer r.Stop(context.Background())
	rows := make([]jobs.Due, b.N)
	for i := range rows {
		rows[i] = jobs.Due{Kind: store.KindCollect, ID: fmt.Sprint(i), Spec: "@every 1h", NextAt: start}
	}
	b.ResetTimer()
	if err := r.Sync(b.Context(), rows); err != nil {
		b.Fatal(err)
	}
	for range b.N {
		<-done
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// BenchmarkRingToRun is the time from a commit that rings a row to its job's start, with nothing else to do.
func BenchmarkRingToRun(b *testing.B) {
	s := openStore(b, dsn(b), time.Now)
	began := make(chan struct{})
	r, err := jobs.New(jobs.Options{Store: s, Next: next, Handlers: map[string]jobs.Handler{
		store.KindDeliver: func(context.Context, string, string) error {
			began <- struct{}{}
			return nil
		}}})
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer r.Stop(context.Background())
	n := 0
	for b.Loop() {
		n++
		if err := s.Ring(b.Context(), store.KindDeliver, fmt.Sprint(n), "", time.Now()); err != nil {
			b.Fatal(err)
		}
		<-began
	}
}
