package outbound_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"

	"wefeed/internal/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func factory(t *testing.T, o outbound.Options) *outbound.Factory {
	t.Helper()
	f, err := outbound.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.CloseIdle)
	return f
}

func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// TestPrivateAddressesAreRefused: every spelling of an address that is not public fails before a byte is sent.
func TestPrivateAddressesAreRefused(t *testing.T) {
	var hits atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	client := factory(t, outbound.Options{}).Client()
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "10.0.0.1", "172.16.0.1",
		"192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fc00::1]", "198.18.0.1", "224.0.0.1", "255.255.255.255",
		"127。0。0。1", "１２７.0.0.1",
	} {
		t.Run(host, func(t *testing.T) {
			resp, err := client.Get("http://" + host + ":" + port + "/")
			var refused *outbound.AddressError
			if !errors.As(err, &refused) {
				if resp != nil {
					resp.Body.Close()
				}
				t.Fatalf("got %v, want an AddressError", err)
			}
			if !strings.Contains(refused.Error(), "network.allow") {
				t.Errorf("the error does not say what to do: %v", refused)
			}
		})
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// TestNamesAreCheckedAfterResolution: a public name that points inside is refused, whatever its text.
func TestNamesAreCheckedAfterResolution(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	client := factory(t, outbound.Options{Resolver: resolverTo(t, [4]byte{127, 0, 0, 1})}).Client()
	resp, err := client.Get("http://portal.example.cn:" + port + "/")
	if !errors.As(err, new(*outbound.AddressError)) {
		if resp != nil {
			resp.Body.Close()
		}
		t.Fatalf("got %v, want an AddressError", err)
	}
}

// resolverTo returns a resolver for which every name has the one IPv4 address.
func resolverTo(t *testing.T, ip [4]byte) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { pc.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 512)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
					Body:   &dnsmessage.AResource{A: ip},
				}}
			}
			if b, err := m.Pack(); err == nil {
				_, _ = pc.WriteTo(b, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

// TestRedirectsAreGuarded: a server that may be reached cannot send the client where it may not go.
func TestRedirectsAreGuarded(t *testing.T) {
	inner := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	_, port, _ := net.SplitHostPort(inner.Listener.Addr().String())
	tests := []struct {
		name, to string
		want     func(error) bool
	}{
		{"to a private address", "http://127.0.0.2:" + port + "/", func(err error) bool { return errors.As(err, new(*outbound.AddressError)) }},
		{"to a file", "file:///etc/passwd", func(err error) bool { return errors.Is(err, outbound.ErrRedirect) }},
		{"to itself for ever", "/again", func(err error) bool { return errors.Is(err, outbound.ErrRedirect) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, tt.to, http.StatusFound) })
			client := factory(t, outbound.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}).Client()
			resp, err := client.Get(s.URL)
			if !tt.want(err) {
				if resp != nil {
					resp.Body.Close()
				}
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestAllowedPrefixIsReached(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.UserAgent()) })
	client := factory(t, outbound.Options{Allow: loopback(), UserAgent: "wefeed/test"}).Client()
	if got := get(t, client, s.URL); got != "wefeed/test" {
		t.Errorf("User-Agent %q", got)
	}
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestBodiesAreCapped: the cap counts after decompression, and is an error rather than a silent cut.
func TestBodiesAreCapped(t *testing.T) {
	const limit = 1 << 20
	zeros := func(w io.Writer, n int) {
		block := make([]byte, 64<<10)
		for ; n > 0; n -= len(block) {
			if _, err := w.Write(block[:min(n, len(block))]); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name   string
		answer func(http.ResponseWriter)
		want   error
	}{
		{"exactly the cap", func(w http.ResponseWriter) { zeros(w, limit) }, nil},
		{"one byte more", func(w http.ResponseWriter) { zeros(w, limit+1) }, outbound.ErrTooLarge},
		{"100 MB of zeros", func(w http.ResponseWriter) { zeros(w, 100<<20) }, outbound.ErrTooLarge},
		{"a gzip bomb", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			zeros(z, 100<<20)
			z.Close()
		}, outbound.ErrTooLarge},
		{"an encoding that was not asked for", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "br")
			zeros(w, 10)
		}, outbound.ErrEncoding},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { tt.answer(w) })
			resp, err := factory(t, outbound.Options{Allow: loopback(), MaxBytes: limit}).Client().Get(s.URL)
			n := 0
			if err == nil {
				var b []byte
				b, err = io.ReadAll(resp.Body)
				n = len(b)
				resp.Body.Close()
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if n > limit {
				t.Errorf("%d bytes were handed on", n)
			}
		})
	}
}

// TestTotalDeadline: a server that drips a byte now and then is cut off like one that says nothing.
func TestTotalDeadline(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
				fmt.Fprint(w, ".")
				w.(http.Flusher).Flush()
			}
		}
	})
	resp, err := factory(t, outbound.Options{Allow: loopback(), Total: 200 * time.Millisecond}).Client().Get(s.URL)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	var timeout interface{ Timeout() bool }
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %v, want a timeout", err)
	}
}

func TestOtherSchemes(t *testing.T) {
	client := factory(t, outbound.Options{Allow: loopback()}).Client()
	for _, raw := range []string{"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"} {
		if resp, err := client.Get(raw); err == nil {
			resp.Body.Close()
			t.Errorf("%s was answered", raw)
		}
	}
}

func TestPublic(t *testing.T) {
	for raw, want := range map[string]string{
		"https://user:word@example.cn/a?token=geheim#x": "https://example.cn/a",
		"http://example.cn":                             "http://example.cn",
		"http://[":                                      "(unreadable address)",
	} {
		if got := outbound.Public(raw); got != want {
			t.Errorf("Public(%q) = %q, want %q", raw, got, want)
		}
	}
}
