package main

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"
)

// A testClock is the wall clock plus an offset that only ever grows: the demo's --test-clock.
type testClock struct {
	offset atomic.Int64
}

// Now is the moved time.
func (c *testClock) Now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// wrap adds POST /_demo/clock {"advance":"26h"} in front of h. moved is called after each advance with the whole offset.
func (c *testClock) wrap(h http.Handler, moved func(offset time.Duration) error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("POST /_demo/clock", func(w http.ResponseWriter, r *http.Request) {
		var req struct{ Advance string }
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&req)
		d, perr := time.ParseDuration(req.Advance)
		if err != nil || perr != nil || d < 0 {
			http.Error(w, `want {"advance":"26h"}, a Go duration that is not negative`, http.StatusBadRequest)
			return
		}
		if err := moved(time.Duration(c.offset.Add(int64(d)))); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"now": c.Now().Format(time.RFC3339)})
	})
	return mux
}
