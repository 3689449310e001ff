package wechat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wefeed/push"
)

// The bounds of fetching an edition's pictures: a slow host costs its pictures, never the edition.
const (
	pictureBudget   = 25 * time.Second // for all of them
	picturePatience = 10 * time.Second // for one
	pictureParallel = 4
)

// decoding lets one picture be decoded at a time: 40 million pixels are 160 MB.
var decoding sync.Mutex

// A fetched is a picture of the portal, ready to be uploaded, or why there is none.
type fetched struct {
	picture
	err error
}

// fetchAll gets pictures, some at once, until ctx ends.
func (a *Account) fetchAll(ctx context.Context, sources []string) []fetched {
	got := make([]fetched, len(sources))
	var g errgroup.Group
	g.SetLimit(pictureParallel)
	for i, src := range sources {
		g.Go(func() error {
			got[i].picture, got[i].err = a.fetchOne(ctx, src)
			return nil
		})
	}
	_ = g.Wait()
	return got
}

func (a *Account) fetchOne(ctx context.Context, src string) (picture, error) {
	ctx, cancel := context.WithTimeout(ctx, picturePatience)
	defer cancel()
	data, err := a.fetchPicture(ctx, src)
	if err != nil {
		return picture{}, err
	}
	decoding.Lock()
	defer decoding.Unlock()
	return bodyPicture(data)
}

// placed is a picture where a text shows it; its zero value is none.
type placed struct{ url, hash string }

// place fetches an article's pictures until fetching ends, uploads those it got, and returns them in their order, with the
// first of them for the cover. What cannot be had is left out.
func (a *Account) place(ctx, fetching context.Context, article string, sources []string) (all []placed, first *picture, err error) {
	got := a.fetchAll(fetching, sources)
	if ctx.Err() != nil {
		return nil, nil, interrupted("picture", ctx)
	}
	all = make([]placed, len(sources))
	for i, f := range got {
		var media push.Media
		if f.err == nil {
			media, f.err = a.once(ctx, push.UseBody, f.picture, a.uploadBody)
			if err := refusedPicture(f.err); err != nil && !errors.Is(err, errNoPicture) {
				return nil, nil, err
			}
		}
		if f.err != nil {
			a.Logger.Warn("picture left out", "article", article, "picture", withoutQuery(sources[i]), "cause", f.err)
			continue
		}
		all[i] = placed{media.URL, "sha256:" + f.hash()}
		if first == nil {
			first = &f.picture
		}
	}
	return all, first, nil
}

// cover uploads the cover once: made of the article's first picture, else drawn from seed.
func (a *Account) cover(ctx context.Context, first *picture, seed string) (push.Media, string, error) {
	if first != nil {
		if p, err := cut(*first); err == nil {
			media, err := a.once(ctx, push.UseCover, p, a.uploadCover)
			if err = refusedPicture(err); !errors.Is(err, errNoPicture) {
				return media, p.hash(), err
			}
		}
	}
	p, err := drawnCover(seed)
	if err != nil {
		return push.Media{}, "", err
	}
	media, err := a.once(ctx, push.UseCover, p, a.uploadCover)
	return media, p.hash(), err
}

func cut(p picture) (picture, error) {
	decoding.Lock()
	defer decoding.Unlock()
	return coverPicture(p.data)
}

// once uploads a picture unless WeChat has it already. What was uploaded belongs to the appid, whatever the configuration
// calls the account.
func (a *Account) once(ctx context.Context, use push.MediaUse, p picture, upload func(context.Context, picture) (push.Media, error)) (push.Media, error) {
	hash := p.hash()
	media, err := a.Media.Media(ctx, a.AppID, use, hash)
	if err == nil || !errors.Is(err, push.ErrNotFound) {
		return media, err
	}
	if media, err = upload(ctx, p); err != nil {
		return media, err
	}
	media.Account, media.Use, media.Hash = a.AppID, use, hash
	return media, a.Media.SaveMedia(ctx, media)
}

// forget drops covers that WeChat no longer has, because somebody cleaned the material library: the next edition uploads
// them anew.
func (a *Account) forget(ctx context.Context, pieces []push.Piece, err error) error {
	var ce *push.CallError
	if !errors.As(err, &ce) || ce.Reason != push.ReasonMediaGone {
		return err
	}
	ids := make([]string, len(pieces))
	for i, p := range pieces {
		ids[i] = p.CoverID
	}
	if forgot := a.Media.ForgetMedia(context.WithoutCancel(ctx), a.AppID, ids); forgot != nil {
		a.Logger.Error("covers that are gone were not forgotten", "account", a.ID, "error", forgot)
	}
	return err
}

// refusedPicture turns WeChat's word that it does not want this picture into "no picture": the article goes without it.
func refusedPicture(err error) error {
	var ce *push.CallError
	if errors.As(err, &ce) && ce.Reason == push.ReasonImage {
		return fmt.Errorf("%w: %s", errNoPicture, ce.Detail)
	}
	return err
}

// withoutQuery is an address as it may stand in a log: a query may hold a secret.
func withoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}
