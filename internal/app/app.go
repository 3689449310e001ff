package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"wefeed/config"
	"wefeed/feeds"
	"wefeed/feeds/syndicate"
	"wefeed/internal/jobs"
	"wefeed/internal/outbound"
	"wefeed/internal/store"
	"wefeed/push"
	"wefeed/push/wechat"
)

// Options are what a gateway is built from.
type Options struct {
	Config  *config.Config
	Version string
	Now     func() time.Time // default time.Now
	Rand    io.Reader        // default crypto/rand
	Logger  *slog.Logger     // default: none
	// Listener is used instead of opening Config.Listen.
	Listener net.Listener
	// Wrap, if set, goes around the gateway's handler.
	Wrap func(http.Handler) http.Handler
	// Demo puts a banner on the pages which says that nothing here is real.
	Demo bool
}

// An App is one gateway: New, Start, then Wait or Stop.
type App struct {
	Options
	catalog    *feeds.Catalog
	channels   map[string]push.Channel
	store      *store.Store
	outbound   *outbound.Factory
	collector  *feeds.Collector
	publisher  *syndicate.Publisher
	accounts   map[string]*wechat.Account
	planner    *push.Planner
	dispatcher *push.Dispatcher
	runner     *jobs.Runner
	server     *http.Server
	served     chan error
	teardown   teardown
}

// New builds a gateway. What can fail fails here, before anything runs; the store is open afterwards.
func New(ctx context.Context, o Options) (_ *App, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{Options: o, channels: map[string]push.Channel{}, accounts: map[string]*wechat.Account{}, served: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.teardown.run())
		}
	}()
	for _, build := range []func(context.Context) error{
		a.buildStore, a.buildReading, a.buildPublishing, a.buildPushing, a.buildJobs, a.buildServer,
	} {
		if err := build(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Start begins to work and to serve. Work that a dead process left is taken up first.
func (a *App) Start(ctx context.Context) error {
	if err := a.store.SyncSections(ctx, a.catalog.Family(feeds.All)); err != nil {
		return err
	}
	if err := a.syncChannels(ctx); err != nil {
		return err
	}
	if err := a.syncDue(ctx); err != nil {
		return err
	}
	if err := a.dispatcher.Resume(ctx, a.store.Alone()); err != nil {
		return fmt.Errorf("take up editions: %w", err)
	}
	if a.Listener == nil {
		ln, err := net.Listen("tcp", a.Config.Listen)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		a.Listener = ln
	}
	if err := a.runner.Start(ctx); err != nil {
		return errors.Join(fmt.Errorf("start jobs: %w", err), a.Listener.Close())
	}
	a.teardown.push("jobs", a.stopJobs)
	a.follow()
	go func() { a.served <- a.server.Serve(a.Listener) }()
	a.teardown.push("server", a.stopServer)
	a.Logger.Info("gateway is up", "address", a.Addr(), "version", a.Version, "sections", len(a.catalog.Sections()),
		"channels", len(a.channels), "push_stopped", a.Config.Push.Stopped)
	return nil
}

// Addr is the address that the gateway listens on, once started.
func (a *App) Addr() string { return a.Listener.Addr().String() }

// Poke makes the gateway look at what is due: time has moved.
func (a *App) Poke() { a.runner.Poke() }

// Wait returns when ctx ends, or with an error when the server fails.
func (a *App) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.served:
		a.served <- err
		return fmt.Errorf("server: %w", err)
	}
}

// Stop ends the gateway in bounded time: the listener first, then the jobs, then the store. It may be called twice.
func (a *App) Stop() error {
	a.Logger.Info("gateway stops")
	return a.teardown.run()
}

// stopServer closes the listener and gives answers under way three seconds.
func (a *App) stopServer() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := a.server.Shutdown(ctx); err != nil {
		return a.server.Close()
	}
	return nil
}

func (a *App) stopJobs() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return a.runner.Stop(ctx)
}
