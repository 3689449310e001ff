package app

import (
	"context"
	"sync"
	"time"
)

// probeEvery bounds how often readiness is looked at: a probe writes, and anybody may ask.
const probeEvery = 2 * time.Second

// A probe looks at something at most every probeEvery and says in between what it saw.
type probe struct {
	look func(context.Context) error
	mu   sync.Mutex
	at   time.Time // of this machine's clock: how long ago is all that counts
	err  error
}

// ask returns what the last look saw, after a new one if that is due. Whoever asks meanwhile shares it.
func (p *probe) ask(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.at.IsZero() && time.Since(p.at) < probeEvery {
		return p.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeEvery)
	defer cancel()
	p.err = p.look(ctx)
	p.at = time.Now()
	return p.err
}
