package feeds

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Ahead is how far a printed date may lie ahead; an article dated later stays pending, out of the feeds.
const Ahead = 24 * time.Hour

// Rules are the admin's settings for corrections, withdrawals and redesigns.
type Rules struct {
	EveryCollectFor time.Duration // an article's page is checked at each collect for this long from min(published, first seen),
	DailyFor        time.Duration // then daily for this long
	PerCollect      int           // at most so many checks a section and collect
	WithdrawnChecks int           // so many checks must find it gone
	WithdrawnApart  time.Duration // each so far from the one before
	RedesignShare   float64       // 0..1 of a listing new at once, and
	RedesignAtLeast int           // at least so many items: a redesign
}

// SortAt is the moment by which articles are ordered: min(first seen, published), where a date-only date counts as the
// end of its day in its own zone. Without a date it is first seen.
func SortAt(firstSeen, published time.Time, p Precision) time.Time {
	if published.IsZero() {
		return firstSeen
	}
	if p == PrecisionDay {
		published = published.AddDate(0, 0, 1).Add(-time.Second)
	}
	if published.Before(firstSeen) {
		return published
	}
	return firstSeen
}

// NewArticle makes the article that in becomes when none of its keys is known. backlog tells that the source was not
// learned yet.
func NewArticle(src Source, in Incoming, at time.Time, r Rules, backlog bool) Article {
	a := Article{
		ID: in.ID, SourceID: src.ID, Key: in.Keys[0], Sections: []string{src.Section},
		FirstSeen: at, CheckedAt: at, Position: in.Position, Backlog: backlog,
	}
	a.take(in, at)
	a.NextCheck = NextCheck(a, at, r)
	return a
}

// Merge returns a as in corrects it, and whether a reader would see a difference. Only the source that an article was
// first seen in corrects it: two sources print one story differently, and would otherwise overwrite each other for ever.
func Merge(a Article, src Source, in Incoming, at time.Time, r Rules) (Article, bool) {
	if in.Seen || src.ID != a.SourceID || (in.Pending && a.Status != StatusPending) || (a.Status == StatusWithdrawn && !in.FromPage) {
		return a, false
	}
	was := a
	if a.Status == StatusWithdrawn { // listed again, and its page is there again
		a.Status, a.WithdrawnAt, a.Missing, a.MissingAt = "", time.Time{}, 0, time.Time{}
	}
	a.take(in, at)
	if a.Status == was.Status && a.Hash == was.Hash {
		a.Updated = was.Updated
		return a, false
	}
	switch {
	case a.Hash == was.Hash:
		a.Updated = was.Updated
	case was.Status != StatusPending:
		a.Updated = correctedAt(was, in.Item, at)
	}
	a.NextCheck = NextCheck(a, at, r)
	return a, a.Status != StatusPending
}

// take copies what in says about the article.
func (a *Article) take(in Incoming, at time.Time) {
	it := in.Item
	a.URL, a.Title, a.Author, a.Origin, a.Editor = it.URL, it.Title, it.Author, it.Origin, it.Editor
	a.Published, a.Precision = it.Published, it.Precision
	a.Content, a.Images, a.Enclosures = it.Content, it.Images, it.Enclosures
	a.SortAt = SortAt(a.FirstSeen, a.Published, a.Precision)
	if in.FromPage {
		a.FromPage, a.CheckedAt, a.Validators = true, at, in.Validators
	}
	a.Hash = a.ContentHash()
	a.Updated = firstUpdated(*a, it)
	switch {
	case in.Pending || a.Published.After(at.Add(Ahead)):
		a.Status = StatusPending
	case a.Status == StatusPending || a.Status == "":
		a.Status = StatusLive
	}
}

func firstUpdated(a Article, it Item) time.Time {
	switch {
	case !it.Updated.IsZero() && it.Updated.Before(a.FirstSeen):
		return it.Updated
	case !a.Published.IsZero() && a.Precision != PrecisionDay && a.Published.Before(a.FirstSeen):
		return a.Published
	}
	return a.FirstSeen
}

// correctedAt is the source's own word where it is believable, else the moment the correction was found.
func correctedAt(was Article, it Item, at time.Time) time.Time {
	if it.Updated.After(was.Updated) && !it.Updated.After(at) {
		return it.Updated
	}
	return at
}

