package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wefeed/internal/web"
)

// FuzzRequest: only documented routes answer 200, however a path is spelled; and who comes without a trusted proxy is
// counted by his own address, whatever he says of himself.
func FuzzRequest(f *testing.F) {
	f.Add("/", "")
	f.Add("/s/jingshen", "203.0.113.1, 127.0.0.1")
	f.Add("/static/../web.go", "::1")
	f.Add("/feeds/./all.atom", ",,")
	f.Add("/a/"+live, "[::1]:80, fe80::1%eth0")
	o := options(f)
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	o.Now = func() time.Time { return now }
	o.Limit = web.Limit{Count: 1, Per: time.Hour}
	h := server(f, o)
	f.Fuzz(func(t *testing.T, path, forwarded string) {
		now = now.Add(2 * time.Hour) // who was counted is free again
		w := ask(h, http.MethodGet, path, "X-Forwarded-For", forwarded)
		if w.Code == http.StatusOK && !documented(strings.SplitN(path, "?", 2)[0]) {
			t.Errorf("%q answers 200", path)
		}
		if w.Code >= 500 {
			t.Errorf("%q answers %d", path, w.Code)
		}
		for i := range 2 {
			r := httptest.NewRequest(http.MethodGet, "/feeds/all.atom", nil)
			r.RemoteAddr = "198.51.100.1:1000"
			r.Header.Set("X-Forwarded-For", forwarded)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if (w.Code == http.StatusTooManyRequests) != (i == 1) {
				t.Errorf("request %d with X-Forwarded-For %q: %d", i, forwarded, w.Code)
			}
		}
	})
}

// documented reports whether a path is one that may answer 200 here.
func documented(path string) bool {
	switch path {
	case "/", "/healthz", "/readyz", "/feeds.opml", "/wechat/wxdemo", "/static/wefeed.css", "/static/icon.svg",
		"/static/qr/1.png", "/static/qr/2.png", "/static/qr/1.svg", "/static/qr/2.svg", "/s/jingshen", "/s/gongzuo", "/s/haoren":
		return true
	}
	return strings.HasPrefix(path, "/feeds/") // what is below is the publisher's to refuse
}
