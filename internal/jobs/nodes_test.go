package jobs_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"wefeed/internal/jobs"
	"wefeed/internal/store"
)

// shared is what two nodes did, together.
type shared struct {
	mu    sync.Mutex
	ran   map[string]int  // by kind, id and argument
	nodes map[string]bool // that ran anything
	both  chan struct{}   // closed when both have begun something
	done  chan struct{}
}

// handler counts, and holds every job until both nodes have one in hand: that is only so if they share the work.
func (s *shared) handler(node, kind string) jobs.Handler {
	return func(ctx context.Context, id, arg string) error {
		s.mu.Lock()
		s.ran[kind+" "+id+" "+arg]++
		if s.nodes[node] = true; len(s.nodes) == 2 {
			select {
			case <-s.both:
			default:
				close(s.both)
			}
		}
		s.mu.Unlock()
		select {
		case <-s.both:
		case <-ctx.Done():
			return ctx.Err()
		}
		s.done <- struct{}{}
		return nil
	}
}

// TestNodesShareTheBell: two nodes look at the same due rows at the same moments. Each row is rung once for each of its
// times, whichever node rings it, and both nodes work.
func TestNodesShareTheBell(t *testing.T) {
	const slots, rounds = 12, 8
	dsn, c := postgresDSN(t), &clock{began: time.Now()}
	s := &shared{ran: map[string]int{}, nodes: map[string]bool{}, both: make(chan struct{}), done: make(chan struct{}, 1000)}
	var nodes []*bench
	for _, name := range []string{"one", "two"} {
		nodes = append(nodes, newNode(t, dsn, c, jobs.Options{Handlers: map[string]jobs.Handler{store.KindSlot: s.handler(name, store.KindSlot)}}))
	}
	rows := make([]jobs.Due, slots)
	for i := range rows {
		rows[i] = jobs.Due{Kind: store.KindSlot, ID: fmt.Sprint("c", i), Spec: "@every 1h"}
	}
	nodes[0].sync(t, rows...)
	for range rounds {
		c.Advance(time.Hour)
		for _, n := range nodes {
			n.Poke()
		}
		for range slots {
			select {
			case <-s.done:
			case <-time.After(50 * time.Second): // only a failing test waits
				t.Fatalf("not all was done: %v", s.ran)
			}
		}
	}
	for _, n := range nodes { // what was rung twice runs before they end
		if err := n.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := unfinished(t, dsn); n > 0 {
		t.Errorf("%d jobs wait that nobody asked for", n)
	}
	if len(s.ran) != slots*rounds || len(s.nodes) != 2 {
		t.Errorf("%d slots of %d by the nodes %v", len(s.ran), slots*rounds, s.nodes)
	}
	for job, n := range s.ran {
		if n != 1 {
			t.Errorf("%s ran %d times", job, n)
		}
	}
}

func unfinished(t *testing.T, dsn string) (n int) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`SELECT count(*) FROM river_job WHERE state <> 'completed'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
