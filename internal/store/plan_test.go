package store_test

import (
	"strings"
	"testing"

	"wefeed/internal/store"
)

// TestNoQueryReadsAWholeTable holds the queries that run often, or over tables that grow, against SQLite's planner.
func TestNoQueryReadsAWholeTable(t *testing.T) {
	s := open(t, store.Options{})
	for query, args := range store.Queries() {
		steps, err := s.Plan(t.Context(), query, args...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN ") && step != "SCAN CONSTANT ROW" {
				t.Errorf("%s\n  %s", query, strings.Join(steps, "\n  "))
				break
			}
		}
	}
}

// A feed's order comes from its index: nothing is sorted, however long the section.
func TestNewestWalksItsIndex(t *testing.T) {
	s := open(t, store.Options{})
	steps, err := s.Plan(t.Context(), `SELECT article, sort_at, place FROM memberships WHERE section = ? AND shown
		ORDER BY sort_at DESC, place, article LIMIT ?`, "a", 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if strings.Contains(step, "TEMP B-TREE") {
			t.Error(steps)
		}
	}
}
