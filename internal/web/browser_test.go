package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"wefeed/internal/browsertest"
)

var browser browsertest.Browser

func TestMain(m *testing.M) { goleak.VerifyTestMain(withBrowser{m}) }

type withBrowser struct{ *testing.M }

func (m withBrowser) Run() int { return browser.Run(m.M.Run) }

// TestPagesInABrowser: every page, also those of errors, with all that stands around it.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Banner = "试运行：推送只写进日志，什么也不会发出去"
	whole := httptest.NewServer(server(t, o))
	t.Cleanup(whole.Close)
	o.Articles = shelf{fails: errors.New("the disk is full")}
	broken := httptest.NewServer(server(t, o))
	t.Cleanup(broken.Close)
	for _, page := range []struct {
		name, address string
		status        int64
	}{
		{"front", whole.URL + "/", http.StatusOK},
		{"section", whole.URL + "/s/jingshen", http.StatusOK},
		{"child", whole.URL + "/s/gongzuo", http.StatusOK},
		{"empty", whole.URL + "/s/haoren", http.StatusOK},
		{"withdrawn", whole.URL + "/a/" + withdrawn, http.StatusGone},
		{"missing", whole.URL + "/nothing/here", http.StatusNotFound},
		{"failing", broken.URL + "/", http.StatusInternalServerError},
	} {
		t.Run(page.name, func(t *testing.T) {
			t.Parallel()
			browser.Check(t, page.address, page.status)
		})
	}
}
