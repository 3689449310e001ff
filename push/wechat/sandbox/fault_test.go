package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const addPath = "/cgi-bin/draft/add"

func (r *rig) fault(f object) {
	r.Helper()
	r.control("POST", "/_sandbox/faults", f, http.StatusCreated)
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault  object
		check  func(t *testing.T, body string, err error)
		effect int
	}{
		{object{"fault": "drop_reply"}, func(t *testing.T, body string, err error) {
			if err == nil || body != "" {
				t.Errorf("answered %q, %v", body, err)
			}
		}, 1},
		{object{"fault": "cut_reply"}, func(t *testing.T, body string, err error) {
			if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(body, `{`) || strings.HasSuffix(strings.TrimSpace(body), "}") {
				t.Errorf("answered %q, %v, want half of it", body, err)
			}
		}, 1},
		{object{"fault": "http_500"}, func(t *testing.T, body string, err error) {
			if err != nil || !strings.Contains(body, "500 Internal Server Error") {
				t.Errorf("answered %q, %v", body, err)
			}
		}, 0},
		{object{"fault": "errcode", "errcode": 45009}, func(t *testing.T, body string, err error) {
			if err != nil || !strings.Contains(body, `"errcode":45009`) || !strings.Contains(body, "reach max api daily quota limit rid: ") {
				t.Errorf("answered %q, %v", body, err)
			}
		}, 0},
		{object{"fault": "errcode", "errcode": 99999}, func(t *testing.T, body string, err error) {
			if err != nil || !strings.Contains(body, `"errcode":99999`) {
				t.Errorf("answered %q, %v", body, err)
			}
		}, 0},
	} {
		t.Run(c.fault["fault"].(string), func(t *testing.T) {
			r := newRig(t, plain())
			art := r.article("一")
			c.fault["path"], c.fault["times"] = addPath, 1
			r.fault(c.fault)
			body, err := r.try(addPath, object{"articles": []object{art}})
			c.check(t, body, err)
			if got := r.count("drafts"); got != c.effect {
				t.Errorf("%d drafts, want %d", got, c.effect)
			}
			if ok, failed := r.calls(addPath); int(ok) != c.effect || int(failed) != 1-c.effect {
				t.Errorf("counted %v ok, %v failed", ok, failed)
			}
			r.draft(art) // the fault is used up
		})
	}
}

func TestTimeoutFault(t *testing.T) {
	r := newRig(t, plain())
	art := r.article("一")
	r.fault(object{"path": addPath, "fault": "timeout", "times": 1})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-r.faults; cancel() }()
	body, _ := json.Marshal(object{"articles": []object{art}})
	_, _, err := r.doContext(ctx, "POST", addPath+"?access_token="+r.access, "application/json", body)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("answered: %v", err)
	}
	if r.count("drafts") != 0 {
		t.Error("a call in silence had an effect")
	}
}

func TestCloseEndsSilence(t *testing.T) {
	r := newRig(t, plain())
	r.fault(object{"path": "/cgi-bin/draft/batchget", "fault": "timeout", "times": 1})
	r.access = r.stable(false)["access_token"].(string)
	go func() { <-r.faults; _ = r.box.Close() }()
	if _, err := r.try("/cgi-bin/draft/batchget", object{"count": 1}); err == nil {
		t.Error("a call in silence was answered by Close")
	}
}

func TestLateFault(t *testing.T) {
	const path = "/cgi-bin/message/mass/sendall"
	r := newRig(t, plain())
	id := r.draft(r.article("一"))
	r.fault(object{"path": path, "fault": "late", "delay": "1ms", "times": 1})
	if body, err := r.try(path, massSend(id, "client")); err == nil {
		t.Errorf("answered %q", body)
	}
	<-r.events // of the mass send that came late
	if ok, failed := r.calls(path); ok != 1 || failed != 0 {
		t.Errorf("counted %v ok, %v failed", ok, failed)
	}
	r.wants(r.sendAll(id, "client"), 45065)

	r.fault(object{"path": addPath, "fault": "late", "delay": "1h", "times": 1})
	if body, err := r.try(addPath, object{"articles": []object{r.article("二")}}); err == nil {
		t.Errorf("answered %q", body)
	}
	if r.count("drafts") != 0 || r.box.Close() != nil || r.count("drafts") != 0 {
		t.Error("the effect came before its time")
	}
}

