package sandbox

import "time"

// byAppID finds the account of a token call. s.mu is held.
func (s *Sandbox) byAppID(c *call) (*account, error) {
	req, err := tokenRequest(c)
	if err != nil {
		return nil, err
	}
	for _, a := range s.accounts {
		if a.AppID == req.AppID {
			return a, nil
		}
	}
	return nil, refuse(40013, "invalid appid")
}

type tokenAsk struct {
	GrantType    string `json:"grant_type"`
	AppID        string `json:"appid"`
	Secret       string `json:"secret"`
	ForceRefresh bool   `json:"force_refresh"`
}

func tokenRequest(c *call) (tokenAsk, error) {
	if c.path == "/cgi-bin/stable_token" {
		var ask tokenAsk
		return ask, decode(c.body, &ask)
	}
	return tokenAsk{GrantType: c.query.Get("grant_type"), AppID: c.query.Get("appid"), Secret: c.query.Get("secret")}, nil
}

func (a *account) checkSecret(ask tokenAsk) error {
	switch {
	case ask.GrantType != "client_credential":
		return refuse(40002, "invalid grant_type")
	case ask.Secret != a.Secret:
		return refuse(40125, "invalid appsecret")
	}
	return nil
}

// plainToken is GET /cgi-bin/token: a new token at each call; the one before lives on for the overlap.
func (s *Sandbox) plainToken(a *account, c *call) (any, error) {
	ask, err := tokenRequest(c)
	if err == nil {
		err = a.checkSecret(ask)
	}
	if err != nil {
		return nil, err
	}
	s.renew(&a.Plain)
	return s.tokenAnswer(a.Plain), nil
}

// stableToken is POST /cgi-bin/stable_token: the same token until its last minutes; a forced refresh, at most 20 a day
// and 30 s apart, kills the old one.
func (s *Sandbox) stableToken(a *account, c *call) (any, error) {
	ask, err := tokenRequest(c)
	if err == nil {
		err = a.checkSecret(ask)
	}
	if err != nil {
		return nil, err
	}
	now := s.now()
	switch {
	case ask.ForceRefresh && s.mayForce(a, now):
		a.Forced = append(a.Forced, now)
		s.renew(&a.Stable)
		a.Stable.Previous = ""
	case now.After(a.Stable.Expires.Add(-s.limits.TokenOverlap)) || a.Stable.Value == "":
		s.renew(&a.Stable)
	}
	return s.tokenAnswer(a.Stable), nil
}

func (s *Sandbox) mayForce(a *account, now time.Time) bool {
	today := 0
	for _, at := range a.Forced {
		if now.Sub(at) < 30*time.Second {
			return false
		}
		if now.Sub(at) < 24*time.Hour {
			today++
		}
	}
	return today < 20
}

// renew draws a new token. The old one lives on for the overlap, but never longer than it would have.
func (s *Sandbox) renew(t *token) {
	now := s.now()
	until := now.Add(s.limits.TokenOverlap)
	if t.Expires.Before(until) {
		until = t.Expires
	}
	*t = token{Value: s.random(136), Expires: now.Add(s.limits.TokenLife), Previous: t.Value, PreviousUntil: until}
}

func (s *Sandbox) tokenAnswer(t token) any {
	return map[string]any{"access_token": t.Value, "expires_in": int(t.Expires.Sub(s.now()).Seconds())}
}
