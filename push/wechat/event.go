package wechat

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"wefeed/push"
)

// massXML is a MASSSENDJOBFINISH, as far as it concerns us.
type massXML struct {
	MsgID     string   `xml:"MsgID"`
	Status    string   `xml:"Status"`
	Total     int      `xml:"TotalCount"`
	Filtered  int      `xml:"FilterCount"`
	SentTo    int      `xml:"SentCount"`
	Errors    int      `xml:"ErrorCount"`
	URLs      []string `xml:"ArticleUrlResult>ResultList>item>ArticleUrl"`
	Copyright struct {
		State int       `xml:"CheckState"`
		Items []reprint `xml:"ResultList>item"`
	} `xml:"CopyrightCheckResult"`
}

// A reprint is what the copyright check says of one article.
type reprint struct {
	Index     int    `xml:"ArticleIdx"` // from 1
	Audit     int    `xml:"AuditState"`
	Original  string `xml:"OriginalArticleUrl"`
	CanRepeat int    `xml:"CanReprint"`
}

// publishXML is a PUBLISHJOBFINISH.
type publishXML struct {
	PublishID string   `xml:"PublishEventInfo>publish_id"`
	Status    string   `xml:"PublishEventInfo>publish_status"`
	ArticleID string   `xml:"PublishEventInfo>article_id"`
	URLs      []string `xml:"PublishEventInfo>article_detail>item>article_url"`
	FailIdx   []int    `xml:"PublishEventInfo>fail_idx"`
}

// readEvent reads what WeChat says of a mass send or a publication from the raw XML: the SDK's message has no place for half
// of it. The decoder expands no entities and reads no outside document.
func readEvent(account string, body []byte, now time.Time) (push.Event, bool) {
	var head struct {
		Event string `xml:"Event"`
	}
	if err := xml.Unmarshal(body, &head); err != nil {
		return push.Event{}, false
	}
	switch head.Event {
	case "MASSSENDJOBFINISH":
		var m massXML
		err := xml.Unmarshal(body, &m)
		return m.event(account, now), err == nil && m.MsgID != ""
	case "PUBLISHJOBFINISH":
		var p publishXML
		err := xml.Unmarshal(body, &p)
		return p.event(account, now), err == nil && p.PublishID != ""
	}
	return push.Event{}, false
}

func (p publishXML) event(account string, now time.Time) push.Event {
	return push.Event{
		Account: account, Kind: push.EventPublish, ID: strings.TrimSpace(p.PublishID), Status: strings.TrimSpace(p.Status),
		Publication: p.ArticleID, URLs: p.URLs, Refused: fromZero(p.FailIdx), At: now,
	}
}

func (m massXML) event(account string, now time.Time) push.Event {
	e := push.Event{
		Account: account, Kind: push.EventMass, ID: m.MsgID, Status: m.Status, Total: m.Total, Filtered: m.Filtered, SentTo: m.SentTo,
		Errors: m.Errors, URLs: m.URLs, At: now,
	}
	var notes []string
	for _, r := range m.Copyright.Items {
		if r.Original == "" && r.Audit == 0 {
			continue
		}
		may := "可转载"
		if r.CanRepeat == 0 {
			may = "不可转载"
			e.Refused = append(e.Refused, r.Index-1)
		}
		notes = append(notes, fmt.Sprintf("第 %d 篇与原创文章相同（%s）：%s", r.Index, may, r.Original))
	}
	e.Note = strings.Join(notes, "；")
	return e
}
