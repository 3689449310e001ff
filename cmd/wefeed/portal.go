package main

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"wefeed/internal/app"
	"wefeed/internal/portal"
)

func newPortal() *cobra.Command {
	var (
		logs  logFlags
		addr  string
		state string
	)
	cmd := &cobra.Command{
		Use:   "portal",
		Short: "运行演示门户 · Run the demo portal",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := logs.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return serveOne(cmd, "portal", addr, log, func(base string) (http.Handler, func() error, error) {
				h, err := newPortalHandler(base, state, time.Now, log)
				return h, nil, err
			})
		},
	}
	logs.register(cmd)
	cmd.Flags().StringVar(&addr, "listen", "127.0.0.1:8081", "监听地址 · address to listen on")
	cmd.Flags().StringVar(&state, "state", "", "状态文件；空则只在内存 · file to keep articles in; none: memory")
	return cmd
}

func newPortalHandler(base, state string, now func() time.Time, log *slog.Logger) (http.Handler, error) {
	return portal.New(portal.Options{BaseURL: base, StateFile: state, Now: now, Logger: log})
}

// serveOne runs one server until the command is interrupted. make builds its handler, given its address.
func serveOne(cmd *cobra.Command, name, addr string, log *slog.Logger, make func(base string) (http.Handler, func() error, error)) error {
	ln, err := listen(addr)
	if err != nil {
		return err
	}
	h, closeHandler, err := make("http://" + app.Reachable(ln.Addr().String()))
	if err != nil {
		ln.Close()
		return err
	}
	s := serveHTTP(name, ln, h, log)
	if err := s.announce(cmd.OutOrStdout()); err != nil {
		return err
	}
	<-cmd.Context().Done()
	err = s.stop()
	if closeHandler != nil {
		err = errors.Join(err, closeHandler())
	}
	return err
}
