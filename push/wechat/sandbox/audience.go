package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// tag is an account's tag; followers carry its id.
type tag struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// maxTags is how many tags an account may have.
const maxTags = 100

func (a *account) hasTag(id int) bool {
	return slices.ContainsFunc(a.Tags, func(t tag) bool { return t.ID == id })
}

// tagged returns the openids of a tag's followers, sorted.
func (a *account) tagged(id int) (openids []string) {
	for _, f := range a.Followers {
		if slices.Contains(f.Tags, id) {
			openids = append(openids, f.OpenID)
		}
	}
	slices.Sort(openids)
	return slices.Compact(openids)
}

// createTag is tags/create.
func (s *Sandbox) createTag(a *account, c *call) (any, error) {
	var ask struct {
		Tag struct {
			Name string `json:"name"`
		} `json:"tag"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	name := ask.Tag.Name
	switch {
	case len(name) > 30:
		return nil, refuse(45158, "tag name too long")
	case name == "", slices.ContainsFunc(a.Tags, func(t tag) bool { return t.Name == name }):
		return nil, refuse(45157, "invalid tag name")
	case len(a.Tags) >= maxTags:
		return nil, refuse(45056, "too many tags")
	}
	t := tag{ID: 100 + len(a.Tags), Name: name}
	for a.hasTag(t.ID) {
		t.ID++
	}
	a.Tags = append(a.Tags, t)
	return map[string]any{"tag": t}, nil
}

// getTags is tags/get.
func (s *Sandbox) getTags(a *account, _ *call) (any, error) {
	list := []any{}
	for _, t := range a.Tags {
		list = append(list, map[string]any{"id": t.ID, "name": t.Name, "count": len(a.tagged(t.ID))})
	}
	return map[string]any{"tags": list}, nil
}

// batchTag is tags/members/batchtagging; note that WeChat calls the field tagid here.
func (s *Sandbox) batchTag(a *account, c *call) (any, error) {
	var ask struct {
		OpenIDs []string `json:"openid_list"`
		TagID   int      `json:"tagid"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	switch {
	case !a.hasTag(ask.TagID):
		return nil, refuse(45159, "invalid tag id")
	case len(ask.OpenIDs) == 0 || len(ask.OpenIDs) > 50:
		return nil, refuse(40032, "invalid openid list size")
	}
	for _, id := range ask.OpenIDs {
		i := slices.IndexFunc(a.Followers, func(f follower) bool { return f.OpenID == id })
		if i < 0 {
			return nil, refuse(40003, "invalid openid")
		}
		if !slices.Contains(a.Followers[i].Tags, ask.TagID) {
			if len(a.Followers[i].Tags) >= 20 {
				return nil, refuse(45059, "too many tags of a user")
			}
			a.Followers[i].Tags = append(slices.Clone(a.Followers[i].Tags), ask.TagID)
		}
	}
	return s.nothing(a, c)
}

// tagFollowers is user/tag/get: the followers of a tag, a page at a time.
func (s *Sandbox) tagFollowers(a *account, c *call) (any, error) {
	var ask struct {
		TagID int    `json:"tagid"`
		Next  string `json:"next_openid"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	if !a.hasTag(ask.TagID) {
		return nil, refuse(45159, "invalid tag id")
	}
	page, next := s.pageOf(a.tagged(ask.TagID), ask.Next)
	return map[string]any{"count": len(page), "data": map[string]any{"openid": page}, "next_openid": next}, nil
}

// getUsers is user/get: all followers, a page at a time.
func (s *Sandbox) getUsers(a *account, c *call) (any, error) {
	all := a.openids()
	page, next := s.pageOf(all, c.query.Get("next_openid"))
	return map[string]any{"total": len(all), "count": len(page), "data": map[string]any{"openid": page}, "next_openid": next}, nil
}

// pageOf returns the openids after the given one, and the last of them if more follow.
func (s *Sandbox) pageOf(all []string, after string) (page []string, next string) {
	start, found := slices.BinarySearch(all, after)
	if found {
		start++
	}
	end := min(start+s.limits.UserPage, len(all))
	if end < len(all) {
		next = all[end-1]
	}
	return append([]string{}, all[start:end]...), next
}

// audience is whom a mass send goes to.
type audience struct {
	name    any // "all", "tag:ID", or the openids
	openids []string
	toAll   bool
}

// reach returns the followers of an audience whom the send reaches: at a service account each gets four a calendar month.
func (s *Sandbox) reach(a *account, to audience) (reached []string) {
	for _, id := range to.openids {
		if a.Kind != Service || s.received(a, id) < 4 {
			reached = append(reached, id)
		}
	}
	return reached
}

// received is how many mass sends a follower got this month.
func (s *Sandbox) received(a *account, openid string) (n int) {
	now := s.now().In(s.options.Zone)
	for _, m := range a.Masses {
		at := m.At.In(s.options.Zone)
		if at.Year() == now.Year() && at.Month() == now.Month() && (m.ToAll || slices.Contains(m.To, openid)) {
			n++
		}
	}
	return n
}

// allowed refuses a send whose quota is used up: a subscription account has one a day, whoever it goes to; a service account
// has one a day and four a month to all.
func (s *Sandbox) allowed(a *account, to audience) error {
	today, month := s.quotas(a, to.toAll || a.Kind == Subscription)
	over := a.Kind == Subscription && today >= 1 || a.Kind == Service && to.toAll && (today >= 1 || month >= 4)
	if over {
		return refuse(45028, "has no masssend quota hint: ["+s.random(12)+"]")
	}
	return nil
}

// quotas are the mass sends of today and this month; with toAll set only those that count for a send to all.
func (s *Sandbox) quotas(a *account, toAll bool) (today, month int) {
	now := s.now().In(s.options.Zone)
	for _, m := range a.Masses {
		at := m.At.In(s.options.Zone)
		counts := m.ToAll || a.Kind == Subscription || !toAll
		if counts && at.Year() == now.Year() && at.Month() == now.Month() {
			month++
			if at.Day() == now.Day() {
				today++
			}
		}
	}
	return today, month
}

// daily are the calls that WeChat answers only so often a day (API_Call_Limits.html).
func daily() map[string]int {
	return map[string]int{
		"/cgi-bin/draft/add": 1000, "/cgi-bin/draft/get": 500, "/cgi-bin/draft/update": 1000, "/cgi-bin/draft/delete": 1000,
		"/cgi-bin/draft/batchget": 1000, "/cgi-bin/draft/count": 1000,
		"/cgi-bin/freepublish/submit": 100, "/cgi-bin/freepublish/get": 100, "/cgi-bin/freepublish/batchget": 100,
		"/cgi-bin/freepublish/getarticle": 100, "/cgi-bin/freepublish/delete": 10,
		"/cgi-bin/message/mass/sendall": 100, "/cgi-bin/message/mass/send": 100, "/cgi-bin/message/mass/preview": 100,
		"/cgi-bin/message/mass/delete": 10, "/cgi-bin/user/get": 500,
	}
}

// spend counts a call of today and refuses one too many. s.mu is held.
func (s *Sandbox) spend(a *account, path string) error {
	limit, limited := daily()[path]
	if !limited || s.limits.Unmetered {
		return nil
	}
	if today := s.now().In(s.options.Zone).Format(time.DateOnly); a.Day != today {
		a.Day, a.Made = today, map[string]int{}
	}
	if a.Made[path] >= limit {
		return refuse(45009, "reach max api daily quota limit")
	}
	a.Made[path]++
	return nil
}

// getQuota is openapi/quota/get.
func (s *Sandbox) getQuota(a *account, c *call) (any, error) {
	var ask struct {
		Path string `json:"cgi_path"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	if _, known := s.paths[ask.Path]; !known {
		return nil, refuse(76021, "cgi_path not found, please check")
	}
	limit, limited := daily()[ask.Path]
	if !limited {
		limit = 100_000
	}
	used := 0
	if a.Day == s.now().In(s.options.Zone).Format(time.DateOnly) {
		used = a.Made[ask.Path]
	}
	return map[string]any{
		"errcode": 0, "errmsg": "ok", "quota": map[string]int{"daily_limit": limit, "used": used, "remain": limit - used},
	}, nil
}

// sendNotice is message/subscribe/bizsend. A follower who has not accepted the template gets nothing.
func (s *Sandbox) sendNotice(a *account, c *call) (any, error) {
	var ask struct {
		ToUser   string `json:"touser"`
		Template string `json:"template_id"`
		Page     string `json:"page"`
		Data     map[string]struct {
			Value string `json:"value"`
		} `json:"data"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Followers, func(f follower) bool { return f.OpenID == ask.ToUser })
	switch {
	case ask.Template == "":
		return nil, refuse(40037, "invalid template_id")
	case i < 0:
		return nil, refuse(40003, "invalid openid")
	case slices.Contains(a.Followers[i].Refuses, ask.Template):
		return nil, refuse(43101, "user refuse to accept the msg")
	case len(ask.Data) == 0:
		return nil, refuse(47003, "argument invalid!")
	}
	text := map[string]string{}
	for field, v := range ask.Data {
		if len(field) > 5 && field[:5] == "thing" && len([]rune(v.Value)) > 20 {
			return nil, refuse(47003, fmt.Sprintf("argument invalid! data.%s.value invalid", field))
		}
		text[field] = v.Value
	}
	a.Messages = append(a.Messages, message{OpenID: ask.ToUser, Type: "notice", Template: ask.Template, URL: ask.Page, Data: text, At: s.now()})
	return s.nothing(a, c)
}
