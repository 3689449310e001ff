// Package outbound is the one factory of outgoing HTTP clients. Nothing else in wefeed dials.
//
// Every client checks the address it is about to connect to, after DNS and on every redirect, so that no feed, picture or
// callback can make the gateway talk to its own network: the text of a URL tells nothing (http://127。0。0。1/ is
// loopback to net/http), only the resolved address does. Private addresses can be allowed by prefix, for a portal that
// stands on an intranet. Every request has one deadline that covers the body, and every body a cap that counts after
// decompression.
//
// Proxies from the environment are not used: they would move the address check to the proxy's address.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"code.dny.dev/ssrf"
)

// Options bound what the clients may do.
type Options struct {
	// Allow are prefixes that may be reached although they are not public.
	Allow []netip.Prefix
	// UserAgent is sent where a request names none. Default "wefeed".
	UserAgent string
	// Total bounds one request with all its redirects and its body. Default 30 s.
	Total time.Duration
	// MaxBytes caps a body after decompression. Default 15 MiB.
	MaxBytes int64
	// Resolver resolves names; nil: the system's.
	Resolver *net.Resolver
	Logger   *slog.Logger
}

// MaxRedirects is how many redirects a request may follow.
const MaxRedirects = 5

// ErrTooLarge is what reading a body beyond the cap returns.
var ErrTooLarge = errors.New("the answer is larger than allowed")

// ErrEncoding is returned for an answer in a content encoding that was not asked for.
var ErrEncoding = errors.New("the answer has a content encoding that was not asked for")

// ErrRedirect is returned for a redirect that is not followed.
var ErrRedirect = errors.New("the redirect is not followed")

// An AddressError says that an address was refused before anything was sent to it.
type AddressError struct {
	Addr   string // host:port as resolved
	Reason string
}

// Error names the address and the reason.
func (e *AddressError) Error() string {
	return fmt.Sprintf("address %s refused: %s", e.Addr, e.Reason)
}

// A Factory makes clients that share one pool of connections.
type Factory struct {
	options   Options
	transport *http.Transport
}

// New returns a factory.
func New(o Options) (*Factory, error) {
	if o.UserAgent == "" {
		o.UserAgent = "wefeed"
	}
	if o.Total == 0 {
		o.Total = 30 * time.Second
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 15 << 20
	}
	if o.Total < 0 || o.MaxBytes < 0 {
		return nil, errors.New("total time and size of an answer must be above 0")
	}
	dialer := &net.Dialer{Timeout: min(o.Total, 10*time.Second), KeepAlive: 30 * time.Second, Resolver: o.Resolver}
	dialer.ControlContext = guard(o.Allow)
	return &Factory{options: o, transport: &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    min(o.Total, 10*time.Second),
		ResponseHeaderTimeout:  o.Total,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        60 * time.Second,
		ForceAttemptHTTP2:      true,
	}}, nil
}

// Client returns a client with the factory's bounds.
func (f *Factory) Client() *http.Client { return f.ClientFor(f.options.Total, f.options.MaxBytes) }

// ClientFor returns a client with its own total deadline and body cap; 0 takes the factory's.
func (f *Factory) ClientFor(total time.Duration, maxBytes int64) *http.Client {
	if total == 0 {
		total = f.options.Total
	}
	if maxBytes == 0 {
		maxBytes = f.options.MaxBytes
	}
	return &http.Client{
		Transport:     &bounded{next: f.transport, agent: f.options.UserAgent, max: maxBytes},
		CheckRedirect: checkRedirect,
		Timeout:       total,
	}
}

// CloseIdle closes the connections that wait for further requests.
func (f *Factory) CloseIdle() { f.transport.CloseIdleConnections() }

// guard refuses addresses that are not public, except those allowed, when they are about to be dialled.
func guard(allow []netip.Prefix) func(context.Context, string, string, rawConn) error {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	g := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	return func(_ context.Context, network, addr string, c rawConn) error {
		if err := g.Safe(network, addr, c); err != nil {
			return &AddressError{Addr: addr, Reason: "it is not public and network.allow does not name it"}
		}
		return nil
	}
}

// checkRedirect follows up to MaxRedirects redirects to http and https addresses, and none from https to http.
func checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > MaxRedirects:
		return fmt.Errorf("%w: more than %d", ErrRedirect, MaxRedirects)
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return fmt.Errorf("%w: scheme %q", ErrRedirect, req.URL.Scheme)
	case req.URL.Scheme == "http" && via[len(via)-1].URL.Scheme == "https":
		return fmt.Errorf("%w: from https to http", ErrRedirect)
	}
	return nil
}

// Public returns a URL as it may stand in a log or a message: without user, password, query and fragment.
func Public(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable address)"
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment = nil, "", "", ""
	return u.String()
}
