package sandbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

//go:embed page.html article.html
var pages embed.FS

// inspection are the sandbox's own paths.
func (s *Sandbox) inspection() {
	s.mux.HandleFunc("GET /_sandbox/state", s.forAccount(s.showState))
	s.mux.HandleFunc("GET /_sandbox/faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.faults.all()) })
	s.mux.HandleFunc("DELETE /_sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.faults.clear()
		w.WriteHeader(http.StatusNoContent)
	})
	s.mux.HandleFunc("POST /_sandbox/faults", s.orderFault)
	s.mux.HandleFunc("POST /_sandbox/followers", s.forAccount(s.addFollowers))
	s.mux.HandleFunc("POST /_sandbox/events", s.forAccount(s.makeEvent))
	s.mux.HandleFunc("POST /_sandbox/clock", s.moveClock)
	s.mux.HandleFunc("GET /_sandbox/{$}", s.forAccount(s.page("page.html")))
	s.mux.HandleFunc("GET /_sandbox/article/{media}/{index}", s.showArticle)
	s.mux.Handle("GET /{$}", http.RedirectHandler("/_sandbox/", http.StatusFound))
}

// forAccount picks the account that ?account=APPID names, the first one without it.
func (s *Sandbox) forAccount(h func(http.ResponseWriter, *http.Request, *account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("account")
		for _, a := range s.accounts {
			if id == "" || a.AppID == id {
				h(w, r, a)
				return
			}
		}
		badRequest(w, fmt.Errorf("no account %q", id))
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

func badRequest(w http.ResponseWriter, err error) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return true
		}
		err = errors.New("more than one JSON value")
	}
	badRequest(w, fmt.Errorf("the body is not the JSON that is wanted here: %w", err))
	return false
}

func (s *Sandbox) showState(w http.ResponseWriter, _ *http.Request, a *account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	today, month := s.quotas(a, true)
	masses := []any{}
	for _, m := range a.Masses {
		masses = append(masses, map[string]any{
			"media_id": m.MediaID, "update_time": m.UpdateTime, "articles": m.Articles, "msg_id": s.id(m.MsgID),
			"clientmsgid": m.ClientMsgID, "audience": m.Audience, "at": m.At, "reached": m.Reached, "deleted": m.Deleted,
		})
	}
	out := []any{}
	for _, p := range a.Published {
		if status := s.statusOf(p); status == 0 || status == 5 {
			out = append(out, map[string]any{
				"media_id": p.MediaID, "update_time": p.UpdateTime, "articles": p.Articles, "article_id": p.ArticleID, "at": p.At,
				"publish_id": s.id(p.PublishID), "deleted": append([]int{}, p.Deleted...),
			})
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"drafts": a.Drafts, "published": out, "masses": masses, "messages": a.Messages, "followers": a.Followers,
		"tags": a.Tags, "calls": a.Calls,
		"quotas": map[string]int{"mass_today": today, "mass_month": month, "mass_left": s.massLeft(a)},
	})
}

func (s *Sandbox) orderFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if !readJSON(w, r, &f) {
		return
	}
	if err := f.check(s.paths); err != nil {
		badRequest(w, err)
		return
	}
	s.faults.add(f)
	writeJSON(w, http.StatusCreated, f)
}

// addFollowers adds followers: {"openid":"…"}, {"openids":[…]} or {"count":n}; "refuses" lists the
// notice templates that they do not take.
func (s *Sandbox) addFollowers(w http.ResponseWriter, r *http.Request, a *account) {
	var ask struct {
		OpenID  string   `json:"openid"`
		OpenIDs []string `json:"openids"`
		Count   int      `json:"count"`
		Refuses []string `json:"refuses"` // notice templates
	}
	if !readJSON(w, r, &ask) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ask.OpenID != "" {
		ask.OpenIDs = append(ask.OpenIDs, ask.OpenID)
	}
	for range min(ask.Count, 100000) {
		ask.OpenIDs = append(ask.OpenIDs, "oSandbox"+s.random(20))
	}
	if len(ask.OpenIDs) == 0 {
		badRequest(w, fmt.Errorf(`want "openid", "openids" or "count"`))
		return
	}
	known := map[string]bool{}
	for _, id := range a.openids() {
		known[id] = true
	}
	for _, id := range ask.OpenIDs {
		if !known[id] {
			a.Followers = append(a.Followers, follower{OpenID: id, Since: s.now(), Tags: []int{}})
		}
		known[id] = true
		if ask.Refuses != nil {
			i := slices.IndexFunc(a.Followers, func(f follower) bool { return f.OpenID == id })
			a.Followers[i].Refuses = ask.Refuses
		}
	}
	s.save()
	writeJSON(w, http.StatusCreated, map[string]int{"followers": len(a.Followers)})
}

