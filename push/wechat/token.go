package wechat

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// A TokenStore keeps access tokens over restarts, by appid: an account that gets another one must not use the old one's.
type TokenStore interface {
	// Token returns the token of an appid and when it ends; an empty one if none is kept.
	Token(ctx context.Context, account string) (token string, expires time.Time, err error)
	SaveToken(ctx context.Context, account, token string, expires time.Time) error
}

// minLife is the least time that a fresh token is used: stable_token may answer with expires_in 300, which less the
// safety margin would be nothing.
const minLife = time.Minute

// margin is how long before its end a token is no longer used: WeChat renews it then anyway.
const margin = 5 * time.Minute

// tokens hands out the account's access token. Whoever comes while it is being fetched waits for the same answer.
type tokens struct {
	mu      sync.Mutex
	value   string
	expires time.Time
	loaded  bool
}

// held is the token that was handed out last.
func (t *tokens) held() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value
}

// token returns an access token that is good now. refused is one that WeChat just refused: it is not returned again.
func (a *Account) token(ctx context.Context, refused string) (string, error) {
	t := &a.tokens
	t.mu.Lock() // held during the fetch: single flight
	defer t.mu.Unlock()
	now := a.Now()
	if !t.loaded {
		t.loaded = true
		value, expires, err := a.Tokens.Token(ctx, a.AppID)
		if err != nil {
			a.Logger.Warn("stored access token not read", "account", a.ID, "error", err)
		}
		t.value, t.expires = value, expires
	}
	if t.value != "" && t.value != refused && now.Before(t.expires) {
		return t.value, nil
	}
	value, life, err := a.fetchToken(ctx)
	if err != nil {
		return "", err
	}
	t.value, t.expires = value, now.Add(max(life-margin, minLife))
	if err := a.Tokens.SaveToken(ctx, a.AppID, t.value, t.expires); err != nil {
		a.Logger.Warn("access token not stored", "account", a.ID, "error", err)
	}
	return t.value, nil
}

// fetchToken asks stable_token in normal mode: several processes may do so and get the same token.
func (a *Account) fetchToken(ctx context.Context) (string, time.Duration, error) {
	body, err := encode(map[string]any{"grant_type": "client_credential", "appid": a.AppID, "secret": a.Secret, "force_refresh": false})
	if err != nil {
		return "", 0, err
	}
	x := a.exchange(ctx, "/cgi-bin/stable_token", "")
	x.send("application/json; charset=utf-8", body, nil)
	if ce := x.outcome(); ce != nil {
		return "", 0, repeatable(ce)
	}
	var answer struct {
		Token string `json:"access_token"`
		Life  int    `json:"expires_in"`
	}
	if err := json.Unmarshal(x.body, &answer); err != nil || answer.Token == "" {
		return "", 0, unreadable(x.call)
	}
	return answer.Token, time.Duration(answer.Life) * time.Second, nil
}
