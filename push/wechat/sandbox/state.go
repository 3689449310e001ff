package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// state is all that survives a restart.
type state struct {
	Accounts map[string]*accountState `json:"accounts"`
	Images   map[string]image         `json:"images"` // by file name
	Offset   int64                    `json:"clock_offset_ns"`
	LastID   int64                    `json:"last_id"`
}

type accountState struct {
	Plain     token                `json:"plain_token"`
	Stable    token                `json:"stable_token"`
	Forced    []time.Time          `json:"forced_refreshes"`
	Materials map[string]material  `json:"materials"`
	Drafts    []draft              `json:"drafts"` // oldest first
	Masses    []mass               `json:"masses"` // oldest first
	Published []published          `json:"published"`
	Tags      []tag                `json:"tags"`
	Day       string               `json:"day"`  // that Made is of
	Made      map[string]int       `json:"made"` // calls of the day that are limited
	Clients   map[string]clientMsg `json:"clientmsgids"`
	Followers []follower           `json:"followers"`
	Messages  []message            `json:"messages"`
	Calls     map[string]*calls    `json:"calls"`
}

// A token is an access token; the one before lives on for the overlap.
type token struct {
	Value         string    `json:"value"`
	Expires       time.Time `json:"expires"`
	Previous      string    `json:"previous"`
	PreviousUntil time.Time `json:"previous_until"`
}

type image struct {
	Type string `json:"type"`
	Data []byte `json:"-"`
}

type material struct {
	File string `json:"file"`
}

type draft struct {
	MediaID    string    `json:"media_id"`
	UpdateTime time.Time `json:"update_time"`
	Articles   []article `json:"articles"`
}

// An article is one article of a draft, as draft/add takes it.
type article struct {
	Title            string `json:"title"`
	Author           string `json:"author"`
	Digest           string `json:"digest"`
	Content          string `json:"content"`
	ContentSourceURL string `json:"content_source_url"`
	ThumbMediaID     string `json:"thumb_media_id"`
}

type mass struct {
	draft
	MsgID       int64     `json:"msg_id"`
	MsgDataID   int64     `json:"msg_data_id"`
	ClientMsgID string    `json:"clientmsgid"`
	Audience    any       `json:"audience"`
	ToAll       bool      `json:"to_all"`
	To          []string  `json:"to,omitempty"` // whom it reached, unless all
	Missed      int       `json:"missed"`
	Failure     int       `json:"failure,omitempty"` // the number in err(…)
	At          time.Time `json:"at"`
	Done        bool      `json:"done"`    // its event was tried
	Deleted     bool      `json:"deleted"` // by mass/delete
	Reached     int       `json:"reached"`
}

type clientMsg struct {
	MsgID int64     `json:"msg_id"`
	At    time.Time `json:"at"`
}

type follower struct {
	OpenID string    `json:"openid"`
	Since  time.Time `json:"since"`
	Tags   []int     `json:"tags"`
	// Refuses are the notice templates that the follower does not take.
	Refuses []string `json:"refuses,omitempty"`
}

type message struct {
	OpenID  string    `json:"openid"`
	Type    string    `json:"type"`
	Content string    `json:"content"`
	At      time.Time `json:"at"`
	// Of a notice.
	Template string            `json:"template_id,omitempty"`
	URL      string            `json:"url,omitempty"`
	Data     map[string]string `json:"data,omitempty"`
}

// calls counts a path's effects and its failures.
type calls struct {
	OK     int `json:"ok"`
	Failed int `json:"failed"`
}

// newAccountState is an account with three followers, so that a mass send reaches somebody.
func newAccountState(now time.Time) *accountState {
	a := &accountState{}
	for i := range 3 {
		a.Followers = append(a.Followers, follower{OpenID: fmt.Sprintf("oSandboxFollower%012d", i+1), Since: now, Tags: []int{}})
	}
	return a
}

// complete makes what an older or edited state file left out.
func (a *accountState) complete() {
	if a.Materials == nil {
		a.Materials = map[string]material{}
	}
	if a.Clients == nil {
		a.Clients = map[string]clientMsg{}
	}
	if a.Made == nil {
		a.Made = map[string]int{}
	}
	if a.Calls == nil {
		a.Calls = map[string]*calls{}
	}
	a.Drafts, a.Masses = append([]draft{}, a.Drafts...), append([]mass{}, a.Masses...)
	a.Published, a.Tags = append([]published{}, a.Published...), append([]tag{}, a.Tags...)
	for i := range a.Masses {
		if a.Masses[i].Audience == "all" {
			a.Masses[i].ToAll = true // from before it was written down
		}
	}
	a.Followers, a.Messages = append([]follower{}, a.Followers...), append([]message{}, a.Messages...)
}

func (s *Sandbox) load() error {
	s.state = state{Accounts: map[string]*accountState{}, Images: map[string]image{}, LastID: 1000000000}
	if s.options.StateFile == "" {
		return nil
	}
	b, err := os.ReadFile(s.options.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &s.state); err != nil {
		return fmt.Errorf("%s: %w (remove the file to begin anew)", s.options.StateFile, err)
	}
	if s.state.Accounts == nil {
		s.state.Accounts = map[string]*accountState{}
	}
	if s.state.Images == nil {
		s.state.Images = map[string]image{}
	}
	for name, img := range s.state.Images {
		if img.Data, err = os.ReadFile(filepath.Join(s.imageDir(), name)); err != nil {
			return err
		}
		s.state.Images[name] = img
	}
	return nil
}

// save writes the state before an answer leaves. s.mu is held.
func (s *Sandbox) save() {
	if s.options.StateFile == "" {
		return
	}
	b, err := json.Marshal(s.state)
	if err == nil {
		tmp := s.options.StateFile + ".new"
		if err = os.WriteFile(tmp, b, 0o600); err == nil {
			err = os.Rename(tmp, s.options.StateFile)
		}
	}
	if err != nil {
		s.options.Logger.Error("state not saved", "error", err)
	}
}

func (s *Sandbox) imageDir() string { return s.options.StateFile + ".images" }

// keepImage stores a picture under its name. s.mu is held.
func (s *Sandbox) keepImage(name string, img image) error {
	if _, known := s.state.Images[name]; known {
		return nil
	}
	if s.options.StateFile != "" {
		if err := os.MkdirAll(s.imageDir(), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.imageDir(), name), img.Data, 0o600); err != nil {
			return err
		}
	}
	s.state.Images[name] = img
	return nil
}

// nextID draws a number for ids. s.mu is held.
func (s *Sandbox) nextID() int64 {
	s.state.LastID++
	return s.state.LastID
}

// count counts a call. s.mu is held.
func (a *account) count(path string, ok bool) {
	c := a.Calls[path]
	if c == nil {
		c = &calls{}
		a.Calls[path] = c
	}
	if ok {
		c.OK++
	} else {
		c.Failed++
	}
}

// massLeft is how many mass sends to all the account has left now. s.mu is held.
func (s *Sandbox) massLeft(a *account) int {
	today, month := s.quotas(a, true)
	switch a.Kind {
	case Subscription:
		return max(0, 1-today)
	case Service:
		return max(0, min(1-today, 4-month))
	}
	return 0
}

// openids returns the followers' openids, sorted.
func (a *account) openids() []string {
	set := map[string]bool{}
	for _, f := range a.Followers {
		set[f.OpenID] = true
	}
	return slices.Sorted(maps.Keys(set))
}
