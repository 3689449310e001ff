// Package web serves what people and probes open: the front page, a page per section, /a/ links, health; and mounts the
// feeds and WeChat's callbacks beside them.
//
// Pages are rendered by html/template on the server and need no script. Handlers return an error; [Server.handle] turns
// it into a status, a page and a log line, so that no internal word reaches a reader. What is not a documented route
// answers 404.
package web

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"wefeed/feeds"
)

// Articles gives the pages their articles.
type Articles interface {
	// Newest returns the newest live articles of any of the sections, in feed order.
	Newest(ctx context.Context, sections []string, limit int) ([]feeds.Article, error)
	// Article returns one article, withdrawn ones too; its error is NotFound's when there is none.
	Article(ctx context.Context, id string) (feeds.Article, error)
}

// A Code is one of the 扫描关注 codes.
type Code struct {
	Title string
	Text  string // what the code says; drawn unless Image is set
	Image string // path of a ready picture
}

// A Site is what the pages say of the portal.
type Site struct {
	Title    string
	URL      string // no final slash
	Zone     *time.Location
	Language string
	Phone    string
	Email    string
	ICP      string
	Police   string
	Codes    []Code
}

// Options are what a server is made of.
type Options struct {
	Catalog   *feeds.Catalog
	Site      Site
	Articles  Articles
	NotFound  func(error) bool                // recognises the store's "no such article"
	Ready     func(ctx context.Context) error // nil: ready
	Feeds     http.Handler
	Limit     Limit                   // of one reader's requests for feeds
	Callbacks map[string]http.Handler // by account id
	Banner    string                  // above every page; "" for none
	Now       func() time.Time        // default time.Now
	Logger    *slog.Logger
}

// A Server is the gateway's http.Handler.
type Server struct {
	Options
	mux    *http.ServeMux
	pages  map[string]*template.Template
	codes  []codeFile
	assets map[string]asset
}

// New returns a server. Codes are drawn here, once.
func New(o Options) (*Server, error) {
	if o.Catalog == nil || o.Articles == nil || o.Feeds == nil || o.Site.Zone == nil || o.NotFound == nil {
		return nil, errors.New("pages need a catalog, articles, feeds and the site's zone")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Feeds = limit(o.Limit, o.Now, o.Feeds)
	s := &Server{Options: o, mux: http.NewServeMux()}
	var err error
	if s.pages, err = parsePages(o.Site.Zone); err != nil {
		return nil, err
	}
	if s.codes, err = drawCodes(o.Site.Codes); err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(s.codes); err != nil {
		return nil, err
	}
	s.routes()
	return s, nil
}

func (s *Server) routes() {
	s.mux.Handle("/{$}", s.handle(s.front))
	s.mux.Handle("/s/{section}", s.handle(s.section))
	s.mux.Handle("/a/{article}", s.handle(s.article))
	s.mux.Handle("/static/", s.handle(s.static))
	s.mux.Handle("/healthz", s.handle(s.healthz))
	s.mux.Handle("/readyz", s.handle(s.readyz))
	s.mux.Handle("/feeds/", s.Feeds)
	s.mux.Handle("/feeds.opml", s.Feeds)
	for account, h := range s.Callbacks {
		s.mux.Handle("/wechat/"+account, h)
	}
	for _, path := range []string{"/", "/static", "/feeds"} { // the mux would redirect the last two
		s.mux.HandleFunc(path, s.notFound)
	}
}

// notFound answers what is no route, whatever the method.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusNotFound)
}

// ServeHTTP serves all routes. Paths are taken as they come: cleaning ones redirect, and a redirect is one more thing to
// get wrong, so what is not clean is not found.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if !tidy(r.URL.Path) {
		s.notFound(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// tidy reports whether a path has no empty, dot or control segments.
func tidy(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	dots := 0
	for i := 1; i <= len(path); i++ {
		switch {
		case i == len(path) || path[i] == '/':
			empty := path[i-1] == '/' && i < len(path)
			if empty || dots > 0 {
				return false
			}
			dots = 0
		case path[i] < 0x20 || path[i] == '\\' || path[i] == 0x7F:
			return false
		case path[i] == '.' && (path[i-1] == '/' || dots > 0):
			dots++
		default:
			dots = 0
		}
	}
	return true
}

// errNotFound is a 404, errMethod a 405.
var (
	errNotFound = errors.New("no such page")
	errMethod   = errors.New("only GET and HEAD")
)

// handle runs a handler for GET and HEAD and answers its error.
func (s *Server) handle(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := errMethod
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			err = h(w, r)
		}
		if err == nil {
			return
		}
		status := http.StatusInternalServerError
		switch {
		case errors.Is(err, errNotFound):
			status = http.StatusNotFound
		case errors.Is(err, errMethod):
			status = http.StatusMethodNotAllowed
			w.Header().Set("Allow", "GET, HEAD")
		case r.Context().Err() != nil:
			return // nobody waits for an answer
		default:
			s.Logger.Error("request failed", "path", r.URL.Path, "error", err)
		}
		s.problem(w, r, status)
	})
}

// problem is the page of an error. It says nothing of ours.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int) {
	words := map[int]string{
		http.StatusNotFound: "没有找到这个页面", http.StatusMethodNotAllowed: "不支持这种请求", http.StatusInternalServerError: "暂时无法提供，请稍后再试",
	}
	w.Header().Set("Cache-Control", "no-store")
	if err := s.render(w, r, status, "problem", map[string]any{"Title": words[status], "Status": status}); err != nil {
		s.Logger.Error("error page not made", "error", err)
		http.Error(w, words[status], status)
	}
}

func (s *Server) healthz(w http.ResponseWriter, r *http.Request) error {
	return plain(w, r, http.StatusOK, "ok")
}

// readyz answers 503 while the gateway cannot do its work; the reason is in the log, not in the answer.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.Logger.Warn("not ready", "error", err)
		return plain(w, r, http.StatusServiceUnavailable, "not ready")
	}
	return plain(w, r, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, r *http.Request, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write([]byte(text + "\n"))
	return err
}
