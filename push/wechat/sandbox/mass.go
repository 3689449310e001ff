package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// massAsk is what mass/sendall, mass/send and mass/preview are asked.
type massAsk struct {
	Filter struct {
		ToAll bool `json:"is_to_all"`
		TagID int  `json:"tag_id"`
	} `json:"filter"`
	ToUser json.RawMessage `json:"touser"`
	WXName string          `json:"towxname"`
	News   struct {
		MediaID string `json:"media_id"`
	} `json:"mpnews"`
	MsgType     string `json:"msgtype"`
	ClientMsgID string `json:"clientmsgid"`
}

// sendAll is message/mass/sendall for drafts (msgtype mpnews): to everybody or to a tag.
func (s *Sandbox) sendAll(a *account, c *call) (any, error) {
	var ask massAsk
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	if ask.Filter.ToAll {
		return s.send(a, ask, audience{name: "all", openids: a.openids(), toAll: true})
	}
	to := audience{name: fmt.Sprintf("tag:%d", ask.Filter.TagID), openids: a.tagged(ask.Filter.TagID)}
	if !a.hasTag(ask.Filter.TagID) {
		return nil, refuse(40152, "invalid tag id")
	}
	return s.send(a, ask, to)
}

// sendList is message/mass/send: to 2 to 10 000 openids.
func (s *Sandbox) sendList(a *account, c *call) (any, error) {
	var ask massAsk
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	var openids []string
	if err := json.Unmarshal(ask.ToUser, &openids); err != nil || len(openids) < 2 || len(openids) > 10_000 {
		return nil, refuse(40032, "invalid openid list size")
	}
	known := a.openids()
	for _, id := range openids {
		if _, ok := slices.BinarySearch(known, id); !ok {
			return nil, refuse(40003, "invalid openid")
		}
	}
	return s.send(a, ask, audience{name: openids, openids: openids})
}

// send submits a mass send, once for each clientmsgid.
func (s *Sandbox) send(a *account, ask massAsk, to audience) (any, error) {
	clientID := ask.ClientMsgID
	if clientID == "" {
		clientID = derived(to.name, a.articles(ask.News.MediaID))
	}
	switch known, dup := a.Clients[clientID]; {
	case len(clientID) > 64:
		return nil, refuse(45067, "clientmsgid size out of limit")
	case dup && s.now().Sub(known.At) < s.limits.ClientMsgWindow:
		return nil, &apiError{code: 45065, text: "clientmsgid exist", extra: map[string]any{"msg_id": s.id(known.MsgID)}}
	case ask.MsgType != "mpnews":
		return nil, refuse(40008, "invalid message type")
	}
	d := a.draft(ask.News.MediaID)
	if d == nil {
		return nil, refuse(40007, "invalid media_id")
	}
	if err := s.allowed(a, to); err != nil {
		return nil, err
	}
	m := s.submit(a, *d, clientID, to)
	return map[string]any{
		"errcode": 0, "errmsg": "send job submission success", "msg_id": s.id(m.MsgID), "msg_data_id": s.id(m.MsgDataID),
	}, nil
}

// preview is message/mass/preview: one person sees the draft; it stays in the box and uses no quota but its own.
func (s *Sandbox) preview(a *account, c *call) (any, error) {
	var ask massAsk
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	var to string
	_ = json.Unmarshal(ask.ToUser, &to)
	if to == "" && ask.WXName == "" {
		return nil, refuse(40003, "invalid openid")
	}
	d := a.draft(ask.News.MediaID)
	if d == nil {
		return nil, refuse(40007, "invalid media_id")
	}
	a.Messages = append(a.Messages, message{OpenID: cmp.Or(to, ask.WXName), Type: "preview", Content: d.Articles[0].Title, At: s.now()})
	return map[string]any{"errcode": 0, "errmsg": "preview success", "msg_id": s.id(s.nextID())}, nil
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
func derived(to any, articles []article) string {
	b, _ := json.Marshal([]any{to, articles})
	sum := sha256.Sum256(b)
	return "derived-" + hex.EncodeToString(sum[:16])
}

// submit takes the draft out of the box and sends it. A fault ordered for "mass" is how it ends: err(errcode).
func (s *Sandbox) submit(a *account, d draft, clientID string, to audience) mass {
	a.Drafts = slices.DeleteFunc(a.Drafts, func(one draft) bool { return one.MediaID == d.MediaID })
	reached := s.reach(a, to)
	m := mass{
		draft: d, MsgID: s.nextID(), MsgDataID: s.nextID(), ClientMsgID: clientID, Audience: to.name, At: s.now(), ToAll: to.toAll,
		Reached: len(reached), Missed: len(to.openids) - len(reached),
	}
	if !to.toAll {
		m.To = reached
	}
	if f, ordered := s.faults.take("mass"); ordered {
		m.Failure, m.Missed, m.Reached = f.Errcode, len(to.openids), 0
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
	case s.now().Sub(m.At) < s.limits.EventDelay:
	case m.Failure != 0:
		status = "SEND_FAIL"
	default:
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
