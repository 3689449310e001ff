package fetch

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxRetryAfter caps how long a Retry-After is obeyed: a mistaken one must not silence a portal for days.
const maxRetryAfter = time.Hour

// maxHosts bounds the memory of hosts: beyond it those that nobody uses are forgotten.
const maxHosts = 4096

// hosts remembers each host's pace.
type hosts struct {
	mu       sync.Mutex
	byName   map[string]*host
	rate     rate.Limit
	parallel int
}

func newHosts(perSecond float64, parallel int) *hosts {
	limit := rate.Limit(perSecond)
	if perSecond == 0 {
		limit = rate.Inf
	}
	return &hosts{byName: map[string]*host{}, rate: limit, parallel: parallel}
}

func (h *hosts) get(name string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, ok := h.byName[name]; ok {
		return one
	}
	if len(h.byName) >= maxHosts {
		for n, one := range h.byName {
			if one.idle() {
				delete(h.byName, n)
			}
		}
	}
	one := &host{limiter: rate.NewLimiter(h.rate, max(1, int(h.rate))), places: make(chan struct{}, h.parallel)}
	if h.rate == rate.Inf {
		one.limiter = rate.NewLimiter(rate.Inf, 0)
	}
	h.byName[name] = one
	return one
}

// A host is one host's pace and places.
type host struct {
	limiter *rate.Limiter
	places  chan struct{}
	mu      sync.Mutex
	until   time.Time // Retry-After
}

// enter waits for a place and for the host's pace. release gives the place back.
func (h *host) enter(ctx context.Context) (release func(), err error) {
	select {
	case h.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := h.limiter.Wait(ctx); err != nil {
		<-h.places
		if ctx.Err() == nil {
			err = context.DeadlineExceeded // the turn would come after the deadline
		}
		return nil, err
	}
	return func() { <-h.places }, nil
}

func (h *host) idle() bool { return len(h.places) == 0 && h.blocked().IsZero() }

func (h *host) block(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until.After(h.until) {
		h.until = until
	}
}

func (h *host) blocked() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.until
}

// retryAfter reads the Retry-After of a 429 or 503 (RFC 9110, section 10.2.3): seconds or a date, capped.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	text := resp.Header.Get("Retry-After")
	var wait time.Duration
	if seconds, err := strconv.Atoi(text); err == nil && seconds < int(maxRetryAfter/time.Second) {
		wait = time.Duration(seconds) * time.Second
	} else if err == nil {
		wait = maxRetryAfter
	} else if date, err := http.ParseTime(text); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
