package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"wefeed/config"
	"wefeed/feeds"
	"wefeed/feeds/fetch"
	"wefeed/feeds/source"
	"wefeed/feeds/syndicate"
	"wefeed/internal/jobs"
	"wefeed/internal/outbound"
	"wefeed/internal/store"
	"wefeed/internal/web"
	"wefeed/push"
	"wefeed/push/wechat"
)

// The bounds of outgoing requests.
const (
	fetchTotal   = 30 * time.Second
	fetchBytes   = 15 << 20
	wechatTotal  = 20 * time.Second // below push's own bound on a call
	wechatBytes  = 16 << 20
	pictureTotal = 20 * time.Second
	pictureBytes = 12 << 20
)

// openStore opens the configuration's store. serve takes it for this process alone.
func openStore(ctx context.Context, c *config.Config, o Options, serve bool) (*store.Store, error) {
	return store.Open(ctx, store.Options{
		DSN: c.StoreDSN(), Serve: serve, Secret: sealingSecret(c), Now: o.Now, Rand: o.Rand, Logger: o.Logger,
	})
}

// sealingSecret is what the key that seals tokens is derived from: key_file's content, else the first account's secret.
func sealingSecret(c *config.Config) []byte {
	if key := c.Key.Reveal(); key != "" {
		return []byte(key)
	}
	if len(c.Accounts) > 0 {
		return []byte(c.Accounts[0].Secret.Reveal())
	}
	return nil
}

func (a *App) buildStore(ctx context.Context) (err error) {
	if a.catalog, err = catalog(a.Config); err != nil {
		return err
	}
	if a.store, err = openStore(ctx, a.Config, a.Options, true); err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	a.teardown.push("store", a.store.Close)
	a.store.SetConfiguredStop(a.Config.Push.Stopped)
	return nil
}

func (a *App) buildReading(context.Context) (err error) {
	a.outbound, err = outbound.New(outbound.Options{
		Allow: a.Config.Network.Allow, UserAgent: "wefeed/" + a.Version + " (+" + a.Config.Site.URL + ")",
		Total: fetchTotal, MaxBytes: fetchBytes, Logger: a.Logger,
	})
	if err != nil {
		return err
	}
	a.teardown.push("connections", func() error { a.outbound.CloseIdle(); return nil })
	fetcher, err := newFetcher(fetch.Options{
		Client: a.outbound.Client(), HostRate: a.Config.Network.HostRate, HostParallel: a.Config.Network.HostParallel,
		Now: a.Now, Logger: a.Logger,
	})
	if err != nil {
		return err
	}
	reader, err := source.New(source.Options{Zone: a.Config.Site.Timezone, Now: a.Now, Logger: a.Logger})
	if err != nil {
		return err
	}
	a.collector, err = feeds.NewCollector(feeds.CollectorOptions{
		Catalog: a.catalog, Tag: a.Config.Site.Tag, Rules: rules(a.Config.Collect), Fetcher: fetcher, Reader: reader,
		Store: a.store, Now: a.Now, Parallel: a.Config.Network.HostParallel, Logger: a.Logger,
	})
	return err
}

func (a *App) buildPublishing(context.Context) (err error) {
	s := a.Config.Site
	a.publisher, err = syndicate.New(syndicate.Options{
		Catalog: a.catalog, Store: a.store, Limit: a.Config.Feeds.Limit, CacheBytes: int64(a.Config.Feeds.Cache), Logger: a.Logger,
		Site: syndicate.Site{
			Title: s.Title, URL: s.URL, Tag: s.Tag, Zone: s.Timezone, Language: s.Language, Email: s.Contact.Email, Version: a.Version,
		},
	})
	return err
}

func (a *App) buildPushing(context.Context) (err error) {
	kinds := map[string]push.AccountKind{}
	ways := map[string]push.Account{}
	for _, c := range a.Config.Accounts {
		kinds[c.ID] = push.AccountKind(c.Kind)
		if ways[c.ID], err = a.account(c); err != nil {
			return fmt.Errorf("account %s: %w", c.ID, err)
		}
	}
	for _, ch := range channels(a.Config, a.catalog) {
		a.channels[ch.ID] = ch
	}
	a.planner, err = push.NewPlanner(push.PlannerOptions{
		Store: a.store, Zone: a.Config.Site.Timezone, Accounts: kinds, Now: a.Now, Rand: a.Rand, Logger: a.Logger,
	})
	if err != nil {
		return err
	}
	node, err := nodeID(a.Rand)
	if err != nil {
		return err
	}
	a.dispatcher, err = push.NewDispatcher(push.DispatcherOptions{
		Store: a.store, Accounts: ways, Channels: a.channels, Checker: a.collector, Node: node, Zone: a.Config.Site.Timezone,
		Settle: a.Config.Push.Settle, LookGap: a.Config.Push.LookGap, Now: a.Now, Logger: a.Logger,
	})
	return err
}

