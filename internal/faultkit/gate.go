package faultkit

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
)

// A Gate is an HTTP server that hands every request on to its upstream and every answer back, except where a trap springs.
// It reads bodies whole, so it suits calls, not streams.
type Gate struct {
	t      testing.TB
	server *httptest.Server
	client *http.Transport

	mu       sync.Mutex
	upstream string
	armed    []*Trap
	counts   map[string]int
}

// NewGate returns a running gate before upstream, a URL without a path. It ends with the test.
func NewGate(t testing.TB, upstream string) *Gate {
	t.Helper()
	g := &Gate{t: t, upstream: upstream, counts: map[string]int{}, client: &http.Transport{DisableCompression: true}}
	g.server = httptest.NewServer(g)
	t.Cleanup(func() {
		g.server.CloseClientConnections()
		g.server.Close()
		g.client.CloseIdleConnections()
	})
	return g
}

// URL is the gate's own address.
func (g *Gate) URL() string { return g.server.URL }

// Aim gives the gate another upstream, for one that came back at a new address.
func (g *Gate) Aim(upstream string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.upstream = upstream
}

// Count is how many requests for a path have arrived; those of all paths for "".
func (g *Gate) Count(path string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.counts[path]
}

// Arm sets traps. Each counts the requests from now on for itself, so several may be set for one path, one after the other
// (Nth 1, Nth 2) or at different points of the same call.
func (g *Gate) Arm(traps ...*Trap) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, trap := range traps {
		trap.hit, trap.done = make(chan struct{}), make(chan struct{})
		g.armed = append(g.armed, trap)
	}
}

// caught counts a request and takes the traps that it springs.
func (g *Gate) caught(r *http.Request) (traps [points]*Trap, upstream string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts[""]++
	g.counts[r.URL.Path]++
	kept := g.armed[:0]
	for _, trap := range g.armed {
		if trap.matches(r.URL.Path) && traps[trap.At] == nil && trap.count() {
			traps[trap.At] = trap
			continue
		}
		kept = append(kept, trap)
	}
	g.armed = kept
	return traps, g.upstream
}

// ServeHTTP hands one request on.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
	traps, upstream := g.caught(r)
	traps[Before].spring(r.Context())
	answer, err := g.forward(r, upstream, body)
	if err != nil {
		panic(http.ErrAbortHandler) // what a client sees of an upstream that is down
	}
	traps[After].spring(r.Context())
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	if len(answer.body) > 0 { // a HEAD and a 304 have none, and their own idea of its length
		w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	}
	w.WriteHeader(answer.StatusCode)
	half := len(answer.body) / 2
	if traps[MidReply] != nil {
		relay(w, answer.body[:half])
		traps[MidReply].spring(r.Context())
		answer.body = answer.body[half:]
	}
	if traps[Reply] != nil {
		relay(w, answer.body)
		traps[Reply].spring(r.Context())
		return
	}
	_, _ = w.Write(answer.body)
}

// relay writes a part of an answer and sends it off now.
func relay(w http.ResponseWriter, part []byte) {
	_, _ = w.Write(part)
	_ = http.NewResponseController(w).Flush()
}

// An answer is a response that was read to its end.
type answer struct {
	*http.Response
	body []byte
}

// forward makes the call. It does not end when the client goes away: what has arrived has its effect.
func (g *Gate) forward(r *http.Request, upstream string, body []byte) (*answer, error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	out := r.Clone(context.WithoutCancel(r.Context()))
	out.URL.Scheme, out.URL.Host, out.Host, out.RequestURI = target.Scheme, target.Host, target.Host, ""
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp, err := g.client.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return &answer{resp, all}, err
}
