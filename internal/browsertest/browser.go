// Package browsertest shows tests our pages in a real browser: Chromium without a window, driven over a pipe, with axe-core
// to find what keeps people out. scripts/test-deps installs both; without them a test is skipped and says so, or fails
// when CI=true.
//
//	var browser browsertest.Browser
//
//	func TestMain(m *testing.M) { os.Exit(browser.Run(m.Run)) }
//
//	func TestPages(t *testing.T) { browser.Check(t, server.URL+"/", 200) }
//
// [Browser.Check] is what every page has to pass. [Browser.Open] gives a page to try other things on.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"wefeed/internal/need"
)

// patience bounds every step. It is long because the machine may be slow; no step sleeps it out.
const patience = 2 * time.Minute

// A Browser is a running Chromium, shared by a package's tests. Its zero value starts one when the first page is opened.
type Browser struct {
	once sync.Once
	err  error
	ctx  context.Context
	stop context.CancelFunc
}

// Run runs a package's tests, which are testing.M's Run, and ends the browser with all its processes; call it in TestMain
// and hand its result to os.Exit.
func (b *Browser) Run(tests func() int) int {
	defer func() {
		if b.stop != nil {
			b.stop()
		}
	}()
	return tests()
}

// start starts Chromium, from an empty profile, which asks nobody for anything but our pages.
func (b *Browser) start(path string) error {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.NoSandbox, // a container has none to give, and all that is opened is ours
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	b.ctx = ctx
	b.stop = func() {
		limit, done := context.WithTimeout(ctx, patience)
		defer done()
		_ = chromedp.Cancel(limit) // gracefully; what is left is killed below
		cancel()
		stopAllocator()
	}
	return chromedp.Do(ctx)
}

// A Page is an open page in a tab of its own, without anything that another page left behind.
type Page struct {
	Status int64 // of its answer

	t   testing.TB
	ctx context.Context
	url string

	mu       sync.Mutex
	problems []string
}

// A View is how a page is looked at.
type View struct {
	Width    int64 // CSS pixels; default 1280
	Dark     bool
	NoScript bool
}

// Open loads a page and closes it with the test.
func (b *Browser) Open(t testing.TB, address string, v View) *Page {
	t.Helper()
	path := need.Program(t, "chromium", "google-chrome")
	if b.once.Do(func() { b.err = b.start(path) }); b.err != nil {
		t.Fatalf("Chromium does not start: %v", b.err)
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx, url: address}
	p.must(chromedp.Listen(ctx, p.hear))
	// The tab key counts in a tab that is not in front, too: tests run side by side.
	_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	p.must(err)
	if v.NoScript {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		p.must(err)
	}
	p.Look(v)
	limit, done := context.WithTimeout(ctx, patience)
	defer done()
	response, err := chromedp.Run(limit, chromedp.NavigateResponse(address))
	p.must(err)
	p.Status = response.Status
	return p
}

// hear notes what must not happen on a page of ours: an error in the console, a request that leaves this machine.
func (p *Page) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !staysHere(e.Request.URL) {
			p.note("a request leaves this machine: %s", e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		p.note("exception: %s", e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		p.note("console: %s", e.Type)
	case *log.EventEntryAdded:
		// A page's own status, 404 say, is the test's to look at; the icon is asked for by the browser, not the page.
		expected := e.Entry.Source == "network" && (e.Entry.URL == p.url || strings.HasSuffix(e.Entry.URL, "/favicon.ico"))
		if !expected && (e.Entry.Level == "error" || e.Entry.Level == "warning") {
			p.note("console: %s %s", e.Entry.Text, e.Entry.URL)
		}
	}
}

func (p *Page) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// Problems are the console's errors and the requests that left this machine, since the page was opened.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.problems
}

// staysHere reports whether an address is this machine's, or none of the network's.
func staysHere(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Scheme == "data" || u.Scheme == "about" || u.Scheme == "blob" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}

// Look changes how the page is looked at; NoScript only counts when it is opened.
func (p *Page) Look(v View) {
	p.t.Helper()
	if v.Width == 0 {
		v.Width = 1280
	}
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	p.must(errors.Join(err, chromedp.Do(p.ctx, chromedp.EmulateViewport(v.Width, 800))))
}

// Do runs steps of chromedp on the page: clicks, keys, waits.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	limit, done := context.WithTimeout(p.ctx, patience)
	defer done()
	p.must(chromedp.Do(limit, steps...))
}

// Picture writes the whole page as it looks now, for people.
func (p *Page) Picture(file string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	p.must(err)
	p.must(os.WriteFile(file, picture, 0o600))
}

// Eval evaluates an expression in the page; a promise is waited for.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	limit, done := context.WithTimeout(p.ctx, patience)
	defer done()
	value, err := chromedp.Run(limit, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	p.must(err)
	return value
}

func (p *Page) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", p.url, err)
	}
}
