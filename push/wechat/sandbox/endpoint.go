package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// maxBody bounds a request: a cover of 10 MB and its wrapping.
const maxBody = 12 << 20

// A handler answers one of WeChat's paths.
type handler struct {
	get      bool // asked by GET; else by POST
	open     bool // needs no access token
	verified bool // 48001 for unverified accounts
	service  bool // 48001 for all but service accounts
	do       func(a *account, r *call) (any, error)
}

// A call is one request, its body read.
type call struct {
	path  string
	query url.Values
	body  []byte
	http  *http.Request
}

// An apiError is an answer with an errcode. Extra fields ride along.
type apiError struct {
	code  int
	text  string
	extra map[string]any
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.code, e.text) }

func refuse(code int, text string) *apiError { return &apiError{code: code, text: text} }

// method refuses a call by the wrong HTTP method.
func (c *call) method(h handler) error {
	switch {
	case h.get && c.http.Method != http.MethodGet:
		return refuse(43001, "require GET method")
	case !h.get && c.http.Method != http.MethodPost:
		return refuse(43002, "require POST method")
	}
	return nil
}

// endpoint is one path with the faults that were ordered for it.
func (s *Sandbox) endpoint(path string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			s.reply(w, refuse(45001, "media size out of limit"))
			return
		}
		c := &call{path: path, query: r.URL.Query(), body: body, http: r}
		f, faulty := s.faults.take(path)
		if !faulty {
			s.reply(w, s.perform(h, c))
			return
		}
		s.options.Logger.Info("fault", "path", path, "fault", f.Fault)
		s.fail(w, r, h, c, f)
	})
}

// fail answers a call with a fault.
func (s *Sandbox) fail(w http.ResponseWriter, r *http.Request, h handler, c *call, f Fault) {
	switch f.Fault {
	case FaultDropReply:
		s.perform(h, c)
		panic(http.ErrAbortHandler)
	case FaultCutReply:
		s.cut(w, s.perform(h, c))
	case FaultLate:
		s.spawn(func() {
			if s.sleep(time.Duration(f.Delay)) {
				s.perform(h, c)
			}
		})
		panic(http.ErrAbortHandler)
	case FaultTimeout:
		s.missed(h, c)
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
		panic(http.ErrAbortHandler)
	case FaultHTTP500:
		s.missed(h, c)
		http.Error(w, "<html><body>500 Internal Server Error</body></html>", http.StatusInternalServerError)
	case FaultErrcode:
		s.missed(h, c)
		s.reply(w, refuse(f.Errcode, errmsg(f.Errcode)))
	}
}

// sleep waits, and reports false when the sandbox was closed meanwhile.
func (s *Sandbox) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// perform does a call, saves its effect, and returns the answer.
func (s *Sandbox) perform(h handler, c *call) any {
	if err := c.method(h); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.authorise(h, c)
	if err != nil {
		return err
	}
	answer, err := any(nil), s.spend(a, c.path)
	if err == nil {
		answer, err = h.do(a, c)
	}
	var refused *apiError
	if err != nil && !errors.As(err, &refused) {
		refused = refuse(-1, "system error")
		s.options.Logger.Error("call failed", "path", c.path, "error", err)
	}
	a.count(c.path, refused == nil)
	s.save()
	if refused != nil {
		return refused
	}
	return answer
}

// missed counts a call that has no effect.
func (s *Sandbox) missed(h handler, c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, err := s.authorise(h, c); err == nil {
		a.count(c.path, false)
	}
}

// authorise finds the account that a call speaks for. s.mu is held.
func (s *Sandbox) authorise(h handler, c *call) (*account, error) {
	if h.open {
		return s.byAppID(c)
	}
	given := c.query.Get("access_token")
	if given == "" {
		return nil, refuse(41001, "access_token missing")
	}
	now := s.now()
	for _, a := range s.accounts {
		for _, t := range []token{a.Plain, a.Stable} {
			switch {
			case given == t.Value && now.Before(t.Expires), given == t.Previous && now.Before(t.PreviousUntil):
				if h.verified && a.Kind == Unverified || h.service && a.Kind != Service {
					a.count(c.path, false)
					return nil, refuse(48001, "api unauthorized")
				}
				return a, nil
			case given == t.Value || given == t.Previous:
				a.count(c.path, false)
				return nil, refuse(42001, "access_token expired")
			}
		}
	}
	return nil, refuse(40001, "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r")
}

// reply writes an answer. Errors end with a rid, as WeChat's do.
func (s *Sandbox) reply(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(s.encode(answer))
}

func (s *Sandbox) encode(answer any) []byte {
	if e, ok := answer.(*apiError); ok {
		fields := map[string]any{"errcode": e.code, "errmsg": e.text + " rid: " + s.rid()}
		for k, v := range e.extra {
			fields[k] = v
		}
		answer = fields
	} else if err, ok := answer.(error); ok {
		return s.encode(refuse(-1, err.Error()))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(answer)
	return b.Bytes()
}

// cut announces a whole answer and sends half of it.
func (s *Sandbox) cut(w http.ResponseWriter, answer any) {
	b := s.encode(answer)
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	_, _ = w.Write(b[:len(b)/2])
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

// rid is a request id: xxxxxxxx-xxxxxxxx-xxxxxxxx.
func (s *Sandbox) rid() string {
	h := s.random(24)
	return h[:8] + "-" + h[8:16] + "-" + h[16:24]
}

// random returns n hexadecimal digits.
func (s *Sandbox) random(n int) string {
	s.drawing.Lock()
	defer s.drawing.Unlock()
	b := make([]byte, (n+1)/2)
	if _, err := io.ReadFull(s.options.Rand, b); err != nil {
		sum := sha256.Sum256([]byte(err.Error()))
		copy(b, sum[:])
	}
	return hex.EncodeToString(b)[:n]
}

// escaped finds a \uXXXX that its JSON does not itself escape.
var escaped = regexp.MustCompile(`(^|[^\\])((?:\\\\)*)\\u([0-9a-fA-F]{4})`)

// decode reads a JSON body. WeChat shows \uXXXX escapes literally instead of reading them: senders must write raw UTF-8.
func decode(body []byte, v any) error {
	for escaped.Match(body) {
		body = escaped.ReplaceAll(body, []byte(`$1$2\\u$3`))
	}
	if err := json.Unmarshal(body, v); err != nil {
		return refuse(47001, "data format error")
	}
	return nil
}

func (s *Sandbox) nothing(*account, *call) (any, error) {
	return map[string]any{"errcode": 0, "errmsg": "ok"}, nil
}

// id is a number as the sandbox's quirk wants it.
func (s *Sandbox) id(n int64) any {
	if s.options.QuoteIDs {
		return fmt.Sprint(n)
	}
	return n
}

// errmsg is WeChat's text for an errcode that a fault asks for.
func errmsg(code int) string {
	texts := map[int]string{
		-1: "system error", 40001: "invalid credential, access_token is invalid or not latest", 40014: "invalid access_token",
		42001: "access_token expired", 40007: "invalid media_id", 40005: "invalid file type", 40009: "invalid image size",
		40013: "invalid appid", 40125: "invalid appsecret", 40164: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist",
		45009: "reach max api daily quota limit", 45011: "api minute-quota reach limit must slower retry next minute",
		43101: "user refuse to accept the msg", 45028: "has no masssend quota hint", 45065: "clientmsgid exist", 45066: "same clientmsgid retry too fast",
		48001: "api unauthorized", 61004: "access clientip is not registered", 53503: "draft fails publish check",
	}
	if t, ok := texts[code]; ok {
		return t
	}
	return "error"
}
