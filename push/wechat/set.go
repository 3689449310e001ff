package wechat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"

	"wefeed/feeds"
	"wefeed/push"
)

// Set renders the edition's articles, uploads their pictures and covers, and returns them with the digest that pins them:
// a hash over everything that is sent, with content hashes in place of pictures' addresses. A picture that cannot be had
// is left out and its article goes all the same; a picture that cannot be uploaded now is an error to come back from.
func (a *Account) Set(ctx context.Context, e push.Edition, articles []feeds.Article) ([]push.Piece, string, error) {
	pieces := make([]push.Piece, len(articles))
	pinned := make([]push.Piece, len(articles))
	for i, art := range articles {
		var err error
		if pieces[i], pinned[i], err = a.piece(ctx, e, e.Items[i].Title, art, len(articles) == 1); err != nil {
			return nil, "", err
		}
	}
	b, err := json.Marshal(pinned)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(b)
	return pieces, hex.EncodeToString(sum[:]), nil
}

// piece sets one article: as it is sent, and as it is pinned.
func (a *Account) piece(ctx context.Context, e push.Edition, title string, art feeds.Article, single bool) (sent, pinned push.Piece, err error) {
	r, err := render(art, a.Zone)
	if err != nil {
		return sent, pinned, err
	}
	addresses, hashes := make([]string, len(r.images)), make([]string, len(r.images))
	var cover []byte
	for i, src := range r.images {
		data, err := a.fetchPicture(ctx, src)
		if ctx.Err() != nil {
			return sent, pinned, interrupted("picture", ctx)
		}
		media, hash, err := a.bodyMedia(ctx, data, err)
		if errors.Is(err, errNoPicture) {
			a.Logger.Warn("picture left out", "article", art.ID, "picture", withoutQuery(src), "cause", err)
			continue
		}
		if err != nil {
			return sent, pinned, err
		}
		addresses[i], hashes[i] = media.URL, "sha256:"+hash
		if cover == nil {
			cover = data
		}
	}
	coverMedia, coverHash, err := a.coverMedia(ctx, cover, art.ID)
	if err != nil {
		return sent, pinned, err
	}
	sent = push.Piece{
		ArticleID: art.ID, Title: clean(title), Author: cutRunes(author(art), maxAuthor), SourceURL: a.SiteURL + "/a/" + art.ID + "?d=" + e.Mark,
	}
	if single {
		sent.Digest = cutRunes(r.text, maxDigest-8)
	}
	pinned = sent
	sent.Content, sent.CoverID = r.fill(func(i int) string { return addresses[i] }), coverMedia.MediaID
	pinned.Content, pinned.CoverID = r.fill(func(i int) string { return hashes[i] }), "sha256:"+coverHash
	return sent, pinned, nil
}

// author is what stands under the title: who wrote it, else whom the portal credits.
func author(art feeds.Article) string {
	if art.Author != "" {
		return art.Author
	}
	return art.Origin
}

// bodyMedia uploads a fetched picture once.
func (a *Account) bodyMedia(ctx context.Context, data []byte, fetched error) (push.Media, string, error) {
	if fetched != nil {
		return push.Media{}, "", fmt.Errorf("%w: %w", errNoPicture, fetched)
	}
	p, err := bodyPicture(data)
	if err != nil {
		return push.Media{}, "", errNoPicture
	}
	media, err := a.once(ctx, push.UseBody, p, a.uploadBody)
	return media, p.hash(), refusedPicture(err)
}

// withoutQuery is an address as it may stand in a log: a query may hold a secret.
func withoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}

// refusedPicture turns WeChat's word that it does not want this picture into "no picture": the article goes without it.
func refusedPicture(err error) error {
	var ce *push.CallError
	if errors.As(err, &ce) && ce.Reason == push.ReasonImage {
		return errNoPicture
	}
	return err
}

// coverMedia uploads the cover once: the article's first picture, else a drawn one.
func (a *Account) coverMedia(ctx context.Context, data []byte, seed string) (push.Media, string, error) {
	if data != nil {
		if p, err := coverPicture(data); err == nil {
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

// once uploads a picture unless the account has it already.
func (a *Account) once(ctx context.Context, use push.MediaUse, p picture, upload func(context.Context, picture) (push.Media, error)) (push.Media, error) {
	hash := p.hash()
	media, err := a.Media.Media(ctx, a.ID, use, hash)
	if err == nil || !errors.Is(err, push.ErrNotFound) {
		return media, err
	}
	if media, err = upload(ctx, p); err != nil {
		return media, err
	}
	media.Account, media.Use, media.Hash = a.ID, use, hash
	return media, a.Media.SaveMedia(ctx, media)
}

// text is a content without its tags, for what is nested too deep to be read as HTML.
func text(content string) string {
	var out strings.Builder
	for z := html.NewTokenizer(strings.NewReader(content)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(out.String())
		case html.TextToken:
			out.Write(z.Text())
			out.WriteByte(' ')
		}
	}
}
