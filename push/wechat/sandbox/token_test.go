package sandbox_test

import (
	"testing"
	"time"

	"wefeed/push/wechat/sandbox"
)

func TestStableTokenStaysUntilItsLastMinutes(t *testing.T) {
	r := newRig(t, plain())
	first := r.stable(false)
	if first["expires_in"] != 7200.0 {
		t.Fatalf("a new token lives %v s", first["expires_in"])
	}
	r.advance("1h55m")
	again := r.stable(false)
	if again["access_token"] != first["access_token"] || again["expires_in"] != 300.0 {
		t.Fatalf("5 minutes before its end the token is %v, want the same for 300 s", again)
	}
	r.advance("1s")
	second := r.stable(false)
	if second["access_token"] == first["access_token"] || second["expires_in"] != 7200.0 {
		t.Fatalf("in its last 5 minutes the token is %v, want a new one", second)
	}
	old, fresh := first["access_token"].(string), second["access_token"].(string)
	if a, b := r.alive(old), r.alive(fresh); a != 0 || b != 0 {
		t.Fatalf("during the overlap old and new answer %d and %d", a, b)
	}
	r.advance("4m59s")
	if a, b := r.alive(old), r.alive(fresh); a != 42001 || b != 0 {
		t.Fatalf("after the overlap old and new answer %d and %d", a, b)
	}
}

func TestExpiredTokenStaysDead(t *testing.T) {
	for name, ask := range map[string]func(*rig) object{
		"stable": func(r *rig) object { return r.stable(false) }, "plain": (*rig).plainToken,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain())
			old := ask(r)["access_token"].(string)
			r.advance("3h")
			if code := r.alive(old); code != 42001 {
				t.Fatalf("an expired token answers %d", code)
			}
			ask(r)
			if code := r.alive(old); code != 42001 {
				t.Fatalf("a new token woke the expired one: %d", code)
			}
		})
	}
}

func TestPlainTokenIsNewAtEachCall(t *testing.T) {
	r := newRig(t, plain())
	first, second := r.plainToken()["access_token"].(string), r.plainToken()["access_token"].(string)
	if first == second {
		t.Fatal("the plain token stayed")
	}
	if a, b := r.alive(first), r.alive(second); a != 0 || b != 0 {
		t.Fatalf("both should live for 5 minutes: %d, %d", a, b)
	}
	r.plainToken()
	if a, b := r.alive(first), r.alive(second); a != 40001 || b != 0 {
		t.Fatalf("the one before the last: %d, %d", a, b)
	}
	r.advance("5m")
	if code := r.alive(second); code != 42001 {
		t.Fatalf("after the overlap: %d", code)
	}
	if stable := r.stable(false)["access_token"].(string); r.alive(stable) != 0 {
		t.Fatal("the two kinds of tokens are not apart")
	}
}

func TestForcedRefresh(t *testing.T) {
	r := newRig(t, plain())
	first := r.stable(true)["access_token"].(string)
	if same := r.stable(true)["access_token"]; same != first {
		t.Fatal("a second forced refresh within 30 s refreshed")
	}
	r.advance("30s")
	second := r.stable(true)["access_token"].(string)
	if second == first || r.alive(first) != 40001 {
		t.Fatal("a forced refresh leaves the old token alive")
	}
	for range 18 {
		r.advance("30s")
		r.stable(true)
	}
	r.advance("30s")
	last := r.stable(false)["access_token"]
	if r.stable(true)["access_token"] != last {
		t.Fatal("a 21st forced refresh in a day refreshed")
	}
	r.advance("24h")
	if r.stable(true)["access_token"] == last {
		t.Fatal("the next day refreshes no more")
	}
}

func TestTokenRefusals(t *testing.T) {
	r := newRig(t, plain())
	good := func(change object) object {
		ask := object{"grant_type": "client_credential", "appid": appID, "secret": secret}
		for k, v := range change {
			ask[k] = v
		}
		return ask
	}
	r.wants(r.tokenCall(good(object{"secret": "wrong"})), 40125)
	r.wants(r.tokenCall(good(object{"appid": "wxother"})), 40013)
	r.wants(r.tokenCall(good(object{"grant_type": "password"})), 40002)
	r.wants(r.tokenCall("no object"), 47001)
	r.wants(r.object(r.get("/cgi-bin/stable_token")), 43002)
	r.wants(r.object(r.get("/cgi-bin/token?grant_type=client_credential&appid="+appID+"&secret=wrong")), 40125)
	r.wants(r.object(r.get("/cgi-bin/token?grant_type=client_credential&appid=wxother&secret=x")), 40013)
	for access, want := range map[string]int{"": 41001, "made-up": 40001} {
		if code := r.alive(access); code != want {
			t.Errorf("access token %q answers %d, want %d", access, code, want)
		}
	}
	if ok, failed := r.calls("/cgi-bin/stable_token"); ok != 0 || failed != 2 {
		t.Errorf("counted %v ok and %v failed, want 0 and 2", ok, failed)
	}
}

func TestMethodsAndUnknownPaths(t *testing.T) {
	r := newRig(t, plain())
	access := r.stable(false)["access_token"].(string)
	r.wants(r.object(r.get("/cgi-bin/draft/add?access_token="+access)), 43002)
	r.wants(r.call("/cgi-bin/draft/count", object{}), 43001)
	r.wants(r.call("/cgi-bin/no/such", object{}), 40066)
	r.wants(r.object(r.get("/cgi-bin/get_current_autoreply_info?access_token="+access)), 0)
}

func TestLimitsAreConfigurable(t *testing.T) {
	o := plain()
	o.Limits.TokenLife, o.Limits.TokenOverlap, o.Limits.Title, o.Limits.Articles = 10*time.Minute, time.Minute, 64, 1
	r := newRig(t, o)
	if life := r.stable(false)["expires_in"]; life != 600.0 {
		t.Errorf("the token lives %v s", life)
	}
	r.draft(r.article(long(64)))
	r.wants(r.call("/cgi-bin/draft/add", object{"articles": []object{r.article("a"), r.article("b")}}), 45008)
}

func TestOptionsAreChecked(t *testing.T) {
	for name, accounts := range map[string][]sandbox.AccountOptions{
		"none": nil, "no secret": {{AppID: appID, Kind: sandbox.Service}}, "kind": {{AppID: appID, Secret: secret, Kind: "big"}},
	} {
		if _, err := sandbox.New(sandbox.Options{Accounts: accounts}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
