package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	sdk "github.com/silenceper/wechat/v2/officialaccount/context"
	"github.com/silenceper/wechat/v2/util"
	"github.com/sirupsen/logrus"
)

// maxAnswer bounds an answer of WeChat: twenty drafts with their content.
const maxAnswer = 24 << 20

// An exchange is one request to WeChat and what is known of its answer.
type exchange struct {
	ctx    context.Context
	client *http.Client
	base   string // api_base
	token  string // the real access token; "" for calls that need none
	call   string // the path, for errors

	sent     bool // the request may have reached WeChat
	complete bool // a whole answer came, with status 200 and JSON in it
	body     []byte
	errcode  int
	errmsg   string
	err      error
}

// do sends req for the exchange: to the account's address, with the account's token. The answer is read to its end here,
// so that a cut one is known as such.
func (x *exchange) do(req *http.Request) (*http.Response, error) {
	target, err := x.address(req.URL)
	if err != nil {
		x.err = err
		return nil, err
	}
	ctx := httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.sent = true }})
	out := req.Clone(ctx)
	out.URL, out.Host, out.RequestURI = target, "", ""
	resp, err := x.client.Do(out)
	if err != nil {
		x.err = withoutURL(err)
		return nil, x.err
	}
	defer resp.Body.Close()
	x.sent = true // whatever the trace saw
	x.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		x.err = withoutURL(err)
		return nil, x.err
	}
	x.read(resp.StatusCode)
	resp.Body = io.NopCloser(bytes.NewReader(x.body))
	return resp, nil
}

// read looks for the errcode that every answer of WeChat may carry.
func (x *exchange) read(status int) {
	if status != http.StatusOK {
		x.err = fmt.Errorf("WeChat answered HTTP %d", status)
		return
	}
	var head struct {
		Errcode int    `json:"errcode"`
		Errmsg  string `json:"errmsg"`
	}
	if err := json.Unmarshal(x.body, &head); err != nil {
		x.err = errors.New("WeChat's answer is no JSON")
		return
	}
	x.complete, x.errcode, x.errmsg = true, head.Errcode, head.Errmsg
}

// address is where a request of the SDK really goes.
func (x *exchange) address(u *url.URL) (*url.URL, error) {
	target, err := url.Parse(x.base)
	if err != nil {
		return nil, errors.New("api_base is no URL")
	}
	target.Path = strings.TrimSuffix(target.Path, "/") + u.Path
	q := u.Query()
	if x.token != "" {
		q.Set("access_token", x.token)
	}
	target.RawQuery = q.Encode()
	return target, nil
}

// withoutURL takes the URL out of an error of net/http: it holds the access token.
func withoutURL(err error) error {
	var uerr *url.Error
	if errors.As(err, &uerr) {
		return uerr.Err
	}
	return err
}

// A switchboard is the RoundTripper behind the SDK: it finds the exchange that a request belongs to by the name that the
// SDK was given as access token.
type switchboard struct {
	last      atomic.Uint64
	exchanges sync.Map // name → *exchange
}

// board is the process's only switchboard, since the SDK has only one place for it.
var board struct {
	once sync.Once
	switchboard
}

// connect sets the switchboard behind the SDK and silences the SDK's log, once.
func connect() {
	board.once.Do(func() {
		util.DefaultHTTPClient = &http.Client{Transport: &board.switchboard}
		logrus.SetOutput(io.Discard)
	})
}

// RoundTrip sends a request of the SDK through its exchange.
func (b *switchboard) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ok := b.exchanges.Load(req.URL.Query().Get("access_token"))
	if !ok {
		return nil, errors.New("a request that belongs to no exchange")
	}
	return x.(*exchange).do(req)
}

// run lets fn make one call through the SDK as the exchange x.
func (b *switchboard) run(x *exchange, fn func(*sdk.Context) error) error {
	name := fmt.Sprintf("exchange-%d", b.last.Add(1))
	b.exchanges.Store(name, x)
	defer b.exchanges.Delete(name)
	return fn(&sdk.Context{AccessTokenHandle: named(name)})
}

// named is an access token that is only a name.
type named string

// GetAccessToken returns the name.
func (n named) GetAccessToken() (string, error) { return string(n), nil }

// send makes one call of our own as the exchange x.
func (x *exchange) send(contentType string, body []byte, query url.Values) {
	u := &url.URL{Scheme: "https", Host: "api.weixin.qq.com", Path: x.call, RawQuery: query.Encode()}
	req, err := http.NewRequest(http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		x.err = err
		return
	}
	req.Header.Set("Content-Type", contentType)
	_, _ = x.do(req) // what became of it is in x
}

// encode writes JSON as WeChat wants it: raw UTF-8, no \u003c.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
