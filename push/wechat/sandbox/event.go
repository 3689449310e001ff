package sandbox

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// attempts is how often WeChat tries a callback.
const attempts = 3

// announce sends a mass send's MASSSENDJOBFINISH after a while. s.mu is held.
func (s *Sandbox) announce(a *account, msgID int64) {
	s.later(a, s.limits.EventDelay, func() []byte { return s.finished(a, msgID) }, func() {
		for i := range a.Masses {
			if a.Masses[i].MsgID == msgID {
				a.Masses[i].Done = true
			}
		}
	})
}

// later sends an event after a while, and lets done note that it was tried. Both functions are called with s.mu held.
func (s *Sandbox) later(a *account, wait time.Duration, event func() []byte, done func()) {
	s.spawn(func() {
		if !s.sleep(wait) {
			return
		}
		s.mu.Lock()
		body := event()
		s.mu.Unlock()
		if body == nil || !s.deliver(a, body) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		done()
		s.save()
	})
}

// resumeEvents announces what was submitted before a restart and not yet announced.
func (s *Sandbox) resumeEvents() {
	for _, a := range s.accounts {
		for _, m := range a.Masses {
			if !m.Done {
				s.announce(a, m.MsgID)
			}
		}
		for _, p := range a.Published {
			if !p.Done {
				s.announcePublication(a, p.PublishID)
			}
		}
	}
}

// finished is the event's body.
func (s *Sandbox) finished(a *account, msgID int64) []byte {
	i := slices.IndexFunc(a.Masses, func(m mass) bool { return m.MsgID == msgID })
	m := a.Masses[i]
	status := "send success"
	if m.Failure != 0 {
		status = fmt.Sprintf("err(%d)", m.Failure)
	}
	var urls strings.Builder
	for j := range m.Articles {
		fmt.Fprintf(&urls, "<item><ArticleIdx>%d</ArticleIdx><ArticleUrl>%s</ArticleUrl></item>", j+1, xmlText(s.articleURL(m.MediaID, j)))
	}
	return fmt.Appendf(nil, `<xml><ToUserName>%s</ToUserName><FromUserName>mphelper</FromUserName><CreateTime>%d</CreateTime>`+
		`<MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>%d</MsgID><Status>%s</Status>`+
		`<TotalCount>%d</TotalCount><FilterCount>%d</FilterCount><SentCount>%d</SentCount><ErrorCount>%d</ErrorCount>`+
		`<CopyrightCheckResult><Count>0</Count><ResultList></ResultList><CheckState>1</CheckState></CopyrightCheckResult>`+
		`<ArticleUrlResult><Count>%d</Count><ResultList>%s</ResultList></ArticleUrlResult></xml>`,
		"gh_"+xmlText(a.AppID), s.now().Unix(), m.MsgID, status, m.Reached+m.Missed, m.Reached+m.Missed, m.Reached, m.Missed, len(m.Articles), urls.String())
}

