package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wefeed/feeds"
)

//go:embed templates static
var files embed.FS

// parsePages parses every page with the frame around it.
func parsePages(zone *time.Location) (map[string]*template.Template, error) {
	funcs := template.FuncMap{
		"date": printed,
		"day": func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.In(zone).Format("2006-01-02")
		},
	}
	pages := map[string]*template.Template{}
	for _, name := range []string{"front", "section", "gone", "problem"} {
		t, err := template.New("frame.html").Funcs(funcs).ParseFS(files, "templates/frame.html", "templates/"+name+".html")
		if err != nil {
			return nil, err
		}
		pages[name] = t
	}
	return pages, nil
}

// printed is an article's date as the portal printed it, in its own zone: a day, or a day and a clock time.
func printed(a feeds.Article) string {
	switch {
	case a.Published.IsZero():
		return ""
	case a.Precision == feeds.PrecisionDay:
		return a.Published.Format("2006-01-02")
	}
	return a.Published.Format("2006-01-02 15:04")
}

// A sectionView is a section as the pages show it.
type sectionView struct {
	feeds.Section
	Depth    int
	Articles []feeds.Article
}

// latestOnFront is how many articles of a section the front page shows, as proof that it lives.
const latestOnFront = 3

// latestOnPage is how many a section's own page shows.
const latestOnPage = 20

func (s *Server) front(w http.ResponseWriter, r *http.Request) error {
	var views []sectionView
	for _, sec := range s.Catalog.Sections() {
		articles, err := s.Articles.Newest(r.Context(), s.Catalog.Family(sec.ID), latestOnFront)
		if err != nil {
			return err
		}
		views = append(views, sectionView{sec, len(s.Catalog.Ancestors(sec.ID)), articles})
	}
	return s.render(w, r, http.StatusOK, "front", map[string]any{
		"Title": s.Site.Title + "：订阅", "Codes": s.codes, "Sections": views, "Feed": feeds.All, "FeedTitle": s.Site.Title,
	})
}

func (s *Server) section(w http.ResponseWriter, r *http.Request) error {
	sec, ok := s.Catalog.Section(r.PathValue("section"))
	if !ok {
		return errNotFound
	}
	articles, err := s.Articles.Newest(r.Context(), s.Catalog.Family(sec.ID), latestOnPage)
	if err != nil {
		return err
	}
	var above, below []feeds.Section
	for _, id := range s.Catalog.Ancestors(sec.ID) {
		up, _ := s.Catalog.Section(id)
		above = append([]feeds.Section{up}, above...)
	}
	for _, other := range s.Catalog.Sections() {
		if other.Parent == sec.ID {
			below = append(below, other)
		}
	}
	return s.render(w, r, http.StatusOK, "section", map[string]any{
		"Title": sec.Title + " - " + s.Site.Title, "Section": sec, "Above": above, "Below": below, "Articles": articles,
		"Feed": sec.ID, "FeedTitle": sec.Title,
	})
}

// article leads to the portal's page, or says that the portal took it back. What was sent carries this address for ever.
func (s *Server) article(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("article")
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		return errNotFound
	}
	a, err := s.Articles.Article(r.Context(), id)
	if s.NotFound(err) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	if a.Status == feeds.StatusWithdrawn {
		return s.render(w, r, http.StatusGone, "gone", map[string]any{"Title": "文章已撤下", "Article": a})
	}
	to, err := url.Parse(a.URL)
	if err != nil || to.Host == "" || (to.Scheme != "http" && to.Scheme != "https") {
		return errNotFound
	}
	w.Header().Set("Location", to.String())
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.WriteHeader(http.StatusFound)
	return nil
}

// contentPolicy: everything a page shows comes from here; nothing runs.
const contentPolicy = "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// render writes a page, or 304 when the reader has it.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, data map[string]any) error {
	data["Site"], data["Banner"] = s.Site, s.Banner
	var b bytes.Buffer
	if err := s.pages[name].Execute(&b, data); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Frame-Options", "DENY")
	if status == http.StatusOK {
		sum := sha256.Sum256(b.Bytes())
		tag := `"` + hex.EncodeToString(sum[:12]) + `"`
		h.Set("ETag", tag)
		h.Set("Cache-Control", "public, max-age=60")
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = w.Write(b.Bytes()) // whoever went away does not need it
	return nil
}

// matches holds an If-None-Match against a tag (RFC 9110, section 13.1.2).
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}
