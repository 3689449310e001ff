package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"wefeed/push"
)

// Probe asks with a call that changes nothing whether the account may serve a kind of channel. Only WeChat's 48001 is a no.
func (a *Account) Probe(ctx context.Context, kind push.Kind) error {
	var err error
	switch kind {
	case push.KindPublish:
		_, err = a.FindPublished(ctx, "")
	case push.KindMass:
		_, err = a.AskMass(ctx, "1") // no such send: 40059 where the call is allowed
	case push.KindNotice:
		var any struct{}
		err = a.get(ctx, "/wxaapi/newtmpl/gettemplate", nil, &any, func() bool { return true })
	default:
		var count struct {
			Total *int `json:"total_count"`
		}
		err = a.get(ctx, "/cgi-bin/draft/count", nil, &count, func() bool { return count.Total != nil })
	}
	var ce *push.CallError
	if errors.As(err, &ce) && (ce.Errcode == 40059 || ce.Errcode == 40066) {
		return nil
	}
	return err
}

// limited are the calls behind the steps, as openapi/quota/get names them.
var limited = map[push.Step]string{
	push.StepDraft: "/cgi-bin/draft/add", push.StepPublish: publishPath + "submit", push.StepMass: massPath + "sendall",
	push.StepNotice: "/cgi-bin/message/subscribe/bizsend",
}

// Remaining asks how often the call behind a step may still be made today (openapi/quota/get).
func (a *Account) Remaining(ctx context.Context, step push.Step) (left int, known bool, err error) {
	var answer struct {
		Quota struct {
			Remain *int `json:"remain"`
		} `json:"quota"`
	}
	whole := func() bool { return answer.Quota.Remain != nil }
	err = a.ask(ctx, "/cgi-bin/openapi/quota/get", map[string]any{"cgi_path": limited[step]}, &answer, whole)
	var ce *push.CallError
	if errors.As(err, &ce) && !ce.Retry {
		return 0, false, nil // WeChat does not tell
	}
	if err != nil {
		return 0, false, err
	}
	return *answer.Quota.Remain, true, nil
}

// get makes a call of our own that asks by GET.
func (a *Account) get(ctx context.Context, call string, query url.Values, answer any, whole func() bool) error {
	x, err := a.authorised(ctx, call, func(x *exchange) error {
		u := &url.URL{Scheme: "https", Host: "api.weixin.qq.com", Path: call, RawQuery: query.Encode()}
		req, err := http.NewRequest(http.MethodGet, u.String(), nil)
		if err == nil {
			_, _ = x.do(req) // what became of it is in x
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(x.body, answer); err != nil || !whole() {
		return unreadable(call)
	}
	return nil
}
