package push

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Dossier is all that the ledger holds of an edition.
type Dossier struct {
	Edition    Edition
	Deliveries []Delivery
	Approvals  []Approval // of the present digest and of earlier ones
}

// An Approval is one stage's yes to exactly the bytes with its digest.
type Approval struct {
	Digest string
	Stage  Stage
	Who    string
	Note   string
	At     time.Time
}

// An Act is a person's decision on an edition. It is written in one transaction with its row of the audit trail.
type Act struct {
	Name, Who, Detail string
	Edition           Edition
	Deliveries        []DeliveryChange
	Approval          *Approval
}

// Pending returns the stages of the channel's review that nobody has passed for the edition as it is now.
func (d Dossier) Pending(ch Channel) []Stage {
	return slices.DeleteFunc(ch.Review.Stages(), func(s Stage) bool {
		return slices.ContainsFunc(d.Approvals, func(a Approval) bool { return a.Stage == s && a.Digest == d.Edition.Digest })
	})
}

// inReview reports whether the edition waits for reviewers, be it late.
func (d Dossier) inReview() bool {
	return d.Edition.State == InReview || d.Edition.State == Held && d.Edition.Reason == ReasonReviewLate
}

// Approve passes the next stage of the review. hash is what the reviewer saw of the edition, at least six digits of its digest
// ("": what it is now); stage is the stage that they mean to pass ("": the next). With the last stage the edition is free
// to go; one whose time ran out meanwhile has its grace anew.
func Approve(d Dossier, ch Channel, who, hash, note string, stage Stage, now time.Time) (Act, error) {
	e, pending := d.Edition, d.Pending(ch)
	switch {
	case !d.inReview() || len(pending) == 0 || len(e.Pieces) == 0: // the last: it is being set anew
		return Act{}, fmt.Errorf("版次 %s 不在审核中，状态是 %s（not in review）", e.ID, e.State)
	case hash != "" && (len(hash) < 6 || !strings.HasPrefix(e.Digest, hash)):
		return Act{}, fmt.Errorf("版次 %s 在您查看之后变了，请重新查看再审（it changed since: its hash is %.8s）", e.ID, e.Digest)
	case stage != "" && stage != pending[0]:
		return Act{}, fmt.Errorf("版次 %s 现在等的是%s（it waits for %s）", e.ID, pending[0], pending[0])
	}
	for _, a := range d.Approvals {
		if a.Digest == e.Digest && a.Who == who {
			return Act{}, fmt.Errorf("%s 已经审过%s，下一审须由另一个人（another person must do the next stage）", who, a.Stage)
		}
	}
	a := Approval{Digest: e.Digest, Stage: pending[0], Who: who, Note: note, At: now}
	if len(pending) == 1 {
		e.State, e.Before, e.Reason, e.Detail, e.ReviewBy = Approved, "", "", "", time.Time{}
		if !now.Before(e.Expires) {
			e.Expires = now.Add(ch.Grace)
		}
	}
	return Act{Name: "edition.approve", Who: who, Detail: strings.TrimSpace(fmt.Sprintf("%s %.8s %s", a.Stage, a.Digest, note)), Edition: e, Approval: &a}, nil
}

// Reject sends an edition back that has not left: its articles are free for the next slot.
func Reject(d Dossier, who, why string) (Act, error) {
	e := d.Edition
	if why == "" {
		return Act{}, errors.New("退回须写明理由（a rejection needs a reason）")
	}
	if !d.inReview() && e.State != Planned && e.State != Approved && !(e.State == Held && e.Before != Sending && e.Before != Submitted) {
		return Act{}, fmt.Errorf("版次 %s 已经不能退回，状态是 %s（too late to reject）", e.ID, e.State)
	}
	e.State, e.Before, e.Reason, e.Detail = Rejected, "", ReasonRejected, why
	return Act{Name: "edition.reject", Who: who, Detail: why, Edition: e}, nil
}

