package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"wefeed/internal/app"
)

// A server is one HTTP server of this process on its own listener.
type server struct {
	name string // as printed: portal, sandbox
	ln   net.Listener
	http *http.Server
	done chan error
}

// serveHTTP serves h on ln until stop.
func serveHTTP(name string, ln net.Listener, h http.Handler, log *slog.Logger) *server {
	s := &server{name: name, ln: ln, done: make(chan error, 1), http: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	go func() { s.done <- s.http.Serve(ln) }()
	return s
}

// url is the address to open.
func (s *server) url() string { return "http://" + app.Reachable(s.ln.Addr().String()) }

// announce prints the server's line on stdout.
func (s *server) announce(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s %s\n", s.name, s.url())
	return err
}

// stop ends the server; answers under way get two seconds.
func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// listen opens a TCP listener.
func listen(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln, nil
}
