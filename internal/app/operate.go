package app

import (
	"context"
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
