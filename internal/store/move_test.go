package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
	"wefeed/internal/store"
	"wefeed/push"
)

// lived is a store in which everything has happened once: articles that merged, a pending one, an edition whose call is in
// flight, events, media, a token, the red button, a fault, a hold, jobs that wait.
func lived(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s := open(t, store.Options{DSN: dsn, Secret: []byte("secret")})
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	collect(t, s, "a", day.Add(-time.Hour))
	collect(t, s, "b", day.Add(-time.Hour))
	check(s.SyncSections(ctx, []string{"a", "b", "c"}))
	check(s.SyncChannels(ctx, []push.Channel{drafts, daily}))
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"), feedstest.Incoming("x/2", "二"))
	collect(t, s, "b", day, feedstest.Incoming("y/1", "一\x00一", "y/0"))
	collect(t, s, "b", day.Add(time.Minute), feedstest.Incoming("x/2", "二", "y/0")) // two stories turn out one
	check(s.SaveFault(ctx, "c", day, &feeds.Fault{Kind: feeds.FaultStatus, Detail: "HTTP 500"}))
	check(s.HoldSection(ctx, "c", "lin", "看看"))
	found, err := s.Candidates(ctx, drafts, day, 8)
	check(err)
	e := push.Edition{
		ID: "e1", Channel: "drafts", Account: "acc", Kind: push.KindDraft, State: push.Planned, Slot: day, Expires: day.Add(time.Hour), Mark: "m",
		Items: []push.EditionItem{{ArticleID: found[0].ID, Title: "一"}}, Created: day, Changed: day,
	}
	check(s.CreateEdition(ctx, e, []push.Delivery{{Edition: "e1", Step: push.StepDraft, State: push.Intended, Attempt: 1, Key: "m"}}))
	check(s.Begin(ctx, push.DeliveryChange{WasState: push.Intended, WasAttempt: 1, Delivery: push.Delivery{
		Edition: "e1", Step: push.StepDraft, Attempt: 1, Key: "m", Node: "n1", FirstCalledAt: day, CalledAt: day, Deadline: day.Add(time.Minute),
	}}, push.Planned))
	check(s.SaveMedia(ctx, push.Media{Account: "acc", Use: push.UseBody, Hash: "h", URL: "u"}))
	check(s.Recruit(ctx, "e1", []string{"an-openid", "another"}))
	_, err = s.Spend(ctx, "acc", "freepublish", "2026-11-20", 80)
	check(err)
	_, err = s.Tell(ctx, push.Remark{Edition: "e1", ArticleID: found[0].ID, Kind: push.RemarkCorrected, Hash: "h", Detail: "更正"})
	check(err)
	check(s.Exec(ctx, `INSERT INTO approvals (edition, digest, stage, who, note, at) VALUES (?, ?, ?, ?, ?, ?)`, "e1", "d", "终审", "lin", "", 1))
	check(s.SaveEvent(ctx, push.Event{Account: "acc", Kind: push.EventMass, ID: "1", Status: "send success", At: day, URLs: []string{"u"}}))
	check(s.SaveToken(ctx, "acc", "a-token", day.Add(time.Hour)))
	check(s.SetSwitch(ctx, push.Switch{Stopped: true, At: day, By: "lin", Why: "演练"}))
	check(s.RequestNow(ctx, "drafts", "lin", "急"))
	_, _, err = s.ClaimDue(ctx, day.Add(time.Hour), 1, nil)
	check(err)
	return s
}

// snapshot is what a store's callers see of it.
func snapshot(t *testing.T, s *store.Store) map[string]any {
	t.Helper()
	all := map[string]any{}
	see := func(name string, value any, err error) {
		if err != nil && !errors.Is(err, push.ErrNotFound) {
			t.Fatal(name, err)
		}
		all[name] = value
	}
	ctx := context.Background()
	newest, err := s.Newest(ctx, []string{"a", "b", "c"}, 50)
	see("newest", newest, err)
	known, err := s.Known(ctx, []string{"x/1", "x/2", "y/1", "y/0"})
	see("known", known, err)
	states, err := s.SourceStates(ctx)
	see("sources", states, err)
	edition, deliveries, err := s.Edition(ctx, "e1")
	see("edition", []any{edition, deliveries}, err)
	tally, err := s.Tally(ctx, "e1")
	see("recipients", tally, err)
	media, err := s.Media(ctx, "acc", push.UseBody, "h")
	see("media", media, err)
	event, err := s.Event(ctx, "acc", push.EventMass, "1")
	see("event", event, err)
	button, err := s.Switch(ctx)
	see("switch", button, err)
	token, expires, err := s.Token(ctx, "acc")
	see("token", fmt.Sprint(token, expires), err)
	trail, err := s.AuditTrail(ctx, 50)
	see("audit", trail, err)
	holds, err := s.HeldSections(ctx)
	see("holds", holds, err)
	changed, err := s.Changed(ctx, []string{"a", "b", "c"})
	see("changed", changed, err)
	waiting, err := s.Candidates(ctx, daily, day, 8)
	see("candidates", waiting, err)
	return all
}

