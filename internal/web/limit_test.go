package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"wefeed/internal/web"
)

// TestReaderLimit: each reader has its own count, which refills with time; pages are not counted.
func TestReaderLimit(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	o := options(t)
	o.Now = func() time.Time { return now }
	o.Limit = web.Limit{Count: 3, Per: time.Minute, Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	h := server(t, o)
	from := func(addr, forwarded, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = addr
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	readers := []struct{ name, addr, forwarded string }{
		{"direct", "198.51.100.1:1000", ""},
		{"direct, with a header of its own making", "198.51.100.2:1000", "203.0.113.9"},
		{"behind a proxy", "192.0.2.1:1000", "203.0.113.1"},
		{"behind two proxies, with a header of its own making", "192.0.2.1:1000", "198.51.100.1, 203.0.113.2, 192.0.2.7"},
		{"IPv6", "[2001:db8::1]:1000", ""},
	}
	for _, r := range readers {
		t.Run(r.name, func(t *testing.T) {
			for range 3 {
				if w := from(r.addr, r.forwarded, "/feeds/all.atom"); w.Code != http.StatusOK {
					t.Fatalf("%d", w.Code)
				}
			}
			w := from(r.addr, r.forwarded, "/feeds.opml")
			if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "20" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			if w := from(r.addr, r.forwarded, "/"); w.Code != http.StatusOK {
				t.Errorf("a page: %d", w.Code)
			}
		})
	}
	if w := from("[2001:db8::2]:1000", "", "/feeds/all.atom"); w.Code != http.StatusTooManyRequests {
		t.Errorf("another address of the same household: %d", w.Code)
	}
	now = now.Add(20 * time.Second)
	if w := from("198.51.100.1:1", "", "/feeds/all.atom"); w.Code != http.StatusOK {
		t.Errorf("after the wait: %d", w.Code)
	}
	for range 10 {
		if w := from("127.0.0.1:1000", "", "/feeds/all.atom"); w.Code != http.StatusOK {
			t.Fatalf("a program on this machine: %d", w.Code)
		}
	}
	for i := range 30_000 { // more readers than are remembered
		if w := from(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255), "", "/feeds.opml"); w.Code != http.StatusOK {
			t.Fatalf("reader %d: %d", i, w.Code)
		}
	}
}
