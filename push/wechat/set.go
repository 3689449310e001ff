package wechat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"golang.org/x/net/html"

	"wefeed/feeds"
	"wefeed/push"
)

// Set renders the edition's articles, uploads their pictures and covers, and returns them with the digest that pins them:
// a hash over everything that is sent, with content hashes in place of pictures' addresses. A picture that cannot be had
// in time is left out and its article goes all the same; one that cannot be uploaded now is an error to come back from.
func (a *Account) Set(ctx context.Context, e push.Edition, articles []feeds.Article) ([]push.Piece, string, error) {
	fetching, cancel := context.WithTimeout(ctx, pictureBudget)
	defer cancel()
	pieces := make([]push.Piece, len(articles))
	pinned := make([]push.Piece, len(articles))
	for i, art := range articles {
		r, err := render(art, a.Zone)
		if err != nil {
			return nil, "", err
		}
		pictures, first, err := a.place(ctx, fetching, art.ID, r.images)
		if err != nil {
			return nil, "", err
		}
		cover, coverHash, err := a.cover(ctx, first, art.ID)
		if err != nil {
			return nil, "", err
		}
		p := push.Piece{
			ArticleID: art.ID, Title: clean(e.Items[i].Title), Author: cutRunes(author(art), maxAuthor),
			SourceURL: a.SiteURL + "/a/" + art.ID + "?d=" + e.Mark,
		}
		if len(articles) == 1 {
			p.Digest = cutRunes(r.text, maxDigest-8)
		}
		pieces[i], pinned[i] = p, p
		pieces[i].Content, pieces[i].CoverID = r.fill(func(i int) string { return pictures[i].url }), cover.MediaID
		pinned[i].Content, pinned[i].CoverID = r.fill(func(i int) string { return pictures[i].hash }), "sha256:"+coverHash
	}
	b, err := json.Marshal(pinned)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(b)
	return pieces, hex.EncodeToString(sum[:]), nil
}

// author is what stands under the title: who wrote it, else whom the portal credits.
func author(art feeds.Article) string {
	if art.Author != "" {
		return art.Author
	}
	return art.Origin
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
