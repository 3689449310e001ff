package web

import (
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Limit bounds what one reader may ask of the feeds. Its zero value bounds nothing.
type Limit struct {
	Count int
	Per   time.Duration
	// Trusted are the proxies in front, whose X-Forwarded-For tells the reader's address.
	Trusted []netip.Prefix
}

// maxReaders bounds the memory of readers; beyond it all of them begin anew.
const maxReaders = 20_000

// limiter counts readers' requests. Programs on this machine are not counted: behind a proxy that is not trusted every
// reader looks like one of them.
type limiter struct {
	Limit
	next    http.Handler
	now     func() time.Time
	mu      sync.Mutex
	readers map[netip.Addr]*rate.Limiter
}

// limit puts a limit in front of a handler.
func limit(l Limit, now func() time.Time, next http.Handler) http.Handler {
	if l.Count <= 0 || l.Per <= 0 {
		return next
	}
	return &limiter{Limit: l, next: next, now: now, readers: map[netip.Addr]*rate.Limiter{}}
}

// ServeHTTP answers 429 with Retry-After (RFC 6585, section 4) to whoever asks too often.
func (l *limiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wait := l.wait(reader(r, l.Trusted))
	if wait == 0 {
		l.next.ServeHTTP(w, r)
		return
	}
	h := w.Header()
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = io.WriteString(w, "请求太频繁，请稍后再试\n")
}

// wait is how long the reader has to wait; 0 for a request that counts and passes.
func (l *limiter) wait(addr netip.Addr) time.Duration {
	if !addr.IsValid() || addr.IsLoopback() {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.readers[addr]
	if !ok {
		if len(l.readers) >= maxReaders {
			clear(l.readers)
		}
		one = rate.NewLimiter(rate.Limit(float64(l.Count)/l.Per.Seconds()), l.Count)
		l.readers[addr] = one
	}
	now := l.now()
	if one.AllowN(now, 1) {
		return 0
	}
	missing := 1 - one.TokensAt(now)
	return time.Duration(missing / float64(one.Limit()) * float64(time.Second))
}

// reader is the address that a request comes from: the connection's, or, through trusted proxies, the last one before
// them in X-Forwarded-For. One household has a whole IPv6 /64.
func reader(r *http.Request, trusted []netip.Prefix) netip.Addr {
	addr := parseAddr(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(addr, trusted); i-- {
		hop := parseAddr(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		addr = hop
	}
	if addr.Is6() && !addr.IsLoopback() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	return addr
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func parseAddr(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}
