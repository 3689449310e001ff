package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"wefeed/config"
	"wefeed/internal/outbound"
	"wefeed/internal/store"
	"wefeed/push"
	"wefeed/push/wechat"
)

// An Operator acts on a gateway's store from a command, whether the gateway runs or not.
type Operator struct {
	cfg   *config.Config
	store *store.Store
	who   string
}

// NewOperator opens the configuration's store. who stands in the audit trail.
func NewOperator(ctx context.Context, c *config.Config, who string) (*Operator, error) {
	s, err := openStore(ctx, c, Options{Now: time.Now}, false)
	if err != nil {
		return nil, err
	}
	return &Operator{c, s, who}, nil
}

// Zone is the site's.
func (o *Operator) Zone() *time.Location { return o.cfg.Site.Timezone }

// Close closes the store.
func (o *Operator) Close() error { return o.store.Close() }

// StopPushes presses the red button: whatever has not left is held, over restarts too.
func (o *Operator) StopPushes(ctx context.Context, why string) error {
	return o.store.SetSwitch(ctx, push.Switch{Stopped: true, At: time.Now(), By: o.who, Why: why})
}

// StartPushes releases the red button. The configuration's push.stopped still counts.
func (o *Operator) StartPushes(ctx context.Context, why string) error {
	return o.store.SetSwitch(ctx, push.Switch{At: time.Now(), By: o.who, Why: why})
}

// ConfiguredStop reports whether the configuration stops all pushes, whatever the button says.
func (o *Operator) ConfiguredStop() bool { return o.cfg.Push.Stopped }

// PushNow asks the running gateway for an extra edition of the channel.
func (o *Operator) PushNow(ctx context.Context, channel, why string) error {
	for _, ch := range o.cfg.Channels {
		if ch.ID == channel {
			return o.store.RequestNow(ctx, channel, o.who, why)
		}
	}
	return fmt.Errorf("no channel %q in the configuration", channel)
}

