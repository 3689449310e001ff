package push_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wefeed/internal/faultkit"
	"wefeed/push"
	"wefeed/push/pushtest"
)

// TestOnceWhateverHappens draws lives of one account with a draft channel and two mass channels: articles come, are
// corrected and go, slots pass, calls fail in every way, editors empty the draft box, the red button is pressed, a second
// node meddles, and the process is killed anywhere. When all that is over and time has passed, rule 1 must hold.
func TestOnceWhateverHappens(t *testing.T) {
	for i := range 10 { // a hundred lives each
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			faultkit.RapidSeed(t)
			rapid.Check(t, liveAndJudge)
		})
	}
}

func liveAndJudge(t *rapid.T) {
	l := &life{world: newWorld(t, draftsChannel("drafts"), massChannel("daily"), massChannel("weekly"))}
	l.died, l.gone = map[string]bool{}, map[string]time.Time{}
	t.Repeat(map[string]func(*rapid.T){
		"collect": l.drawCollect,
		"change":  l.drawChange,
		"slot":    l.drawSlot,
		"run":     l.drawRun,
		"sleep":   l.drawSleep,
		"fault":   l.drawFault,
		"kill":    l.drawKill,
		"rival":   l.drawRival,
		"button":  l.drawButton,
		"editor":  func(*rapid.T) { l.account.Clear(10*time.Minute + time.Second) },
		"events":  func(*rapid.T) { l.events() },
	})
	l.account.Heal()
	l.press(false)
	l.start()
	l.pass(72 * time.Hour)
	l.judge()
}

// A life is a world in which much goes wrong.
type life struct {
	*world
	articles int
	died     map[string]bool      // editions that had a call in flight when a process died
	gone     map[string]time.Time // when the portal took an article back
}

func (l *life) drawCollect(t *rapid.T) {
	var keys []string
	for range rapid.IntRange(1, 10).Draw(t, "articles") {
		l.articles++
		keys = append(keys, fmt.Sprint("x/", l.articles))
	}
	l.collect(keys...)
}

func (l *life) drawChange(t *rapid.T) {
	if l.articles == 0 {
		return
	}
	key := fmt.Sprint("x/", rapid.IntRange(max(1, l.articles-10), l.articles).Draw(t, "article"))
	id := pushtest.ArticleID(key)
	if rapid.Bool().Draw(t, "gone") {
		l.takeBack(key)
		if l.gone[id].IsZero() {
			l.gone[id] = l.clock.Now()
		}
		return
	}
	l.judgeGone()
	l.correct(key, key+" 更正") // is there again, if it was gone
	delete(l.gone, id)
}

func (l *life) drawSlot(t *rapid.T) {
	l.plan(rapid.SampledFrom([]string{"drafts", "daily", "weekly"}).Draw(t, "channel"))
	l.drawRun(t)
}

func drawTime(t *rapid.T) time.Duration {
	longest := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 15 * time.Minute, 3 * time.Hour, 30 * time.Hour}).Draw(t, "scale")
	return time.Duration(rapid.Int64Range(0, int64(longest/time.Second)).Draw(t, "seconds")) * time.Second
}

func (l *life) drawRun(t *rapid.T) { l.pass(drawTime(t)) }

// drawSleep lets time go by while nothing runs.
func (l *life) drawSleep(t *rapid.T) { l.clock.Advance(drawTime(t)) }

func (l *life) drawFault(t *rapid.T) {
	call := rapid.SampledFrom([]pushtest.Call{
		pushtest.CallAdd, pushtest.CallAdd, pushtest.CallSend, pushtest.CallSend, pushtest.CallSet, pushtest.CallFind, pushtest.CallAsk,
	}).Draw(t, "call")
	for range rapid.IntRange(1, 3).Draw(t, "times") {
		l.account.Script(call, rapid.SampledFrom([]pushtest.Fault{
			pushtest.Lost(), pushtest.Silent(), pushtest.Late(settle - time.Second), pushtest.Timeout(45 * time.Second),
			pushtest.Refused(push.ReasonQuotaUsed, 45028), pushtest.Again(push.ReasonNetwork), pushtest.Again(push.ReasonQuotaUsed),
		}).Draw(t, "fault"))
	}
}