// makeEvent makes a follower do something; the account's callback hears of it.
func (s *Sandbox) makeEvent(w http.ResponseWriter, r *http.Request, a *account) {
	var ev userEvent
	if !readJSON(w, r, &ev) {
		return
	}
	if ev.OpenID == "" {
		badRequest(w, fmt.Errorf(`want an "openid"`))
		return
	}
	s.mu.Lock()
	body, err := s.userMessage(a, ev)
	if err == nil {
		s.save()
	}
	s.mu.Unlock()
	if err != nil {
		badRequest(w, err)
		return
	}
	s.spawn(func() { s.deliver(a, body) })
	writeJSON(w, http.StatusAccepted, map[string]string{"type": ev.Type})
}

func (s *Sandbox) moveClock(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Advance duration `json:"advance"`
	}
	if !readJSON(w, r, &ask) {
		return
	}
	if ask.Advance < 0 {
		badRequest(w, fmt.Errorf("the clock only goes forward"))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Offset += int64(ask.Advance)
	s.save()
	writeJSON(w, http.StatusOK, map[string]time.Time{"now": s.now()})
}

// articleURL is where the page of a sent article stands.
func (s *Sandbox) articleURL(mediaID string, i int) string {
	return fmt.Sprintf("%s/_sandbox/article/%s/%d", s.options.BaseURL, mediaID, i)
}

func (s *Sandbox) coverURL(a *account, art article) string {
	return s.imageURL(a.Materials[art.ThumbMediaID].File)
}

// page renders the account as a follower's phone shows it.
func (s *Sandbox) page(name string) func(http.ResponseWriter, *http.Request, *account) {
	tmpl := template.Must(template.New(name).Funcs(template.FuncMap{
		"cover": func(*account, article) string { return "" },
		"link":  func(string, int) string { return "" },
		"when":  func(time.Time) string { return "" },
	}).ParseFS(pages, name))
	return func(w http.ResponseWriter, _ *http.Request, a *account) {
		s.mu.Lock()
		defer s.mu.Unlock()
		masses, drafts := slices.Clone(a.Masses), slices.Clone(a.Drafts)
		slices.Reverse(masses)
		slices.Reverse(drafts)
		one := template.Must(tmpl.Clone()).Funcs(template.FuncMap{
			"cover": s.coverURL,
			"link":  s.articleURL,
			"when":  func(t time.Time) string { return t.In(s.options.Zone).Format("2006-01-02 15:04") },
		})
		s.html(w, one, map[string]any{
			"Account": a, "Masses": masses, "Drafts": drafts, "Followers": len(a.Followers), "Faults": s.faults.all(),
			"Accounts": s.accounts,
		})
	}
}

func (s *Sandbox) html(w http.ResponseWriter, t *template.Template, data any) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		s.options.Logger.Error("page not made", "error", err)
		http.Error(w, "page not made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src 'self' data: "+s.options.BaseURL+"; style-src 'unsafe-inline'; frame-src 'self'")
	_, _ = w.Write(b.Bytes())
}

// showArticle shows one article of any account, sent or draft. Its content stands in a frame without scripts.
func (s *Sandbox) showArticle(w http.ResponseWriter, r *http.Request) {
	i, err := strconv.Atoi(r.PathValue("index"))
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []draft
	for _, a := range s.accounts {
		all = append(all, a.Drafts...)
		for _, m := range a.Masses {
			all = append(all, m.draft)
		}
		for _, p := range a.Published {
			all = append(all, p.draft)
		}
	}
	for _, d := range all {
		if d.MediaID == r.PathValue("media") && err == nil && i >= 0 && i < len(d.Articles) {
			t := template.Must(template.ParseFS(pages, "article.html"))
			s.html(w, t, map[string]any{"Article": d.Articles[i], "At": d.UpdateTime.In(s.options.Zone).Format("2006-01-02 15:04")})
			return
		}
	}
	http.NotFound(w, r)
}
