package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wefeed/internal/browsertest"
)

var browser browsertest.Browser

// TestDemoInABrowser opens what `wefeed demo` shows to people, once articles have gone all the way.
func TestDemoInABrowser(t *testing.T) {
	t.Parallel()
	free := "127.0.0.1:0"
	at := launch(t, 3, "demo", "--dir", t.TempDir(), "--listen", free, "--portal-listen", free, "--sandbox-listen", free)
	waitFor(t, at["gateway"]+"/feeds/all.atom", "<entry>") // what the first collect finds is not pushed
	publish(t, at["portal"], `{"section":"zhiyuan","title":"河畔志愿者","body_html":"<p>清晨六点，他们又出发了。</p>"}`)
	waitFor(t, at["gateway"]+"/s/zhiyuan", "河畔志愿者")
	waitFor(t, at["sandbox"]+"/_sandbox/", "河畔志愿者")

	for _, page := range []string{"/", "/s/zhiyuan", "/s/jingshen"} {
		t.Run("gateway"+page, func(t *testing.T) {
			browser.Check(t, at["gateway"]+page, http.StatusOK)
			checkFeeds(t, browser.Feeds(t, at["gateway"]+page))
		})
	}
	t.Run("sandbox", func(t *testing.T) { browser.Check(t, at["sandbox"]+"/_sandbox/", http.StatusOK) })
	// The portal has the habits of those that it stands for, so axe-core is not asked about it.
	for _, page := range []string{at["portal"] + "/", at["portal"] + "/zhiyuan/"} {
		t.Run(page, func(t *testing.T) { browser.CheckQuiet(t, page, http.StatusOK) })
	}
}

// checkFeeds checks that there are feeds of every kind, and that they answer with what they say they are.
func checkFeeds(t *testing.T, feeds []string) {
	t.Helper()
	if len(feeds) != 2*3 {
		t.Errorf("the page names %v", feeds)
	}
	for feed := range slices.Chunk(feeds, 2) {
		status, header, _, err := do("GET", feed[1], "")
		if err != nil || status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), feed[0]) {
			t.Errorf("%v: %d %s %v", feed, status, header.Get("Content-Type"), err)
		}
	}
}

func publish(t *testing.T, portal, article string) {
	t.Helper()
	status, _, body, err := do("POST", portal+"/_portal/articles", article)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("publish: %d %s %v", status, body, err)
	}
}

// waitFor asks until the answer has the text.
func waitFor(t *testing.T, address, text string) {
	t.Helper()
	re := regexp.MustCompile(regexp.QuoteMeta(text))
	ok, saw := poll(func() (bool, string) {
		_, _, body, err := do("GET", address, "")
		return err == nil && re.MatchString(body), body
	})
	if !ok {
		t.Fatalf("%s never had %q:\n%.2000s", address, text, saw)
	}
}