// Retitle gives an article of an edition that has not left another title, at most [MaxTitleRunes] characters; place counts
// from 1. The edition is set anew, and reviewed anew where its channel asks for that.
func Retitle(d Dossier, place int, title, who string) (Act, error) {
	e := d.Edition
	title = strings.Join(strings.Fields(title), " ")
	switch n := utf8.RuneCountInString(title); {
	case place < 1 || place > len(e.Items):
		return Act{}, fmt.Errorf("版次 %s 有 %d 篇文章，没有第 %d 篇（no such article）", e.ID, len(e.Items), place)
	case n == 0 || n > MaxTitleRunes:
		return Act{}, fmt.Errorf("标题有 %d 个字，应为 1 到 %d 个（a title has 1 to %d characters）", n, MaxTitleRunes, MaxTitleRunes)
	case !d.inReview() && e.State != Planned && e.State != Approved:
		return Act{}, fmt.Errorf("版次 %s 已经不能改标题，状态是 %s（too late to retitle）", e.ID, e.State)
	}
	e.Items = slices.Clone(e.Items)
	was := e.Items[place-1].Title
	e.Items[place-1].Title, e.Items[place-1].Retitled = title, true
	if e.State = Planned; d.inReview() {
		e.State = InReview // a late one too: it is not to expire for its new title
	}
	e.Before, e.Reason, e.Detail, e.Pieces = "", "", "", nil
	return Act{Name: "edition.retitle", Who: who, Detail: fmt.Sprintf("%d: %s → %s", place, was, title), Edition: e}, nil
}

// Settle ends an edition that is unknown, by the word of a person who looked: it was sent, or it was not, and then its
// articles are free again.
func Settle(d Dossier, sent bool, who, why string) (Act, error) {
	e := d.Edition
	if e.State != Unknown {
		return Act{}, fmt.Errorf("版次 %s 的结果并非不明，状态是 %s（it is not unknown）", e.ID, e.State)
	}
	act := Act{Name: "edition.not_sent", Who: who, Detail: why}
	e.State, e.Reason, e.Detail = Failed, ReasonAdminSaid, why
	end := DeliveryFailed
	if sent {
		act.Name, e.State, end = "edition.sent", Sent, Done
		if e.Kind == KindDraft {
			e.State = HandedOver
		}
	}
	for _, delivery := range d.Deliveries {
		if delivery.State == DeliveryUnknown {
			c := DeliveryChange{Delivery: delivery, WasState: delivery.State, WasAttempt: delivery.Attempt}
			c.State, c.Reason = end, ReasonAdminSaid
			act.Deliveries = append(act.Deliveries, c)
		}
	}
	act.Edition = e
	return act, nil
}

// Remove takes back what an edition made at WeChat: an article of it, from 0, or all of it with -1. That cannot be undone, and
// a mass send's followers who opened it keep it.
func Remove(ctx context.Context, acc Account, d Dossier, article int) error {
	if done := find(d.Deliveries, StepMass); done.State == Done && done.MsgID != "" {
		return acc.DeleteMass(ctx, done.MsgID, article)
	}
	if done := find(d.Deliveries, StepPublish); done.State == Done && done.Publication != "" {
		return acc.DeletePublished(ctx, done.Publication, article)
	}
	done := find(d.Deliveries, StepDraft)
	switch {
	case done.State != Done || done.MediaID == "":
		return fmt.Errorf("版次 %s 在微信没有可以删除的内容（there is nothing at WeChat to remove）", d.Edition.ID)
	case article >= 0 && len(d.Edition.Items) > 1:
		return errors.New("草稿只能整期删除，请去掉 --article（a draft goes as a whole）")
	case d.Edition.State.Open():
		return fmt.Errorf("版次 %s 还没有完结，请先退回（reject it first）", d.Edition.ID)
	}
	return acc.DeleteDraft(ctx, done.MediaID)
}
