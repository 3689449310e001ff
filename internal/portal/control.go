package portal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxControlBody is the largest request that the control interface reads.
const maxControlBody = 1 << 20

// A refusal is an answer of the control interface to a request that it does not carry out.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

func unprocessable(format string, args ...any) error {
	return refusal{http.StatusUnprocessableEntity, fmt.Sprintf(format, args...)}
}

func (p *Portal) newControl() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_portal/articles", p.controlled(http.StatusCreated, p.postArticle))
	mux.HandleFunc("PUT /_portal/articles/{id}", p.controlled(http.StatusOK, p.putArticle))
	mux.HandleFunc("DELETE /_portal/articles/{id}", p.controlled(http.StatusNoContent, p.deleteArticle))
	mux.HandleFunc("GET /_portal/mode", p.controlled(http.StatusOK, p.getMode))
	mux.HandleFunc("POST /_portal/mode", p.controlled(http.StatusOK, p.postMode))
	return mux
}

// A command is a request to the control interface. It is read to its end before the state is locked.
type command struct {
	id   string // of the article it is about
	body []byte
}

// controlled turns what a control function returns into an answer.
func (p *Portal) controlled(success int, f func(command) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var result any
		body, err := readBody(http.MaxBytesReader(w, r.Body, maxControlBody))
		if err == nil {
			result, err = f(command{r.PathValue("id"), body})
		}
		status := success
		if err != nil {
			status = p.failure(err)
			result = map[string]string{"error": err.Error()}
		}
		if status == http.StatusNoContent {
			w.WriteHeader(status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(result) // the client may be gone
	}
}

func (p *Portal) failure(err error) int {
	var no refusal
	if errors.As(err, &no) {
		return no.status
	}
	p.log.Error("the portal's state was not saved", "error", err)
	return http.StatusInternalServerError
}

func readBody(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(r)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, refusal{http.StatusRequestEntityTooLarge, "the request is larger than 1 MiB"}
	}
	if err != nil {
		return nil, refusal{http.StatusBadRequest, "the request broke off: " + err.Error()}
	}
	return b, nil
}

// decode reads the command's only JSON value over v: keys that are left out stay as they are.
func (c command) decode(v any) error {
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, err = dec.Token(); err == io.EOF {
			return nil
		}
		err = errors.New("something follows the JSON value")
	}
	return refusal{http.StatusBadRequest, "this is not the JSON that is expected: " + err.Error()}
}

// A submission is an article as the control interface takes it.
type submission struct {
	Section   string   `json:"section"`
	Sections  []string `json:"sections"`
	Title     string   `json:"title"`
	Body      string   `json:"body_html"`
	Published string   `json:"published"`
	Source    string   `json:"source"`
	Editor    string   `json:"editor"`
	Images    []string `json:"images"`
}

// submissionOf is what would make an article what it is. Its sections are left out: one of two keys names them.
func submissionOf(a article) submission {
	return submission{
		Title: a.Title, Body: a.Body, Published: a.Published, Source: a.Source, Editor: a.Editor, Images: slices.Clone(a.Images),
	}
}

// apply changes an article into what was submitted.
func (s submission) apply(a article) (article, error) {
	if err := s.chooseSections(&a); err != nil {
		return a, err
	}
	a.Title = strings.TrimSpace(s.Title)
	if a.Title == "" {
		return a, unprocessable("title is missing")
	}
	day, err := parseDay(s.Published)
	if err != nil {
		return a, err
	}
	a.Published, a.Body, a.Images = day, s.Body, s.Images
	a.Source, a.Editor = strings.TrimSpace(s.Source), strings.TrimSpace(s.Editor)
	return a, nil
}

func (s submission) chooseSections(a *article) error {
	chosen := s.Sections
	switch {
	case s.Section != "" && s.Sections != nil:
		return unprocessable("section and sections exclude each other")
	case s.Section != "":
		chosen = []string{s.Section}
	case s.Sections == nil:
		chosen = a.Sections
	}
	if len(chosen) == 0 {
		return unprocessable("section is missing")
	}
	for i, id := range chosen {
		if _, ok := sectionByID(id); !ok {
			return unprocessable("there is no section %q", id)
		}
		if slices.Contains(chosen[:i], id) {
			return unprocessable("section %q is there twice", id)
		}
	}
	a.Sections = chosen
	return nil
}

// parseDay reads RFC 3339 or YYYY-MM-DD as a day in Beijing.
func parseDay(text string) (string, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.In(beijing).Format(time.DateOnly), nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return "", unprocessable("published %q is neither YYYY-MM-DD nor an RFC 3339 time", text)
	}
	return text, nil
}

func (p *Portal) postArticle(c command) (any, error) {
	sub := submission{Published: p.now().In(beijing).Format(time.DateOnly)}
	if err := c.decode(&sub); err != nil {
		return nil, err
	}
	a, err := sub.apply(article{Modified: p.now()})
	if err != nil {
		return nil, err
	}
	err = p.change(func(s *state) error {
		a = s.add(a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.log.Info("article published", "id", a.ID, "path", a.Path)
	return map[string]string{"id": fmt.Sprint(a.ID), "url": p.base + a.Path}, nil
}

var errUnknown = refusal{http.StatusNotFound, "there is no such article, or it was withdrawn"}

func (p *Portal) putArticle(c command) (any, error) {
	var changed article
	err := p.change(func(s *state) error {
		i := s.find(c.id)
		if i < 0 {
			return errUnknown
		}
		sub := submissionOf(s.Articles[i])
		if err := c.decode(&sub); err != nil {
			return err
		}
		var err error
		if changed, err = sub.apply(s.Articles[i]); err != nil {
			return err
		}
		changed.Modified = p.now()
		s.Articles[i] = changed
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.log.Info("article corrected", "id", changed.ID)
	return p.describe(changed), nil
}

// A description is an article as the control interface shows it.
type description struct {
	ID        string   `json:"id"`
	URL       string   `json:"url"`
	Sections  []string `json:"sections"`
	Title     string   `json:"title"`
	Body      string   `json:"body_html"`
	Published string   `json:"published"`
	Source    string   `json:"source,omitempty"`
	Editor    string   `json:"editor,omitempty"`
	Images    []string `json:"images,omitempty"`
}

func (p *Portal) describe(a article) description {
	return description{
		ID: fmt.Sprint(a.ID), URL: p.base + a.Path, Sections: a.Sections, Title: a.Title, Body: a.Body,
		Published: a.Published, Source: a.Source, Editor: a.Editor, Images: a.Images,
	}
}

func (p *Portal) deleteArticle(c command) (any, error) {
	err := p.change(func(s *state) error {
		i := s.find(c.id)
		if i < 0 {
			return errUnknown
		}
		s.Articles[i].Withdrawn = true
		return nil
	})
	if err == nil {
		p.log.Info("article withdrawn", "id", c.id)
	}
	return nil, err
}

func (p *Portal) getMode(command) (any, error) { return p.current().Mode, nil }

func (p *Portal) postMode(c command) (any, error) {
	var m mode
	err := p.change(func(s *state) error {
		if err := c.decode(&s.Mode); err != nil {
			return err
		}
		if err := s.Mode.check(); err != nil {
			return unprocessable("%v", err)
		}
		m = s.Mode
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.log.Info("mode changed", "mode", m)
	return m, nil
}
