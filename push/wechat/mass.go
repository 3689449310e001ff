package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"wefeed/push"
)

// massPath is where mass sends are submitted, asked for, previewed and removed.
const massPath = "/cgi-bin/message/mass/"

// SendMass submits a mass send of the draft: mass/sendall to everybody or to a tag, mass/send to a list of openids. The SDK
// cannot carry a clientmsgid, and takes an absent audience for everybody, so the calls are ours. 45065 says that this
// clientmsgid was submitted before: its msg_id comes back as success.
func (a *Account) SendMass(ctx context.Context, to push.Audience, mediaID, clientMsgID string) (string, error) {
	question := map[string]any{
		"mpnews": map[string]any{"media_id": mediaID}, "msgtype": "mpnews", "send_ignore_reprint": 0, "clientmsgid": clientMsgID,
	}
	call := massPath + "sendall"
	switch {
	case len(to.OpenIDs) > 0:
		call = massPath + "send"
		question["touser"] = to.OpenIDs
	case to.Tag != 0:
		question["filter"] = map[string]any{"is_to_all": false, "tag_id": to.Tag}
	default:
		question["filter"] = map[string]any{"is_to_all": true}
	}
	body, err := encode(question)
	if err != nil {
		return "", err
	}
	x, err := a.post(ctx, call, body)
	if x == nil || !x.complete || (err != nil && x.errcode != 45065) {
		return "", err
	}
	var answer struct {
		MsgID id `json:"msg_id"`
	}
	if err := json.Unmarshal(x.body, &answer); err != nil || answer.MsgID == "" {
		return "", unreadable(x.call)
	}
	return string(answer.MsgID), nil
}

// AskMass asks how a mass send went (mass/get).
func (a *Account) AskMass(ctx context.Context, msgID string) (push.MassStatus, error) {
	var answer struct {
		Status push.MassStatus `json:"msg_status"`
	}
	err := a.ask(ctx, massPath+"get", map[string]any{"msg_id": msgID}, &answer, func() bool { return answer.Status != "" })
	return answer.Status, err
}

// Preview sends a draft to one tester (mass/preview). The SDK's call changes the object that later sends go through, and
// without a user it sends to everybody, so this one is ours and names its tester.
func (a *Account) Preview(ctx context.Context, to push.Tester, mediaID string) error {
	question := map[string]any{"mpnews": map[string]any{"media_id": mediaID}, "msgtype": "mpnews"}
	switch {
	case to.OpenID != "":
		question["touser"] = to.OpenID
	case to.WXName != "":
		question["towxname"] = to.WXName
	default:
		return errors.New("a preview needs a tester's openid or WeChat name")
	}
	body, err := encode(question)
	if err != nil {
		return err
	}
	_, err = a.post(ctx, massPath+"preview", body)
	return err
}

// DeleteMass removes a mass send's article, from 0, or all of them with -1 (mass/delete). Only followers who have not opened
// it lose it.
func (a *Account) DeleteMass(ctx context.Context, msgID string, article int) error {
	body, err := encode(map[string]any{"msg_id": json.Number(msgID), "article_idx": article + 1})
	if err != nil {
		return err
	}
	_, err = a.post(ctx, massPath+"delete", body)
	return err
}

// Followers returns a page of openids: all followers (user/get), or a tag's (user/tag/get). The SDK's listing trusts a total
// that unfollows change, so it is paged here until WeChat names no next one.
func (a *Account) Followers(ctx context.Context, of push.Audience, from string) (openids []string, next string, err error) {
	if len(of.OpenIDs) > 0 {
		return of.OpenIDs, "", nil
	}
	var page struct {
		Count *int `json:"count"`
		Data  struct {
			OpenID []string `json:"openid"`
		} `json:"data"`
		Next string `json:"next_openid"`
	}
	whole := func() bool { return page.Count != nil }
	if of.Tag != 0 {
		err = a.ask(ctx, "/cgi-bin/user/tag/get", map[string]any{"tagid": of.Tag, "next_openid": from}, &page, whole)
	} else {
		err = a.get(ctx, "/cgi-bin/user/get", url.Values{"next_openid": {from}}, &page, whole)
	}
	if err != nil || len(page.Data.OpenID) == 0 {
		return nil, "", repeatable(err)
	}
	return page.Data.OpenID, page.Next, nil
}

// Notify sends one subscription notice (message/subscribe/bizsend). The SDK adds an empty mini program to each.
func (a *Account) Notify(ctx context.Context, openid string, n push.Notice) error {
	data := map[string]any{}
	for field, value := range n.Data {
		data[field] = map[string]any{"value": value}
	}
	body, err := encode(map[string]any{"touser": openid, "template_id": n.Template, "page": n.URL, "data": data})
	if err != nil {
		return err
	}
	_, err = a.post(ctx, "/cgi-bin/message/subscribe/bizsend", body)
	return err
}
