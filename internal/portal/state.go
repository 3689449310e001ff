package portal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// beijing is the zone of every date here. China has had one zone without summer time since 1991.
var beijing = time.FixedZone("CST", 8*60*60)

// state is everything that a restart must find again.
type state struct {
	Mode     mode      `json:"mode"`
	LastID   int       `json:"last_id"`
	Changed  time.Time `json:"changed"` // when anything last changed: the Last-Modified of all pages
	Articles []article `json:"articles"`
}

type article struct {
	ID        int       `json:"id"`
	Path      string    `json:"path"` // of its only page; stays when the article is moved or redated
	Sections  []string  `json:"sections"`
	Kicker    string    `json:"kicker,omitempty"` // 肩题, the line above the title
	Title     string    `json:"title"`
	Body      string    `json:"body_html"`
	Published string    `json:"published"` // YYYY-MM-DD in Beijing: portals print the day alone
	Source    string    `json:"source,omitempty"`
	Editor    string    `json:"editor,omitempty"`
	Images    []string  `json:"images,omitempty"` // addresses, or paths on the portal
	Modified  time.Time `json:"modified"`
	Withdrawn bool      `json:"withdrawn,omitempty"`
}

// mode is how the portal behaves.
type mode struct {
	Charset    string `json:"charset"`
	Design     string `json:"design"`
	Down       bool   `json:"down"`
	Delay      string `json:"delay"`
	Empty      bool   `json:"empty"`
	Gone404    bool   `json:"gone_404"`
	BrokenFeed bool   `json:"broken_feed"`
}

const (
	utf8Charset       = "utf-8"
	gbkCharset        = "gbk"
	undeclaredCharset = "gb18030-undeclared"
)

func (m mode) check() error {
	d, err := time.ParseDuration(m.Delay)
	switch {
	case !slices.Contains([]string{utf8Charset, gbkCharset, undeclaredCharset}, m.Charset):
		return fmt.Errorf("charset %q is none of utf-8, gbk, gb18030-undeclared", m.Charset)
	case !slices.Contains([]string{"a", "b"}, m.Design):
		return fmt.Errorf("design %q is neither a nor b", m.Design)
	case err != nil || d < 0:
		return fmt.Errorf(`delay %q is no duration like "0s" or "1m30s"`, m.Delay)
	}
	return nil
}

// wait is the delay as a duration; check has seen that it is one.
func (m mode) wait() time.Duration {
	d, _ := time.ParseDuration(m.Delay)
	return d
}

// firstState is the portal on its first day: the samples, dated back from now.
func firstState(now time.Time) (*state, error) {
	articles, err := sampleArticles(now)
	if err != nil {
		return nil, err
	}
	s := &state{Mode: mode{Charset: utf8Charset, Design: "a", Delay: "0s"}, LastID: firstID - 1, Changed: now}
	for _, a := range articles {
		s.add(a)
	}
	return s, nil
}

// firstID is where article ids begin: as on a portal that has been there for a while.
const firstID = 1001

// add gives an article its id and its page.
func (s *state) add(a article) article {
	s.LastID++
	a.ID = s.LastID
	day := strings.ReplaceAll(a.Published, "-", "")
	a.Path = fmt.Sprintf("/%s/%s/t%s_%d.html", a.Sections[0], day[:6], day, a.ID)
	s.Articles = append(s.Articles, a)
	return a
}

// find is the index of the article with an id, -1 when there is none or it was withdrawn.
func (s *state) find(id string) int {
	return slices.IndexFunc(s.Articles, func(a article) bool { return fmt.Sprint(a.ID) == id && !a.Withdrawn })
}

// newest is a section's articles, the newest first; of a day the one that came last. Without a section: all articles.
func (s *state) newest(section string) []article {
	var found []article
	for _, a := range s.Articles {
		if !a.Withdrawn && (section == "" || slices.Contains(a.Sections, section)) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b article) int {
		if a.Published != b.Published {
			return strings.Compare(b.Published, a.Published)
		}
		return b.ID - a.ID
	})
	return found
}

func (s *state) clone() *state {
	c := *s
	c.Articles = slices.Clone(s.Articles)
	return &c
}

func readState(path string) (*state, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := new(state)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %w (remove the file to begin anew)", path, err)
	}
	if err := s.Mode.check(); err != nil {
		return nil, fmt.Errorf("%s: %w (remove the file to begin anew)", path, err)
	}
	return s, nil
}

// write replaces the file at path in one step: a killed process or a power cut leaves the old state or the new one.
func (s *state) write(path string) error {
	if path == "" {
		return nil
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp := path + ".new"
	if err := writeSynced(tmp, append(b, '\n')); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the rename itself last.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
