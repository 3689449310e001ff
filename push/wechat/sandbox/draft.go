package sandbox

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// addDraft is draft/add.
func (s *Sandbox) addDraft(a *account, c *call) (any, error) {
	var ask struct {
		Articles []article `json:"articles"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	if len(ask.Articles) == 0 || len(ask.Articles) > s.limits.Articles {
		return nil, refuse(45008, "article size out of limit")
	}
	for i := range ask.Articles {
		if err := s.accept(a, &ask.Articles[i]); err != nil {
			return nil, err
		}
	}
	if only := &ask.Articles[0]; len(ask.Articles) == 1 && only.Digest == "" {
		only.Digest = s.autoDigest(only.Content)
	}
	d := draft{MediaID: s.random(64), UpdateTime: s.now(), Articles: ask.Articles}
	a.Drafts = append(a.Drafts, d)
	return map[string]any{"media_id": d.MediaID, "item": []any{}}, nil
}

// accept holds an article against WeChat's limits and filters its content as WeChat does.
func (s *Sandbox) accept(a *account, art *article) error {
	long := func(text string, most int) bool { return utf8.RuneCountInString(text) > most }
	if _, ok := a.Materials[art.ThumbMediaID]; !ok {
		return refuse(40007, "invalid media_id")
	}
	switch {
	case art.Title == "" || long(art.Title, s.limits.Title):
		return refuse(45003, "title size out of limit")
	case long(art.Author, s.limits.Author):
		return refuse(45110, "author size out of limit")
	case long(art.Digest, s.limits.Digest):
		return refuse(45004, "description size out of limit")
	case !utf8.ValidString(art.Content) || len(art.Content) >= 1<<20 || utf8.RuneCountInString(art.Content) >= s.limits.Content:
		return refuse(45002, "content size out of limit")
	case len(art.ContentSourceURL) > 1<<10:
		return refuse(45006, "url size out of limit")
	}
	art.Content = s.filter(art.Content)
	return nil
}

// filter takes out of a content what WeChat does: scripts, style sheets, class and id, event handlers, and pictures that
// were not uploaded.
func (s *Sandbox) filter(content string) string {
	var out strings.Builder
	skip := ""
	for z := html.NewTokenizer(strings.NewReader(content)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if skip == "" && s.dropped(t.Data) {
				skip = t.Data
			}
			if skip == "" && !s.foreignImage(t) {
				t.Attr = slices.DeleteFunc(t.Attr, func(at html.Attribute) bool {
					return at.Key == "class" || at.Key == "id" || strings.HasPrefix(at.Key, "on")
				})
				out.WriteString(t.String())
			}
		case html.EndTagToken:
			t := z.Token()
			if skip == "" && !s.dropped(t.Data) {
				out.WriteString(t.String())
			}
			if t.Data == skip {
				skip = ""
			}
		case html.TextToken:
			if skip == "" {
				out.Write(z.Raw())
			}
		}
	}
}

func (s *Sandbox) dropped(tag string) bool { return slices.Contains(s.limits.Stripped, tag) }

// autoDigest is what WeChat puts for a missing digest: the beginning of the body.
func (s *Sandbox) autoDigest(content string) string {
	var out []rune
	for z := html.NewTokenizer(strings.NewReader(content)); len(out) < s.limits.AutoDigest; {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(string(out))
		case html.TextToken:
			out = append(out, []rune(string(z.Text()))...)
		}
	}
	return strings.TrimSpace(string(out[:s.limits.AutoDigest]))
}

func (s *Sandbox) foreignImage(t html.Token) bool {
	if t.Data != "img" {
		return false
	}
	for _, at := range t.Attr {
		if at.Key == "src" && strings.HasPrefix(at.Val, s.options.BaseURL+"/mmbiz/") {
			return false
		}
	}
	return true
}

// mediaAsk names a draft.
type mediaAsk struct {
	MediaID  string  `json:"media_id"`
	Index    int     `json:"index"`
	Articles article `json:"articles"`
}

func (a *account) find(body []byte) (mediaAsk, int, error) {
	var ask mediaAsk
	if err := decode(body, &ask); err != nil {
		return ask, 0, err
	}
	i := slices.IndexFunc(a.Drafts, func(d draft) bool { return d.MediaID == ask.MediaID })
	if i < 0 {
		return ask, 0, refuse(40007, "invalid media_id")
	}
	return ask, i, nil
}

// getDraft is draft/get.
func (s *Sandbox) getDraft(a *account, c *call) (any, error) {
	_, i, err := a.find(c.body)
	if err != nil {
		return nil, err
	}
	return map[string]any{"news_item": s.newsItems(a, a.Drafts[i], false)}, nil
}

// deleteDraft is draft/delete.
func (s *Sandbox) deleteDraft(a *account, c *call) (any, error) {
	_, i, err := a.find(c.body)
	if err != nil {
		return nil, err
	}
	a.Drafts = slices.Delete(a.Drafts, i, i+1)
	return s.nothing(a, c)
}

// updateDraft is draft/update: one article of a draft anew.
func (s *Sandbox) updateDraft(a *account, c *call) (any, error) {
	ask, i, err := a.find(c.body)
	if err != nil {
		return nil, err
	}
	if ask.Index < 0 || ask.Index >= len(a.Drafts[i].Articles) {
		return nil, refuse(40114, "invalid index value")
	}
	if err := s.accept(a, &ask.Articles); err != nil {
		return nil, err
	}
	a.Drafts[i].Articles[ask.Index] = ask.Articles
	a.Drafts[i].UpdateTime = s.now()
	return s.nothing(a, c)
}

// countDrafts is draft/count.
func (s *Sandbox) countDrafts(a *account, _ *call) (any, error) {
	return map[string]any{"total_count": len(a.Drafts)}, nil
}

// batchDrafts is draft/batchget: the newest first, at most 20.
func (s *Sandbox) batchDrafts(a *account, c *call) (any, error) {
	var ask struct {
		Offset    int `json:"offset"`
		Count     int `json:"count"`
		NoContent any `json:"no_content"` // 0 or 1; a bool is taken too
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	if ask.Offset < 0 || ask.Count < 1 || ask.Count > 20 {
		return nil, refuse(40097, "invalid args")
	}
	newest := slices.Clone(a.Drafts)
	slices.Reverse(newest)
	page := newest[min(ask.Offset, len(newest)):min(ask.Offset+ask.Count, len(newest))]
	items := []any{}
	for _, d := range page {
		items = append(items, map[string]any{
			"media_id": d.MediaID, "update_time": d.UpdateTime.Unix(),
			"content": map[string]any{
				"news_item":   s.newsItems(a, d, ask.NoContent == true || ask.NoContent == float64(1)),
				"create_time": d.UpdateTime.Unix(), "update_time": d.UpdateTime.Unix(),
			},
		})
	}
	return map[string]any{"total_count": len(newest), "item_count": len(items), "item": items}, nil
}

func (s *Sandbox) newsItems(a *account, d draft, withoutContent bool) []any {
	items := []any{}
	for i, art := range d.Articles {
		item := map[string]any{
			"title": art.Title, "author": art.Author, "digest": art.Digest, "content": art.Content,
			"content_source_url": art.ContentSourceURL, "thumb_media_id": art.ThumbMediaID, "show_cover_pic": 0,
			"need_open_comment": 0, "only_fans_can_comment": 0, "url": s.articleURL(d.MediaID, i),
			"thumb_url": s.imageURL(a.Materials[art.ThumbMediaID].File),
		}
		if withoutContent {
			delete(item, "content")
		}
		items = append(items, item)
	}
	return items
}
