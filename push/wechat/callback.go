package wechat

import (
	"context"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/silenceper/wechat/v2/util"

	"wefeed/push"
)

// Events hears WeChat's word on what was sent.
type Events interface {
	// SaveEvent stores an event once; a repeated one changes nothing.
	SaveEvent(ctx context.Context, e push.Event) error
}

// CallbackOptions describe the callback of one account.
type CallbackOptions struct {
	Account string
	AppID   string
	Token   string // signs; without it every request is refused
	AESKey  string // EncodingAESKey; set = safe mode, plain messages are refused
	Events  Events
	Now     func() time.Time
	Logger  *slog.Logger
}

// A Callback is the http.Handler that WeChat posts an account's events to.
type Callback struct{ CallbackOptions }

// The bounds of a callback: WeChat waits 5 s; its messages are small; its clock and ours may differ.
const (
	callbackPatience = 4 * time.Second
	callbackBytes    = 64 << 10
	callbackSkew     = 10 * time.Minute
)

// NewCallback returns the handler.
func NewCallback(o CallbackOptions) (*Callback, error) {
	if o.Account == "" || o.Events == nil {
		return nil, errors.New("a callback needs its account and someone who hears its events")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Callback{o}, nil
}

// ServeHTTP answers WeChat's check of the address (GET, echostr) and its messages (POST). What is not signed is refused
// without a word why; what is signed and of no concern is answered with "success", so that WeChat does not repeat it.
func (c *Callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	q := r.URL.Query()
	if !c.signed(q.Get("signature"), q.Get("timestamp"), q.Get("nonce")) {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	switch r.Method {
	case http.MethodGet:
		_, _ = io.WriteString(w, q.Get("echostr"))
	case http.MethodPost:
		c.post(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// signed checks SHA-1 over the sorted token, timestamp and nonce, and that the message is of now.
func (c *Callback) signed(given, timestamp, nonce string, more ...string) bool {
	if c.Token == "" {
		return false
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || c.Now().Sub(time.Unix(seconds, 0)).Abs() > callbackSkew {
		return false
	}
	parts := append([]string{c.Token, timestamp, nonce}, more...)
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(given)) == 1
}

func (c *Callback) post(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), callbackPatience)
	defer cancel()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, callbackBytes))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	if body, err = c.open(r, body); err != nil {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	if ev, ok := readEvent(c.Account, body, c.Now()); ok {
		if err := c.Events.SaveEvent(ctx, ev); err != nil {
			c.Logger.Error("event not stored", "account", c.Account, "error", err)
			http.Error(w, "try again", http.StatusInternalServerError) // WeChat tries three times
			return
		}
		c.Logger.Info("WeChat tells how it went", "account", c.Account, "kind", string(ev.Kind), "id", ev.ID, "status", ev.Status, "sent", ev.SentTo)
	}
	_, _ = io.WriteString(w, "success")
}

// open returns the message: as it is in plain mode, decrypted in safe mode. In safe mode a plain message is refused,
// since its signature does not cover its body.
func (c *Callback) open(r *http.Request, body []byte) ([]byte, error) {
	if c.AESKey == "" {
		return body, nil
	}
	var envelope struct {
		Encrypt string `xml:"Encrypt"`
	}
	q := r.URL.Query()
	if err := xml.Unmarshal(body, &envelope); err != nil || envelope.Encrypt == "" {
		return nil, errors.New("no envelope")
	}
	if !c.signed(q.Get("msg_signature"), q.Get("timestamp"), q.Get("nonce"), envelope.Encrypt) {
		return nil, errors.New("not signed")
	}
	_, plain, err := decrypt(c.AppID, envelope.Encrypt, c.AESKey)
	return plain, err
}

// decrypt opens a message; whatever is wrong with it, the SDK's panics included, is one error.
func decrypt(appID, cipherText, key string) (random, plain []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not decrypted")
		}
	}()
	return util.DecryptMsg(appID, cipherText, key)
}
