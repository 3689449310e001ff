package sandbox_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wefeed/push/wechat/sandbox"
)

func TestSendAll(t *testing.T) {
	r := newRig(t, plain())
	first, second := r.draft(r.article("一"), r.article("二")), r.draft(r.article("三"))
	sent := r.wants(r.sendAll(first, "edition-1"), 0)
	if sent["msg_id"] == 0.0 || sent["msg_data_id"] == sent["msg_id"] {
		t.Errorf("answered %v", sent)
	}
	if r.count("drafts") != 1 || r.count("masses") != 1 {
		t.Error("a draft that was sent stays in the box")
	}
	ask := func() any { return r.call("/cgi-bin/message/mass/get", object{"msg_id": sent["msg_id"]})["msg_status"] }
	r.advance("1s")
	if got := ask(); got != "SEND_SUCCESS" {
		t.Errorf("mass/get: %v", got)
	}
	r.wants(r.call("/cgi-bin/message/mass/get", object{"msg_id": "12"}), 40059)

	again := r.wants(r.sendAll(second, "edition-1"), 45065)
	if again["msg_id"] != sent["msg_id"] {
		t.Errorf("45065 names %v, want the first send's %v", again["msg_id"], sent["msg_id"])
	}
	r.advance("23h59m58s")
	r.wants(r.sendAll(second, "edition-1"), 45065)
	r.advance("1s")
	r.wants(r.sendAll(second, "edition-1"), 0)
	if r.count("masses") != 2 {
		t.Error("after 24 h the clientmsgid is not forgotten")
	}
	r.wants(r.call("/cgi-bin/message/mass/delete", object{"msg_id": sent["msg_id"]}), 0)
	if got := ask(); got != "DELETE" {
		t.Errorf("after mass/delete: %v", got)
	}
}

func TestMassIsSendingUntilItsEvent(t *testing.T) {
	o := plain()
	o.Limits.EventDelay = time.Hour
	r := newRig(t, o)
	id := r.sendAll(r.draft(r.article("一")), "")["msg_id"]
	if got := r.call("/cgi-bin/message/mass/get", object{"msg_id": id})["msg_status"]; got != "SENDING" {
		t.Errorf("mass/get: %v", got)
	}
}

func TestSendAllRefusals(t *testing.T) {
	r := newRig(t, plain())
	id := r.draft(r.article("一"))
	with := func(key string, v any) object {
		ask := massSend(id, "client")
		ask[key] = v
		return ask
	}
	r.wants(r.sendAll("no such draft", "client"), 40007)
	r.wants(r.sendAll(id, strings.Repeat("c", 65)), 45067)
	r.wants(r.call("/cgi-bin/message/mass/sendall", with("msgtype", "text")), 40008)
	r.wants(r.call("/cgi-bin/message/mass/sendall", with("filter", object{"tag_id": 2})), 40152)
	r.wants(r.call("/cgi-bin/message/mass/sendall", []int{1}), 47001)
	if r.count("masses") != 0 {
		t.Error("a refused send was sent")
	}
	r.wants(r.sendAll(id, strings.Repeat("c", 64)), 0)
}

// TestSendWithoutClientMsgID: WeChat derives one from audience and content.
func TestSendWithoutClientMsgID(t *testing.T) {
	r := newRig(t, plain())
	art := r.article("一")
	id, twin := r.draft(art), r.draft(art)
	sent := r.wants(r.sendAll(id, ""), 0)
	for _, again := range []string{id, twin} {
		if got := r.wants(r.sendAll(again, ""), 45065); got["msg_id"] != sent["msg_id"] {
			t.Errorf("45065 names %v, want %v", got["msg_id"], sent["msg_id"])
		}
	}
}

