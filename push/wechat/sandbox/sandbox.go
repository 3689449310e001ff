// Package sandbox simulates the WeChat server for official accounts: tokens, pictures, drafts, mass sends, their quotas
// and events, and the ways in which a call can go wrong. It is an http.Handler with state that survives being killed.
//
// WeChat's own paths (/cgi-bin/…) answer as the documentation and observation say; docs/sandbox.md lists
// them, and what is configurable because no source confirms it. Under /_sandbox/ stands what WeChat has not: the
// state, faults to order, followers and events to make, a clock to move, and a page that shows what a follower sees.
//
// Every effect is written to the state file before its answer leaves, so that a sandbox which is killed keeps its word.
package sandbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Kind is a kind of account.
type Kind string

// The kinds of accounts.
const (
	Service      Kind = "service"      // verified 服务号
	Subscription Kind = "subscription" // verified 公众号 (订阅号)
	Unverified   Kind = "unverified"
)

// AccountOptions describe one official account.
type AccountOptions struct {
	AppID, Secret string
	Kind          Kind
	CallbackURL   string // "" sends no events
	Token         string // signs callbacks
	AESKey        string // EncodingAESKey, 43 characters; set = safe mode
}

// Limits are WeChat's numbers. The zero value of each takes the documented one.
type Limits struct {
	Title, Author, Digest int           // characters of a draft's fields: 32, 16, 128
	Content               int           // characters of a draft's content: 20 000
	Articles              int           // in one draft: 8
	ImageBytes            int           // of a picture in a text: 1 MB
	CoverBytes            int           // of a cover: 10 MB
	TokenLife             time.Duration // 2 h
	TokenOverlap          time.Duration // how long the old token lives on: 5 min
	EventDelay            time.Duration // from submission to the event: 1 s
	EventGap              time.Duration // between the three attempts at a callback: 5 s
	ClientMsgWindow       time.Duration // how long a clientmsgid is remembered: 24 h
	PublishDelay          time.Duration // from a publication's submission to its end: 1 s
	UserPage              int           // openids on a page of user/get: 10 000
	AutoDigest            int           // characters of the body that stand for a missing digest: 54

	// What the documentation leaves open.
	Stripped       []string // elements taken out of a content; default script, style, iframe, object, form
	RefuseMaterial bool     // unverified accounts may not add material (48001); told both ways
	Unmetered      bool     // no daily limits of calls (45009)
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Title: cmp.Or(l.Title, 32), Author: cmp.Or(l.Author, 16), Digest: cmp.Or(l.Digest, 128),
		Content: cmp.Or(l.Content, 20000), Articles: cmp.Or(l.Articles, 8),
		ImageBytes: cmp.Or(l.ImageBytes, 1<<20), CoverBytes: cmp.Or(l.CoverBytes, 10<<20),
		TokenLife: cmp.Or(l.TokenLife, 2*time.Hour), TokenOverlap: cmp.Or(l.TokenOverlap, 5*time.Minute),
		EventDelay: cmp.Or(l.EventDelay, time.Second), EventGap: cmp.Or(l.EventGap, 5*time.Second),
		ClientMsgWindow: cmp.Or(l.ClientMsgWindow, 24*time.Hour), AutoDigest: cmp.Or(l.AutoDigest, 54),
		PublishDelay: cmp.Or(l.PublishDelay, time.Second), UserPage: cmp.Or(l.UserPage, 10_000), Unmetered: l.Unmetered,
		Stripped: stripped(l.Stripped), RefuseMaterial: l.RefuseMaterial,
	}
}

func stripped(given []string) []string {
	if given == nil {
		return []string{"script", "style", "iframe", "object", "form"}
	}
	return given
}

// Options are what a sandbox is made of.
type Options struct {
	BaseURL   string // its public address, for the addresses of pictures
	Accounts  []AccountOptions
	StateFile string       // "" keeps the state in memory
	Client    *http.Client // for callbacks; nil sends none
	Limits    Limits
	QuoteIDs  bool             // msg_id and its like as JSON strings, as some of WeChat's samples have them
	Now       func() time.Time // default time.Now
	Rand      io.Reader        // default crypto/rand
	Zone      *time.Location   // of quota days; default UTC+8
	Logger    *slog.Logger
}

// A Sandbox is one simulated server. Close it to end its event deliveries.
type Sandbox struct {
	options Options
	limits  Limits
	mux     *http.ServeMux
	paths   map[string]handler
	faults  faults

	mu       sync.Mutex // guards what follows; held for one effect at a time
	state    state
	accounts []*account

	drawing sync.Mutex // one reader of options.Rand at a time

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	closing sync.Mutex // no goroutine starts once Close waits
	events  sync.WaitGroup
}

