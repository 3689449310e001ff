package wechat

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"wefeed/push"
)

// outcome says what a finished exchange means; nil is success.
//
//   - The request never left: no effect, it may be made again.
//   - It left and no whole answer came, or not WeChat's: it may have had its effect.
//   - WeChat named an errcode: no effect, except -1 (system error), which says nothing.
func (x *exchange) outcome() *push.CallError {
	ce := &push.CallError{Call: x.call, Errcode: x.errcode, Err: x.err}
	switch {
	case !x.complete && !x.sent:
		ce.Reason, ce.Retry = push.ReasonNetwork, true
	case !x.complete:
		ce.Reason, ce.Doubt = push.ReasonNoAnswer, true
	case x.errcode == 0:
		return nil
	default:
		judge(ce, x.errcode)
	}
	what, todo := ce.Reason.Explain()
	ce.Detail = what + "；" + todo
	if x.errcode != 0 {
		ce.Detail += fmt.Sprintf("（微信错误码 %d", x.errcode)
		if ip := address(x.errmsg); ip != "" && ce.Reason == push.ReasonIP {
			ce.Detail += "，地址 " + ip
		}
		ce.Detail += "）"
	}
	return ce
}

// judge fills in what WeChat's errcode means.
func judge(ce *push.CallError, code int) {
	switch code {
	case -1:
		ce.Reason, ce.Doubt = push.ReasonBusy, true
	case 40001, 40014, 41001, 42001:
		ce.Reason, ce.Retry = push.ReasonToken, true
	case 40013, 40125, 40243, 40002:
		ce.Reason = push.ReasonSecret
	case 40164, 61004, 89501, 89503, 89506, 89507:
		ce.Reason = push.ReasonIP
	case 48001, 48006:
		ce.Reason = push.ReasonForbidden
	case 45009:
		ce.Reason, ce.Retry, ce.After = push.ReasonQuotaUsed, true, 10*time.Minute
	case 45028:
		ce.Reason = push.ReasonQuotaUsed
	case 45011, 45066:
		ce.Reason, ce.Retry, ce.After = push.ReasonBusy, true, time.Minute
	case 40005, 40006, 40009, 41005:
		ce.Reason = push.ReasonImage
	case 43101, 43004, 40003:
		ce.Reason = push.ReasonRefused
	case 40007:
		ce.Reason = push.ReasonMediaGone
	case 45001, 45002, 45003, 45004, 45006, 45008, 45110, 44003, 44004, 53503, 53504, 53505, 87014, 88000:
		ce.Reason = push.ReasonContent
	default:
		ce.Reason = push.ReasonSendFailed
	}
}

var ipv4 = regexp.MustCompile(`\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b`)

// address is the egress address that WeChat names when it is not on the allow-list.
func address(errmsg string) string { return ipv4.FindString(errmsg) }

// stale reports whether WeChat refused the access token.
func (x *exchange) stale() bool {
	return x.complete && (x.errcode == 40001 || x.errcode == 40014 || x.errcode == 42001)
}

// repeatable turns doubt into a plain "again", for calls whose repetition hurts nobody.
func repeatable(err error) error {
	var ce *push.CallError
	if errors.As(err, &ce) && ce.Doubt {
		again := *ce
		again.Doubt, again.Retry = false, true
		return &again
	}
	return err
}

// interrupted is what a call returns whose context ended before it was made.
func interrupted(call string, ctx context.Context) error {
	return &push.CallError{Call: call, Reason: push.ReasonNetwork, Retry: true, Detail: "调用前被中断", Err: ctx.Err()}
}

// redact takes known secrets out of a text.
func redact(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "<secret>")
		}
	}
	return text
}
