package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// TestProbeIsShared: a crowd that asks at once costs one look, and one that went away spoils it for nobody.
func TestProbeIsShared(t *testing.T) {
	var looks atomic.Int32
	full := errors.New("the disk is full")
	p := &probe{look: func(ctx context.Context) error {
		looks.Add(1)
		return errors.Join(ctx.Err(), full)
	}}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var crowd sync.WaitGroup
	for range 100 {
		crowd.Go(func() {
			if err := p.ask(gone); !errors.Is(err, full) || errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
	crowd.Wait()
	if n := looks.Load(); n != 1 {
		t.Errorf("%d looks", n)
	}
}
