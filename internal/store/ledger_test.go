package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
	"wefeed/internal/store"
	"wefeed/push"
)

var drafts = push.Channel{ID: "drafts", Account: "acc", Kind: push.KindDraft, Sections: []string{"a", "b"}, MaxAge: 72 * time.Hour}
var daily = push.Channel{ID: "daily", Account: "acc", Kind: push.KindMass, Sections: []string{"a"}, MaxAge: 72 * time.Hour}
var weekly = push.Channel{ID: "weekly", Account: "acc", Kind: push.KindMass, Sections: []string{"a"}, MaxAge: 72 * time.Hour}

// ledger is a store whose sources a and b are learned and whose channels have joined.
func ledger(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s := open(t, store.Options{DSN: dsn})
	collect(t, s, "a", day.Add(-time.Hour))
	collect(t, s, "b", day.Add(-time.Hour))
	if err := s.SyncChannels(t.Context(), []push.Channel{drafts, daily, weekly}); err != nil {
		t.Fatal(err)
	}
	return s
}

func collect(t *testing.T, s *store.Store, source string, at time.Time, items ...feeds.Incoming) feeds.Saved {
	t.Helper()
	saved, err := s.SaveCollected(t.Context(), feedstest.Collected(source, at, items...))
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func wantCandidates(t *testing.T, s *store.Store, ch push.Channel, now time.Time, want ...string) {
	t.Helper()
	found, err := s.Candidates(t.Context(), ch, now, 8)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range found {
		got = append(got, a.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s may send %v, want %v", ch.ID, got, want)
	}
}

func edition(s *store.Store, t *testing.T, ch push.Channel, slot time.Time, keys ...string) push.Edition {
	t.Helper()
	e := push.Edition{
		ID: ch.ID + slot.Format("150405"), Channel: ch.ID, Account: ch.Account, Kind: ch.Kind, State: push.Planned, Slot: slot,
		Expires: slot.Add(2 * time.Hour), Mark: "m", Created: slot, Changed: slot,
	}
	for _, k := range keys {
		e.Items = append(e.Items, push.EditionItem{ArticleID: feeds.ArticleID("example.cn,2026", k), Title: k})
	}
	if err := s.CreateEdition(t.Context(), e, []push.Delivery{
		{Edition: e.ID, Step: push.StepDraft, State: push.Intended, Attempt: 1, Key: "m"},
	}); err != nil {
		t.Fatal(err)
	}
	return e
}

func move(t *testing.T, s *store.Store, e push.Edition, to push.EditionState, wake time.Time) {
	t.Helper()
	from := e.State
	e.State = to
	if err := s.Save(t.Context(), push.Progress{Edition: e, From: from, Wake: wake}); err != nil {
		t.Fatal(err)
	}
}

func TestCandidates(t *testing.T) { onBoth(t, testCandidates) }

func testCandidates(t *testing.T, dsn func() string) {
	s := ledger(t, dsn())
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"), feedstest.Incoming("x/2", "二"))
	collect(t, s, "b", day.Add(time.Minute), feedstest.Incoming("y/1", "三"))
	now := day.Add(time.Hour)
	wantCandidates(t, s, drafts, now, "y/1", "x/1", "x/2")
	wantCandidates(t, s, daily, now, "x/1", "x/2")
	wantCandidates(t, s, daily, day.Add(73*time.Hour))

	e := edition(s, t, daily, now, "x/1")
	wantCandidates(t, s, daily, now, "x/2")
	wantCandidates(t, s, weekly, now, "x/2")               // a follower gets it once
	wantCandidates(t, s, drafts, now, "y/1", "x/1", "x/2") // a draft reaches nobody
	move(t, s, e, push.Expired, time.Time{})
	wantCandidates(t, s, daily, now, "x/1", "x/2")

	if err := s.HoldSection(t.Context(), "a", "admin", "改版"); err != nil {
		t.Fatal(err)
	}
	wantCandidates(t, s, drafts, now, "y/1")
	if err := s.ReleaseSection(t.Context(), "a", "admin", "看过了"); err != nil {
		t.Fatal(err)
	}
	collect(t, s, "a", now, feeds.Incoming{Keys: []string{"x/1", "y/1"}, Seen: true})
	wantCandidates(t, s, drafts, now, "x/1", "x/2")
}

// A channel that joins later sends only what comes after it; a source that is added later brings backlog, which does
// not swallow what other sources' articles still wait for.
func TestBaselines(t *testing.T) { onBoth(t, testBaselines) }

func testBaselines(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	collect(t, s, "a", day, feedstest.Incoming("x/old", "旧"))
	collect(t, s, "a", day, feedstest.Incoming("x/before", "先"))
	if err := s.SyncChannels(t.Context(), []push.Channel{drafts}); err != nil {
		t.Fatal(err)
	}
	collect(t, s, "a", day, feedstest.Incoming("x/new", "新"))
	collect(t, s, "b", day, feedstest.Incoming("y/backlog", "积"))
	if err := s.SyncChannels(t.Context(), []push.Channel{drafts}); err != nil { // a reload
		t.Fatal(err)
	}
	wantCandidates(t, s, drafts, day, "x/new")
}

func TestCreateEditionOnce(t *testing.T) { onBoth(t, testCreateEditionOnce) }

func testCreateEditionOnce(t *testing.T, dsn func() string) {
	s := ledger(t, dsn())
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"), feedstest.Incoming("x/2", "二"))
	e := edition(s, t, daily, day, "x/1")
	again := e
	again.ID, again.Items = "other", []push.EditionItem{{ArticleID: feeds.ArticleID("example.cn,2026", "x/2")}}
	if err := s.CreateEdition(t.Context(), again, nil); !errors.Is(err, push.ErrTaken) {
		t.Errorf("a second edition of the slot: %v", err)
	}
	again.Slot, again.Channel, again.Items = day.Add(time.Hour), "weekly", e.Items
	if err := s.CreateEdition(t.Context(), again, nil); !errors.Is(err, push.ErrTaken) {
		t.Errorf("an article of another mass edition: %v", err)
	}
	if _, _, err := s.Edition(t.Context(), "other"); !errors.Is(err, push.ErrNotFound) {
		t.Errorf("half an edition was stored: %v", err)
	}
	got, ds, err := s.Edition(t.Context(), e.ID)
	if err != nil || len(ds) != 1 {
		t.Fatal(ds, err)
	}
	if diff := cmp.Diff(e, got); diff != "" {
		t.Errorf("-stored +read\n%s", diff)
	}
}

func TestBeginComparesAndReadsTheButton(t *testing.T) { onBoth(t, testBeginComparesAndReadsTheButton) }

func testBeginComparesAndReadsTheButton(t *testing.T, dsn func() string) {
	s := ledger(t, dsn())
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"))
	e := edition(s, t, daily, day, "x/1")
	d := push.Delivery{Edition: e.ID, Step: push.StepDraft, Attempt: 1, Key: "m", Node: "n1", CalledAt: day, Deadline: day.Add(time.Minute)}
	begin := func(want error, d push.Delivery, was push.DeliveryState, from push.EditionState) {
		t.Helper()
		change := push.DeliveryChange{Delivery: d, WasState: was, WasAttempt: d.Attempt}
		if err := s.Begin(t.Context(), change, from); !errors.Is(err, want) {
			t.Errorf("Begin: %v, want %v", err, want)
		}
	}
	s.SetConfiguredStop(true)
	begin(push.ErrStopped, d, push.Intended, push.Planned)
	s.SetConfiguredStop(false)
	if err := s.SetSwitch(t.Context(), push.Switch{Stopped: true, At: day, By: "admin", Why: "停"}); err != nil {
		t.Fatal(err)
	}
	begin(push.ErrStopped, d, push.Intended, push.Planned)
	if err := s.SetSwitch(t.Context(), push.Switch{At: day, By: "admin"}); err != nil {
		t.Fatal(err)
	}
	begin(push.ErrConflict, d, push.Intended, push.Approved)
	second := d
	second.Attempt = 2
	begin(push.ErrConflict, second, push.Intended, push.Planned)
	begin(nil, d, push.Intended, push.Planned)
	begin(push.ErrConflict, d, push.InFlight, push.Sending) // in flight, not in doubt
	if n, err := s.Doubt(t.Context(), "n1", true, day); n != 0 || err != nil {
		t.Errorf("doubted its own call: %d, %v", n, err)
	}
	if n, err := s.Doubt(t.Context(), "n2", false, day); n != 0 || err != nil {
		t.Errorf("doubted before the deadline: %d, %v", n, err)
	}
	if n, err := s.Doubt(t.Context(), "n2", true, day); n != 1 || err != nil {
		t.Errorf("a dead node's call: %d, %v", n, err)
	}
	begin(push.ErrConflict, d, push.Intended, push.Sending) // read before that call
	begin(nil, d, push.InFlight, push.Sending)
}

func TestSaveComparesAndWakes(t *testing.T) { onBoth(t, testSaveComparesAndWakes) }

func testSaveComparesAndWakes(t *testing.T, dsn func() string) {
	s := ledger(t, dsn())
	collect(t, s, "a", day, feedstest.Incoming("x/1", "一"), feedstest.Incoming("x/2", "二"))
	e := edition(s, t, daily, day, "x/1", "x/2")
	d := push.Delivery{Edition: e.ID, Step: push.StepMass, State: push.Intended, Attempt: 1, Key: "k"}
	next := e
	next.State, next.Items = push.Approved, e.Items[1:]
	save := func(want error, p push.Progress) {
		t.Helper()
		if err := s.Save(t.Context(), p); !errors.Is(err, want) {
			t.Errorf("Save: %v, want %v", err, want)
		}
	}
	save(push.ErrConflict, push.Progress{Edition: next, From: push.Sending})
	save(push.ErrConflict, push.Progress{Edition: next, From: push.Planned,
		Deliveries: []push.DeliveryChange{{Delivery: d, WasState: push.InFlight, WasAttempt: 1}}})
	save(nil, push.Progress{Edition: next, From: push.Planned, Wake: day.Add(time.Hour), Deliveries: []push.DeliveryChange{{Delivery: d}}})
	got, ds, err := s.Edition(t.Context(), e.ID)
	if err != nil || got.State != push.Approved || len(got.Items) != 1 || len(ds) != 2 || ds[1].Step != push.StepMass {
		t.Errorf("saved as %+v, %+v, %v", got, ds, err)
	}
	wantDue(t, s, e.ID, day) // when it was created: nobody has looked at it since
	claim(t, s, day)
	save(nil, push.Progress{Edition: next, From: push.Approved, Wake: day.Add(time.Hour)})
	wantDue(t, s, e.ID, day.Add(time.Hour))
	save(nil, push.Progress{Edition: next, From: push.Approved, Wake: day.Add(2 * time.Hour)})
	wantDue(t, s, e.ID, day.Add(2*time.Hour))
	if err := s.Ring(t.Context(), store.KindDeliver, e.ID, "", day.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	save(nil, push.Progress{Edition: next, From: push.Approved, Wake: day.Add(3 * time.Hour)})
	wantDue(t, s, e.ID, day.Add(time.Minute)) // what someone else rang stays
}

func claim(t *testing.T, s *store.Store, now time.Time) {
	t.Helper()
	if _, _, err := s.ClaimDue(t.Context(), now, 100, nil); err != nil {
		t.Fatal(err)
	}
}

func wantDue(t *testing.T, s *store.Store, id string, want time.Time) {
	t.Helper()
	rows, err := s.DueRows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range rows {
		if d.ID == id && d.Kind == store.KindDeliver {
			if !d.NextAt.Equal(want) {
				t.Errorf("%s is due at %v, want %v", id, d.NextAt, want)
			}
			return
		}
	}
	if !want.IsZero() {
		t.Errorf("%s is not due", id)
	}
}

func TestEventsWakeTheirEdition(t *testing.T) { onBoth(t, testEventsWakeTheirEdition) }

func testEventsWakeTheirEdition(t *testing.T, dsn func() string) {
	s := ledger(t, dsn())
	e := edition(s, t, daily, day)
	mass := push.Delivery{Edition: e.ID, Step: push.StepMass, State: push.Done, Attempt: 1, MsgID: "1001"}
	claim(t, s, day)
	if err := s.Save(t.Context(), push.Progress{Edition: e, From: e.State, Deliveries: []push.DeliveryChange{{Delivery: mass}}}); err != nil {
		t.Fatal(err)
	}
	wantDue(t, s, e.ID, time.Time{})
	ev := push.Event{Account: "acc", Kind: push.EventMass, ID: "1001", Status: "send success", Total: 3, SentTo: 3, URLs: []string{"u"}, At: day}
	for range 2 {
		if err := s.SaveEvent(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	wantDue(t, s, e.ID, day)
	got, err := s.Event(t.Context(), "acc", push.EventMass, "1001")
	if diff := cmp.Diff(ev, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := s.Event(t.Context(), "acc", push.EventMass, "1002"); !errors.Is(err, push.ErrNotFound) {
		t.Error(err)
	}
}

func TestSwitchAndMedia(t *testing.T) { onBoth(t, testSwitchAndMedia) }

func testSwitchAndMedia(t *testing.T, dsn func() string) {
	s := ledger(t, dsn())
	e := edition(s, t, daily, day)
	move(t, s, e, push.Held, time.Time{})
	claim(t, s, day)
	sw := push.Switch{Stopped: true, At: day, By: "admin", Why: "停"}
	if err := s.SetSwitch(t.Context(), sw); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Switch(t.Context()); got != sw || err != nil {
		t.Errorf("switch %+v, %v", got, err)
	}
	wantDue(t, s, e.ID, day)
	trail, err := s.AuditTrail(t.Context(), 10)
	want := store.AuditEntry{At: day, Who: "admin", Act: "push.stop", OK: true, Detail: "停"}
	if err != nil || len(trail) != 1 || trail[0] != want {
		t.Errorf("audit %+v, %v", trail, err)
	}
	m := push.Media{Account: "acc", Use: push.UseBody, Hash: "h", URL: "http://mmbiz.example/1"}
	if _, err := s.Media(t.Context(), "acc", push.UseBody, "h"); !errors.Is(err, push.ErrNotFound) {
		t.Error(err)
	}
	if err := s.SaveMedia(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Media(t.Context(), "acc", push.UseBody, "h"); got != m || err != nil {
		t.Errorf("media %+v, %v", got, err)
	}
}