func xmlText(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// deliver posts a message to the account's callback, up to three times, and reports whether it is over (false: the
// sandbox was closed). The faults ordered for "event" lose, delay or double it.
func (s *Sandbox) deliver(a *account, body []byte) bool {
	if a.CallbackURL == "" || s.options.Client == nil {
		return true
	}
	times := 1
	if f, ok := s.faults.take("event"); ok {
		switch f.Fault {
		case FaultLate:
			if !s.sleep(time.Duration(f.Delay)) {
				return false
			}
		case FaultDropReply:
			times = 2
		default:
			return true // lost
		}
	}
	for range times {
		for i := range attempts {
			if i > 0 && !s.sleep(s.limits.EventGap) {
				return false
			}
			err := s.post(a, body)
			if err == nil {
				break
			}
			s.options.Logger.Info("callback failed", "account", a.AppID, "attempt", i+1, "error", err)
		}
	}
	return s.ctx.Err() == nil
}

// post makes one attempt: WeChat waits 5 s for "success" or an empty answer.
func (s *Sandbox) post(a *account, body []byte) error {
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	address, body, err := s.sign(a, body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/xml")
	resp, err := s.options.Client.Do(req)
	if err != nil {
		var uerr *url.Error
		if errors.As(err, &uerr) {
			err = uerr.Err // without the signed address
		}
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	if text := strings.TrimSpace(string(answer)); resp.StatusCode != http.StatusOK || (text != "success" && text != "" && !strings.HasPrefix(text, "<xml>")) {
		return fmt.Errorf("the callback answered %d", resp.StatusCode)
	}
	return nil
}

// sign puts the signature into the callback's address; in safe mode it encrypts the body too. It is dated by the clock
// that was not moved: a receiver refuses what is minutes away from its own.
func (s *Sandbox) sign(a *account, body []byte) (string, []byte, error) {
	nonce, stamp := s.random(10), fmt.Sprint(s.options.Now().Unix())
	q := url.Values{"signature": {signature(a.Token, stamp, nonce)}, "timestamp": {stamp}, "nonce": {nonce}}
	if a.AESKey != "" {
		cipherText, err := encrypt(a.AESKey, a.AppID, []byte(s.random(16)), body)
		if err != nil {
			return "", nil, err
		}
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", signature(a.Token, stamp, nonce, cipherText))
		body = fmt.Appendf(nil, "<xml><ToUserName>gh_%s</ToUserName><Encrypt>%s</Encrypt></xml>", xmlText(a.AppID), cipherText)
	}
	return a.CallbackURL + "?" + q.Encode(), body, nil
}

// signature is the SHA-1 over the sorted parts, in hexadecimal.
func signature(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// encrypt is safe mode: AES-256-CBC over 16 random bytes, the length, the message and the appid, padded to 32 bytes.
func encrypt(aesKey, appID string, random, message []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil || len(key) != 32 {
		return "", errors.New("an EncodingAESKey has 43 characters of base64")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	plain := append(slices.Clone(random[:16]), binary.BigEndian.AppendUint32(nil, uint32(len(message)))...)
	plain = append(append(plain, message...), appID...)
	pad := 32 - len(plain)%32
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain), nil
}

// userEvent is a message or event that a test or a person makes a follower send.
type userEvent struct {
	Type   string `json:"type"` // subscribe, unsubscribe, scan, text, click
	OpenID string `json:"openid"`
	Key    string `json:"key"`     // of a click or a scanned code
	Text   string `json:"content"` // of a text
}

func (s *Sandbox) userMessage(a *account, ev userEvent) ([]byte, error) {
	now := s.now()
	head := fmt.Sprintf(`<xml><ToUserName>gh_%s</ToUserName><FromUserName>%s</FromUserName><CreateTime>%d</CreateTime>`,
		xmlText(a.AppID), xmlText(ev.OpenID), now.Unix())
	event := func(name, key string) []byte {
		return fmt.Appendf(nil, "%s<MsgType>event</MsgType><Event>%s</Event><EventKey>%s</EventKey></xml>", head, name, xmlText(key))
	}
	switch ev.Type {
	case "subscribe":
		if !slices.Contains(a.openids(), ev.OpenID) {
			a.Followers = append(a.Followers, follower{OpenID: ev.OpenID, Since: now, Tags: []int{}})
		}
		key := ev.Key
		if key != "" {
			key = "qrscene_" + key
		}
		return event("subscribe", key), nil
	case "unsubscribe":
		a.Followers = slices.DeleteFunc(a.Followers, func(f follower) bool { return f.OpenID == ev.OpenID })
		return event("unsubscribe", ""), nil
	case "scan":
		return event("SCAN", ev.Key), nil
	case "click":
		return event("CLICK", ev.Key), nil
	case "text":
		a.Messages = append(a.Messages, message{OpenID: ev.OpenID, Type: "text", Content: ev.Text, At: now})
		return fmt.Appendf(nil, "%s<MsgType>text</MsgType><Content>%s</Content><MsgId>%d</MsgId></xml>", head, xmlText(ev.Text), s.nextID()), nil
	}
	return nil, fmt.Errorf("type %q is none of subscribe, unsubscribe, scan, text, click", ev.Type)
}
