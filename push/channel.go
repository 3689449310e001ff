package push

import (
	"fmt"
	"time"
)

// Kind is what a channel does with its editions.
type Kind string

// The kinds of channels.
const (
	KindDraft   Kind = "draft"   // into the draft box; an editor sends by hand
	KindPublish Kind = "publish" // permanent address, no notification
	KindMass    Kind = "mass"    // mass send to followers
	KindNotice  Kind = "notice"  // subscription notice per follower
)

// Reaches reports whether the kind reaches followers: only such sends count for "once per follower" (draft and publish
// do not).
func (k Kind) Reaches() bool { return k == KindMass || k == KindNotice }

// LongTitle says what to do with a title over WeChat's limit.
type LongTitle string

// The ways with long titles.
const (
	LongTitleCut  LongTitle = "cut"  // shorten with …
	LongTitleHold LongTitle = "hold" // leave the article waiting for a push title
)

// A Channel is one way out to one account.
type Channel struct {
	ID       string
	Account  string
	Kind     Kind
	Audience Audience // of mass and notice channels
	Schedule string
	Sections []string // section ids, families already expanded, in the navigation's order
	Review   Review
	// ReviewWithin is the time for a review; 0: until the edition expires.
	ReviewWithin time.Duration
	ReviewLate   Late
	Min, Max     int // articles in an edition
	MaxAge       time.Duration
	LongTitle    LongTitle
	Grace        time.Duration // after its slot an edition is expired
	DryRun       bool          // plan and show, send nothing
	Notice       NoticeForm    // of a notice channel
}

// Reviewed reports whether people approve the channel's editions before they leave.
func (ch Channel) Reviewed() bool { return len(ch.Review.Stages()) > 0 }

// Review says how many people approve a channel's editions, one after the other.
type Review string

// The ways to review.
const (
	ReviewNone  Review = "none"
	ReviewOne   Review = "one"
	ReviewThree Review = "three"
)

// Late says what becomes of a review that is not over in time.
type Late string

// The ways with late reviews.
const (
	LateDrop Late = "drop" // the edition expires, and its articles are free again
	LateHold Late = "hold" // it waits for the reviewers, however long
)

// Stage is one look in a review. Each is another person's.
type Stage string

// The stages of a review, in order.
const (
	StageFirst  Stage = "初审"
	StageSecond Stage = "复审"
	StageFinal  Stage = "终审"
)

// Stages returns the stages that an edition passes, in order.
func (r Review) Stages() []Stage {
	switch r {
	case ReviewOne:
		return []Stage{StageFinal}
	case ReviewThree:
		return []Stage{StageFirst, StageSecond, StageFinal}
	}
	return nil
}

// An Audience is whom an edition reaches. The zero value is every follower.
type Audience struct {
	Tag     int      // an account tag's id; 0: none
	OpenIDs []string // a list of followers, 2 to 10 000; never logged
}

// All reports whether the audience is every follower.
func (a Audience) All() bool { return a.Tag == 0 && len(a.OpenIDs) == 0 }

// String names the audience as an edition keeps it, without openids: "all", "tag:ID" or "list".
func (a Audience) String() string {
	switch {
	case len(a.OpenIDs) > 0:
		return "list"
	case a.Tag != 0:
		return fmt.Sprintf("tag:%d", a.Tag)
	}
	return "all"
}

// AccountKind is WeChat's kind of an account; quotas depend on it.
type AccountKind string

// The kinds of accounts.
const (
	AccountService      AccountKind = "service"      // verified 服务号
	AccountSubscription AccountKind = "subscription" // verified 公众号 (订阅号)
	AccountUnverified   AccountKind = "unverified"
)

// Serves reports whether WeChat lets an account of this kind serve the channel: publishing was taken from unverified accounts
// in July 2025, mass sending they never had; lists of openids and subscription notices belong to service accounts.
func Serves(kind AccountKind, ch Channel) bool {
	switch {
	case ch.Kind == KindNotice, ch.Kind == KindMass && len(ch.Audience.OpenIDs) > 0:
		return kind == AccountService
	case ch.Kind == KindPublish, ch.Kind == KindMass:
		return kind == AccountService || kind == AccountSubscription
	}
	return true
}