// pending are the due rows and waiting jobs, as names: what is a job on one side may be a row on the other.
func pending(t *testing.T, s *store.Store) []string {
	t.Helper()
	names, err := s.Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.DueRows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range rows {
		names = append(names, d.Kind+" "+d.ID)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestMove: whatever happened on one database is on the other, in each direction.
func TestMove(t *testing.T) {
	for _, way := range [][2]string{{"sqlite", "postgres"}, {"postgres", "sqlite"}, {"sqlite", "sqlite"}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			from := lived(t, databases[way[0]](t))
			to := open(t, store.Options{DSN: databases[way[1]](t), Secret: []byte("secret")})
			before, waiting := snapshot(t, from), pending(t, from)

			dry, err := store.Move(t.Context(), from, to, true, func(store.Moved) {})
			if err != nil {
				t.Fatal(err)
			}
			if rows, err := to.DueRows(t.Context()); err != nil || len(rows) > 0 {
				t.Fatalf("the dry run left %v (%v)", rows, err)
			}
			last := map[string]store.Moved{}
			moved, err := store.Move(t.Context(), from, to, false, func(m store.Moved) { last[m.Table] = m })
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range moved {
				if m != dry[i] || m != last[m.Table] || m.Rows != m.Of || m.Rows == 0 {
					t.Errorf("%+v, dry %+v, told %+v", m, dry[i], last[m.Table])
				}
			}
			if diff := cmp.Diff(before, snapshot(t, to)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(waiting, pending(t, to)); diff != "" {
				t.Error("waiting work:", diff)
			}
			if diff := cmp.Diff(before, snapshot(t, from)); diff != "" {
				t.Error("the source changed:", diff)
			}
			// What goes on there goes on as it would have here.
			collect(t, to, "a", day.Add(time.Hour), feedstest.Incoming("x/9", "九"))
			collect(t, from, "a", day.Add(time.Hour), feedstest.Incoming("x/9", "九"))
			if diff := cmp.Diff(snapshot(t, from), snapshot(t, to)); diff != "" {
				t.Error("afterwards:", diff)
			}
			if _, err := store.Move(t.Context(), from, to, false, func(store.Moved) {}); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("a second move: %v", err)
			}
		})
	}
}

// TestMoveKnowsEveryTable: a table that a migration adds and Move forgets would be lost.
func TestMoveKnowsEveryTable(t *testing.T) {
	s := open(t, store.Options{DSN: freshDSN(t)})
	var names []string
	err := s.Query(t.Context(), func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river%' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	moved := slices.Clone(store.Tables)
	slices.Sort(moved)
	if diff := cmp.Diff(names, moved); diff != "" {
		t.Error(diff)
	}
}

// TestKilledMove: a move that is killed has changed nothing on either side, or was through; a second one ends it.
func TestKilledMove(t *testing.T) {
	for _, way := range [][2]string{{"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			from := databases[way[0]](t)
			s := lived(t, from)
			for i := range 10 {
				collect(t, s, "a", day.Add(time.Duration(i)*time.Minute), articles(fmt.Sprint(i), 50)...)
			}
			before := snapshot(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			k, killed := newKiller(t, "move", from, databases[way[1]](t)), 0
			for range 3 {
				to := databases[way[1]](t)
				if k.run(t, "move", from, to) {
					killed++
				}
				moveAgain(t, before, from, to)
			}
			t.Logf("%d were killed at work", killed)
		})
	}
}

func moveAgain(t *testing.T, before map[string]any, from, to string) {
	t.Helper()
	source, target := open(t, store.Options{DSN: from, Secret: []byte("secret")}), open(t, store.Options{DSN: to, Secret: []byte("secret")})
	if _, err := store.Move(t.Context(), source, target, false, func(store.Moved) {}); err != nil && !errors.Is(err, store.ErrNotEmpty) {
		t.Error(err)
	}
	for name, s := range map[string]*store.Store{"source": source, "target": target} {
		if diff := cmp.Diff(before, snapshot(t, s)); diff != "" {
			t.Errorf("the %s:\n%s", name, diff)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
