package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wefeed/internal/faultkit"
	"wefeed/internal/portal"
	"wefeed/push/wechat/sandbox"
)

// A site is a portal, a WeChat sandbox and a gateway between them, each channel with an account of its own. Portal and
// sandbox run in this process, the gateway is the real binary. Its methods return errors instead of failing the test, since
// sites live side by side in goroutines.
type site struct {
	dir     string
	dsn     string // store in the configuration
	portal  string // addresses as the gateway is told
	sandbox string // address of the real one
	direct  string // of the portal, for who publishes
	lanes   []*lane
	db      *sql.DB
	gateway *gateway
}

// A lane is one channel with its account, its section, and the ways to and from WeChat.
type lane struct {
	id      string // of account and channel
	kind    string // draft, publish, mass
	section string
	mute    bool           // no events come
	out     *faultkit.Gate // gateway → WeChat
	back    *faultkit.Gate // WeChat → gateway
	api     string         // api_base, if it is not out
}

// sections that sites use; the portal has them.
const (
	sectionA = "zhiyuan"
	sectionB = "mofan"
)

// newSite makes all but the gateway. The store is a SQLite database in dir unless dsn says otherwise.
func newSite(t testing.TB, dir, dsn string, lanes ...*lane) *site {
	t.Helper()
	s := &site{dir: dir, dsn: dsn, lanes: lanes}
	front := httptest.NewUnstartedServer(nil)
	s.direct = "http://" + front.Listener.Addr().String()
	s.portal = s.direct
	p, err := portal.New(portal.Options{BaseURL: s.direct})
	if err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = p
	front.Start()
	t.Cleanup(front.Close)

	wechat := httptest.NewUnstartedServer(nil)
	s.sandbox = "http://" + wechat.Listener.Addr().String()
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	sb, err := sandbox.New(sandbox.Options{
		BaseURL: s.sandbox, Accounts: s.accounts(t), Client: client, Limits: sandbox.Limits{EventDelay: 100 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	wechat.Config.Handler = sb
	wechat.Start()
	t.Cleanup(func() {
		_ = sb.Close()
		wechat.CloseClientConnections()
		wechat.Close()
		client.CloseIdleConnections()
	})
	s.db = s.open(t)
	t.Cleanup(s.kill)
	return s
}

// accounts are the lanes' at the sandbox; it makes their gates.
func (s *site) accounts(t testing.TB) (accounts []sandbox.AccountOptions) {
	for _, l := range s.lanes {
		l.out, l.back = faultkit.NewGate(t, s.sandbox), faultkit.NewGate(t, "http://127.0.0.1:1")
		a := sandbox.AccountOptions{AppID: l.id, Secret: "secret", Kind: sandbox.Service, Token: "token"}
		if !l.mute {
			a.CallbackURL = l.back.URL() + "/wechat/" + l.id
		}
		accounts = append(accounts, a)
	}
	return accounts
}

// open opens the gateway's database for looking.
func (s *site) open(t testing.TB) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", s.dsn
	if path, ok := strings.CutPrefix(s.dsn, "sqlite:"); ok {
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.dir, path)
		}
		driver, dsn = "sqlite", "file:"+path+"?_pragma=query_only(1)&_pragma=busy_timeout(1000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// configure writes the gateway's configuration.
func (s *site) configure() error {
	var b strings.Builder
	fmt.Fprintf(&b, `listen: 127.0.0.1:0
store: %s
site: {title: 测试网, url: "http://127.0.0.1:1", tag: "example.cn,2026"}
network: {allow: [127.0.0.0/8], host_rate: 0}
collect: {recheck: {every_collect_for: 1s, daily_for: 1s, per_collect: 1}}
push: {settle: 2s, look_gap: 1s}
sections:
`, s.dsn)
	for _, id := range []string{sectionA, sectionB} {
		fmt.Fprintf(&b, "  - {id: %s, title: %s, schedule: \"@every 2s\", sources: [{list: \"%s/%s/\"}]}\n", id, id, s.portal, id)
	}
	b.WriteString("accounts:\n")
	for _, l := range s.lanes {
		api := l.api
		if api == "" {
			api = l.out.URL()
		}
		fmt.Fprintf(&b, "  - {id: %s, appid: %s, secret: secret, kind: service, api_base: \"%s\", token: token, dry_run: false}\n", l.id, l.id, api)
	}
	b.WriteString("channels:\n")
	for _, l := range s.lanes {
		fmt.Fprintf(&b, "  - {id: %s, account: %s, kind: %s, schedule: \"@every 2s\", sections: [%s]}\n", l.id, l.id, l.kind, l.section)
	}
	return os.WriteFile(filepath.Join(s.dir, "config.yaml"), []byte(b.String()), 0o600)
}

// A gateway is one process of wefeed serve.
type gateway struct {
	cmd    *exec.Cmd
	url    string
	exited chan struct{}
}

// binary is wefeed without the race detector, under which the stories run it: drawing covers would take ten times as long,
// and there are many sites. Its packages are those that go vet compiles.
var binary = sync.OnceValues(func() (path string, err error) {
	if binaryDir, err = os.MkdirTemp("", "wefeed-bin"); err != nil {
		return "", err
	}
	path = filepath.Join(binaryDir, "wefeed")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return path, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

var binaryDir string

func removeBinary() {
	if binaryDir != "" {
		_ = os.RemoveAll(binaryDir)
	}
}

// start runs the gateway until it has said where it is, and shows the callbacks the way to it.
func (s *site) start() error {
	wefeed, err := binary()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(wefeed, "serve", "-c", "config.yaml")
	cmd.Dir, cmd.Stderr = s.dir, log
	said := &firstLine{got: make(chan string, 1)}
	cmd.Stdout = said
	if err := cmd.Start(); err != nil {
		return err
	}
	g := &gateway{cmd: cmd, exited: make(chan struct{})}
	go func() {
		defer close(g.exited)
		_ = cmd.Wait() // how it ended stands in its log
	}()
	s.gateway = g
	select {
	case line := <-said.got:
		_, g.url, _ = strings.Cut(line, " ")
	case <-g.exited:
		return errors.New("wefeed serve ended before it was ready")
	case <-time.After(patience):
		return errors.New("wefeed serve is not ready")
	}
	for _, l := range s.lanes {
		l.back.Aim(g.url)
	}
	return nil
}

// kill ends the gateway with SIGKILL and returns when it is dead.
func (s *site) kill() {
	if s.gateway != nil {
		_ = s.gateway.cmd.Process.Kill()
		<-s.gateway.exited
	}
}

// A firstLine is a writer that passes on its first line.
type firstLine struct {
	mu   sync.Mutex
	text string
	got  chan string
}

func (f *firstLine) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	had := strings.Contains(f.text, "\n")
	f.text += string(b)
	if line, _, whole := strings.Cut(f.text, "\n"); whole && !had {
		f.got <- line
	}
	return len(b), nil
}

func (s *site) log() string { return filepath.Join(s.dir, "log.txt") }

// begin starts the gateway and waits until it has read its sections: what comes after is new to the channels.
func (s *site) begin() error {
	if err := errors.Join(s.configure(), s.start()); err != nil {
		return err
	}
	return errors.Join(s.until("the first collect", func() error { return s.feeds(sectionA, "") }),
		s.until("the first collect", func() error { return s.feeds(sectionB, "") }))
}

// feeds reports whether the section's feed is there and shows the article.
func (s *site) feeds(section, title string) error {
	status, _, body, err := do("GET", s.gateway.url+"/feeds/"+section+".atom", "")
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("feed %s: HTTP %d", section, status)
	case !strings.Contains(body, title):
		return fmt.Errorf("feed %s lacks %s", section, title)
	}
	return nil
}

// ready reports whether the gateway says what is wanted of itself.
func (s *site) ready(want int) error {
	status, _, _, err := do("GET", s.gateway.url+"/readyz", "")
	if err == nil && status != want {
		err = fmt.Errorf("/readyz: HTTP %d", status)
	}
	return err
}

// logged reports whether the gateway's log has a line with this text.
func (s *site) logged(text string) error {
	b, err := os.ReadFile(s.log())
	if err == nil && !strings.Contains(string(b), text) {
		err = fmt.Errorf("the log has no %q", text)
	}
	return err
}

// publish puts an article with a picture on the portal.
func (s *site) publish(section, title string) error {
	article, err := json.Marshal(map[string]any{
		"section": section, "title": title, "body_html": "<p>" + title + "。</p>", "images": []string{"/images/shequ.jpg"},
	})
	if err != nil {
		return err
	}
	status, _, body, err := do("POST", s.direct+"/_portal/articles", string(article))
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("publish: %d %s", status, body)
	}
	return err
}

// endless bounds the waits of sites: a node of a PostgreSQL database that was killed is missed after two minutes, and the
// machine may be slow.
const endless = 4 * time.Minute

// errTwice is an effect too many: waiting does not mend it.
var errTwice = errors.New("twice")

// until asks until look has no objection.
func (s *site) until(what string, look func() error) error {
	deadline := time.After(endless)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := look()
		if err == nil {
			return nil
		}
		if errors.Is(err, errTwice) {
			return fmt.Errorf("%s: %w", what, err)
		}
		select {
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("%s never came: %w", what, err)
		}
	}
}

