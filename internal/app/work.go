package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wefeed/internal/jobs"
	"wefeed/internal/store"
	"wefeed/push"
)

// sweepEvery is how often open work without a live job is looked for.
const sweepEvery = "@every 1m"

// syncChannels gives new channels their baselines, in one transaction and before anything is collected.
func (a *App) syncChannels(ctx context.Context) error {
	return a.store.SyncChannels(ctx, channels(a.Config, a.catalog))
}

// syncDue makes the recurring rows those of the configuration. A source never learned is due at once, whatever became of
// its first tries.
func (a *App) syncDue(ctx context.Context) error {
	states, err := a.store.SourceStates(ctx)
	if err != nil {
		return err
	}
	var unlearned []string
	rows := []jobs.Due{{Kind: store.KindSweep, ID: "all", Spec: sweepEvery}}
	for _, s := range a.catalog.Sections() {
		for _, src := range s.Sources {
			rows = append(rows, jobs.Due{Kind: store.KindCollect, ID: src.ID, Spec: s.Schedule})
			if states[src.ID].Of(src).Learned.IsZero() {
				unlearned = append(unlearned, src.ID)
			}
		}
	}
	for _, ch := range a.channels {
		rows = append(rows, jobs.Due{Kind: store.KindSlot, ID: ch.ID, Spec: ch.Schedule})
	}
	if err := a.runner.Sync(ctx, rows); err != nil {
		return err
	}
	for _, id := range unlearned {
		if err := a.store.Ring(ctx, store.KindCollect, id, "", a.Now()); err != nil {
			return err
		}
	}
	return nil
}

// handlers are what jobs do. Each may be run once too often: a job is only a hint.
func (a *App) handlers() map[string]jobs.Handler {
	return map[string]jobs.Handler{
		store.KindCollect: func(ctx context.Context, id, _ string) error {
			_, err := a.collector.Collect(ctx, id)
			return err
		},
		store.KindRecheck: func(ctx context.Context, id, _ string) error { return a.collector.RecheckDue(ctx, id) },
		store.KindRender:  func(ctx context.Context, id, _ string) error { return a.publisher.Refresh(ctx, id) },
		store.KindSlot:    a.slot,
		store.KindNow:     a.now,
		store.KindDeliver: func(ctx context.Context, id, _ string) error { return a.dispatcher.Advance(ctx, id) },
		store.KindAfter:   func(ctx context.Context, id, _ string) error { return a.dispatcher.Aftermath(ctx, id) },
		store.KindSweep:   func(ctx context.Context, _, _ string) error { return a.dispatcher.Sweep(ctx) },
	}
}

// slot fills a channel's slot; arg is its time.
func (a *App) slot(ctx context.Context, channel, arg string) error {
	at, err := time.Parse(time.RFC3339, arg)
	if err != nil {
		return fmt.Errorf("slot of %s: %w", channel, err)
	}
	return a.plan(ctx, channel, at, false, "")
}

// now makes an extra edition. Its slot is the time of the request, so that a request answered twice makes one.
func (a *App) now(ctx context.Context, request, why string) error {
	channel, asked, _ := strings.Cut(request, " ")
	at, err := time.Parse(time.RFC3339Nano, asked)
	if err != nil {
		return fmt.Errorf("request %q: %w", request, err)
	}
	return a.plan(ctx, channel, at, true, why)
}

// plan fills a slot of a channel. The edition's own due row carries it on.
func (a *App) plan(ctx context.Context, channel string, at time.Time, extra bool, why string) error {
	ch, ok := a.channels[channel]
	if !ok {
		return nil // no longer configured
	}
	p, err := a.planner.Plan(ctx, ch, at, extra, why)
	if err != nil {
		return fmt.Errorf("plan %s: %w", channel, err)
	}
	if p.None != "" {
		a.sayNone(channel, at, p, extra)
	}
	return nil
}

// sayNone tells why a slot stays empty: quietly where there is simply nothing to send.
func (a *App) sayNone(channel string, at time.Time, p push.Plan, asked bool) {
	what, todo := p.None.Explain()
	say := a.Logger.Info
	if !asked && (p.None == push.ReasonNothingNew || p.None == push.ReasonTaken) {
		say = a.Logger.Debug
	}
	say("no edition", "channel", channel, "slot", at, "reason", string(p.None), "waiting", p.Waiting, "what", what, "do", todo)
}
