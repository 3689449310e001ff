package browsertest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"wefeed/internal/need"
)

// views are the looks that every page has to stand: a phone and a desk, by day and by night.
var views = map[string]View{
	"phone, light": {Width: 360}, "phone, dark": {Width: 360, Dark: true}, "desk, light": {Width: 1280}, "desk, dark": {Width: 1280, Dark: true},
}

// Check holds a page against what every page of ours promises: it answers with this status; in each view axe-core finds
// nothing and nothing has to be scrolled sideways; who uses the keyboard sees where he is; pictures are there and have
// words; and all that CheckQuiet asks for.
//
// With WEFEED_PICTURES set to a folder, each view is kept there as a picture, for people to look at.
func (b *Browser) Check(t testing.TB, address string, status int64) {
	t.Helper()
	p := b.Open(t, address, View{})
	for name, view := range views {
		p.Look(view)
		for _, fault := range append(p.Audit(), p.sideways()...) {
			t.Errorf("%s (%s): %s", address, name, fault)
		}
		if dir := os.Getenv("WEFEED_PICTURES"); dir != "" {
			p.Picture(filepath.Join(dir, fileName(t.Name()+"-"+name)+".png"))
		}
	}
	p.Look(View{})
	for _, fault := range append(p.unseenFocus(), p.pictures()...) {
		t.Errorf("%s: %s", address, fault)
	}
	b.checkQuiet(p, status)
}

// CheckQuiet holds a page against the least: it answers with this status, the console has no error, no request leaves this
// machine, and without script the page says the same.
func (b *Browser) CheckQuiet(t testing.TB, address string, status int64) {
	t.Helper()
	b.checkQuiet(b.Open(t, address, View{}), status)
}

func (b *Browser) checkQuiet(p *Page, status int64) {
	p.t.Helper()
	if p.Status != status {
		p.t.Errorf("%s: status %d, want %d", p.url, p.Status, status)
	}
	for _, problem := range p.Problems() {
		p.t.Errorf("%s: %s", p.url, problem)
	}
	said := Eval[string](p, visibleText)
	if without := Eval[string](b.Open(p.t, p.url, View{NoScript: true}), visibleText); without != said {
		p.t.Errorf("%s says without script\n%s\nand with it\n%s", p.url, without, said)
	}
}

// Feeds are the feeds that a page names for readers to find: type and address by turns.
func (b *Browser) Feeds(t testing.TB, address string) []string {
	t.Helper()
	return Eval[[]string](b.Open(t, address, View{}), `[...document.querySelectorAll("link[rel=alternate]")].flatMap(l => [l.type, l.href])`)
}

const visibleText = `document.title + "\n" + document.body.innerText`

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// fileName makes a file's name of a test's.
func fileName(text string) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(text), "-"), "-")
}

// Audit is what axe-core finds wrong with the page as it is now, one line an element.
func (p *Page) Audit() []string {
	p.t.Helper()
	if !Eval[bool](p, `typeof axe === "object"`) {
		script, err := os.ReadFile(axe(p.t))
		p.must(err)
		p.Do(chromedp.Evaluate[chromedp.Void](string(script)))
	}
	return Eval[[]string](p, `axe.run().then(r => r.violations.flatMap(v => v.nodes.map(n =>
		v.id + " (" + v.impact + "): " + n.target.join(" ") + ": " + n.failureSummary.replace(/\s+/g, " "))))`)
}

// axe is where scripts/test-deps puts axe-core.
func axe(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		need.Missing(t, "axe-core")
	}
	found, _ := filepath.Glob(filepath.Join(cache, "wefeed", "axe-*.min.js"))
	if len(found) == 0 {
		need.Missing(t, "axe-core")
	}
	return found[len(found)-1]
}

// sideways is what sticks out of the window.
func (p *Page) sideways() []string {
	p.t.Helper()
	return Eval[[]string](p, `document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
		[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
			.map(e => "wider than the window: " + e.outerHTML.slice(0, 120))`)
}

// unseenFocus walks through the page with the tab key and returns what does not show that it has the focus.
func (p *Page) unseenFocus() (faults []string) {
	p.t.Helper()
	const stops = `[...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(e => !e.disabled && e.type !== "hidden").length`
	for range Eval[int](p, stops) {
		p.Do(chromedp.KeyEvent(kb.Tab))
		if fault := Eval[string](p, focusShown); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

// focusShown is empty when the focused element has a ring and stands in the window.
const focusShown = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return "the tab key ends in nothing";
	const s = getComputedStyle(e), r = e.getBoundingClientRect();
	const ring = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none";
	const seen = r.width > 0 && r.height > 0 && r.right > 0 && r.bottom > 0 && r.left < innerWidth && r.top < innerHeight;
	return ring && seen ? "" : "focus not seen: " + e.outerHTML.slice(0, 120);
})()`

// pictures are those that do not load. That each has words is axe-core's to say.
func (p *Page) pictures() []string {
	p.t.Helper()
	return Eval[[]string](p, `Promise.all([...document.images].map(i => {
		i.loading = "eager";
		return i.decode().then(() => "", () => "picture broken: " + i.outerHTML.slice(0, 120));
	})).then(faults => faults.filter(Boolean))`)
}
