package portal_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// FuzzControl: a command is done or refused, never half; and what is published can be read in every charset and design.
func FuzzControl(f *testing.F) {
	f.Add(`{"section":"zhiyuan","title":"标题","body_html":"<p>正文</p>","published":"2026-11-23","images":["x"]}`)
	f.Add(`{"sections":["zhiyuan","haoren"],"title":"🎈<b>","body_html":"]]>","published":"2026-11-23T23:30:00Z"}`)
	f.Add(`{"title":"t"} {}`)
	f.Add(`{"charset":"gb18030-undeclared","design":"b"}`)
	p := newPortal(f, "")
	f.Fuzz(func(t *testing.T, body string) {
		w := do(t, p, "POST", "/_portal/articles", body)
		if w.Code != http.StatusCreated {
			if w.Code < 400 || w.Code >= 500 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			return
		}
		var made struct{ ID, URL string }
		if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
			t.Fatal(err)
		}
		path, ok := strings.CutPrefix(made.URL, base)
		if !ok {
			t.Fatalf("address %q", made.URL)
		}
		for _, mode := range []string{`{"charset":"utf-8","design":"a"}`, `{"charset":"gbk"}`, `{"charset":"gb18030-undeclared","design":"b"}`} {
			setMode(t, p, mode)
			get(t, p, path)
		}
		if w := do(t, p, "DELETE", "/_portal/articles/"+made.ID, ""); w.Code >= 300 {
			t.Errorf("DELETE %s: %d", made.ID, w.Code)
		}
	})
}

// FuzzMode: a mode is taken whole or not at all.
func FuzzMode(f *testing.F) {
	f.Add(`{"charset":"gbk","design":"b","down":true,"delay":"1ms"}`)
	f.Add(`{"charset":"gbk","design":"c"}`)
	f.Add(`{"delay":"-1s"}`)
	p := newPortal(f, "")
	f.Fuzz(func(t *testing.T, body string) {
		before := get(t, p, "/_portal/mode")
		w := do(t, p, "POST", "/_portal/mode", body)
		after := get(t, p, "/_portal/mode")
		if w.Code != http.StatusOK && (w.Code < 400 || w.Code >= 500 || after != before) {
			t.Errorf("%d: %s, before %s, after %s", w.Code, w.Body, before, after)
		}
		if w.Code == http.StatusOK && w.Body.String() != after {
			t.Errorf("answer %s, then %s", w.Body, after)
		}
	})
}
