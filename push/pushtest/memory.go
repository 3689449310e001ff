package pushtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"wefeed/feeds"
	"wefeed/push"
)

// Memory is a push.Store in maps. The zero value is empty and tells the time of [Start].
type Memory struct {
	// Now is the store's clock.
	Now func() time.Time
	// Hook, if set, is called before each method and after what it wrote is committed, with the method's name. A Hook
	// that panics is a process that dies there.
	Hook func(method string)

	mu         sync.Mutex
	articles   []*feeds.Article // by ingest number, which begins at 1
	keys       map[string]*feeds.Article
	learned    map[string]bool
	heldFor    map[string]string
	baselines  map[[2]string]int64
	editions   map[string]push.Edition
	deliveries map[string][]push.Delivery
	media      map[push.Media]push.Media
	events     map[eventKey]push.Event
	button     push.Switch
	due        map[string]wake
	spent      map[[3]string]int
	remarks    map[push.Remark]bool
	recipients map[string][]push.Recipient
}

var _ Store = (*Memory)(nil)

// A wake is when an edition is due. A soft one was set by the work itself, whose next word replaces it; what anyone else
// rang stays until it is claimed.
type wake struct {
	at   time.Time
	soft bool
}

// enter locks the store for a method; what it returns unlocks it.
func (m *Memory) enter(method string) func() {
	if m.Hook != nil {
		m.Hook(method)
	}
	m.mu.Lock()
	if m.keys == nil {
		m.keys, m.learned, m.heldFor = map[string]*feeds.Article{}, map[string]bool{}, map[string]string{}
		m.baselines, m.editions = map[[2]string]int64{}, map[string]push.Edition{}
		m.deliveries, m.media = map[string][]push.Delivery{}, map[push.Media]push.Media{}
		m.events, m.due = map[eventKey]push.Event{}, map[string]wake{}
		m.spent, m.remarks, m.recipients = map[[3]string]int{}, map[push.Remark]bool{}, map[string][]push.Recipient{}
	}
	return func() {
		m.mu.Unlock()
		if m.Hook != nil {
			m.Hook(method)
		}
	}
}

func (m *Memory) now() time.Time {
	if m.Now == nil {
		return Start
	}
	return m.Now()
}

// ring makes an edition due at the given time, or earlier if it was so already.
func (m *Memory) ring(edition string, at time.Time, soft bool) {
	if was, ok := m.due[edition]; ok {
		soft = soft && was.soft
		if was.at.Before(at) {
			at = was.at
		}
	}
	m.due[edition] = wake{at, soft}
}

func (m *Memory) wake(edition string, at time.Time) {
	if m.due[edition].soft {
		delete(m.due, edition)
	}
	if !at.IsZero() {
		m.ring(edition, at, true)
	}
}

// Wakes returns when the edition is due; zero: never.
func (m *Memory) Wakes(_ context.Context, edition string) (time.Time, error) {
	defer m.enter("Wakes")()
	return m.due[edition].at, nil
}

// Next returns when the first edition is due; zero: none is.
func (m *Memory) Next() (next time.Time) {
	defer m.enter("Next")()
	for _, w := range m.due {
		if next.IsZero() || w.at.Before(next) {
			next = w.at
		}
	}
	return next
}

