// Package fetch gets documents from portals: conditionally, politely, within caps. It implements feeds.Fetcher on top of
// a guarded *http.Client that it is handed.
//
// Politeness is per host: at most HostRate requests a second, at most HostParallel at once, and none before the time
// that a 429 or 503 named in Retry-After. Statuses are answers; only a missing or incomplete answer is an error, a
// [*feeds.Fault] in words that an admin understands.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"wefeed/feeds"
)

// DefaultAccept is sent where a request names none: feeds and pages, in that order.
const DefaultAccept = "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.9, application/xhtml+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"

// Options say how to fetch.
type Options struct {
	Client *http.Client // guarded, with its own total deadline and cap
	// HostRate is how many requests a second one host gets; 0: no limit.
	HostRate float64
	// HostParallel is how many requests one host gets at once. Default 4.
	HostParallel int
	// TooLarge and Refused recognise the client's errors: a body over the cap, an address that is not allowed.
	TooLarge func(error) bool
	Refused  func(error) bool
	Now      func() time.Time
	Logger   *slog.Logger
}

// A Fetcher fetches; it is safe for concurrent use.
type Fetcher struct {
	Options
	hosts *hosts
}

// New returns a fetcher.
func New(o Options) (*Fetcher, error) {
	if o.Client == nil {
		return nil, errors.New("a fetcher needs a client")
	}
	if o.HostParallel == 0 {
		o.HostParallel = 4
	}
	if o.HostRate < 0 || o.HostParallel < 0 {
		return nil, errors.New("a host's rate and parallel requests cannot be negative")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	never := func(error) bool { return false }
	if o.TooLarge == nil {
		o.TooLarge = never
	}
	if o.Refused == nil {
		o.Refused = never
	}
	return &Fetcher{Options: o, hosts: newHosts(o.HostRate, o.HostParallel)}, nil
}

// Fetch gets one document. It waits for its turn at the host, bounded by ctx.
func (f *Fetcher) Fetch(ctx context.Context, r feeds.Request) (*feeds.Response, error) {
	req, err := request(ctx, r)
	if err != nil {
		return nil, &feeds.Fault{Kind: feeds.FaultAddress, Detail: "网址无法识别，请检查配置", Err: errors.New("unusable URL")}
	}
	host := f.hosts.get(req.URL.Host)
	if until := host.blocked(); f.Now().Before(until) {
		return nil, &feeds.Fault{Kind: feeds.FaultStatus,
			Detail: fmt.Sprintf("%s 要求在 %s 之前不要再访问（Retry-After）", req.URL.Hostname(), until.Format("15:04:05"))}
	}
	release, err := host.enter(ctx)
	if err != nil {
		return nil, f.fault(req.URL, err)
	}
	defer release()
	resp, err := f.Client.Do(req)
	if err != nil {
		return nil, f.fault(req.URL, err)
	}
	defer resp.Body.Close()
	out, err := read(resp)
	if err != nil {
		return nil, f.fault(req.URL, err)
	}
	out.RetryAfter = retryAfter(resp, f.Now())
	if out.RetryAfter > 0 {
		host.block(f.Now().Add(out.RetryAfter))
	}
	return out, nil
}

func request(ctx context.Context, r feeds.Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
	if err != nil {
		return nil, err
	}
	if req.URL.Host == "" || (req.URL.Scheme != "http" && req.URL.Scheme != "https") {
		return nil, errors.New("no absolute http or https URL")
	}
	req.Header.Set("Accept", DefaultAccept)
	if r.Accept != "" {
		req.Header.Set("Accept", r.Accept)
	}
	if r.Validators.ETag != "" {
		req.Header.Set("If-None-Match", r.Validators.ETag)
	}
	if r.Validators.LastModified != "" {
		req.Header.Set("If-Modified-Since", r.Validators.LastModified)
	}
	return req, nil
}

func read(resp *http.Response) (*feeds.Response, error) {
	out := &feeds.Response{
		Status: resp.StatusCode, NotModified: resp.StatusCode == http.StatusNotModified,
		URL: resp.Request.URL.String(), ContentType: resp.Header.Get("Content-Type"),
		Validators: feeds.Validators{ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified")},
	}
	if resp.StatusCode != http.StatusOK {
		// The words of an error page are of no use; a little is read so that the connection can be used again.
		_, err := io.CopyN(io.Discard, resp.Body, 16<<10)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return out, nil
	}
	var err error
	out.Body, err = io.ReadAll(resp.Body)
	return out, err
}

// fault says in plain words why no complete answer came. The address is named without query: it may hold a secret.
func (f *Fetcher) fault(u *url.URL, err error) *feeds.Fault {
	host := u.Hostname()
	var uerr *url.Error
	cause := err
	if errors.As(err, &uerr) {
		cause = uerr.Err // without the URL, whose query is nobody's business
	}
	switch {
	case f.Refused(err):
		return &feeds.Fault{Kind: feeds.FaultAddress, Detail: host + " 指向不允许访问的地址（内网地址须写入 network.allow）", Err: cause}
	case f.TooLarge(err):
		return &feeds.Fault{Kind: feeds.FaultTooLarge, Detail: host + " 的内容超过允许的大小", Err: cause}
	case errors.Is(err, context.DeadlineExceeded) || (uerr != nil && uerr.Timeout()):
		return &feeds.Fault{Kind: feeds.FaultTimeout, Detail: host + " 没有在规定时间内答复", Err: cause}
	case errors.Is(err, context.Canceled):
		return &feeds.Fault{Kind: feeds.FaultTimeout, Detail: "读取被中断", Err: cause}
	}
	return &feeds.Fault{Kind: feeds.FaultNetwork, Detail: host + " 连接失败或中途断开", Err: cause}
}