// New returns a sandbox with the state of its file, if that is there.
func New(o Options) (*Sandbox, error) {
	if len(o.Accounts) == 0 {
		return nil, errors.New("a sandbox needs an account")
	}
	o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Rand = cmp.Or[io.Reader](o.Rand, rand.Reader)
	if o.Zone == nil {
		o.Zone = time.FixedZone("UTC+8", 8*3600)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Sandbox{options: o, limits: o.Limits.withDefaults(), mux: http.NewServeMux()}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.load(); err != nil {
		return nil, err
	}
	for _, a := range o.Accounts {
		if err := s.addAccount(a); err != nil {
			return nil, err
		}
	}
	s.routes()
	s.resumeEvents()
	return s, nil
}

func (s *Sandbox) addAccount(o AccountOptions) error {
	switch {
	case o.AppID == "" || o.Secret == "":
		return errors.New("an account needs an appid and a secret")
	case o.Kind != Service && o.Kind != Subscription && o.Kind != Unverified:
		return fmt.Errorf("account %s: kind %q is none of service, subscription, unverified", o.AppID, o.Kind)
	}
	st := s.state.Accounts[o.AppID]
	if st == nil {
		st = newAccountState(s.now())
		s.state.Accounts[o.AppID] = st
	}
	st.complete()
	s.accounts = append(s.accounts, &account{AccountOptions: o, accountState: st})
	return nil
}

// An account is one account with its state.
type account struct {
	AccountOptions
	*accountState
}

// Close ends event deliveries and waiting requests. The sandbox's state stays.
func (s *Sandbox) Close() error {
	s.closing.Lock()
	s.cancel()
	s.closing.Unlock()
	s.events.Wait()
	return nil
}

// spawn runs fn in the background unless the sandbox is closed.
func (s *Sandbox) spawn(fn func()) {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.ctx.Err() == nil {
		s.events.Go(fn)
	}
}

// ServeHTTP answers WeChat's paths and the sandbox's own.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Sandbox) routes() {
	s.paths = s.api()
	for path, h := range s.paths {
		s.mux.Handle(path, s.endpoint(path, h))
	}
	s.mux.HandleFunc("/cgi-bin/", func(w http.ResponseWriter, r *http.Request) {
		s.reply(w, refuse(40066, "invalid url"))
	})
	s.mux.HandleFunc("GET /mmbiz/{file}", s.serveImage)
	s.inspection()
}

// api are the paths that the sandbox knows.
func (s *Sandbox) api() map[string]handler {
	return map[string]handler{
		"/cgi-bin/token":                      {get: true, open: true, do: s.plainToken},
		"/cgi-bin/stable_token":               {open: true, do: s.stableToken},
		"/cgi-bin/media/uploadimg":            {do: s.uploadImage},
		"/cgi-bin/material/add_material":      {verified: s.limits.RefuseMaterial, do: s.addMaterial},
		"/cgi-bin/draft/add":                  {do: s.addDraft},
		"/cgi-bin/draft/get":                  {do: s.getDraft},
		"/cgi-bin/draft/batchget":             {do: s.batchDrafts},
		"/cgi-bin/draft/count":                {get: true, do: s.countDrafts},
		"/cgi-bin/draft/delete":               {do: s.deleteDraft},
		"/cgi-bin/draft/update":               {do: s.updateDraft},
		"/cgi-bin/freepublish/submit":         {verified: true, do: s.submitPublish},
		"/cgi-bin/freepublish/get":            {verified: true, do: s.getPublish},
		"/cgi-bin/freepublish/batchget":       {verified: true, do: s.batchPublished},
		"/cgi-bin/freepublish/getarticle":     {verified: true, do: s.getPublished},
		"/cgi-bin/freepublish/delete":         {verified: true, do: s.deletePublished},
		"/cgi-bin/message/mass/sendall":       {verified: true, do: s.sendAll},
		"/cgi-bin/message/mass/send":          {verified: true, service: true, do: s.sendList},
		"/cgi-bin/message/mass/preview":       {verified: true, do: s.preview},
		"/cgi-bin/message/subscribe/bizsend":  {verified: true, service: true, do: s.sendNotice},
		"/wxaapi/newtmpl/gettemplate":         {get: true, verified: true, service: true, do: s.nothing},
		"/cgi-bin/tags/create":                {verified: true, do: s.createTag},
		"/cgi-bin/tags/get":                   {get: true, verified: true, do: s.getTags},
		"/cgi-bin/tags/members/batchtagging":  {verified: true, do: s.batchTag},
		"/cgi-bin/user/tag/get":               {verified: true, do: s.tagFollowers},
		"/cgi-bin/openapi/quota/get":          {do: s.getQuota},
		"/cgi-bin/message/mass/get":           {verified: true, do: s.getMass},
		"/cgi-bin/message/mass/delete":        {verified: true, do: s.deleteMass},
		"/cgi-bin/user/get":                   {get: true, verified: true, do: s.getUsers},
		"/cgi-bin/get_current_autoreply_info": {get: true, verified: true, do: s.nothing},
	}
}

// now is the sandbox's time: the clock plus what POST /_sandbox/clock added. s.mu is held.
func (s *Sandbox) now() time.Time { return s.options.Now().Add(time.Duration(s.state.Offset)) }
