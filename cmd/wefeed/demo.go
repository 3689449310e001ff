package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"wefeed"
	"wefeed/config"
	"wefeed/internal/app"
)

type demoFlags struct {
	logFlags
	listen, portal, sandbox string
	dir                     string
	realSchedules           bool
	testClock               bool
}

func newDemo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "一键演示：网关、演示门户、微信沙箱 · The whole thing in one process, without any account",
		Long: `Runs the gateway, a demo portal and a WeChat sandbox in one process, at a pace that one can watch, and prints their
addresses. Everything it keeps is in DIR; its configuration, DIR/config.yaml, is the example with a few values changed.
An address that is not given explicitly falls back to a free port when taken; one that was used in DIR before is used again.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, f) },
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "网关地址 · the gateway's address")
	cmd.Flags().StringVar(&f.portal, "portal-listen", "127.0.0.1:8081", "演示门户地址 · the demo portal's address")
	cmd.Flags().StringVar(&f.sandbox, "sandbox-listen", "127.0.0.1:8082", "微信沙箱地址 · the WeChat sandbox's address")
	cmd.Flags().StringVar(&f.dir, "dir", "demo", "数据目录 · where everything is kept")
	cmd.Flags().BoolVar(&f.realSchedules, "real-schedules", false, "使用示例配置的真实时间表 · the example's own schedules")
	cmd.Flags().BoolVar(&f.testClock, "test-clock", false, `开放 POST /_demo/clock {"advance":"26h"} · let the clock be moved`)
	return cmd
}

// demoState is what DIR/demo.json remembers, so that a restart finds the same addresses (articles are known by them)
// and the same time.
type demoState struct {
	Gateway string        `json:"gateway"`
	Portal  string        `json:"portal"`
	Sandbox string        `json:"sandbox"`
	Offset  time.Duration `json:"clock_offset_ns"`
}

// A demo is the three servers of one demo and what is between them.
type demo struct {
	flags     demoFlags
	log       *slog.Logger
	state     demoState
	clock     testClock
	listeners map[string]net.Listener
	closers   []func() error // run in reverse
}

func runDemo(cmd *cobra.Command, f demoFlags) (err error) {
	log, err := f.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	for _, addr := range []string{f.listen, f.portal, f.sandbox} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return usageError{fmt.Errorf("listen address %q: %w", addr, err)}
		}
	}
	d := &demo{flags: f, log: log, listeners: map[string]net.Listener{}}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.open(cmd); err != nil {
		return err
	}
	a, err := d.start(cmd.Context())
	if err != nil {
		return err
	}
	for _, line := range []string{"gateway http://" + d.state.Gateway, "portal http://" + d.state.Portal, "sandbox http://" + d.state.Sandbox} {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), line); err != nil {
			return err
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "微信粉丝视角 · what a follower sees: http://%s/_sandbox/\n按 Ctrl-C 结束 · Ctrl-C ends it\n", d.state.Sandbox)
	return a.Wait(cmd.Context())
}

// open reads DIR's state and takes the three addresses.
func (d *demo) open(cmd *cobra.Command) error {
	if err := os.MkdirAll(d.flags.dir, 0o700); err != nil {
		return err
	}
	if err := d.load(); err != nil {
		return err
	}
	if d.flags.testClock {
		d.clock.offset.Store(int64(d.state.Offset))
	}
	for _, l := range []struct {
		flag, addr string
		used       *string
	}{
		{"listen", d.flags.listen, &d.state.Gateway},
		{"portal-listen", d.flags.portal, &d.state.Portal},
		{"sandbox-listen", d.flags.sandbox, &d.state.Sandbox},
	} {
		ln, err := listenDemo(l.addr, *l.used, cmd.Flags().Changed(l.flag))
		if err != nil {
			return err
		}
		d.closers = append(d.closers, ignoreClosed(ln.Close))
		d.listeners[l.flag] = ln
		*l.used = app.Reachable(ln.Addr().String())
	}
	return nil
}

func ignoreClosed(f func() error) func() error {
	return func() error {
		if err := f(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

// listenDemo opens the demo's listener: an explicit address as it is; else the one used before, the default, any.
func listenDemo(addr, used string, explicit bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	wanted := net.JoinHostPort(host, port)
	if explicit && port != "0" {
		return listen(wanted)
	}
	if _, usedPort, err := net.SplitHostPort(used); err == nil {
		if ln, err := net.Listen("tcp", net.JoinHostPort(host, usedPort)); err == nil {
			return ln, nil
		}
	}
	if ln, err := net.Listen("tcp", wanted); err == nil {
		return ln, nil
	}
	return listen(net.JoinHostPort(host, "0"))
}

// start starts sandbox, portal and gateway, each when what it needs answers. The gateway is built first: it takes the
// database, and DIR belongs to whoever has that, so that a second demo leaves it as it is.
func (d *demo) start(ctx context.Context) (*app.App, error) {
	now := time.Now
	if d.flags.testClock {
		now = d.clock.Now
	}
	a, err := d.gateway(ctx, now)
	if err != nil {
		return nil, err
	}
	sb, err := newSandboxServer(sandboxSetup{
		base: "http://" + d.state.Sandbox, state: filepath.Join(d.flags.dir, "sandbox.json"),
		accounts: []string{defaultAccount}, callback: "http://" + d.state.Gateway + defaultCallbackPath, token: defaultToken,
		now: now, log: d.log.With("part", "sandbox"),
	})
	if err != nil {
		return nil, err
	}
	d.closers = append(d.closers, sb.Close)
	d.serve("sandbox", d.listeners["sandbox-listen"], sb)
	p, err := newPortalHandler("http://"+d.state.Portal, filepath.Join(d.flags.dir, "portal.json"), now, d.log.With("part", "portal"))
	if err != nil {
		return nil, err
	}
	d.serve("portal", d.listeners["portal-listen"], p)
	return a, a.Start(ctx)
}

// gateway builds the gateway, and writes DIR's files once it has the database.
func (d *demo) gateway(ctx context.Context, now func() time.Time) (a *app.App, err error) {
	o := overlay{gateway: d.state.Gateway, portal: d.state.Portal, sandbox: d.state.Sandbox, realSchedules: d.flags.realSchedules}
	data, err := o.apply(wefeed.Example)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(d.flags.dir, "config.yaml")
	cfg, err := config.Parse(path, data, d.flags.dir, config.Options{})
	if err != nil {
		return nil, err
	}
	opts := app.Options{Config: cfg, Now: now, Logger: d.log, Listener: d.listeners["listen"], Version: version, Demo: true}
	if d.flags.testClock {
		opts.Wrap = func(h http.Handler) http.Handler {
			return d.clock.wrap(h, func(offset time.Duration) error {
				d.state.Offset = offset
				a.Poke()
				return d.save()
			})
		}
	}
	if a, err = app.New(ctx, opts); err != nil {
		return nil, err
	}
	d.closers = append(d.closers, a.Stop)
	return a, errors.Join(writeFile(path, data), d.save())
}

func (d *demo) serve(name string, ln net.Listener, h http.Handler) {
	s := serveHTTP(name, ln, h, d.log)
	d.closers = append(d.closers, s.stop)
}

func (d *demo) load() error {
	b, err := os.ReadFile(filepath.Join(d.flags.dir, "demo.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &d.state); err != nil {
		return fmt.Errorf("%s: %w (remove the file to begin anew)", filepath.Join(d.flags.dir, "demo.json"), err)
	}
	return nil
}

func (d *demo) save() error {
	b, err := json.MarshalIndent(d.state, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(d.flags.dir, "demo.json"), append(b, '\n'))
}

// writeFile replaces path in one step: a killed process leaves the old file or the new one.
func writeFile(path string, data []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func (d *demo) close() error {
	var errs []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		errs = append(errs, d.closers[i]())
	}
	return errors.Join(errs...)
}
