package app

import (
	"errors"
	"fmt"
	"sync"
)

// A teardown is a stack of what has to be closed, registered the moment it exists and run in reverse, once.
type teardown struct {
	mu    sync.Mutex
	steps []step
}

type step struct {
	name  string
	close func() error
}

func (t *teardown) push(name string, close func() error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps = append(t.steps, step{name, close})
}

// run closes everything, the latest first, and joins the errors. A second call does nothing.
func (t *teardown) run() error {
	t.mu.Lock()
	steps := t.steps
	t.steps = nil
	t.mu.Unlock()
	var errs []error
	for i := len(steps) - 1; i >= 0; i-- {
		if err := steps[i].close(); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", steps[i].name, err))
		}
	}
	return errors.Join(errs...)
}
