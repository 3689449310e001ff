package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

var browser Browser

func TestMain(m *testing.M) { goleak.VerifyTestMain(withBrowser{m}) }

type withBrowser struct{ *testing.M }

func (m withBrowser) Run() int { return browser.Run(m.M.Run) }

// diary is a test that writes down what Check says, instead of failing.
type diary struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (d *diary) Errorf(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, fmt.Sprintf(format, args...))
}

const sound = `<!doctype html><html lang="zh"><meta name="viewport" content="width=device-width"><title>好</title><link rel="icon" href="data:,">
<main><h1>好的页面</h1><p><a href="/">首页</a></p></main>`

func TestSoundPage(t *testing.T) {
	if said := check(t, sound, http.StatusOK); len(said) > 0 {
		t.Error(strings.Join(said, "\n"))
	}
}

// TestFaults: a check that finds nothing on bad pages would be worth nothing on ours.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ page, want string }{
		"contrast":    {strings.Replace(sound, "<h1>", `<h1 style="color:#ccc">`, 1), "color-contrast"},
		"at night":    {strings.Replace(sound, "<main>", `<style>:root{color-scheme:light dark}h1{color:#222}</style><main>`, 1), "(desk, dark): color-contrast"},
		"sideways":    {strings.Replace(sound, "<p>", `<p style="width:700px">`, 1), "(phone, light): wider than the window"},
		"focus":       {strings.Replace(sound, "<main>", `<style>a:focus{outline:none}</style><main>`, 1), "focus not seen"},
		"broken":      {sound + `<img src="data:image/png;base64,AAAA" alt="图">`, "picture broken"},
		"no words":    {sound + `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`, "image-alt"},
		"script":      {sound + `<main id=m></main><script>m.textContent = "只有脚本"</script>`, "says without script"},
		"exception":   {sound + `<script>throw new Error("oops")</script>`, "exception"},
		"console":     {sound + `<script>console.error("oops")</script>`, "console: error"},
		"not found":   {sound + `<link rel="stylesheet" href="/nothing.css">`, "404"},
		"far away":    {sound + `<link rel="stylesheet" href="http://192.0.2.1/x.css">`, "leaves this machine: http://192.0.2.1/x.css"},
		"wrong state": {sound, "status 200, want 410"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := int64(http.StatusOK)
			if name == "wrong state" {
				status = http.StatusGone
			}
			if said := strings.Join(check(t, c.page, status), "\n"); !strings.Contains(said, c.want) {
				t.Errorf("want %q in:\n%s", c.want, said)
			}
		})
	}
}

// check is what Check says of a page.
func check(t *testing.T, page string, status int64) []string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	}))
	defer server.Close()
	d := &diary{TB: t}
	browser.Check(d, server.URL+"/", status)
	return d.said
}
