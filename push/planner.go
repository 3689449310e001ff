package push

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wefeed/feeds"
)

// WeChat's limits on an edition (draft/add).
const (
	MaxArticles   = 8
	MaxTitleRunes = 32
)

// maxCandidates bounds what one slot looks at; what is older waits for a later slot, or is too old by then.
const maxCandidates = 200

// PlannerOptions are what a [Planner] works with.
type PlannerOptions struct {
	Store    Store
	Zone     *time.Location         // the site's: quotas count its days and months
	Accounts map[string]AccountKind // by account id
	Now      func() time.Time       // default time.Now
	Rand     io.Reader              // default crypto/rand
	Logger   *slog.Logger
}

// A Planner fills slots: it takes the articles that wait for a channel and makes an edition of the best of them.
type Planner struct{ PlannerOptions }

// NewPlanner returns a planner.
func NewPlanner(o PlannerOptions) (*Planner, error) {
	if o.Store == nil || o.Zone == nil {
		return nil, errors.New("a planner needs a store and the site's zone")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Rand = cmp.Or[io.Reader](o.Rand, rand.Reader)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Planner{o}, nil
}

// A Plan is what came of one slot: an edition, or the reason why there is none. Articles without a place wait for the
// next slot.
type Plan struct {
	Edition Edition // zero ID: none
	None    Reason
	Waiting int // candidates that found no place
}

// Plan fills the channel's slot. extra is an edition outside the schedule (立即推送), why its reason. Planning a slot
// twice makes one edition. While pushes are stopped, or on a trial account, editions are planned all the same and then
// held: the admin sees what would go out, and what is released inside its grace still goes.
func (p *Planner) Plan(ctx context.Context, ch Channel, slot time.Time, extra bool, why string) (plan Plan, err error) {
	for range planTries { // another plan may have taken the same articles meanwhile: what is left is planned anew
		if plan, err = p.try(ctx, ch, slot, extra, why); err != nil || plan.None != ReasonTaken {
			break
		}
	}
	return plan, err
}

// planTries is how often a plan begins anew.
const planTries = 3

func (p *Planner) try(ctx context.Context, ch Channel, slot time.Time, extra bool, why string) (Plan, error) {
	if none := p.refuse(ch, slot); none != "" {
		return Plan{None: none}, nil
	}
	candidates, err := p.Store.Candidates(ctx, ch, p.Now(), maxCandidates)
	if err != nil {
		return Plan{}, err
	}
	if len(candidates) == 0 {
		return Plan{None: ReasonNothingNew}, nil
	}
	clean, suspects, err := p.sift(ctx, ch, candidates)
	if err != nil {
		return Plan{}, err
	}
	if len(clean)+len(suspects) == 0 {
		return Plan{None: ReasonContent, Waiting: len(candidates)}, nil
	}
	if left, err := p.left(ctx, ch); err != nil || left <= 0 {
		return Plan{None: ReasonNoQuota, Waiting: len(candidates)}, err
	}
	items := choose(ch, clean)
	switch {
	case len(items) == 0:
		if items = chooseOne(ch, suspects); len(items) == 0 {
			return Plan{None: ReasonTitle, Waiting: len(candidates)}, nil
		}
	case len(items) < ch.Min && !extra:
		return Plan{None: ReasonTooFew, Waiting: len(candidates)}, nil
	}
	waiting := len(candidates) - len(items)
	e, err := p.edition(ch, slot, items)
	if err != nil {
		return Plan{}, err
	}
	e.Extra, e.Why = extra, why
	first := steps(ch.Kind)[0]
	if err := p.Store.CreateEdition(ctx, e, []Delivery{{Edition: e.ID, Step: first, State: Intended, Attempt: 1, Key: e.Mark}}); errors.Is(err, ErrTaken) {
		return Plan{None: ReasonTaken}, nil
	} else if err != nil {
		return Plan{}, err
	}
	p.Logger.Info("edition planned", "edition", e.ID, "channel", ch.ID, "slot", slot, "articles", len(items), "waiting", waiting, "extra", extra)
	return Plan{Edition: e, Waiting: waiting}, nil
}

// refuse says why the slot gets no edition whatever waits for it.
func (p *Planner) refuse(ch Channel, slot time.Time) Reason {
	kind, ok := p.Accounts[ch.Account]
	switch {
	case !ok:
		return ReasonNoAccount
	case !Serves(kind, ch):
		return ReasonUnsupported
	case p.Now().After(slot.Add(ch.Grace)):
		return ReasonExpired
	}
	return ""
}

// sift parts the candidates by what WeChat made of them before. One that it refused alone, and again, is left out until the portal
// corrects it. One that it refused in company may be innocent, so it goes by itself when no clean one waits, as does one
// that was corrected. A single bad article costs a channel a few slots, never its neighbours.
func (p *Planner) sift(ctx context.Context, ch Channel, candidates []feeds.Article) (clean, suspects []feeds.Article, err error) {
	var since time.Time
	if ch.MaxAge > 0 {
		since = p.Now().Add(-ch.MaxAge) // no candidate is older
	}
	refused, err := p.Store.Refusals(ctx, ch.ID, since)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range candidates {
		r, suspect := refused[a.ID]
		switch {
		case !suspect:
			clean = append(clean, a)
		case r.Alone >= refusals && !a.Updated.After(r.At):
			p.Logger.Info("article left out: WeChat refused it, and it is unchanged", "channel", ch.ID, "article", a.ID,
				"title", a.Title, "refused", r.At)
		default:
			suspects = append(suspects, a)
		}
	}
	slices.SortStableFunc(suspects, func(a, b feeds.Article) int { return refused[a.ID].Alone - refused[b.ID].Alone })
	return clean, suspects, nil
}

// refusals is how often an article is refused alone before it is given up until it is corrected: WeChat's word on a content
// is not always its last.
const refusals = 3

// left is how many editions the channel's account may still send. A 公众号 may make one mass send a day; a 服务号 one a
// day and four a month to all (Batch_Sends.html). What counts is when a send left, not its slot; one that may have left
// counts as if it had. Drafts have no quota that an edition could use up.
func (p *Planner) left(ctx context.Context, ch Channel) (int, error) {
	if ch.Kind != KindMass {
		return 1, nil
	}
	now := p.Now().In(p.Zone)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, p.Zone)
	sends, err := p.Store.MassSends(ctx, ch.Account, month, now)
	if err != nil {
		return 0, err
	}
	today := 0
	for _, at := range sends {
		if y, m, d := at.In(p.Zone).Date(); y == now.Year() && m == now.Month() && d == now.Day() {
			today++
		}
	}
	left := 1 - today
	if p.Accounts[ch.Account] == AccountService {
		left = min(left, 4-len(sends))
	}
	return left, nil
}

