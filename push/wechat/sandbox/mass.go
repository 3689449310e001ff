package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// sendAll is message/mass/sendall for drafts (msgtype mpnews), to everybody.
func (s *Sandbox) sendAll(a *account, c *call) (any, error) {
	var ask struct {
		Filter struct {
			ToAll bool `json:"is_to_all"`
			TagID int  `json:"tag_id"`
		} `json:"filter"`
		News struct {
			MediaID string `json:"media_id"`
		} `json:"mpnews"`
		MsgType     string `json:"msgtype"`
		ClientMsgID string `json:"clientmsgid"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	audience := "all"
	if !ask.Filter.ToAll {
		audience = fmt.Sprintf("tag:%d", ask.Filter.TagID)
	}
	clientID := ask.ClientMsgID
	if clientID == "" {
		clientID = derived(audience, a.articles(ask.News.MediaID))
	}
	switch known, dup := a.Clients[clientID]; {
	case len(clientID) > 64:
		return nil, refuse(45067, "clientmsgid size out of limit")
	case dup && s.now().Sub(known.At) < s.limits.ClientMsgWindow:
		return nil, &apiError{code: 45065, text: "clientmsgid exist", extra: map[string]any{"msg_id": s.id(known.MsgID)}}
	case ask.MsgType != "mpnews":
		return nil, refuse(40008, "invalid message type")
	case audience != "all":
		return nil, refuse(40152, "invalid tag id")
	}
	d := a.draft(ask.News.MediaID)
	if d == nil {
		return nil, refuse(40007, "invalid media_id")
	}
	if s.massLeft(a) == 0 {
		return nil, refuse(45028, "has no masssend quota hint: ["+s.random(12)+"]")
	}
	m := s.submit(a, *d, clientID, audience)
	return map[string]any{
		"errcode": 0, "errmsg": "send job submission success", "msg_id": s.id(m.MsgID), "msg_data_id": s.id(m.MsgDataID),
	}, nil
}

func (a *account) draft(mediaID string) *draft {
	for i := range a.Drafts {
		if a.Drafts[i].MediaID == mediaID {
			return &a.Drafts[i]
		}
	}
	return nil
}

// articles are what a draft holds, or held before it was sent.
func (a *account) articles(mediaID string) []article {
	if d := a.draft(mediaID); d != nil {
		return d.Articles
	}
	for _, m := range a.Masses {
		if m.MediaID == mediaID {
			return m.Articles
		}
	}
	return nil
}

// derived is the clientmsgid of a send that names none: made from its audience and content.
func derived(audience string, articles []article) string {
	b, _ := json.Marshal([]any{audience, articles})
	sum := sha256.Sum256(b)
	return "derived-" + hex.EncodeToString(sum[:16])
}

// submit takes the draft out of the box and sends it.
func (s *Sandbox) submit(a *account, d draft, clientID, audience string) mass {
	a.Drafts = slices.DeleteFunc(a.Drafts, func(one draft) bool { return one.MediaID == d.MediaID })
	m := mass{
		draft: d, MsgID: s.nextID(), MsgDataID: s.nextID(), ClientMsgID: clientID, Audience: audience, At: s.now(),
		Reached: len(a.openids()),
	}
	a.Clients[clientID] = clientMsg{MsgID: m.MsgID, At: m.At}
	a.Masses = append(a.Masses, m)
	s.announce(a, m.MsgID)
	return m
}

func (a *account) mass(body []byte) (*mass, error) {
	var ask struct {
		MsgID json.RawMessage `json:"msg_id"`
	}
	if err := decode(body, &ask); err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(strings.Trim(string(ask.MsgID), `"`), 10, 64)
	for i := range a.Masses {
		if err == nil && a.Masses[i].MsgID == id {
			return &a.Masses[i], nil
		}
	}
	return nil, refuse(40059, "invalid msg id")
}

// getMass is message/mass/get.
func (s *Sandbox) getMass(a *account, c *call) (any, error) {
	m, err := a.mass(c.body)
	if err != nil {
		return nil, err
	}
	status := "SENDING"
	switch {
	case m.Deleted:
		status = "DELETE"
	case s.now().Sub(m.At) >= s.limits.EventDelay:
		status = "SEND_SUCCESS"
	}
	return map[string]any{"msg_id": s.id(m.MsgID), "msg_status": status}, nil
}

// deleteMass is message/mass/delete.
func (s *Sandbox) deleteMass(a *account, c *call) (any, error) {
	m, err := a.mass(c.body)
	if err != nil {
		return nil, err
	}
	m.Deleted = true
	return s.nothing(a, c)
}

// getUsers is user/get: all followers on one page.
func (s *Sandbox) getUsers(a *account, _ *call) (any, error) {
	ids := a.openids()
	return map[string]any{"total": len(ids), "count": len(ids), "data": map[string]any{"openid": ids}, "next_openid": ""}, nil
}
