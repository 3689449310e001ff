package app

import (
	"context"
	"time"
)

// How often a node looks what other nodes changed, and how far back: their clocks may differ, and a change bears the time
// when its collect began.
const (
	followEvery = time.Second
	followBack  = 3 * time.Minute
)

// follow forgets the rendered feeds of sections that other nodes have changed, until Stop. A node that has its database
// to itself renders whatever changes.
func (a *App) follow() {
	if a.store.Alone() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	a.teardown.push("following", func() error { cancel(); <-done; return nil })
	go func() {
		defer close(done)
		tick := time.NewTicker(followEvery)
		defer tick.Stop()
		seen := map[string]time.Time{}
		for {
			seen = a.catchUp(ctx, seen)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
}

// catchUp invalidates what changed lately and differently than seen, and returns what it has seen now.
func (a *App) catchUp(ctx context.Context, seen map[string]time.Time) map[string]time.Time {
	changed, err := a.store.ChangedSections(ctx, a.Now().Add(-followBack))
	if err != nil {
		if ctx.Err() == nil {
			a.Logger.Warn("changes of other nodes not seen", "error", err)
		}
		return seen
	}
	for id, at := range changed {
		if !at.Equal(seen[id]) {
			a.publisher.Invalidate(id)
		}
	}
	return changed
}
