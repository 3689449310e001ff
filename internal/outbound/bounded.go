package outbound

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
)

// rawConn is what a dialer's control function gets.
type rawConn = syscall.RawConn

// bounded sends a User-Agent and caps the bodies of answers.
type bounded struct {
	next  http.RoundTripper
	agent string
	max   int64
}

// RoundTrip does one request. The transport inflates gzip by itself and takes the header away, so what is left in
// Content-Encoding was not asked for.
func (b *bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, fmt.Errorf("scheme %q is not spoken", req.URL.Scheme)
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", b.agent)
	}
	resp, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if enc := strings.ToLower(resp.Header.Get("Content-Encoding")); enc != "" && enc != "identity" && req.Method != http.MethodHead {
		resp.Body.Close()
		return nil, fmt.Errorf("%w: %.40q", ErrEncoding, enc)
	}
	resp.Body = &capped{ReadCloser: resp.Body, left: b.max}
	return resp, nil
}

// capped reads at most left bytes; a body that goes on is [ErrTooLarge], never a silent cut.
type capped struct {
	io.ReadCloser
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.ReadCloser.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}
