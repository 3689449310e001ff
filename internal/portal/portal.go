// Package portal is a news portal in miniature, to try wefeed on: sections with list pages, article pages, RSS and Atom
// feeds, pictures, and the habits of real portals that a reader has to cope with.
//
// It starts with the articles of samples.txt, dated back from its first start, and changes only by its control
// interface:
//
//	POST   /_portal/articles       {"section":"…"|"sections":[…],"title","body_html","published"?,"source"?,"editor"?,"images"?}
//	PUT    /_portal/articles/{id}  any subset of the same
//	DELETE /_portal/articles/{id}  the page answers 410, lists and feeds drop the article
//	GET    /_portal/mode           how the portal behaves
//	POST   /_portal/mode           any subset of
//	                               {"charset":"utf-8|gbk|gb18030-undeclared","design":"a|b","down":false,"delay":"0s",
//	                                "empty":false,"gone_404":false,"broken_feed":false}
//
// Whoever reaches the portal may use the control interface: it is for one's own machine.
package portal

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options are what a Portal needs.
type Options struct {
	BaseURL   string           // the portal's own address, as in http://127.0.0.1:8081
	StateFile string           // keeps articles and mode over a restart; empty: memory only
	Now       func() time.Time // default time.Now
	Logger    *slog.Logger     // default: silent
}

// A Portal serves the portal and its control interface.
type Portal struct {
	base    string
	file    string
	now     func() time.Time
	log     *slog.Logger
	site    http.Handler
	control http.Handler

	mu    sync.Mutex
	state *state // never changed in place: a change puts a new one here
}

// New returns a portal with the articles of the state file, or with the samples where there is none yet.
func New(opts Options) (*Portal, error) {
	p := &Portal{base: strings.TrimRight(opts.BaseURL, "/"), file: opts.StateFile, now: opts.Now, log: opts.Logger}
	if p.now == nil {
		p.now = time.Now
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.site, p.control = p.newSite(), p.newControl()
	if err := p.open(); err != nil {
		return nil, err
	}
	p.log.Info("portal ready", "articles", len(p.state.Articles), "state_file", p.file)
	return p, nil
}

// open reads the state file, or writes the first one.
func (p *Portal) open() (err error) {
	if p.file != "" {
		if p.state, err = readState(p.file); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if p.state, err = firstState(p.now()); err != nil {
		return err
	}
	return p.state.write(p.file)
}

// ServeHTTP answers for the portal; /_portal/ answers in every mode.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_portal/") {
		p.control.ServeHTTP(w, r)
		return
	}
	mode := p.current().Mode
	if !sleep(r.Context(), mode.wait()) {
		return
	}
	if mode.Down {
		http.Error(w, "503 Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	p.site.ServeHTTP(w, r)
}

// sleep reports whether d went by before the client left.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *Portal) current() *state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// change puts a changed copy of the state in its place, once it is on disk.
func (p *Portal) change(f func(*state) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := p.state.clone()
	if err := f(next); err != nil {
		return err
	}
	next.Changed = p.now()
	if err := next.write(p.file); err != nil {
		return err
	}
	p.state = next
	return nil
}
