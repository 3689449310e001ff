package pushtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wefeed/feeds"
	"wefeed/push"
)

// A Store is a push.Store with what the suite needs to fill it and to see its due rows.
type Store interface {
	push.Store
	SaveCollected(ctx context.Context, c feeds.Collected) (feeds.Saved, error)
	SyncChannels(ctx context.Context, channels []push.Channel) error
	HoldSection(ctx context.Context, section, by, why string) error
	ReleaseSection(ctx context.Context, section, by, why string) error
	// Wakes returns when an edition is due; zero: never.
	Wakes(ctx context.Context, edition string) (time.Time, error)
	// Claim takes the editions that are due, as the bell does.
	Claim(ctx context.Context) ([]string, error)
}

// RunStore holds a push.Store against what its users rely on. newStore returns an empty one whose clock stands at
// [Start].
func RunStore(t *testing.T, newStore func(*testing.T) Store) {
	for name, test := range map[string]func(*suite){
		"candidates are new, young and of the sections": (*suite).candidates,
		"a channel sends only what came after it":       (*suite).baselines,
		"the backlog of a source is never sent":         (*suite).backlog,
		"what is not live is no candidate":              (*suite).notLive,
		"a held section holds its articles":             (*suite).heldSection,
		"once per channel":                              (*suite).oncePerChannel,
		"once per follower":                             (*suite).oncePerFollower,
		"refusals are of the newest edition":            (*suite).refusals,
		"an edition comes back as it was stored":        (*suite).roundTrip,
		"a slot has one edition":                        (*suite).oneEdition,
		"an edition is created whole or not at all":     (*suite).createWhole,
		"sends count when they leave":                   (*suite).massSends,
		"open editions are found":                       (*suite).openEditions,
		"recipients are told once":                      (*suite).recipients,
		"notices of a dead node are unknown":            (*suite).deadNotices,
		"notices heed the red button":                   (*suite).stoppedNotices,
		"limited calls are counted":                     (*suite).spending,
		"remarks are told once":                         (*suite).remarks,
		"a publication comes back":                      (*suite).publication,
		"begin compares":                                (*suite).begin,
		"begin reads the red button":                    (*suite).beginStopped,
		"a call in doubt may begin again":               (*suite).beginAgain,
		"save compares":                                 (*suite).save,
		"save writes all or nothing":                    (*suite).saveWhole,
		"save writes the articles that are left":        (*suite).saveItems,
		"save writes nothing when the time is over":     (*suite).saveTooLate,
		"a wake replaces the last, not what others say": (*suite).wakes,
		"a wake changes nothing else":                   (*suite).wakeOnly,
		"a dead node's calls are in doubt":              (*suite).doubt,
		"uploads are remembered":                        (*suite).uploads,
		"an event wakes its edition once":               (*suite).event,
		"the red button wakes what it held":             (*suite).button,
	} {
		t.Run(name, func(t *testing.T) { test(&suite{T: t, Store: newStore(t)}) })
	}
}

type suite struct {
	*testing.T
	Store
}

// The suite's channels: a draft channel and two that reach followers, one account.
func drafts() push.Channel { return channel("drafts", push.KindDraft) }
func daily() push.Channel  { return channel("daily", push.KindMass) }
func weekly() push.Channel { return channel("weekly", push.KindMass) }

func channel(id string, kind push.Kind) push.Channel {
	return push.Channel{ID: id, Account: "acc", Kind: kind, Sections: []string{"a", "b"}, MaxAge: 72 * time.Hour}
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) refused(what string, err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: %v, want %v", what, err, want)
	}
}

func (s *suite) want(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// learned is a store whose sources a and b are known and whose channels have joined.
func (s *suite) learned() {
	s.Helper()
	s.collect("a", Start.Add(-time.Hour))
	s.collect("b", Start.Add(-time.Hour))
	s.ok(s.SyncChannels(s.Context(), []push.Channel{drafts(), daily(), weekly()}))
}

func (s *suite) collect(section string, at time.Time, keys ...string) {
	s.Helper()
	var items []feeds.Incoming
	for _, k := range keys {
		items = append(items, Incoming(k, k))
	}
	_, err := s.SaveCollected(s.Context(), Collected(section, at, items...))
	s.ok(err)
}

func (s *suite) wantCandidates(ch push.Channel, now time.Time, want ...string) {
	s.Helper()
	found, err := s.Candidates(s.Context(), ch, now, 3)
	s.ok(err)
	var got []string
	for _, a := range found {
		got = append(got, a.Key)
	}
	s.want("candidates of "+ch.ID, got, want)
}

// edition returns an edition of the articles as the planner would make it; id is also its mark.
func edition(id string, ch push.Channel, slot time.Time, keys ...string) (push.Edition, []push.Delivery) {
	e := push.Edition{
		ID: id, Channel: ch.ID, Account: ch.Account, Kind: ch.Kind, State: push.Planned, Slot: slot, Expires: slot.Add(2 * time.Hour),
		Mark: id, Created: Start, Changed: Start,
	}
	for _, k := range keys {
		e.Items = append(e.Items, push.EditionItem{ArticleID: ArticleID(k), Title: k})
	}
	return e, []push.Delivery{{Edition: id, Step: push.StepDraft, State: push.Intended, Attempt: 1, Key: id}}
}

// create stores an edition whose slot is as many hours after Start as there are letters in its id.
func (s *suite) create(id string, ch push.Channel, keys ...string) push.Edition {
	s.Helper()
	e, ds := edition(id, ch, Start.Add(time.Duration(len(id))*time.Hour), keys...)
	s.ok(s.CreateEdition(s.Context(), e, ds))
	return e
}

func (s *suite) move(e push.Edition, to push.EditionState, changes ...push.DeliveryChange) push.Edition {
	s.Helper()
	from := e.State
	e.State = to
	s.ok(s.Save(s.Context(), push.Progress{Edition: e, From: from, Deliveries: changes}))
	return e
}

func (s *suite) read(id string) (push.Edition, []push.Delivery) {
	s.Helper()
	e, ds, err := s.Edition(s.Context(), id)
	s.ok(err)
	return e, ds
}

// first is a delivery that was read as intended, again one that was read as in flight.
func first(d push.Delivery) push.DeliveryChange {
	return push.DeliveryChange{Delivery: d, WasState: push.Intended, WasAttempt: d.Attempt}
}

func again(d push.Delivery) push.DeliveryChange {
	return push.DeliveryChange{Delivery: d, WasState: push.InFlight, WasAttempt: d.Attempt}
}

// call is the delivery of an edition's draft as its node begins it.
func call(e push.Edition, node string) push.Delivery {
	return push.Delivery{
		Edition: e.ID, Step: push.StepDraft, State: push.InFlight, Attempt: 1, Key: e.Mark, RequestHash: "hash", Node: node,
		FirstCalledAt: Start, CalledAt: Start, Deadline: Start.Add(time.Minute),
	}
}

func (s *suite) wantClaim(want ...string) {
	s.Helper()
	got, err := s.Claim(s.Context())
	s.ok(err)
	s.want("due editions", got, want)
}

func (s *suite) wantWake(e push.Edition, want time.Time) {
	s.Helper()
	got, err := s.Wakes(s.Context(), e.ID)
	s.ok(err)
	s.want(e.ID+" is due", got, want)
}
