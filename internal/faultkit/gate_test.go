package faultkit_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wefeed/internal/faultkit"
)

// An upstream counts its effects and answers with 1000 bytes.
type upstream struct {
	*httptest.Server
	effects atomic.Int32
}

func newUpstream(t *testing.T) *upstream {
	u := &upstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.effects.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Heard", r.Method+" "+r.URL.String()+" "+string(body))
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, strings.Repeat("x", 1000))
	}))
	t.Cleanup(u.Close)
	return u
}

// call posts and returns what came back: the response if its head came, the bytes, and the error.
func call(t *testing.T, url string) (*http.Response, int, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}, Timeout: patience}
	defer client.CloseIdleConnections()
	resp, err := client.Post(url, "text/plain", strings.NewReader("body"))
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, len(b), err
}

func TestGateHandsOn(t *testing.T) {
	u := newUpstream(t)
	g := faultkit.NewGate(t, u.URL)
	resp, n, err := call(t, g.URL()+"/a/b?c=d")
	if err != nil || n != 1000 || resp.StatusCode != http.StatusAccepted || resp.Header.Get("X-Heard") != "POST /a/b?c=d body" {
		t.Fatalf("%v %d %v", resp, n, err)
	}
	if g.Count("/a/b") != 1 || g.Count("") != 1 || g.Count("/other") != 0 {
		t.Errorf("counted %d, %d and %d", g.Count("/a/b"), g.Count(""), g.Count("/other"))
	}
	second := newUpstream(t)
	g.Aim(second.URL)
	if _, _, err := call(t, g.URL()+"/a/b"); err != nil || second.effects.Load() != 1 {
		t.Errorf("aimed elsewhere: %v, %d effects there", err, second.effects.Load())
	}
}

// TestCutAtEachPoint holds what the client saw and what the upstream did against the point's promise.
func TestCutAtEachPoint(t *testing.T) {
	for _, test := range []struct {
		at      faultkit.Point
		effects int32
		bytes   int
		whole   bool
	}{
		{faultkit.Before, 0, 0, false},
		{faultkit.After, 1, 0, false},
		{faultkit.MidReply, 1, 500, false},
		{faultkit.Reply, 1, 1000, true},
	} {
		t.Run(test.at.String(), func(t *testing.T) {
			u := newUpstream(t)
			g := faultkit.NewGate(t, u.URL)
			trap := &faultkit.Trap{Path: "/call", At: test.at}
			g.Arm(trap)
			_, n, err := call(t, g.URL()+"/call")
			if u.effects.Load() != test.effects || n != test.bytes || (err == nil) != test.whole {
				t.Errorf("%d effects, %d bytes, error %v", u.effects.Load(), n, err)
			}
			await(t, "the trap", trap.Done())
			if _, n, err := call(t, g.URL()+"/call"); err != nil || n != 1000 {
				t.Errorf("the next call: %d bytes, %v", n, err)
			}
		})
	}
}

// TestTrapsOneAfterTheOther arms the second of two calls of one path, both ends of a third, and leaves others alone.
func TestTrapsOneAfterTheOther(t *testing.T) {
	u := newUpstream(t)
	g := faultkit.NewGate(t, u.URL)
	passed := func(context.Context) faultkit.Then { return faultkit.Pass }
	second := &faultkit.Trap{Path: "/call", Nth: 2}
	thirdEarly := &faultkit.Trap{Path: "/call", Nth: 3, At: faultkit.After, Act: passed}
	thirdLate := &faultkit.Trap{Path: "/call", Nth: 3, At: faultkit.MidReply}
	g.Arm(second, thirdEarly, thirdLate)
	for i, want := range []bool{true, false, false, true} {
		if _, _, err := call(t, g.URL()+"/other"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := call(t, g.URL()+"/call"); (err == nil) != want {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	for _, trap := range []*faultkit.Trap{second, thirdEarly, thirdLate} {
		await(t, "a trap", trap.Hit())
	}
	if n := u.effects.Load(); n != 4+3 {
		t.Errorf("%d effects", n)
	}
}

func TestSilence(t *testing.T) {
	u := newUpstream(t)
	g := faultkit.NewGate(t, u.URL)
	trap := &faultkit.Trap{Act: faultkit.Silence}
	g.Arm(trap)
	ctx, giveUp := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, g.URL()+"/call", strings.NewReader("body"))
		_, err := http.DefaultClient.Do(req)
		failed <- err
	}()
	await(t, "the call", trap.Hit())
	select {
	case err := <-failed:
		t.Fatalf("the call ended by itself: %v", err)
	case <-trap.Done():
		t.Fatal("the trap ended by itself")
	default:
	}
	giveUp()
	if err := <-failed; err == nil {
		t.Error("an answer came")
	}
	await(t, "the end of the silence", trap.Done())
	if n := u.effects.Load(); n != 0 {
		t.Errorf("%d effects", n)
	}
}

// TestKillInTheMiddle kills a real process while its call stands still, and looks that it died before the connection did.
func TestKillInTheMiddle(t *testing.T) {
	u := newUpstream(t)
	g := faultkit.NewGate(t, u.URL)
	dead := make(chan struct{})
	trap := &faultkit.Trap{At: faultkit.MidReply, Act: faultkit.Hold(dead, faultkit.Drop)}
	g.Arm(trap)
	// A client in bash: one that is told of a cut would say so.
	host := strings.TrimPrefix(g.URL(), "http://")
	script := `exec 3<>/dev/tcp/${0/:/\/}; printf 'GET /call HTTP/1.1\r\nHost: x\r\n\r\n' >&3; echo asked; cat <&3 >/dev/null; echo cut; read`
	cmd := exec.Command("bash", "-c", script, host)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "asked" {
		t.Fatalf("the client said %q", lines.Text())
	}
	await(t, "the call", trap.Hit())
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		t.Errorf("before it died the client said %q", lines.Text())
	}
	_ = cmd.Wait()
	close(dead)
	await(t, "the end of the trap", trap.Done())
}

// TestGateWithoutUpstream is what a client sees of an upstream that is down.
func TestGateWithoutUpstream(t *testing.T) {
	u := newUpstream(t)
	g := faultkit.NewGate(t, u.URL)
	u.Close()
	began := time.Now()
	if _, _, err := call(t, g.URL()+"/call"); err == nil || time.Since(began) > patience {
		t.Errorf("the call: %v", err)
	}
}