// Claim takes the editions that are due, as the bell does.
func (m *Memory) Claim(context.Context) (ids []string, _ error) {
	defer m.enter("Claim")()
	for id, w := range m.due {
		if !w.at.After(m.now()) {
			ids = append(ids, id)
			delete(m.due, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Candidates implements push.Store.
func (m *Memory) Candidates(_ context.Context, ch push.Channel, now time.Time, limit int) ([]feeds.Article, error) {
	defer m.enter("Candidates")()
	taken := m.taken(ch.ID, ch.Account, ch.Kind)
	var found []feeds.Article
	for _, a := range m.articles {
		old := ch.MaxAge > 0 && a.FirstSeen.Before(now.Add(-ch.MaxAge))
		if a.Status != feeds.StatusLive || a.Backlog || old || taken[a.ID] || !m.joined(ch, *a) {
			continue
		}
		found = append(found, *a)
	}
	feeds.Newest(found)
	found = found[:min(limit, len(found))]
	for i, a := range found {
		found[i] = clone(a)
	}
	return found, nil
}

// joined reports whether the article came into one of the channel's sections after the channel did, and no section that
// it is in is held.
func (m *Memory) joined(ch push.Channel, a feeds.Article) (joined bool) {
	for _, s := range a.Sections {
		if m.heldFor[s] != "" {
			return false
		}
		after, ok := m.baselines[[2]string{ch.ID, s}]
		joined = joined || (ok && a.Seq > after && slices.Contains(ch.Sections, s))
	}
	return joined
}

// taken returns the articles that an edition of the channel may not have.
func (m *Memory) taken(channel, account string, kind push.Kind) map[string]bool {
	taken := map[string]bool{}
	for _, e := range m.editions {
		follower := kind.Reaches() && e.Kind.Reaches() && e.Account == account
		if e.State.Frees() || (e.Channel != channel && !follower) {
			continue
		}
		for _, it := range e.Items {
			taken[it.ArticleID] = true
		}
	}
	return taken
}

// MassSends implements push.Store.
func (m *Memory) MassSends(_ context.Context, account string, since, now time.Time) (times []time.Time, _ error) {
	defer m.enter("MassSends")()
	for _, e := range m.editions {
		if e.Account != account || e.Kind != push.KindMass {
			continue
		}
		if at := m.sentAt(e, now); !at.IsZero() && !at.Before(since) {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times, nil
}

// sentAt is when an edition used up quota, zero for never.
func (m *Memory) sentAt(e push.Edition, now time.Time) time.Time {
	var d push.Delivery
	if i := m.index(e.ID, push.StepMass); i >= 0 {
		d = m.deliveries[e.ID][i]
	}
	switch {
	case d.State == push.InFlight || d.State == push.Done || d.State == push.DeliveryUnknown:
		return d.CalledAt
	case e.State.Open():
		return now
	case d.Reason == push.ReasonQuotaUsed:
		return d.EndedAt
	}
	return time.Time{}
}

// Refusals implements push.Store.
func (m *Memory) Refusals(_ context.Context, channel string, since time.Time) (map[string]push.Refusal, error) {
	defer m.enter("Refusals")()
	refusals := map[string]push.Refusal{}
	for _, e := range m.editions {
		if e.Channel != channel || e.State != push.Failed || !e.Reason.AboutContent() || e.Changed.Before(since) {
			continue
		}
		for _, it := range e.Items {
			r := refusals[it.ArticleID]
			if e.Changed.After(r.At) {
				r.At = e.Changed
			}
			if len(e.Items) == 1 {
				r.Alone++
			}
			refusals[it.ArticleID] = r
		}
	}
	return refusals, nil
}

// CreateEdition implements push.Store.
func (m *Memory) CreateEdition(_ context.Context, e push.Edition, ds []push.Delivery) error {
	defer m.enter("CreateEdition")()
	for _, other := range m.editions {
		if other.ID == e.ID || (other.Channel == e.Channel && other.Slot.Equal(e.Slot)) {
			return push.ErrTaken
		}
	}
	taken := m.taken(e.Channel, e.Account, e.Kind)
	for _, it := range e.Items {
		if taken[it.ArticleID] {
			return push.ErrTaken
		}
		if m.byID(it.ArticleID) == nil {
			return fmt.Errorf("article %s: %w", it.ArticleID, push.ErrNotFound)
		}
	}
	e.Items, e.Pieces = slices.Clone(e.Items), slices.Clone(e.Pieces)
	m.editions[e.ID], m.deliveries[e.ID] = e, slices.Clone(ds)
	m.ring(e.ID, m.now(), false)
	return nil
}

// Edition implements push.Store.
func (m *Memory) Edition(_ context.Context, id string) (push.Edition, []push.Delivery, error) {
	defer m.enter("Edition")()
	e, ok := m.editions[id]
	if !ok {
		return push.Edition{}, nil, push.ErrNotFound
	}
	e.Items, e.Pieces = slices.Clone(e.Items), slices.Clone(e.Pieces)
	ds := slices.Clone(m.deliveries[id])
	order := []push.Step{push.StepDraft, push.StepPublish, push.StepMass, push.StepNotice}
	slices.SortFunc(ds, func(a, b push.Delivery) int { return slices.Index(order, a.Step) - slices.Index(order, b.Step) })
	return e, ds, nil
}

// Editions returns all editions in the order of their slots.
func (m *Memory) Editions() (all []push.Edition) {
	defer m.enter("Editions")()
	for _, e := range m.editions {
		all = append(all, e)
	}
	slices.SortFunc(all, bySlot)
	return all
}

func bySlot(a, b push.Edition) int {
	return cmp.Or(a.Slot.Compare(b.Slot), strings.Compare(a.ID, b.ID))
}

// OpenEditions implements push.Store.
func (m *Memory) OpenEditions(context.Context) (ids []string, _ error) {
	defer m.enter("OpenEditions")()
	var open []push.Edition
	for _, e := range m.editions {
		if e.State.Open() {
			open = append(open, e)
		}
	}
	slices.SortFunc(open, bySlot)
	for _, e := range open {
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// Begin implements push.Store.
func (m *Memory) Begin(_ context.Context, d push.DeliveryChange, from push.EditionState) error {
	defer m.enter("Begin")()
	e, i := m.editions[d.Edition], m.index(d.Edition, d.Step)
	switch {
	case m.button.Stopped:
		return push.ErrStopped
	case e.State != from || i < 0 || m.moved(d):
		return push.ErrConflict
	}
	was := m.deliveries[e.ID][i]
	inDoubt := was.State == push.InFlight && !was.DoubtAt.IsZero()
	if was.State != push.Intended && !inDoubt {
		return push.ErrConflict
	}
	d.State, e.Changed = push.InFlight, m.now()
	if e.State != push.Submitted {
		e.State = push.Sending
	}
	m.editions[e.ID], m.deliveries[e.ID][i] = e, d.Delivery
	at := d.Deadline
	if at.Before(m.now()) {
		at = m.now()
	}
	m.wake(e.ID, at)
	return nil
}

// index is the place of an edition's delivery, -1 for none.
func (m *Memory) index(edition string, step push.Step) int {
	return slices.IndexFunc(m.deliveries[edition], func(d push.Delivery) bool { return d.Step == step })
}

// Save implements push.Store. Like a database it writes nothing for a caller whose time is over.
func (m *Memory) Save(ctx context.Context, p push.Progress) error {
	defer m.enter("Save")()
	if err := ctx.Err(); err != nil {
		return err
	}
	was, ok := m.editions[p.Edition.ID]
	if !ok || was.State != p.From || slices.ContainsFunc(p.Deliveries, m.moved) {
		return push.ErrConflict
	}
	e := p.Edition
	e.Items, e.Pieces = slices.Clone(e.Items), slices.Clone(e.Pieces)
	m.editions[e.ID] = e
	for _, c := range p.Deliveries {
		if i := m.index(c.Edition, c.Step); i >= 0 {
			m.deliveries[c.Edition][i] = c.Delivery
		} else {
			m.deliveries[c.Edition] = append(m.deliveries[c.Edition], c.Delivery)
		}
	}
	m.wake(e.ID, p.Wake)
	return nil
}

// moved reports whether a delivery is no longer what it was read as.
func (m *Memory) moved(c push.DeliveryChange) bool {
	i := m.index(c.Edition, c.Step)
	if i < 0 || c.WasState == "" {
		return i >= 0 || c.WasState != ""
	}
	was := m.deliveries[c.Edition][i]
	return was.State != c.WasState || was.Attempt != c.WasAttempt
}

// Wake implements push.Store.
func (m *Memory) Wake(_ context.Context, edition string, at time.Time) error {
	defer m.enter("Wake")()
	m.ring(edition, at, false)
	return nil
}

// Doubt implements push.Store.
func (m *Memory) Doubt(_ context.Context, node string, dead bool, now time.Time) (count int, _ error) {
	defer m.enter("Doubt")()
	for id, ds := range m.deliveries {
		for i, d := range ds {
			over := dead || d.Deadline.Before(now)
			if d.State == push.InFlight && d.DoubtAt.IsZero() && d.Node != node && over {
				ds[i].DoubtAt = now
				m.ring(id, now, false)
				count++
			}
		}
	}
	return count, nil
}

// Media implements push.Store.
func (m *Memory) Media(_ context.Context, account string, use push.MediaUse, hash string) (push.Media, error) {
	defer m.enter("Media")()
	found, ok := m.media[push.Media{Account: account, Use: use, Hash: hash}]
	if !ok {
		return push.Media{}, push.ErrNotFound
	}
	return found, nil
}

// SaveMedia implements push.Store.
func (m *Memory) SaveMedia(_ context.Context, media push.Media) error {
	defer m.enter("SaveMedia")()
	m.media[push.Media{Account: media.Account, Use: media.Use, Hash: media.Hash}] = media
	return nil
}

// SaveEvent implements push.Store.
func (m *Memory) SaveEvent(_ context.Context, ev push.Event) error {
	defer m.enter("SaveEvent")()
	key := eventKey{ev.Account, ev.Kind, ev.ID}
	if _, known := m.events[key]; known {
		return nil
	}
	m.events[key] = ev
	for id, ds := range m.deliveries {
		for _, d := range ds {
			of := d.MsgID
			if ev.Kind == push.EventPublish {
				of = d.PublishID
			}
			if of == ev.ID && of != "" && m.editions[id].Account == ev.Account {
				m.ring(id, m.now(), false)
			}
		}
	}
	return nil
}

type eventKey struct {
	account string
	kind    push.EventKind
	id      string
}

// Event implements push.Store.
func (m *Memory) Event(_ context.Context, account string, kind push.EventKind, id string) (push.Event, error) {
	defer m.enter("Event")()
	ev, ok := m.events[eventKey{account, kind, id}]
	if !ok {
		return push.Event{}, push.ErrNotFound
	}
	return ev, nil
}

// Switch implements push.Store.
func (m *Memory) Switch(context.Context) (push.Switch, error) {
	defer m.enter("Switch")()
	return m.button, nil
}

// SetSwitch implements push.Store. Nobody audits it here.
func (m *Memory) SetSwitch(_ context.Context, s push.Switch) error {
	defer m.enter("SetSwitch")()
	m.button = s
	for id, e := range m.editions {
		if e.State == push.Held {
			m.ring(id, m.now(), false)
		}
	}
	return nil
}