func TestMassQuotas(t *testing.T) {
	// The sandbox's days begin at midnight in UTC+8: start is noon of the 20th there.
	for _, c := range []struct {
		kind  sandbox.Kind
		sends []int // the errcodes of a send a day
	}{
		{sandbox.Service, []int{0, 0, 0, 0, 45028, 45028}},
		{sandbox.Subscription, []int{0, 0, 0, 0, 0, 0}},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			r := newRig(t, ofKind(c.kind))
			for day, want := range c.sends {
				r.wants(r.sendAll(r.draft(r.article("一")), fmt.Sprint("day-", day)), want)
				r.wants(r.sendAll(r.draft(r.article("二")), fmt.Sprint("more-", day)), 45028)
				r.advance("24h")
			}
			if c.kind == sandbox.Service {
				r.advance("120h") // into December
				r.wants(r.sendAll(r.draft(r.article("三")), "december"), 0)
			}
		})
	}
	r := newRig(t, plain())
	r.wants(r.sendAll(r.draft(r.article("一")), "noon"), 0)
	r.advance("11h59m59s")
	r.wants(r.sendAll(r.draft(r.article("一")), "just before midnight"), 45028)
	r.advance("1s")
	r.wants(r.sendAll(r.draft(r.article("一")), "midnight"), 0)
	quotas := r.state()["quotas"]
	if diff := cmp.Diff(object{"mass_today": 1.0, "mass_month": 2.0, "mass_left": 0.0}, quotas); diff != "" {
		t.Error(diff)
	}
}

func TestUnverifiedAccount(t *testing.T) {
	r := newRig(t, ofKind(sandbox.Unverified))
	id := r.draft(r.article("一"))
	r.wants(r.sendAll(id, "client"), 48001)
	r.wants(r.call("/cgi-bin/message/mass/get", object{"msg_id": 1}), 48001)
	r.wants(r.object(r.get("/cgi-bin/user/get?access_token="+r.access)), 48001)
	if ok, failed := r.calls("/cgi-bin/message/mass/sendall"); ok != 0 || failed != 1 {
		t.Errorf("counted %v ok, %v failed", ok, failed)
	}
}

func TestQuotedIDs(t *testing.T) {
	o := plain()
	o.QuoteIDs = true
	r := newRig(t, o)
	id, quoted := r.sendAll(r.draft(r.article("一")), "client")["msg_id"].(string)
	if !quoted {
		t.Fatal("msg_id is not quoted")
	}
	if got := r.call("/cgi-bin/message/mass/get", object{"msg_id": id})["msg_id"]; got != id {
		t.Errorf("mass/get: %v", got)
	}
}

// finished is a MASSSENDJOBFINISH event.
type finished struct {
	To       string   `xml:"ToUserName"`
	Type     string   `xml:"MsgType"`
	Event    string   `xml:"Event"`
	MsgID    string   `xml:"MsgID"`
	Status   string   `xml:"Status"`
	Total    int      `xml:"TotalCount"`
	Filtered int      `xml:"FilterCount"`
	Sent     int      `xml:"SentCount"`
	Errors   int      `xml:"ErrorCount"`
	Count    int      `xml:"ArticleUrlResult>Count"`
	URLs     []string `xml:"ArticleUrlResult>ResultList>item>ArticleUrl"`
}

func (r *rig) finished(body string) finished {
	r.Helper()
	var f finished
	if err := xml.Unmarshal([]byte(body), &f); err != nil {
		r.Fatalf("%v in %s", err, body)
	}
	return f
}

