package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"wefeed/config"
	"wefeed/feeds"
	"wefeed/feeds/fetch"
	"wefeed/internal/outbound"
)

// private are the networks that a person at the command line may look into without a configuration that allows them.
var private = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
}

// Look fetches one document as the gateway would, for a person who wants to see it. c may be nil.
func Look(ctx context.Context, c *config.Config, version, url string) (*feeds.Response, error) {
	o := outbound.Options{Allow: private, UserAgent: "wefeed/" + version, Total: fetchTotal, MaxBytes: fetchBytes}
	if c != nil {
		o.Allow = c.Network.Allow
	}
	factory, err := outbound.New(o)
	if err != nil {
		return nil, err
	}
	defer factory.CloseIdle()
	fetcher, err := newFetcher(fetch.Options{Client: factory.Client()})
	if err != nil {
		return nil, err
	}
	resp, err := fetcher.Fetch(ctx, feeds.Request{URL: url})
	if err != nil {
		return nil, err
	}
	if resp.Status != http.StatusOK {
		return nil, fmt.Errorf("%s: HTTP %d", outbound.Public(url), resp.Status)
	}
	return resp, nil
}

// newFetcher returns a fetcher that knows the errors of guarded clients.
func newFetcher(o fetch.Options) (*fetch.Fetcher, error) {
	o.TooLarge = func(err error) bool { return errors.Is(err, outbound.ErrTooLarge) }
	o.Refused = func(err error) bool { return errors.As(err, new(*outbound.AddressError)) }
	return fetch.New(o)
}

// SectionSource returns the section's first source of a kind, as the gateway reads it.
func SectionSource(c *config.Config, section string, kind feeds.SourceKind) (feeds.Source, error) {
	cat, err := catalog(c)
	if err != nil {
		return feeds.Source{}, err
	}
	s, ok := cat.Section(section)
	if !ok {
		return feeds.Source{}, fmt.Errorf("no section %q in the configuration", section)
	}
	for _, src := range s.Sources {
		if src.Kind == kind {
			return src, nil
		}
	}
	return feeds.Source{}, fmt.Errorf("section %q has no source of the kind %q", section, kind)
}
