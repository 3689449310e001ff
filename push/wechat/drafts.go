package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	sdk "github.com/silenceper/wechat/v2/officialaccount/context"
	"github.com/silenceper/wechat/v2/officialaccount/draft"

	"wefeed/push"
)

func articleOf(p push.Piece) *draft.Article {
	return &draft.Article{
		Title: p.Title, Author: p.Author, Digest: p.Digest, Content: p.Content, ContentSourceURL: p.SourceURL, ThumbMediaID: p.CoverID,
	}
}

// AddDraft makes a draft of the pieces and returns its media_id (draft/add).
func (a *Account) AddDraft(ctx context.Context, pieces []push.Piece) (string, error) {
	articles := make([]*draft.Article, len(pieces))
	for i, p := range pieces {
		articles[i] = articleOf(p)
	}
	var mediaID string
	_, err := a.authorised(ctx, "/cgi-bin/draft/add", func(x *exchange) error {
		return board.run(x, func(c *sdk.Context) (err error) {
			mediaID, err = draft.NewDraft(c).AddDraft(articles)
			return err
		})
	})
	if err == nil && mediaID == "" {
		err = unreadable("/cgi-bin/draft/add")
	}
	return mediaID, a.forget(ctx, pieces, err)
}

// lookPage is how many drafts one draft/batchget returns; lookPages, how many pages a look reads: the newest are first,
// and a draft in doubt is minutes old.
const (
	lookPage  = 20
	lookPages = 25
)

// FindDraft looks for the draft whose articles carry the mark in their address; "" when there is none (draft/batchget).
func (a *Account) FindDraft(ctx context.Context, mark string) (string, error) {
	for page := range lookPages {
		var list draft.ArticleList
		_, err := a.authorised(ctx, "/cgi-bin/draft/batchget", func(x *exchange) error {
			return board.run(x, func(c *sdk.Context) (err error) {
				list, err = draft.NewDraft(c).PaginateDraft(int64(page)*lookPage, lookPage, true)
				return err
			})
		})
		if err != nil {
			return "", err
		}
		for _, item := range list.Item {
			if carries(item, mark) {
				return item.MediaID, nil
			}
		}
		if len(list.Item) < lookPage {
			return "", nil
		}
	}
	return "", nil
}

func carries(item draft.ArticleListItem, mark string) bool {
	for _, n := range item.Content.NewsItem {
		u, err := url.Parse(n.ContentSourceURL)
		if err == nil && u.Query().Get("d") == mark {
			return true
		}
	}
	return false
}