// ReleaseSection lets a section's held pushes go on.
func (o *Operator) ReleaseSection(ctx context.Context, section, why string) error {
	cat, err := catalog(o.cfg)
	if err != nil {
		return err
	}
	if _, ok := cat.Section(section); !ok {
		return fmt.Errorf("no section %q in the configuration", section)
	}
	held, err := o.store.HeldSections(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(held, func(h store.SectionHold) bool { return h.Section == section }) {
		return fmt.Errorf("section %q is not held: there is nothing to release", section)
	}
	return o.store.ReleaseSection(ctx, section, o.who, why)
}

// Editions returns the newest editions, at most limit; with open set only those that are not over.
func (o *Operator) Editions(ctx context.Context, open bool, limit int) ([]push.Edition, error) {
	return o.store.Editions(ctx, open, limit)
}

// Dossier returns an edition with all that the ledger holds of it, and the stages of its review that nobody has passed.
func (o *Operator) Dossier(ctx context.Context, id string) (push.Dossier, []push.Stage, error) {
	d, err := o.store.Dossier(ctx, id)
	if errors.Is(err, push.ErrNotFound) {
		err = fmt.Errorf("没有版次 %s（no such edition; wefeed edition list shows them）", id)
	}
	if err != nil {
		return d, nil, err
	}
	return d, d.Pending(o.channel(d.Edition.Channel)), nil
}

func (o *Operator) channel(id string) push.Channel {
	cat, err := catalog(o.cfg)
	if err != nil {
		return push.Channel{}
	}
	for _, ch := range channels(o.cfg, cat) {
		if ch.ID == id {
			return ch
		}
	}
	return push.Channel{}
}

// Approve passes the next stage of an edition's review; see [push.Approve].
func (o *Operator) Approve(ctx context.Context, id, who, hash, note string, stage push.Stage) error {
	return o.store.Act(ctx, id, who, func(d push.Dossier) (push.Act, error) {
		return push.Approve(d, o.channel(d.Edition.Channel), who, hash, note, stage, time.Now())
	})
}

// Reject sends an edition back; see [push.Reject].
func (o *Operator) Reject(ctx context.Context, id, who, why string) error {
	return o.store.Act(ctx, id, who, func(d push.Dossier) (push.Act, error) { return push.Reject(d, who, why) })
}

// Retitle gives an article of an edition another title; see [push.Retitle].
func (o *Operator) Retitle(ctx context.Context, id, who string, place int, title string) error {
	return o.store.Act(ctx, id, who, func(d push.Dossier) (push.Act, error) { return push.Retitle(d, place, title, who) })
}

// Remove takes back what an edition made at WeChat, for good: its draft, its publication, or its mass send; article counts
// from 1, 0 is all of it. A draft goes as a whole.
func (o *Operator) Remove(ctx context.Context, id, who string, article int) error {
	d, _, err := o.Dossier(ctx, id)
	if err != nil {
		return err
	}
	if article < 0 || article > len(d.Edition.Items) {
		return fmt.Errorf("版次 %s 有 %d 篇文章，没有第 %d 篇（no such article）", id, len(d.Edition.Items), article)
	}
	account, err := o.account(d.Edition.Account)
	if err != nil {
		return err
	}
	entry := store.AuditEntry{Who: who, Act: "edition.remove", Subject: id, OK: true, Detail: fmt.Sprintf("article %d", article)}
	if err := o.store.Audit(ctx, entry); err != nil { // first: what cannot be undone is never without its row
		return err
	}
	if err := push.Remove(ctx, account, d, article-1); err != nil {
		entry.OK, entry.Detail = false, entry.Detail+": "+err.Error()
		return errors.Join(err, o.store.Audit(ctx, entry))
	}
	return nil
}

// account is a configured account, for one call by a person.
func (o *Operator) account(id string) (*wechat.Account, error) {
	i := slices.IndexFunc(o.cfg.Accounts, func(a config.Account) bool { return a.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("配置中没有公众号 %s（no such account）", id)
	}
	factory, err := outbound.New(outbound.Options{Allow: o.cfg.Network.Allow, Total: wechatTotal, MaxBytes: wechatBytes})
	if err != nil {
		return nil, err
	}
	c, client := o.cfg.Accounts[i], factory.Client()
	return wechat.New(wechat.Options{
		ID: c.ID, AppID: c.AppID, Secret: c.Secret.Reveal(), APIBase: c.APIBase, Client: client, Images: client,
		SiteURL: o.cfg.Site.URL, SiteTitle: o.cfg.Site.Title, Zone: o.cfg.Site.Timezone, Tokens: tokens{o.store}, Media: o.store,
	})
}

// Settle ends an edition whose end is unknown; see [push.Settle].
func (o *Operator) Settle(ctx context.Context, id, who string, sent bool, why string) error {
	return o.store.Act(ctx, id, who, func(d push.Dossier) (push.Act, error) { return push.Settle(d, sent, who, why) })
}

// Migrate brings the configuration's database to this program's schema and returns the schema's number.
func Migrate(ctx context.Context, c *config.Config) (int64, error) {
	s, err := openStore(ctx, c, Options{Now: time.Now}, false)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	return s.Schema(ctx)
}

// A Moved tells how far a table was copied.
type Moved = store.Moved

// Move copies everything from one store to another, empty one; see [store.Move].
func Move(ctx context.Context, from, to string, dry bool, tell func(Moved)) ([]Moved, error) {
	source, err := store.Open(ctx, store.Options{DSN: from, Serve: true, Existing: true})
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	defer source.Close()
	target, err := store.Open(ctx, store.Options{DSN: to, Serve: true})
	if err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	defer target.Close()
	return store.Move(ctx, source, target, dry, tell)
}

// AskReady asks the running gateway's /readyz and returns the status it answered.
func AskReady(ctx context.Context, c *config.Config, patience time.Duration) (int, error) {
	client, err := LoopbackClient()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+Reachable(c.Listen)+"/readyz", nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("the gateway at %s does not answer: %w", c.Listen, err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

// Reachable is a listening address as one of this machine's own opens it: a server on all interfaces answers on loopback.
func Reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// LoopbackClient returns a client that reaches this machine: for the sandbox's callbacks and the health check.
func LoopbackClient() (*http.Client, error) {
	f, err := outbound.New(outbound.Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, Total: 5 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	return f.Client(), nil
}