// counterWords begin what counter finds.
var counterWords = []string{"浏览", "阅读", "点击", "访问", "播放", "人气"}

// counter is a hit counter that a page prints into its text: each look at the page, ours too, moves it.
var counter = regexp.MustCompile(`(?:` + strings.Join(counterWords, "|") + `)(?:次数|人数|量|数)?\s*[:：]?\s*(?:<[^>]*>\s*)*\d+`)

// withoutCounters looks for the words first: the expression alone takes longer than all else that storing an article does.
func withoutCounters(content string) string {
	for _, word := range counterWords {
		if strings.Contains(content, word) {
			return counter.ReplaceAllString(content, "")
		}
	}
	return content
}

// ContentHash is a hash over all that a reader sees of the article, hit counters excepted. A moved hash is a correction.
func (a Article) ContentHash() string {
	b, _ := json.Marshal([]any{a.Title, a.Author, a.Origin, a.Editor, a.Published.Unix(), a.Precision, withoutCounters(a.Content), a.Enclosures})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// ApplyCheck returns a after a look at its page, and whether its feeds changed. One gone page holds it, Rules'
// number of them, each WithdrawnApart from the one before, withdraws it; a failed check changes nothing else.
func ApplyCheck(a Article, c Check, at time.Time, r Rules) (Article, bool) {
	if a.Status == StatusWithdrawn {
		return a, false
	}
	a.CheckedAt = at
	changed := false
	switch {
	case c.Failed:
	case c.Gone:
		changed = a.miss(at, r)
	default:
		a.Missing, a.MissingAt = 0, time.Time{}
		if a.Status == StatusHeld {
			a.Status = StatusLive
		}
		if c.Validators != (Validators{}) {
			a.Validators = c.Validators
		}
		if c.Page != nil {
			a, changed = Merge(a, Source{ID: a.SourceID}, Incoming{Item: *c.Page, FromPage: true, Validators: c.Validators}, at, r)
		}
	}
	a.NextCheck = NextCheck(a, at, r)
	return a, changed
}

// miss counts a gone page and reports whether that withdrew the article.
func (a *Article) miss(at time.Time, r Rules) bool {
	if a.MissingAt.IsZero() {
		a.MissingAt = at
	}
	if !at.Before(a.MissingAt.Add(time.Duration(a.Missing) * r.WithdrawnApart)) {
		a.Missing++
	}
	if a.Status == StatusLive {
		a.Status = StatusHeld
	}
	if a.Missing < r.WithdrawnChecks {
		return false
	}
	wasSeen := a.Status != StatusPending
	a.Status, a.WithdrawnAt = StatusWithdrawn, at
	return wasSeen
}

// NextCheck is when the article's page is due to be looked at again, zero for never.
func NextCheck(a Article, at time.Time, r Rules) time.Time {
	base := a.FirstSeen
	if !a.Published.IsZero() && a.Published.Before(base) {
		base = a.Published
	}
	everyUntil := base.Add(r.EveryCollectFor)
	switch {
	case a.Status == StatusWithdrawn:
		return time.Time{}
	case a.Missing > 0:
		return a.MissingAt.Add(time.Duration(a.Missing) * r.WithdrawnApart)
	case a.Status == StatusPending, at.Before(everyUntil):
		return at
	case at.Before(everyUntil.Add(r.DailyFor)):
		return at.Add(24 * time.Hour)
	}
	return time.Time{}
}

// Redesigned reports whether so many of a listing's items are new at once that the page was probably rebuilt.
func (r Rules) Redesigned(fresh, listed int) bool {
	return fresh >= r.RedesignAtLeast && float64(fresh) >= r.RedesignShare*float64(listed)
}

// Newest orders articles as feeds show them: by SortAt, newest first, then by list position, then by id.
func Newest(articles []Article) {
	slices.SortStableFunc(articles, func(a, b Article) int {
		if c := b.SortAt.Compare(a.SortAt); c != 0 {
			return c
		}
		if a.Position != b.Position {
			return a.Position - b.Position
		}
		return int(a.Seq - b.Seq)
	})
}
