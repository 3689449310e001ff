package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// hostile starts an upstream that answers everything that one should not rely on, and sets HOSTILE to its address.
func (s *story) hostile(ts *testscript.TestScript, _ bool, _ []string) {
	mux := http.NewServeMux()
	zeros := func(w io.Writer) {
		block := make([]byte, 1<<20)
		for range 100 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
	}
	mux.HandleFunc("/zeros", func(w http.ResponseWriter, _ *http.Request) { zeros(w) })
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		zeros(z)
		z.Close()
	})
	mux.HandleFunc("/500", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) })
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/inside", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	})
	mux.HandleFunc("/cut.rss", text(`<rss version="2.0"><channel><title>x</title><item><title>`))
	mux.HandleFunc("/empty", text(`<html><body><p>没有列表</p></body></html>`))
	mux.HandleFunc("/picture.jpg", text("no picture at all"))
	mux.HandleFunc("/{page}", text("an article's page"))
	var items strings.Builder
	mux.HandleFunc("/good.rss", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>好的</title><link>http://%s/</link>%s%s</channel></rss>`, s.upstream.Listener.Addr(), items.String(), hostileItem(s, "first"))
	})
	mux.HandleFunc("POST /publish/{id}", func(_ http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		items.WriteString(hostileItem(s, r.PathValue("id")))
	})
	s.upstream = httptest.NewServer(mux)
	ts.Setenv("HOSTILE", s.upstream.URL)
	s.env = append(s.env, "HOSTILE="+s.upstream.URL)
}

// hostileItem is an item whose picture is none and whose text runs scripts.
func hostileItem(s *story, id string) string {
	return fmt.Sprintf(`<item><title>title-%[1]s</title><link>%[2]s/%[1]s.html</link><guid>%[1]s</guid><description><![CDATA[<p>text of %[1]s</p>`+
		`<script>alert(1)</script><img src="/picture.jpg" onerror="alert(1)"><img src="http://169.254.169.254/x.png">]]></description></item>`, id, s.upstream.URL)
}