// lastWords is the end of the gateway's log.
func (s *site) lastWords() string {
	b, _ := os.ReadFile(s.log())
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// states are the states of a channel's editions, in the order of their slots.
func (s *site) states(channel string) (states []string, err error) {
	rows, err := s.db.Query(`SELECT state FROM editions WHERE channel = '` + channel + `' ORDER BY slot`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		if err := rows.Scan(&state); err != nil {
			return nil, err
		}
		states = append(states, state)
	}
	return states, rows.Err()
}

// effects counts the account's drafts that hold the article, and the mass sends and publications.
func (s *site) effects(account, title string) (drafts, out int, err error) {
	type effect struct{ Articles []struct{ Title string } }
	var state struct{ Drafts, Masses, Published []effect }
	_, _, body, err := do("GET", s.sandbox+"/_sandbox/state?account="+account, "")
	if err == nil {
		err = json.Unmarshal([]byte(body), &state)
	}
	count := func(all []effect) (n int) {
		for _, e := range all {
			for _, a := range e.Articles {
				if a.Title == title {
					n++
				}
			}
		}
		return n
	}
	return count(state.Drafts), count(state.Masses) + count(state.Published), err
}

// once holds an article's effects, its edition's end and its feed against the promise: exactly one effect, in an edition
// that came to rest as it should.
func (s *site) once(l *lane, title string, ends ...string) error {
	drafts, out, err := s.effects(l.id, title)
	if err != nil {
		return err
	}
	wantDrafts, wantOut := 1, 0
	if l.kind != "draft" {
		wantDrafts, wantOut = 0, 1
	}
	if drafts > 1 || out > wantOut { // a mass send or publication is a draft first
		return fmt.Errorf("%w: %s is in %d drafts and %d times out of %s", errTwice, title, drafts, out, l.id)
	}
	if drafts != wantDrafts || out != wantOut {
		return fmt.Errorf("%s is in %d drafts and %d times out of %s, wanted %d and %d", title, drafts, out, l.id, wantDrafts, wantOut)
	}
	states, err := s.states(l.id)
	if err != nil {
		return err
	}
	if len(states) != 1 || !slices.Contains(ends, states[0]) {
		return fmt.Errorf("the editions of %s are %v, wanted one of %v", l.id, states, ends)
	}
	return s.feeds(l.section, title)
}

// memoryDir is a temporary folder in memory, where the system has such a place. kill -9 leaves what was written to the system,
// so a disk would only make sites slower, and their neighbours too.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "wefeed-site")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
