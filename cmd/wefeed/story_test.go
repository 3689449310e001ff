package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"wefeed/internal/pgtest"
)

var postgres pgtest.Server

func TestMain(m *testing.M) {
	testscript.Main(withServers{m}, map[string]func(){"wefeed": main})
}

// withServers runs the tests with a PostgreSQL and a browser, which start when the first test asks for one.
type withServers struct{ *testing.M }

func (m withServers) Run() int {
	defer removeBinary()
	return browser.Run(func() int { return postgres.Run(m.M) })
}

// TestStories drives the real binary through testdata/script, one story a file: those in both on each kind of database,
// which STORE names, those in postgres on PostgreSQL. The commands that the stories use beside testscript's own are the
// methods of story, below.
func TestStories(t *testing.T) {
	onSQLite := func(testing.TB) string { return "sqlite:wefeed.db" }
	t.Run("demo", func(t *testing.T) { tell(t, "testdata/script", onSQLite) })
	t.Run("sqlite", func(t *testing.T) { tell(t, "testdata/script/both", onSQLite) })
	onPostgres := func(t *testing.T, dir string) {
		postgres.Need(t)
		tell(t, dir, postgres.Database)
	}
	t.Run("postgres", func(t *testing.T) { onPostgres(t, "testdata/script/both") })
	t.Run("nodes", func(t *testing.T) { onPostgres(t, "testdata/script/postgres") })
}

func tell(t *testing.T, dir string, database func(testing.TB) string) {
	t.Parallel()
	testscript.Run(t, stories(t, dir, database))
}

func stories(t *testing.T, dir string, database func(testing.TB) string) testscript.Params {
	return testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			s := &story{dir: env.WorkDir, procs: map[string]*process{}}
			env.Setenv("STORE", database(t))
			s.env = append(s.env, "STORE="+env.Getenv("STORE"))
			env.Values[storyKey{}] = s
			env.Defer(s.killAll)
			env.Defer(s.closeUpstream)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ports":    onStory((*story).ports),
			"export":   onStory((*story).export),
			"hostile":  onStory((*story).hostile),
			"start":    onStory((*story).start),
			"shutdown": onStory((*story).shutdown),
			"sigkill":  onStory((*story).sigkill),
			"http":     onStory((*story).http),
			"until":    onStory((*story).until),
			"logged":   onStory((*story).logged),
			"effects":  onStory((*story).effects),
			"capture":  onStory((*story).capture),

			"capture-out": onStory((*story).captureOut),
		},
	}
}

type storyKey struct{}

func onStory(f func(*story, *testscript.TestScript, bool, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		f(ts.Value(storyKey{}).(*story), ts, neg, args)
	}
}

// patience bounds every wait of a story. It is long because the machine may be slow; no wait sleeps it out.
const patience = 150 * time.Second

// A story is what one script has running.
type story struct {
	dir   string
	env   []string
	procs map[string]*process // by command: demo, portal, sandbox, serve; a second one with a 2 behind

	mu       sync.Mutex
	upstream *httptest.Server // of the command hostile
}

type process struct {
	cmd    *exec.Cmd
	log    string
	exited chan error
}

// ports NAME… sets each variable to a free loopback address, for what has to keep its address over a restart.
func (s *story) ports(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		defer ln.Close()
		ts.Setenv(name, ln.Addr().String())
		s.env = append(s.env, name+"="+ln.Addr().String())
	}
}

// export NAME… hands variables of the script to what is started after it.
func (s *story) export(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		s.env = append(s.env, name+"="+ts.Getenv(name))
	}
}

// start COMMAND [ARG…] runs wefeed in the background until it has printed the addresses of all that it serves, and sets
// GATEWAY, PORTAL and SANDBOX. Its log goes to $WORK/log.txt.
func (s *story) start(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("wefeed", args...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(append(os.Environ(), "HOME="+s.dir), s.env...) // configurations name these as ${VAR}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	log, err := os.OpenFile(filepath.Join(s.dir, "log.txt"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer log.Close()
	cmd.Stderr = log
	ts.Check(cmd.Start())
	p := &process{cmd: cmd, log: log.Name(), exited: make(chan error, 1)}
	name := args[0]
	if s.procs[name] != nil {
		name += "2"
	}
	s.procs[name] = p

	want := map[string]int{"demo": 3}[args[0]]
	lines := make(chan string)
	go func() {
		for sc := bufio.NewScanner(out); sc.Scan(); {
			lines <- sc.Text()
		}
		close(lines)
		p.exited <- cmd.Wait()
	}()
	for range max(want, 1) {
		select {
		case line, ok := <-lines:
			if !ok {
				b, _ := os.ReadFile(p.log)
				ts.Fatalf("wefeed %s ended before it was ready:\n%s", args[0], b)
			}
			name, url, _ := strings.Cut(line, " ")
			ts.Setenv(strings.ToUpper(name), url)
			s.env = append(s.env, strings.ToUpper(name)+"="+url)
		case <-time.After(patience):
			ts.Fatalf("wefeed %s is not ready", args[0])
		}
	}
	go func() {
		for range lines { // what it prints later
		}
	}()
}

// shutdown COMMAND ends the process with SIGTERM; it must exit with 0.
func (s *story) shutdown(ts *testscript.TestScript, _ bool, args []string) {
	if err := s.end(args[0], syscall.SIGTERM); err != nil {
		b, _ := os.ReadFile(filepath.Join(s.dir, "log.txt"))
		ts.Fatalf("exit after SIGTERM: %v\n%s", err, b)
	}
}

// sigkill COMMAND ends the process with SIGKILL.
func (s *story) sigkill(ts *testscript.TestScript, _ bool, args []string) {
	var exit *exec.ExitError
	if err := s.end(args[0], syscall.SIGKILL); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("kill: %v", err)
	}
}