func TestFaultCounting(t *testing.T) {
	r := newRig(t, plain())
	access := r.stable(false)["access_token"].(string)
	ask := func(want int) {
		t.Helper()
		r.wants(r.object(r.get("/cgi-bin/draft/count?access_token="+access)), want)
	}
	count := "/cgi-bin/draft/count"
	r.fault(object{"path": count, "fault": "errcode", "errcode": -1, "times": 2})
	r.fault(object{"path": count, "fault": "errcode", "errcode": 45011, "times": 1})
	for _, want := range []int{-1, -1, 45011, 0} {
		ask(want)
	}
	r.fault(object{"path": count, "fault": "errcode", "errcode": 45009})
	for range 5 {
		ask(45009)
	}
	if status, body, err := r.do("GET", "/_sandbox/faults", "", nil); status != 200 || err != nil ||
		strings.TrimSpace(body) != `[{"path":"/cgi-bin/draft/count","fault":"errcode","times":0,"errcode":45009}]` {
		t.Errorf("listed: %d %s", status, body)
	}
	if !strings.Contains(r.get("/_sandbox/"), "/cgi-bin/draft/count：errcode") {
		t.Error("the page does not show the fault")
	}
	r.control("DELETE", "/_sandbox/faults", "", http.StatusNoContent)
	ask(0)
}

func TestEventFaults(t *testing.T) {
	for _, c := range []struct {
		fault object
		want  int
	}{
		{object{"fault": "timeout"}, 0}, {object{"fault": "drop_reply"}, 2}, {object{"fault": "late", "delay": "1ms"}, 1},
		{object{"fault": "late", "delay": "1h"}, 0},
	} {
		t.Run(c.fault["fault"].(string), func(t *testing.T) {
			r := newRig(t, plain())
			c.fault["path"], c.fault["times"] = "event", 1
			r.fault(c.fault)
			r.control("POST", "/_sandbox/events", object{"type": "scan", "openid": "o1"}, 202)
			for range c.want {
				<-r.events
			}
			if err := r.box.Close(); err != nil || len(r.events) != 0 {
				t.Errorf("%d events more, %v", len(r.events), err)
			}
		})
	}
}

func TestBadFaults(t *testing.T) {
	r := newRig(t, plain())
	for _, c := range []struct{ body, want string }{
		{`{"path":"/cgi-bin/draft/ad","fault":"timeout"}`, `/cgi-bin/draft/add`},
		{`{"path":"event","fault":"explode"}`, "none of drop_reply, cut_reply, late, timeout, http_500, errcode"},
		{`{"path":"event","fault":"timeout","times":-1}`, "negative"},
		{`{"path":"event","fault":"late","delay":"-1s"}`, "negative"},
		{`{"path":"event","fault":"late","delay":5}`, `such as \"1s\"`},
		{`{"path":"event","fault":"late","delay":"soon"}`, "invalid duration"},
		{`{"path":"event","fault":"errcode"}`, "needs an errcode"},
		{`{"path":"event","fault":"timeout","tmes":1}`, `unknown field \"tmes\"`},
		{`{"path":`, "not the JSON"}, {``, "not the JSON"}, {`{} {}`, "more than one"},
	} {
		got := r.object(func() string {
			status, body, err := r.do("POST", "/_sandbox/faults", "application/json", []byte(c.body))
			if status != 400 || err != nil {
				t.Errorf("%s: %d %v", c.body, status, err)
			}
			return body
		}())["error"].(string)
		if !strings.Contains(got, strings.ReplaceAll(c.want, `\"`, `"`)) {
			t.Errorf("%s: %q does not say %q", c.body, got, c.want)
		}
	}
}

// TestCloseDuringCalls: nothing starts once Close has waited.
func TestCloseDuringCalls(t *testing.T) {
	o := plain()
	o.Limits.EventDelay = time.Hour
	r := newRig(t, o)
	r.stable(false)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 50 {
			_, _, _ = r.do("POST", "/_sandbox/events", "application/json", []byte(`{"type":"scan","openid":"o1"}`))
		}
	}()
	<-r.events
	if err := r.box.Close(); err != nil {
		t.Error(err)
	}
	<-done
}
