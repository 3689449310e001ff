package sandbox_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wefeed/push/wechat/sandbox"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares with testdata/name; what differs from run to run is replaced first.
func golden(t *testing.T, name, got string, replace ...string) {
	t.Helper()
	got = strings.NewReplacer(replace...).Replace(got)
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// busy is a sandbox on which everything that the state shows has happened.
func busy(t *testing.T, o sandbox.Options) *rig {
	r := newRig(t, o)
	r.wants(r.sendAll(r.draft(r.article("一"), r.article("二")), "edition-1"), 0)
	<-r.events
	r.draft(r.article("三"))
	r.advance("90m")
	r.control("POST", "/_sandbox/followers", object{"openids": []string{"oA", "oB", "oA"}}, 201)
	r.control("POST", "/_sandbox/events", object{"type": "text", "openid": "oA", "content": "你好 <b>"}, 202)
	<-r.events
	r.wants(r.sendAll("none", "edition-2"), 40007)
	return r
}

func (r *rig) golden(name string) {
	r.Helper()
	b, err := json.MarshalIndent(r.state(), "", "\t")
	if err != nil {
		r.Fatal(err)
	}
	got := regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAllString(string(b), "<id>")
	golden(r.T, name, got+"\n", r.server.URL, "<base>")
}

func TestState(t *testing.T) {
	newRig(t, plain()).golden("state_new.json")
	busy(t, plain()).golden("state.json")
}

func TestStateSurvivesRestart(t *testing.T) {
	o := plain()
	o.StateFile = filepath.Join(t.TempDir(), "sandbox.json")
	r := busy(t, o)
	image := r.upload("/cgi-bin/media/uploadimg", jpegOf(5, 5))["url"].(string)
	before := r.state()
	if err := r.box.Close(); err != nil {
		t.Fatal(err)
	}
	again := newRig(t, o)
	after := again.state()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
	if again.get(strings.TrimPrefix(image, r.server.URL)) != string(jpegOf(5, 5)) {
		t.Error("the uploaded picture is gone")
	}
	if code := again.alive(r.access); code != 0 {
		t.Errorf("the access token answers %d", code)
	}
	again.access = r.access
	again.wants(again.sendAll("any", "edition-1"), 45065)
	if len(again.events) != 0 {
		t.Error("an event that was heard is sent again")
	}
	info, err := os.Stat(o.StateFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state file: %v, %v", info.Mode(), err)
	}
}

// TestEventSurvivesRestart: what was submitted is announced by the next process.
func TestEventSurvivesRestart(t *testing.T) {
	o := plain()
	o.StateFile = filepath.Join(t.TempDir(), "sandbox.json")
	r := newRig(t, o)
	r.fault(object{"path": "event", "fault": "late", "delay": "1h", "times": 1})
	r.sendAll(r.draft(r.article("一")), "client")
	if err := r.box.Close(); err != nil || len(r.events) != 0 {
		t.Fatal(err, len(r.events))
	}
	again := newRig(t, o)
	if got := again.finished((<-again.events).body); got.Event != "MASSSENDJOBFINISH" {
		t.Errorf("announced %+v", got)
	}
}

func TestStateFiles(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"broken": {`{"accounts":`, "remove the file to begin anew"}, "empty object": {`{}`, ""}, "null": {`null`, ""},
		"nothing in it": {`{"accounts":{"wxtest":null},"images":null}`, ""}, "bare account": {`{"accounts":{"wxtest":{}}}`, ""},
		"lost picture": {`{"images":{"x.png":{"type":"image/png"}}}`, "x.png"},
	} {
		t.Run(name, func(t *testing.T) {
			o := plain()
			o.StateFile = filepath.Join(t.TempDir(), "s.json")
			if err := os.WriteFile(o.StateFile, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				r := newRig(t, o)
				r.wants(r.sendAll(r.draft(r.article("一")), "client"), 0)
				return
			}
			if _, err := sandbox.New(o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestFollowers(t *testing.T) {
	r := newRig(t, plain())
	if got := r.control("POST", "/_sandbox/followers", object{"openid": "oA", "openids": []string{"oA", "oB"}, "count": 2}, 201); got["followers"] != 7.0 {
		t.Errorf("answered %v, want 7 followers", got)
	}
	if got := r.control("POST", "/_sandbox/followers", object{"openid": "oA"}, 201); got["followers"] != 7.0 {
		t.Errorf("the same follower twice: %v", got)
	}
	r.stable(false)
	r.upload("/cgi-bin/media/uploadimg", jpegOf(1, 1))
	page := r.object(r.get("/cgi-bin/user/get?access_token=" + r.access))
	if page["total"] != 7.0 || page["next_openid"] != "" || len(page["data"].(object)["openid"].([]any)) != 7 {
		t.Errorf("user/get: %v", page)
	}
	r.control("POST", "/_sandbox/followers", object{}, 400)
	r.control("POST", "/_sandbox/followers", "[]", 400)
	r.control("POST", "/_sandbox/followers", `{"openid":5}`, 400)
}

func TestClock(t *testing.T) {
	r := newRig(t, plain())
	if got := r.control("POST", "/_sandbox/clock", object{"advance": "2h"}, 200); got["now"] != "2026-11-20T06:00:00Z" {
		t.Errorf("answered %v", got)
	}
	for _, bad := range []string{`{"advance":"-1h"}`, `{"advance":"soon"}`, `{"advance":3}`, `{"to":"1h"}`, `nonsense`} {
		if got := r.control("POST", "/_sandbox/clock", bad, 400); got["error"] == "" {
			t.Errorf("%s: no word why", bad)
		}
	}
}

func TestPageShowsWhatFollowersGot(t *testing.T) {
	r := newRig(t, plain())
	hostile := r.article(`<script>alert("title")</script>`)
	hostile["author"], hostile["content"] = `"><b>`, `<p onclick="x()">正文"'</p><iframe src="/"></iframe>`
	hostile["content_source_url"] = "javascript:alert(1)"
	id := r.draft(hostile)
	r.sendAll(id, "client")
	r.draft(r.article("草稿之一"))
	page := r.get("/_sandbox/")
	if !strings.Contains(page, "&lt;script&gt;alert(&#34;title&#34;)&lt;/script&gt;") || strings.Contains(page, "<script>") {
		t.Error("the title is not escaped")
	}
	if !strings.Contains(page, "草稿之一") || !strings.Contains(page, "2026-11-20 12:00") || !strings.Contains(page, r.server.URL+"/mmbiz/") {
		t.Error("draft, time or cover is missing")
	}
	article := r.get("/_sandbox/article/" + id + "/0")
	for _, bad := range []string{"<script>", "onclick", `href="javascript`, `"><b>`} {
		if strings.Contains(article, bad) {
			t.Errorf("the article's page holds %s", bad)
		}
	}
	if !strings.Contains(article, "&lt;p&gt;正文&#34;&#39;&lt;/p&gt;") || !strings.Contains(article, "<iframe sandbox") {
		t.Errorf("the article does not stand in a frame without rights:\n%s", article)
	}
	for _, missing := range []string{"/_sandbox/article/" + id + "/1", "/_sandbox/article/" + id + "/x", "/_sandbox/article/none/0", "/_sandbox/none"} {
		if status, _, _ := r.do("GET", missing, "", nil); status != http.StatusNotFound {
			t.Errorf("%s answers %d", missing, status)
		}
	}
}

func TestSeveralAccounts(t *testing.T) {
	o := plain()
	o.Accounts = append(o.Accounts, sandbox.AccountOptions{AppID: "wxother", Secret: "other-secret", Kind: sandbox.Subscription})
	r := newRig(t, o)
	mine := r.draft(r.article("甲"))
	other := r.tokenCall(object{"grant_type": "client_credential", "appid": "wxother", "secret": "other-secret"})
	r.access = other["access_token"].(string)
	r.wants(r.call("/cgi-bin/draft/get", object{"media_id": mine}), 40007)
	theirs := r.draft(r.article("乙"))
	if page := r.get("/_sandbox/?account=wxother"); !strings.Contains(page, "乙") || strings.Contains(page, "甲") || !strings.Contains(page, "?account=wxtest") {
		t.Error("the second account's page is not its own")
	}
	if !strings.Contains(r.get("/_sandbox/article/"+theirs+"/0"), "乙") {
		t.Error("the second account's article is not shown")
	}
	if n := len(r.object(r.get("/_sandbox/state?account=wxother"))["drafts"].([]any)); n != 1 || r.count("drafts") != 1 {
		t.Error("the accounts share their drafts")
	}
	r.control("GET", "/_sandbox/state?account=none", "", 400)
}

// TestParallel is for the race detector.
func TestParallel(t *testing.T) {
	o := plain()
	o.StateFile = filepath.Join(t.TempDir(), "s.json")
	r := newRig(t, o)
	art := r.article("一")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				r.wants(r.call(addPath, object{"articles": []object{art}}), 0)
				r.get("/_sandbox/")
				r.state()
				r.wants(r.call("/cgi-bin/draft/get", object{"media_id": "none"}), 40007)
				r.control("POST", "/_sandbox/followers", object{"count": 1}, 201)
			}
		})
	}
	wg.Wait()
	if ok, failed := r.calls(addPath); ok != 40 || failed != 0 || r.count("followers") != 43 {
		t.Errorf("counted %v ok, %v failed", ok, failed)
	}
}