func (s *story) end(name string, sig syscall.Signal) error {
	p, ok := s.procs[name]
	if !ok {
		return fmt.Errorf("%s is not running", name)
	}
	delete(s.procs, name)
	if err := p.cmd.Process.Signal(sig); err != nil {
		return err
	}
	select {
	case err := <-p.exited:
		return err
	case <-time.After(patience):
		p.cmd.Process.Kill()
		return fmt.Errorf("still running %v after %v", patience, sig)
	}
}

func (s *story) killAll() {
	for name := range s.procs {
		_ = s.end(name, syscall.SIGKILL)
	}
}

func (s *story) closeUpstream() {
	if s.upstream != nil {
		s.upstream.CloseClientConnections()
		s.upstream.Close()
	}
}

// http METHOD URL [BODY] prints the status and the body on stdout; [!] wants a status of 400 or more.
func (s *story) http(ts *testscript.TestScript, neg bool, args []string) {
	body := ""
	if len(args) > 2 {
		body = args[2]
	}
	status, header, got, err := do(args[0], args[1], body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n", status)
	header.Write(ts.Stdout())
	fmt.Fprintf(ts.Stdout(), "\n%s\n", got)
	if (status >= 400) != neg {
		ts.Fatalf("%s %s: %d %s", args[0], args[1], status, got)
	}
}

func do(method, url, body string) (int, http.Header, string, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	client := http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(b), err
}

// poll asks until ok or patience runs out, and returns what it saw last.
func poll(ok func() (bool, string)) (bool, string) {
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		done, saw := ok()
		if done {
			return true, saw
		}
		select {
		case <-tick.C:
		case <-deadline:
			return false, saw
		}
	}
}

// until URL REGEXP asks until the answer (its status and its body) matches; [!] until it does not.
func (s *story) until(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile(args[1])
	ok, saw := poll(func() (bool, string) {
		status, _, body, err := do("GET", args[0], "")
		if err != nil {
			return false, err.Error()
		}
		body = fmt.Sprintf("%d\n%s", status, body)
		return re.MatchString(body) != neg, body
	})
	if !ok {
		ts.Fatalf("%s never matched %q (wanted: %v):\n%.3000s", args[0], args[1], !neg, saw)
	}
}

// logged REGEXP waits until the log has a line that matches; [!] wants that it has none now.
func (s *story) logged(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile(args[0])
	look := func() (bool, string) {
		b, _ := os.ReadFile(filepath.Join(s.dir, "log.txt"))
		return re.Match(b), string(b)
	}
	if neg {
		if found, log := look(); found {
			ts.Fatalf("the log matches %q:\n%s", args[0], log)
		}
		return
	}
	if ok, log := poll(look); !ok {
		ts.Fatalf("the log never matched %q:\n%s", args[0], log)
	}
}

// effects TITLE DRAFTS MASSES waits until the sandbox has seen exactly that many drafts and mass sends with an article of
// this title; [!] wants the opposite. One mass send too many fails at once.
func (s *story) effects(ts *testscript.TestScript, neg bool, args []string) {
	drafts, err := strconv.Atoi(args[1])
	ts.Check(err)
	masses, err := strconv.Atoi(args[2])
	ts.Check(err)
	ok, saw := poll(func() (bool, string) {
		d, m, saw := countEffects(ts, args[0])
		if m > masses {
			ts.Fatalf("%q stands in %d mass sends, wanted %d:\n%s", args[0], m, masses, saw)
		}
		return (d == drafts && m == masses) != neg, saw
	})
	if !ok {
		ts.Fatalf("%q was never in %d drafts and %d mass sends:\n%s", args[0], drafts, masses, saw)
	}
}

func countEffects(ts *testscript.TestScript, title string) (drafts, masses int, saw string) {
	type effect struct {
		Articles []struct{ Title string }
	}
	var state struct{ Drafts, Masses []effect }
	status, _, body, err := do("GET", ts.Getenv("SANDBOX")+"/_sandbox/state", "")
	ts.Check(err)
	if status != http.StatusOK {
		ts.Fatalf("sandbox state: %d %s", status, body)
	}
	ts.Check(json.Unmarshal([]byte(body), &state))
	count := func(es []effect) (n int) {
		for _, e := range es {
			for _, a := range e.Articles {
				if a.Title == title {
					n++
				}
			}
		}
		return n
	}
	var short bytes.Buffer
	for _, e := range append(state.Drafts, state.Masses...) {
		fmt.Fprintf(&short, "%v\n", e.Articles)
	}
	return count(state.Drafts), count(state.Masses), short.String()
}

// capture NAME URL REGEXP sets the variable NAME to the first group that REGEXP finds in the answer.
func (s *story) capture(ts *testscript.TestScript, _ bool, args []string) {
	_, _, body, err := do("GET", args[1], "")
	ts.Check(err)
	m := regexp.MustCompile(args[2]).FindStringSubmatch(body)
	if m == nil {
		ts.Fatalf("%s does not match %q:\n%.3000s", args[1], args[2], body)
	}
	ts.Setenv(args[0], m[1])
}

// capture-out NAME REGEXP sets the variable NAME to the first group that REGEXP finds in the stdout of the last exec.
func (s *story) captureOut(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("stdout does not match %q:\n%s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], m[1])
}