// drawKill kills the process somewhere in its work, and perhaps its successor while that starts.
func (l *life) drawKill(t *rapid.T) {
	d := drawTime(t)
	dead := l.dies(rapid.IntRange(1, 120).Draw(t, "at"), func() { l.pass(d) })
	for dead {
		l.markInFlight()
		l.clock.Advance(drawTime(t))
		dead = l.dies(rapid.IntRange(1, 60).Draw(t, "at start"), l.start)
	}
}

// drawRival lets another node carry all editions on, at some moment of this one's work and perhaps long after it began.
func (l *life) drawRival(t *rapid.T) {
	at, pause := rapid.IntRange(1, 80).Draw(t, "at"), time.Duration(rapid.IntRange(0, 120).Draw(t, "pause"))*time.Second
	rival := *l.dispatcher
	rival.Node += "-rival"
	enter := func() {
		if at--; at != 0 {
			return
		}
		l.clock.Advance(pause)
		l.ok(rival.Sweep(l.ctx))
		for _, e := range l.store.Editions() {
			l.ok(rival.Advance(l.ctx, e.ID))
		}
		l.markInFlight() // a call whose time is over is in doubt, whatever it answers
	}
	l.store.Hook, l.account.Hook = func(string) { enter() }, func(pushtest.Call) { enter() }
	l.drawRun(t)
	l.store.Hook, l.account.Hook = nil, nil
}

func (l *life) markInFlight() {
	for _, e := range l.store.Editions() {
		_, ds := l.read(e)
		for _, d := range ds {
			l.died[e.ID] = l.died[e.ID] || d.State == push.InFlight
		}
	}
}

func (l *life) drawButton(t *rapid.T) { l.press(rapid.Bool().Draw(t, "stopped")) }

// events tells of all sends so far.
func (l *life) events() {
	for _, f := range l.account.Effects(push.StepMass) {
		ev := push.Event{Account: "acc", Kind: push.EventMass, ID: f.ID, Status: "send success", Total: 1, SentTo: 1, At: l.clock.Now()}
		l.ok(l.store.SaveEvent(l.ctx, ev))
	}
}

// judgeGone looks for what went out after the portal had taken it back.
func (l *life) judgeGone() {
	byMark := l.byMark()
	for _, f := range append(l.account.Effects(push.StepDraft), l.account.Effects(push.StepMass)...) {
		if l.account.Doubted(f.Mark) || l.died[byMark[f.Mark].ID] {
			continue // it may have left before
		}
		for _, id := range f.Articles {
			if gone := l.gone[id]; !gone.IsZero() && f.At.After(gone) {
				l.Fatalf("%s went out with article %s, which the portal had taken back", f.ID, id)
			}
		}
	}
}

func (l *life) byMark() map[string]push.Edition {
	all := map[string]push.Edition{}
	for _, e := range l.store.Editions() {
		all[e.Mark] = e
	}
	return all
}

func (l *life) judge() {
	for _, e := range l.store.Editions() {
		if err := judge(l.world, e); err != nil {
			l.Fatal(err)
		}
		asked := e.Reason == push.ReasonNoOutcome && l.account.Calls(pushtest.CallAsk) >= 10
		if e.State == push.Unknown && !l.account.Doubted(e.Mark) && !l.died[e.ID] && !asked {
			l.Fatalf("edition %s is unknown (%s), and yet every answer was plain", e.ID, e.Reason)
		}
	}
	l.judgeGone()
	byMark := l.byMark()
	drafted, sent := map[string]string{}, map[string]string{}
	count := func(in map[string]string, f pushtest.Effect) {
		for _, id := range f.Articles {
			if was, twice := in[id]; twice {
				l.Fatalf("article %s went out as %s and as %s", id, was, f.ID)
			}
			in[id] = f.ID
		}
	}
	for _, f := range l.account.Effects(push.StepDraft) {
		if byMark[f.Mark].Kind == push.KindDraft {
			count(drafted, f)
		}
	}
	for _, f := range l.account.Effects(push.StepMass) {
		count(sent, f)
	}
}