func sign(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func TestFinishedEvent(t *testing.T) {
	r := newRig(t, plain())
	r.control("POST", "/_sandbox/followers", object{"count": 4}, 201)
	r.advance("5h")
	media := r.draft(r.article("一"), r.article("二"))
	id := r.sendAll(media, "client")["msg_id"].(float64)
	ev := <-r.events
	stamp, nonce := ev.query.Get("timestamp"), ev.query.Get("nonce")
	if ev.query.Get("signature") != sign(token, stamp, nonce) {
		t.Error("the signature is wrong")
	}
	if stamp != fmt.Sprint(start.Unix()) {
		t.Errorf("dated %s: a receiver whose clock was not moved refuses it", stamp)
	}
	article := r.server.URL + "/_sandbox/article/" + media
	want := finished{
		To: "gh_" + appID, Type: "event", Event: "MASSSENDJOBFINISH", MsgID: fmt.Sprintf("%.0f", id), Status: "send success",
		Total: 7, Filtered: 7, Sent: 7, Count: 2, URLs: []string{article + "/0", article + "/1"},
	}
	if diff := cmp.Diff(want, r.finished(ev.body)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(r.get("/_sandbox/article/"+media+"/1"), "二") {
		t.Error("the event's address does not show the article")
	}
}

func TestSafeModeEvent(t *testing.T) {
	o := plain()
	o.Accounts[0].AESKey = aesKey
	r := newRig(t, o)
	r.sendAll(r.draft(r.article("一")), "client")
	ev := <-r.events
	var envelope struct {
		To      string `xml:"ToUserName"`
		Encrypt string `xml:"Encrypt"`
	}
	if err := xml.Unmarshal([]byte(ev.body), &envelope); err != nil || strings.Contains(ev.body, "MASSSEND") {
		t.Fatalf("the envelope: %v in %s", err, ev.body)
	}
	stamp, nonce := ev.query.Get("timestamp"), ev.query.Get("nonce")
	if ev.query.Get("encrypt_type") != "aes" || ev.query.Get("msg_signature") != sign(token, stamp, nonce, envelope.Encrypt) ||
		ev.query.Get("signature") != sign(token, stamp, nonce) {
		t.Errorf("not signed: %v", ev.query)
	}
	plain := unseal(t, envelope.Encrypt)
	size := binary.BigEndian.Uint32(plain[16:])
	if got := r.finished(string(plain[20 : 20+size])); got.Event != "MASSSENDJOBFINISH" {
		t.Errorf("inside: %+v", got)
	}
	if got := string(plain[20+size:]); got != appID {
		t.Errorf("sealed for %q", got)
	}
}

// unseal decrypts and takes off the padding.
func unseal(t *testing.T, text string) []byte {
	t.Helper()
	sealed, err := base64.StdEncoding.DecodeString(text)
	key, kerr := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil || kerr != nil || len(sealed)%32 != 0 {
		t.Fatal(err, kerr, len(sealed))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(sealed, sealed)
	return sealed[:len(sealed)-int(sealed[len(sealed)-1])]
}

func TestCallbackIsTriedThreeTimes(t *testing.T) {
	r := newRig(t, plain())
	failures := 2
	r.answer = func(int) int {
		if failures--; failures >= 0 {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	}
	r.sendAll(r.draft(r.article("一")), "client")
	first, second, third := <-r.events, <-r.events, <-r.events
	if first.body != second.body || second.body != third.body {
		t.Error("the attempts differ")
	}
	if r.box.Close() != nil || len(r.events) != 0 {
		t.Error("tried again after success")
	}
}

func TestEventsOfFollowers(t *testing.T) {
	r := newRig(t, plain())
	for _, c := range []struct {
		name string
		ask  object
		want []string
	}{
		{"subscribe", object{"type": "subscribe", "openid": "oNew"}, []string{"<FromUserName>oNew<", "<Event>subscribe<", "<EventKey><"}},
		{"by code", object{"type": "subscribe", "openid": "oTwo", "key": "s1"}, []string{"<Event>subscribe<", "<EventKey>qrscene_s1<"}},
		{"scan", object{"type": "scan", "openid": "oNew", "key": "s1"}, []string{"<Event>SCAN<", "<EventKey>s1<"}},
		{"click", object{"type": "click", "openid": "oNew", "key": "k"}, []string{"<Event>CLICK<", "<EventKey>k<"}},
		{"text", object{"type": "text", "openid": "oNew", "content": "<b>&"}, []string{"<MsgType>text<", "<Content>&lt;b&gt;&amp;<", "<MsgId>"}},
		{"unsubscribe", object{"type": "unsubscribe", "openid": "oTwo"}, []string{"<Event>unsubscribe<"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.control("POST", "/_sandbox/events", c.ask, 202)
			ev := <-r.events
			if ev.query.Get("signature") != sign(token, ev.query.Get("timestamp"), ev.query.Get("nonce")) {
				t.Error("not signed")
			}
			for _, want := range c.want {
				if !strings.Contains(ev.body, want) {
					t.Errorf("no %s in %s", want, ev.body)
				}
			}
		})
	}
	followers := r.get("/_sandbox/state")
	if !strings.Contains(followers, "oNew") || strings.Contains(followers, "oTwo") {
		t.Error("followers are not as the events left them")
	}
	r.control("POST", "/_sandbox/events", object{"type": "dance", "openid": "oNew"}, 400)
	r.control("POST", "/_sandbox/events", object{"type": "scan"}, 400)
}
