package push

import (
	"context"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"

	"wefeed/feeds"
)

// Aftermath looks after an edition that is out when the portal corrected or took back one of its articles. A draft that an
// editor has not touched is brought up to date. What followers have cannot be edited: the admin is told, once for each
// change, with the command that removes it. Nothing is ever removed without that.
func (x *Dispatcher) Aftermath(ctx context.Context, id string) error {
	e, ds, err := x.Store.Edition(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && (e.State.Open() || e.State.Frees()) {
		return nil
	}
	if err != nil {
		return err
	}
	articles, err := x.Store.ByID(ctx, ids(e.Items))
	if err != nil {
		return err
	}
	byID := hashes(articles)
	r := &run{Dispatcher: x}
	for i, it := range e.Items {
		a, known := byID[it.ArticleID]
		switch {
		case !known || i >= len(e.Pieces):
		case a.Status == feeds.StatusWithdrawn:
			err = r.remark(ctx, e, i, a, RemarkWithdrawn, "门户撤下了已经发出的文章")
		case a.Status == feeds.StatusLive && a.Hash != e.Pieces[i].ArticleHash:
			err = r.corrected(ctx, &e, ds, i, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// corrected mends a draft that is still as it was made, or tells the admin.
func (r *run) corrected(ctx context.Context, e *Edition, ds []Delivery, i int, a feeds.Article) error {
	if e.State != HandedOver {
		return r.remark(ctx, *e, i, a, RemarkCorrected, "门户更正了已经发出的文章，发出的无法修改")
	}
	acc, err := r.account(*e)
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	mediaID := find(ds, StepDraft).MediaID
	now, err := acc.Draft(call, mediaID)
	var ce *CallError
	switch {
	case errors.As(err, &ce) && ce.Reason == ReasonMediaGone:
		return r.remark(ctx, *e, i, a, RemarkCorrected, "门户更正了文章，而草稿已不在草稿箱，可能已由编辑发出")
	case err != nil:
		return err
	case i >= len(now) || !sameText(now[i], e.Pieces[i]):
		return r.remark(ctx, *e, i, a, RemarkCorrected, "门户更正了文章，而编辑改过草稿，请自行核对")
	}
	return r.mend(call, acc, e, mediaID, i, a)
}

// mend replaces one article of a draft in the box. It may be repeated.
func (r *run) mend(ctx context.Context, acc Account, e *Edition, mediaID string, i int, a feeds.Article) error {
	title, fits := FitTitle(a.Title, r.Channels[e.Channel].LongTitle)
	if e.Items[i].Retitled || !fits {
		title = e.Items[i].Title
	}
	one := *e
	one.Items = []EditionItem{{ArticleID: a.ID, Title: title}}
	pieces, _, err := acc.Set(ctx, one, []feeds.Article{a})
	if err != nil {
		return err
	}
	if len(e.Items) > 1 {
		pieces[0].Digest = "" // WeChat takes a summary only with a single article
	}
	if err := acc.UpdateDraft(ctx, mediaID, i, pieces[0]); err != nil {
		return err
	}
	pieces[0].ArticleHash = a.Hash
	e.Items[i].Title, e.Pieces[i] = title, pieces[0]
	if err := r.save(ctx, *e, e.State, r.Now()); err != nil {
		return err
	}
	return r.remark(ctx, *e, i, a, RemarkUpdated, "门户更正了文章，草稿箱中的草稿已随之更新")
}

// remark tells the admin something, once.
func (r *run) remark(ctx context.Context, e Edition, i int, a feeds.Article, kind RemarkKind, what string) error {
	todo := fmt.Sprintf("wefeed edition remove %s --article %d", e.ID, i+1)
	if e.State == HandedOver {
		todo = "wefeed edition remove " + e.ID // a draft goes as a whole
	}
	told, err := r.Store.Tell(ctx, Remark{Edition: e.ID, ArticleID: a.ID, Kind: kind, Hash: a.Hash, Detail: what})
	if err != nil || !told {
		return err
	}
	if kind == RemarkUpdated {
		r.Logger.Info("draft brought up to date", "edition", e.ID, "channel", e.Channel, "title", a.Title, "what", what)
		return nil
	}
	r.Logger.Warn("look at an edition that is out", "edition", e.ID, "channel", e.Channel, "title", a.Title, "kind", string(kind),
		"what", what, "do", "若要删除（无法恢复）："+todo)
	return nil
}

var tags = regexp.MustCompile(`<[^>]*>`)

// sameText reports whether two articles read alike, whatever WeChat did to the markup.
func sameText(a, b Piece) bool {
	text := func(p Piece) string {
		return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(p.Title+" "+p.Content, ""))), "")
	}
	return text(a) == text(b)
}
