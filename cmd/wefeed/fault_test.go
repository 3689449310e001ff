package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"wefeed/internal/faultkit"
)

// A callKind is a call between gateway and WeChat: a row of the table that TestCalls tries at every point.
type callKind struct {
	name string
	path string
	kind string // of the channel that makes it
	end  string // of an edition that is over
	// event: the call comes from WeChat, to /wechat/{account}.
	event bool
	// unheard: no events come, so that the call is made.
	unheard bool
	// first are set before the trap, so that the call is made.
	first func() []*faultkit.Trap
	// late: the call is made a minute after the effect. Both rounds wait for it together, and an edition whose question was
	// cut is left as it is: submitted, and asked about ever more rarely.
	late bool
}

// calls are all calls that are made today.
var calls = []callKind{
	{name: "stable_token", path: "/cgi-bin/stable_token", kind: "draft", end: "handed_over"},
	{name: "uploadimg", path: "/cgi-bin/media/uploadimg", kind: "draft", end: "handed_over"},
	{name: "add_material", path: "/cgi-bin/material/add_material", kind: "draft", end: "handed_over"},
	{name: "draft-add", path: "/cgi-bin/draft/add", kind: "draft", end: "handed_over"},
	{name: "draft-batchget", path: "/cgi-bin/draft/batchget", kind: "draft", end: "handed_over", first: func() []*faultkit.Trap {
		return []*faultkit.Trap{{Path: "/cgi-bin/draft/add", At: faultkit.After}}
	}},
	{name: "mass-sendall", path: "/cgi-bin/message/mass/sendall", kind: "mass", end: "sent"},
	{name: "mass-get", path: "/cgi-bin/message/mass/get", kind: "mass", end: "sent", unheard: true, late: true},
	{name: "publish-submit", path: "/cgi-bin/freepublish/submit", kind: "publish", end: "sent"},
	{name: "publish-batchget", path: "/cgi-bin/freepublish/batchget", kind: "publish", end: "sent", first: func() []*faultkit.Trap {
		return []*faultkit.Trap{{Path: "/cgi-bin/freepublish/submit", At: faultkit.After}}
	}},
	{name: "event", kind: "mass", end: "sent", event: true},
}

// stores make an empty store of each kind, for a site in dir.
var stores = map[string]func(testing.TB) string{
	"sqlite":   func(testing.TB) string { return "sqlite:wefeed.db" },
	"postgres": func(t testing.TB) string { return postgres.Database(t) },
}

// TestCalls cuts each call at each of its points, and kills the gateway at each, on each kind of database. Every article
// must end in exactly one effect and in its feed. The sites live side by side: they mostly wait, on PostgreSQL for a minute
// until the dead node is missed.
func TestCalls(t *testing.T) {
	t.Parallel()
	sites := map[string]func(*testing.T){}
	for database, fresh := range stores {
		for _, c := range calls {
			sites[database+"/"+c.name] = func(t *testing.T) { try(t, fresh(t), c) }
		}
	}
	sideBySide(t, sites)
}

// sideBySide runs tests that mostly wait, those on PostgreSQL the longest and so first. t.Parallel would let only as many run
// as there are processors.
func sideBySide(t *testing.T, tests map[string]func(*testing.T)) {
	var running sync.WaitGroup
	slots := make(chan struct{}, 12)
	for _, name := range slices.Sorted(maps.Keys(tests)) { // postgres before sqlite
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(name, tests[name])
		})
	}
	running.Wait()
}

