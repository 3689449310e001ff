package jobs

import (
	"context"
	"time"
)

// ring rings what is due and sleeps until the next row, until ctx ends.
func (r *Runner) ring(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for {
		sleep, err := r.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != failing { // a full disk is told once, not every five seconds
			failing = err != nil
			r.tell(err)
		}
		timer.Reset(sleep)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.poke:
		case <-r.o.Store.Rung():
		}
	}
}

func (r *Runner) tell(err error) {
	if err != nil {
		r.o.Logger.Error("the bell cannot ring due rows", "error", err)
		return
	}
	r.o.Logger.Info("the bell rings again")
}

// look rings what is due now and returns how long to sleep.
func (r *Runner) look(ctx context.Context) (time.Duration, error) {
	for ctx.Err() == nil {
		now := r.o.Now()
		claimed, earliest, err := r.o.Store.ClaimDue(ctx, now, claims, r.o.Next)
		if err != nil {
			return MaxSleep, err
		}
		for _, d := range claimed {
			r.o.Logger.Debug("due", "kind", d.Kind, "id", d.ID, "at", d.NextAt)
		}
		switch {
		case earliest.IsZero():
			return MaxSleep, nil
		case earliest.After(now):
			return min(earliest.Sub(now), MaxSleep), nil
		}
	}
	return 0, ctx.Err()
}