// choose takes the newest articles, at most the channel's number, and puts the first one with a picture in front (头条
// has the large cover). The candidates' order decides everything else, so that the same candidates give the same edition.
func choose(ch Channel, candidates []feeds.Article) (items []EditionItem) {
	most := min(ch.Max, MaxArticles)
	lead := -1
	for _, a := range candidates {
		title, ok := FitTitle(a.Title, ch.LongTitle)
		if !ok || len(items) == most {
			continue
		}
		if lead < 0 && len(a.Images) > 0 {
			lead = len(items)
		}
		items = append(items, EditionItem{ArticleID: a.ID, Title: title})
	}
	if lead > 0 {
		first := items[lead]
		items = slices.Insert(slices.Delete(items, lead, lead+1), 0, first)
	}
	return items
}

// chooseOne takes the newest article, whatever number of them the channel wants at least.
func chooseOne(ch Channel, suspects []feeds.Article) []EditionItem {
	ch.Max = 1
	return choose(ch, suspects)
}

// FitTitle returns the title as WeChat takes it, at most [MaxTitleRunes] characters; false if the channel holds
// articles with longer ones.
func FitTitle(title string, long LongTitle) (string, bool) {
	title = strings.Join(strings.Fields(title), " ")
	if utf8.RuneCountInString(title) <= MaxTitleRunes {
		return title, title != ""
	}
	if long == LongTitleHold {
		return "", false
	}
	return string([]rune(title)[:MaxTitleRunes-1]) + "…", true
}

func (p *Planner) edition(ch Channel, slot time.Time, items []EditionItem) (Edition, error) {
	id, err := p.token()
	if err != nil {
		return Edition{}, err
	}
	mark, err := p.token()
	if err != nil {
		return Edition{}, err
	}
	now := p.Now()
	return Edition{
		ID: id, Channel: ch.ID, Account: ch.Account, Kind: ch.Kind, Audience: ch.Audience.String(), State: Planned,
		Slot: slot, Expires: slot.Add(ch.Grace), Mark: mark, Items: items, Created: now, Changed: now,
	}, nil
}

// token draws 16 random base32 characters: 80 bits.
func (p *Planner) token() (string, error) {
	var b [10]byte
	if _, err := io.ReadFull(p.Rand, b[:]); err != nil {
		return "", fmt.Errorf("draw a token: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:])), nil
}
