package syndicate

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wefeed/feeds"
)

// cacheControl lets readers and proxies keep a feed for a minute, and longer while we are busy or down (RFC 5861).
const cacheControl = "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400"

// notReady is how long a reader shall wait for a feed whose sources were not collected yet.
const notReady = 30 * time.Second

// ServeHTTP serves /feeds/{id}.atom, .rss and .json, and /feeds.opml. Query parameters are ignored.
func (p *Publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "只支持 GET 与 HEAD")
		return
	}
	if r.URL.Path == "/feeds.opml" {
		serve(w, r, p.opml)
		return
	}
	id, ending, ok := parsePath(r.URL.Path)
	if !ok {
		refuse(w, http.StatusNotFound, "没有这个订阅源")
		return
	}
	if s := p.cache.get(id); s != nil {
		p.serveSet(w, r, s, ending)
		return
	}
	p.serveMiss(w, r, id, ending)
}

// parsePath takes /feeds/{id}.{ending} apart.
func parsePath(path string) (id, ending string, ok bool) {
	name, found := strings.CutPrefix(path, "/feeds/")
	dot := strings.LastIndexByte(name, '.')
	if !found || dot <= 0 {
		return "", "", false
	}
	return name[:dot], name[dot:], true
}

func (p *Publisher) serveSet(w http.ResponseWriter, r *http.Request, s *set, ending string) {
	doc, ok := s.byEnding[ending]
	if !ok {
		refuse(w, http.StatusNotFound, "没有这种格式；可用 .atom、.rss、.json")
		return
	}
	serve(w, r, doc)
}

// serveMiss serves a feed that is not kept.
func (p *Publisher) serveMiss(w http.ResponseWriter, r *http.Request, id, ending string) {
	if _, ok := p.channel(id); !ok {
		refuse(w, http.StatusNotFound, "没有这个订阅源")
		return
	}
	s, err := p.load(r.Context(), p.canonical(id))
	switch {
	case err != nil:
		p.Logger.Error("feed not rendered", "feed", id, "error", err)
		w.Header().Set("Retry-After", "30")
		refuse(w, http.StatusServiceUnavailable, "暂时无法提供，请稍后再试")
	case s == nil:
		w.Header().Set("Retry-After", strconv.Itoa(int(notReady.Seconds())))
		refuse(w, http.StatusServiceUnavailable, "首次采集尚未完成，请稍后再试")
	default:
		p.serveSet(w, r, s, ending)
	}
}

// canonical is a combined feed's one id: its sections in the navigation's order, each once.
func (p *Publisher) canonical(id string) string {
	parts := split(id)
	if len(parts) == 1 {
		return id
	}
	var ordered []string
	for _, one := range p.Catalog.Family(feeds.All) {
		if slices.Contains(parts, one) {
			ordered = append(ordered, one)
		}
	}
	return strings.Join(ordered, "+")
}

func refuse(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// serve answers with a document: gzipped as it is kept, or inflated for the few that take no gzip. Each form has its own
// strong ETag (RFC 9110, section 8.8.3.3).
func serve(w http.ResponseWriter, r *http.Request, doc *document) {
	h := w.Header()
	zipped := takesGzip(r.Header.Get("Accept-Encoding"))
	tag := `"` + doc.tag + `"`
	if zipped {
		tag = `"` + doc.tag + `-gz"`
	}
	h["Etag"] = []string{tag}
	h["Cache-Control"] = []string{cacheControl}
	h["Vary"] = []string{"Accept-Encoding"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	if !doc.modified.IsZero() {
		h["Last-Modified"] = []string{doc.modified.UTC().Format(http.TimeFormat)}
	}
	if strings.HasPrefix(doc.mime, "application/feed+json") {
		h["Access-Control-Allow-Origin"] = []string{"*"}
	}
	if fresh(r.Header, doc) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = []string{doc.mime}
	if zipped {
		h["Content-Encoding"] = []string{"gzip"}
		h["Content-Length"] = []string{strconv.Itoa(len(doc.zipped))}
		if r.Method != http.MethodHead {
			_, _ = w.Write(doc.zipped)
		}
		return
	}
	h["Content-Length"] = []string{strconv.Itoa(doc.size)}
	if r.Method == http.MethodHead {
		return
	}
	if z, err := gzip.NewReader(bytes.NewReader(doc.zipped)); err == nil {
		_, _ = io.Copy(w, z)
	}
}

// fresh reports whether the reader's copy is the current one: If-None-Match if it sent one, else If-Modified-Since
// (RFC 9110, section 13.2.2). A tag of the other form says the same of the content.
func fresh(h http.Header, doc *document) bool {
	if none, sent := h["If-None-Match"]; sent {
		for _, field := range none {
			for one := range strings.SplitSeq(field, ",") {
				one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
				if one == "*" || one == `"`+doc.tag+`"` || one == `"`+doc.tag+`-gz"` {
					return true
				}
			}
		}
		return false
	}
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	return err == nil && !doc.modified.IsZero() && !doc.modified.After(since)
}

// takesGzip reads Accept-Encoding (RFC 9110, section 12.5.3): gzip, or *, with a weight above 0.
func takesGzip(accept string) bool {
	any := false
	for one := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(one), ";")
		q := strings.TrimPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		takes := params == "" || (err == nil && weight > 0)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return takes
		case "*":
			any = takes
		}
	}
	return any
}
