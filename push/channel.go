package push

import "time"

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
	ID        string
	Account   string
	Kind      Kind
	Audience  string // "all" for mass
	Schedule  string
	Sections  []string // section ids, families already expanded, in the navigation's order
	Review    string   // none | one | three
	Min, Max  int      // articles in an edition
	MaxAge    time.Duration
	LongTitle LongTitle
	Grace     time.Duration // after its slot an edition is expired
	DryRun    bool          // plan and show, send nothing
}

// Reviewed reports whether people approve the channel's editions before they leave.
func (ch Channel) Reviewed() bool { return ch.Review != "" && ch.Review != "none" }

// AccountKind is WeChat's kind of an account; quotas depend on it.
type AccountKind string

// The kinds of accounts.
const (
	AccountService      AccountKind = "service"      // verified 服务号
	AccountSubscription AccountKind = "subscription" // verified 公众号 (订阅号)
	AccountUnverified   AccountKind = "unverified"
)