func try(t *testing.T, dsn string, c callKind) {
	tr := newTrial(t, dsn, c)
	if err := tr.live(); err != nil {
		t.Fatalf("%v\nThe log ends with:\n%s", err, tr.site.lastWords())
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	t.Logf("from kill -9 to the first request: %v", tr.resumed)
}

// A trial is the life of one site with one kind of call: a round of cuts, then a round that ends with kill -9.
type trial struct {
	call   callKind
	site   *site
	cut    []*lane // one for each point, in the points' order
	killed []*lane

	mu      sync.Mutex
	resumed map[string]time.Duration // from the kill to the first request, by lane
}

// The articles of the two rounds.
const (
	titleCut    = "桥头的修车摊"
	titleKilled = "楼道里的书架"
)

func newTrial(t *testing.T, dsn string, c callKind) *trial {
	tr := &trial{call: c, resumed: map[string]time.Duration{}}
	for _, at := range faultkit.Points {
		tr.cut = append(tr.cut, &lane{id: "cut-" + at.String(), kind: c.kind, section: sectionA, mute: c.unheard})
		tr.killed = append(tr.killed, &lane{id: "killed-" + at.String(), kind: c.kind, section: sectionB, mute: c.unheard})
	}
	tr.site = newSite(t, memoryDir(t), dsn, append(append([]*lane{}, tr.cut...), tr.killed...)...)
	return tr
}

func (tr *trial) live() error {
	if err := tr.site.begin(); err != nil {
		return err
	}
	cuts, err := tr.roundOfCuts()
	if err != nil {
		return err
	}
	if !tr.call.late {
		if err := tr.rest(tr.cut, titleCut, tr.call.end); err != nil {
			return err
		}
	}
	if err := tr.roundOfKills(); err != nil {
		return err
	}
	if err := tr.rest(tr.killed, titleKilled, tr.call.end); err != nil {
		return err
	}
	for _, trap := range cuts { // a fault that was not hit proves nothing
		if err := tr.await(trap.Done()); err != nil {
			return err
		}
	}
	ends := []string{tr.call.end}
	if tr.call.late {
		ends = append(ends, "submitted")
	}
	return tr.rest(tr.cut, titleCut, ends...)
}

// trap arms a lane's traps, behind those that make the call happen.
func (tr *trial) trap(l *lane, traps ...*faultkit.Trap) {
	gate, path := l.out, tr.call.path
	if tr.call.event {
		gate, path = l.back, "/wechat/"+l.id
	}
	for _, trap := range traps {
		trap.Path = path
	}
	if tr.call.first != nil {
		l.out.Arm(tr.call.first()...)
	}
	gate.Arm(traps...)
}

func (tr *trial) roundOfCuts() (cuts []*faultkit.Trap, err error) {
	for i, l := range tr.cut {
		cuts = append(cuts, &faultkit.Trap{At: faultkit.Points[i]})
		tr.trap(l, cuts[i])
	}
	return cuts, tr.site.publish(sectionA, titleCut)
}

// roundOfKills lets the calls of all lanes stand still at their points, kills the gateway and starts it again. The call
// whose answer is relayed whole comes last, and the kill at once behind it.
func (tr *trial) roundOfKills() error {
	standing, dead := make(chan struct{}), make(chan struct{})
	var traps []*faultkit.Trap
	for i, l := range tr.killed {
		at := faultkit.Points[i]
		traps = append(traps, &faultkit.Trap{At: at, Act: faultkit.Hold(dead, faultkit.Drop)})
		if at == faultkit.Reply {
			tr.trap(l, &faultkit.Trap{At: faultkit.After, Act: faultkit.Hold(standing, faultkit.Pass)}, traps[i])
			continue
		}
		tr.trap(l, traps[i])
	}
	if err := tr.site.publish(sectionB, titleKilled); err != nil {
		return err
	}
	for i, trap := range traps {
		if faultkit.Points[i] == faultkit.Reply {
			close(standing)
		}
		if err := tr.await(trap.Hit()); err != nil {
			return err
		}
	}
	tr.site.kill()
	killed := time.Now()
	close(dead)
	for _, trap := range traps {
		if err := tr.await(trap.Done()); err != nil {
			return err
		}
	}
	for _, l := range tr.killed {
		l.out.Arm(&faultkit.Trap{Act: tr.note(l, killed)})
	}
	return tr.site.start()
}

// note notes when a lane makes its first request again.
func (tr *trial) note(l *lane, killed time.Time) faultkit.Act {
	return func(context.Context) faultkit.Then {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.resumed[l.id] = time.Since(killed).Round(100 * time.Millisecond)
		return faultkit.Pass
	}
}

func (tr *trial) await(c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-time.After(endless):
		return errors.New("the call was never made")
	}
}

// rest waits until each lane's article has had its effect once and its edition is over.
func (tr *trial) rest(lanes []*lane, title string, ends ...string) error {
	var errs []error
	for _, l := range lanes {
		errs = append(errs, tr.site.until("the end of "+l.id, func() error { return tr.site.once(l, title, ends...) }))
	}
	return errors.Join(errs...)
}
