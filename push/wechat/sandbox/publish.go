package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// published is a publication, or one under way.
type published struct {
	draft
	PublishID int64     `json:"publish_id"`
	ArticleID string    `json:"article_id"`
	At        time.Time `json:"at"`
	Status    int       `json:"status"`            // what it ends with; 0 is out
	Done      bool      `json:"done"`              // its event was tried
	Deleted   []int     `json:"deleted,omitempty"` // articles taken back, from 0
}

// publishing is the publish_status of a job that is under way.
const publishing = 1

// statusOf is a publication's publish_status now. s.mu is held.
func (s *Sandbox) statusOf(p published) int {
	switch {
	case s.now().Sub(p.At) < s.limits.PublishDelay:
		return publishing
	case p.Status == 0 && len(p.Deleted) == len(p.Articles):
		return 5
	}
	return p.Status
}

// submitPublish is freepublish/submit. The draft leaves the box; the rest comes later.
func (s *Sandbox) submitPublish(a *account, c *call) (any, error) {
	_, i, err := a.find(c.body)
	if err != nil {
		return nil, err
	}
	p := published{draft: a.Drafts[i], PublishID: s.nextID(), At: s.now()}
	p.ArticleID = "PUB" + s.random(29)
	if f, ordered := s.faults.take("publish"); ordered {
		p.Status = f.Errcode
	}
	if p.Status == 0 {
		a.Drafts = slices.Delete(a.Drafts, i, i+1)
	}
	a.Published = append(a.Published, p)
	s.announcePublication(a, p.PublishID)
	return map[string]any{"errcode": 0, "errmsg": "ok", "publish_id": s.id(p.PublishID), "msg_data_id": s.id(s.nextID())}, nil
}

func (a *account) publication(match func(published) bool) (*published, error) {
	if i := slices.IndexFunc(a.Published, match); i >= 0 {
		return &a.Published[i], nil
	}
	return nil, refuse(40059, "invalid publish id")
}

// getPublish is freepublish/get.
func (s *Sandbox) getPublish(a *account, c *call) (any, error) {
	var ask struct {
		PublishID json.RawMessage `json:"publish_id"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	id, _ := strconv.ParseInt(strings.Trim(string(ask.PublishID), `"`), 10, 64)
	p, err := a.publication(func(p published) bool { return p.PublishID == id })
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"publish_id": s.id(p.PublishID), "publish_status": s.statusOf(*p), "fail_idx": []int{}}
	switch s.statusOf(*p) {
	case 0:
		answer["article_id"] = p.ArticleID
		answer["article_detail"] = map[string]any{"count": len(p.Articles), "item": s.publishedItems(*p)}
	case 2, 4:
		answer["fail_idx"] = []int{1}
	}
	return answer, nil
}

func (s *Sandbox) publishedItems(p published) (items []any) {
	for i := range p.Articles {
		items = append(items, map[string]any{"idx": i + 1, "article_url": s.articleURL(p.MediaID, i)})
	}
	return items
}

// batchPublished is freepublish/batchget: what is out, the newest first, at most 20.
func (s *Sandbox) batchPublished(a *account, c *call) (any, error) {
	var ask struct {
		Offset    int `json:"offset"`
		Count     int `json:"count"`
		NoContent any `json:"no_content"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	if ask.Offset < 0 || ask.Count < 1 || ask.Count > 20 {
		return nil, refuse(40097, "invalid args")
	}
	out := slices.DeleteFunc(slices.Clone(a.Published), func(p published) bool { return s.statusOf(p) != 0 })
	slices.Reverse(out)
	items := []any{}
	for _, p := range out[min(ask.Offset, len(out)):min(ask.Offset+ask.Count, len(out))] {
		items = append(items, map[string]any{
			"article_id": p.ArticleID, "update_time": p.At.Unix(),
			"content": map[string]any{"news_item": s.publishedNews(a, p, ask.NoContent == true || ask.NoContent == float64(1))},
		})
	}
	return map[string]any{"total_count": len(out), "item_count": len(items), "item": items}, nil
}

func (s *Sandbox) publishedNews(a *account, p published, withoutContent bool) []any {
	news := s.newsItems(a, p.draft, withoutContent)
	for i, item := range news {
		item.(map[string]any)["is_deleted"] = slices.Contains(p.Deleted, i)
	}
	return news
}

// getPublished is freepublish/getarticle.
func (s *Sandbox) getPublished(a *account, c *call) (any, error) {
	var ask struct {
		ArticleID string `json:"article_id"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	p, err := a.publication(func(p published) bool { return p.ArticleID == ask.ArticleID && s.statusOf(p) == 0 })
	if err != nil {
		return nil, refuse(53600, "invalid article id")
	}
	return map[string]any{"news_item": s.publishedNews(a, *p, false)}, nil
}

// deletePublished is freepublish/delete: one article, from 1, or all of them with 0 or none.
func (s *Sandbox) deletePublished(a *account, c *call) (any, error) {
	var ask struct {
		ArticleID string `json:"article_id"`
		Index     int    `json:"index"`
	}
	if err := decode(c.body, &ask); err != nil {
		return nil, err
	}
	p, err := a.publication(func(p published) bool { return p.ArticleID == ask.ArticleID })
	if err != nil {
		return nil, refuse(53600, "invalid article id")
	}
	if ask.Index < 0 || ask.Index > len(p.Articles) {
		return nil, refuse(40114, "invalid index value")
	}
	for i := range p.Articles {
		if (ask.Index == 0 || ask.Index == i+1) && !slices.Contains(p.Deleted, i) {
			p.Deleted = append(p.Deleted, i)
		}
	}
	return s.nothing(a, c)
}

// announcePublication sends a publication's PUBLISHJOBFINISH when it is over. s.mu is held.
func (s *Sandbox) announcePublication(a *account, id int64) {
	s.later(a, s.limits.PublishDelay+s.limits.EventDelay, func() []byte {
		p, err := a.publication(func(p published) bool { return p.PublishID == id })
		if err != nil {
			return nil
		}
		return s.publicationXML(a, *p)
	}, func() {
		if p, err := a.publication(func(p published) bool { return p.PublishID == id }); err == nil {
			p.Done = true
		}
	})
}

func (s *Sandbox) publicationXML(a *account, p published) []byte {
	var detail strings.Builder
	switch p.Status {
	case 0:
		fmt.Fprintf(&detail, "<article_id>%s</article_id><article_detail><count>%d</count>", xmlText(p.ArticleID), len(p.Articles))
		for i := range p.Articles {
			fmt.Fprintf(&detail, "<item><idx>%d</idx><article_url>%s</article_url></item>", i+1, xmlText(s.articleURL(p.MediaID, i)))
		}
		detail.WriteString("</article_detail>")
	case 2, 4:
		detail.WriteString("<fail_idx>1</fail_idx>")
	}
	return fmt.Appendf(nil, `<xml><ToUserName>gh_%s</ToUserName><FromUserName>mphelper</FromUserName><CreateTime>%d</CreateTime>`+
		`<MsgType>event</MsgType><Event>PUBLISHJOBFINISH</Event><PublishEventInfo><publish_id>%d</publish_id>`+
		`<publish_status>%d</publish_status>%s</PublishEventInfo></xml>`, xmlText(a.AppID), s.now().Unix(), p.PublishID, p.Status, detail.String())
}
