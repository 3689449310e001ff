package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	sdk "github.com/silenceper/wechat/v2/officialaccount/context"
	"github.com/silenceper/wechat/v2/officialaccount/material"

	"wefeed/push"
)

// A MediaStore remembers uploaded pictures, by appid.
type MediaStore interface {
	Media(ctx context.Context, account string, use push.MediaUse, hash string) (push.Media, error) // push.ErrNotFound
	SaveMedia(ctx context.Context, m push.Media) error
	ForgetMedia(ctx context.Context, account string, mediaIDs []string) error
}

// Options describe one official account.
type Options struct {
	ID, AppID, Secret string
	APIBase           string       // https://api.weixin.qq.com, or a sandbox
	Client            *http.Client // to WeChat
	Images            *http.Client // to the portal's pictures: guarded, with a cap
	SiteURL           string       // the gateway's public address, no final slash
	SiteTitle         string
	Zone              *time.Location // the site's
	Tokens            TokenStore
	Media             MediaStore
	Now               func() time.Time
	Logger            *slog.Logger
}

// An Account is one official account. It implements push.Account and is safe for concurrent use.
type Account struct {
	Options
	tokens tokens
}

// New returns an account. Nothing is sent before its first call.
func New(o Options) (*Account, error) {
	if o.ID == "" || o.AppID == "" || o.APIBase == "" || o.Client == nil || o.Images == nil || o.Tokens == nil || o.Media == nil || o.Zone == nil {
		return nil, errors.New("an account needs an id, an appid, an address, clients, a zone, and stores for tokens and pictures")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.APIBase = strings.TrimSuffix(o.APIBase, "/")
	connect()
	return &Account{Options: o}, nil
}

func (a *Account) exchange(ctx context.Context, call, token string) *exchange {
	return &exchange{ctx: ctx, client: a.Client, base: a.APIBase, token: token, call: call}
}

// authorised makes one call with an access token, and a second one if WeChat refused the token: a refused call had no
// effect.
func (a *Account) authorised(ctx context.Context, call string, do func(*exchange) error) (*exchange, error) {
	if ctx.Err() != nil {
		return nil, interrupted(call, ctx)
	}
	refused := ""
	for {
		token, err := a.token(ctx, refused)
		if err != nil {
			return nil, a.explain(err)
		}
		x := a.exchange(ctx, call, token)
		err = do(x)
		if x.stale() && refused == "" {
			a.Logger.Info("access token refused, asking for another", "account", a.ID, "errcode", x.errcode)
			refused = token
			continue
		}
		if ce := x.outcome(); ce != nil {
			return x, a.explain(ce)
		}
		if err != nil { // the SDK could not read an answer that says success
			return x, unreadable(call)
		}
		return x, nil
	}
}

// explain keeps secrets out of an error's text.
func (a *Account) explain(err error) error {
	var ce *push.CallError
	if !errors.As(err, &ce) {
		return err
	}
	clean := *ce
	if clean.Err != nil {
		clean.Err = errors.New(redact(clean.Err.Error(), a.Secret, a.tokens.held()))
	}
	return &clean
}

// unreadable is a success whose contents cannot be read: it may have had its effect.
func unreadable(call string) error {
	what, todo := push.ReasonNoAnswer.Explain()
	return &push.CallError{Call: call, Reason: push.ReasonNoAnswer, Doubt: true, Detail: what + "；" + todo, Err: errors.New("the answer lacks what it should hold")}
}

// post makes a JSON call of our own.
func (a *Account) post(ctx context.Context, call string, body []byte) (*exchange, error) {
	return a.authorised(ctx, call, func(x *exchange) error {
		x.send("application/json; charset=utf-8", body, nil)
		return nil
	})
}

// An id is a number that WeChat's answers quote or not.
type id string

// UnmarshalJSON reads 123 and "123".
func (i *id) UnmarshalJSON(b []byte) error {
	text := string(bytes.Trim(b, `"`))
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return errors.New("an id is a number")
	}
	*i = id(text)
	return nil
}

// uploadBody uploads a picture for a text and returns its address (media/uploadimg). The SDK's call takes only files.
func (a *Account) uploadBody(ctx context.Context, p picture) (push.Media, error) {
	body, contentType, err := multipartImage(p)
	if err != nil {
		return push.Media{}, err
	}
	x, err := a.authorised(ctx, "/cgi-bin/media/uploadimg", func(x *exchange) error {
		x.send(contentType, body, nil)
		return nil
	})
	if err != nil {
		return push.Media{}, repeatable(err)
	}
	var answer struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(x.body, &answer); err != nil || answer.URL == "" {
		return push.Media{}, repeatable(unreadable(x.call))
	}
	return push.Media{URL: answer.URL}, nil
}

// uploadCover uploads a picture as permanent material and returns its media_id (material/add_material).
func (a *Account) uploadCover(ctx context.Context, p picture) (push.Media, error) {
	var media push.Media
	_, err := a.authorised(ctx, "/cgi-bin/material/add_material", func(x *exchange) error {
		return board.run(x, func(c *sdk.Context) (err error) {
			media.MediaID, media.URL, err = material.NewMaterial(c).AddMaterialFromReader(material.MediaTypeImage, p.name(), bytes.NewReader(p.data))
			return err
		})
	})
	if err == nil && media.MediaID == "" {
		err = unreadable("/cgi-bin/material/add_material")
	}
	return media, repeatable(err)
}

func multipartImage(p picture) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", `form-data; name="media"; filename="`+p.name()+`"`)
	header.Set("Content-Type", p.contentType)
	part, err := w.CreatePart(header)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(p.data); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}