func (a *App) account(c config.Account) (push.Account, error) {
	return wechat.New(wechat.Options{
		ID: c.ID, AppID: c.AppID, Secret: c.Secret.Reveal(), APIBase: c.APIBase,
		Client: a.outbound.ClientFor(wechatTotal, wechatBytes), Images: a.outbound.ClientFor(pictureTotal, pictureBytes),
		SiteURL: a.Config.Site.URL, SiteTitle: a.Config.Site.Title, Zone: a.Config.Site.Timezone,
		Tokens: tokens{a.store}, Media: a.store, Now: a.Now, Logger: a.Logger,
	})
}

// tokens is the store as push/wechat wants it: a token that is not kept is no error.
type tokens struct{ *store.Store }

func (t tokens) Token(ctx context.Context, account string) (string, time.Time, error) {
	token, expires, err := t.Store.Token(ctx, account)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return token, expires, err
}

// nodeID names this process, differently at each start.
func nodeID(random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(cmp.Or[io.Reader](random, rand.Reader), b[:]); err != nil {
		return "", fmt.Errorf("draw a node id: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

func (a *App) buildJobs(context.Context) (err error) {
	a.runner, err = jobs.New(jobs.Options{
		Store: a.store, Handlers: a.handlers(), Next: next(a.Config.Site.Timezone), Now: a.Now, Logger: a.Logger,
	})
	return err
}

func (a *App) buildServer(context.Context) error {
	callbacks := map[string]http.Handler{}
	for _, c := range a.Config.Accounts {
		h, err := wechat.NewCallback(wechat.CallbackOptions{
			Account: c.ID, AppID: c.AppID, Token: c.Token.Reveal(), AESKey: c.AESKey.Reveal(), Events: a.store, Now: a.Now, Logger: a.Logger,
		})
		if err != nil {
			return fmt.Errorf("callback of %s: %w", c.ID, err)
		}
		callbacks[c.ID] = h
	}
	pages, err := web.New(web.Options{
		Catalog: a.catalog, Site: a.site(), Articles: a.store, Feeds: a.publisher, Callbacks: callbacks,
		NotFound: func(err error) bool { return errors.Is(err, store.ErrNotFound) },
		Ready:    (&probe{look: a.store.Ping}).ask, Banner: a.banner(), Now: a.Now, Logger: a.Logger,
		Limit: web.Limit{
			Count: a.Config.Feeds.ReaderLimit.Count, Per: a.Config.Feeds.ReaderLimit.Per, Trusted: a.Config.Network.TrustedProxies,
		},
	})
	if err != nil {
		return err
	}
	var handler http.Handler = pages
	if a.Wrap != nil {
		handler = a.Wrap(handler)
	}
	a.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.Logger.Handler(), slog.LevelDebug),
	}
	return nil
}

func (a *App) site() web.Site {
	s := a.Config.Site
	site := web.Site{
		Title: s.Title, URL: s.URL, Zone: s.Timezone, Language: s.Language,
		Phone: s.Contact.Phone, Email: s.Contact.Email, ICP: s.Records.ICP, Police: s.Records.Police,
	}
	for _, c := range s.Codes {
		site.Codes = append(site.Codes, web.Code{Title: c.Title, Text: c.Text, Image: a.Config.Path(c.Image)})
	}
	return site
}

// banner is what stands above every page while nothing is real, or nothing leaves.
func (a *App) banner() string {
	trial := slices.ContainsFunc(a.Config.Accounts, func(c config.Account) bool { return c.DryRun })
	switch {
	case a.Demo:
		return "演示：门户、文章和微信账号都是虚构的 · Demo: portal, articles and account are made up"
	case trial:
		return "试运行：订阅源照常更新，暂不推送到微信"
	}
	return ""
}