// Draft returns what is in a draft now (draft/get).
func (a *Account) Draft(ctx context.Context, mediaID string) (pieces []push.Piece, err error) {
	var articles []*draft.Article
	_, err = a.authorised(ctx, "/cgi-bin/draft/get", func(x *exchange) error {
		return board.run(x, func(c *sdk.Context) (err error) {
			articles, err = draft.NewDraft(c).GetDraft(mediaID)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	for _, d := range articles {
		pieces = append(pieces, push.Piece{
			Title: d.Title, Author: d.Author, Digest: d.Digest, Content: d.Content, SourceURL: d.ContentSourceURL, CoverID: d.ThumbMediaID,
		})
	}
	return pieces, nil
}

// UpdateDraft replaces one article of a draft, from 0 (draft/update). The same again changes nothing.
func (a *Account) UpdateDraft(ctx context.Context, mediaID string, index int, p push.Piece) error {
	_, err := a.authorised(ctx, "/cgi-bin/draft/update", func(x *exchange) error {
		return board.run(x, func(c *sdk.Context) error {
			return draft.NewDraft(c).UpdateDraft(articleOf(p), mediaID, uint(index))
		})
	})
	return a.forget(ctx, []push.Piece{p}, repeatable(err))
}

// DeleteDraft takes a draft out of the box (draft/delete). One that is gone already is no error.
func (a *Account) DeleteDraft(ctx context.Context, mediaID string) error {
	_, err := a.authorised(ctx, "/cgi-bin/draft/delete", func(x *exchange) error {
		return board.run(x, func(c *sdk.Context) error { return draft.NewDraft(c).DeleteDraft(mediaID) })
	})
	var ce *push.CallError
	if errors.As(err, &ce) && ce.Reason == push.ReasonMediaGone {
		return nil
	}
	return repeatable(err)
}

// publishPath is where publications are submitted, asked for and removed.
const publishPath = "/cgi-bin/freepublish/"

// Publish submits a draft and returns the job's publish_id (freepublish/submit). The SDK reads only a publish_id without
// quotes, and fails after the effect on the other kind, so the calls about publications are ours.
func (a *Account) Publish(ctx context.Context, mediaID string) (string, error) {
	var answer struct {
		PublishID id `json:"publish_id"`
	}
	err := a.ask(ctx, publishPath+"submit", map[string]any{"media_id": mediaID}, &answer, func() bool { return answer.PublishID != "" })
	return string(answer.PublishID), err
}

// AskPublish asks how a job went (freepublish/get).
func (a *Account) AskPublish(ctx context.Context, publishID string) (push.Publication, error) {
	var answer struct {
		Status    *int   `json:"publish_status"`
		ArticleID string `json:"article_id"`
		Detail    struct {
			Item []struct {
				URL string `json:"article_url"`
			} `json:"item"`
		} `json:"article_detail"`
		FailIdx []int `json:"fail_idx"`
	}
	err := a.ask(ctx, publishPath+"get", map[string]any{"publish_id": publishID}, &answer, func() bool { return answer.Status != nil })
	if err != nil {
		return push.Publication{}, err
	}
	p := push.Publication{ID: answer.ArticleID, Status: *answer.Status, Refused: fromZero(answer.FailIdx)}
	for _, it := range answer.Detail.Item {
		p.URLs = append(p.URLs, it.URL)
	}
	return p, nil
}

// fromZero turns WeChat's numbers of articles, which begin at 1, into ours.
func fromZero(numbers []int) (indexes []int) {
	for _, n := range numbers {
		indexes = append(indexes, n-1)
	}
	return indexes
}

// seekPages is how many pages of publications a look reads: WeChat answers a hundred a day, and what is looked for is
// minutes old.
const seekPages = 2

// FindPublished looks for the publication whose articles carry the mark (freepublish/batchget, newest first).
func (a *Account) FindPublished(ctx context.Context, mark string) (push.Publication, error) {
	for page := range seekPages {
		var list struct {
			Item []struct {
				ArticleID string `json:"article_id"`
				Content   struct {
					NewsItem []struct {
						Source  string `json:"content_source_url"`
						URL     string `json:"url"`
						Deleted bool   `json:"is_deleted"`
					} `json:"news_item"`
				} `json:"content"`
			} `json:"item"`
			Count *int `json:"item_count"`
		}
		ask := map[string]any{"offset": page * lookPage, "count": lookPage, "no_content": 1}
		if err := a.ask(ctx, publishPath+"batchget", ask, &list, func() bool { return list.Count != nil }); err != nil {
			return push.Publication{}, err
		}
		for _, item := range list.Item {
			p := push.Publication{ID: item.ArticleID}
			found := false
			for _, n := range item.Content.NewsItem {
				found = found || markOf(n.Source) == mark
				p.URLs = append(p.URLs, n.URL)
			}
			if found {
				return p, nil
			}
		}
		if len(list.Item) < lookPage {
			break
		}
	}
	return push.Publication{}, nil
}

// markOf is the d of an article's address.
func markOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get("d")
}

// DeletePublished removes a publication's article, from 0, or all of them with -1 (freepublish/delete).
func (a *Account) DeletePublished(ctx context.Context, publication string, article int) error {
	body, err := encode(map[string]any{"article_id": publication, "index": article + 1})
	if err != nil {
		return err
	}
	_, err = a.post(ctx, publishPath+"delete", body)
	return err
}

// ask makes a JSON call of our own and reads its answer; one that lacks what whole looks for may have had its effect.
func (a *Account) ask(ctx context.Context, call string, question, answer any, whole func() bool) error {
	body, err := encode(question)
	if err != nil {
		return err
	}
	x, err := a.post(ctx, call, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(x.body, answer); err != nil || !whole() {
		return unreadable(call)
	}
	return nil
}
