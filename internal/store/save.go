package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"wefeed/feeds"
	"wefeed/push"
)

// SaveCollected implements feeds.Store. What it stores follows the order of c; that the same c a second time changes
// nothing is the work of the keys.
func (s *Store) SaveCollected(ctx context.Context, c feeds.Collected) (saved feeds.Saved, err error) {
	c.At = whole(c.At)
	err = s.tx(ctx, func(t *tx) error {
		sv := saving{tx: t, c: c, touched: map[string]bool{}}
		saved, err = sv.run(ctx)
		return err
	})
	if err != nil {
		return feeds.Saved{}, fmt.Errorf("save what %s collected: %w", c.Source.ID, err)
	}
	if c.HoldPushes != "" {
		s.log.Warn("pushes of section held", "section", c.Source.Section, "why", c.HoldPushes)
	}
	return saved, nil
}

// SaveFault implements feeds.Store.
func (s *Store) SaveFault(ctx context.Context, source string, now time.Time, f *feeds.Fault) error {
	err := s.tx(ctx, func(t *tx) error {
		var learned time.Time
		var failures int
		err := t.row(ctx, `INSERT INTO sources (id, tried_at, fault, detail, failures) VALUES (?, ?, ?, ?, 1)
			ON CONFLICT (id) DO UPDATE SET tried_at = excluded.tried_at, fault = excluded.fault, detail = excluded.detail,
				failures = sources.failures + 1 RETURNING learned, failures`, source, now, f.Kind, f.Detail).Scan(at(&learned), &failures)
		if err != nil || !learned.IsZero() {
			return err
		}
		return t.ring(ctx, KindCollect, source, "", now.Add(feeds.FirstRetry(failures)))
	})
	if err != nil {
		return fmt.Errorf("save the fault of %s: %w", source, err)
	}
	return nil
}

// saving is one Collected on its way into the database.
type saving struct {
	*tx
	c       feeds.Collected
	backlog bool                      // the source is not learned yet
	byKey   map[string]*feeds.Article // what is stored under the keys of c's items
	fresh   fresh
	saved   feeds.Saved
	touched map[string]bool
}

func (sv *saving) run(ctx context.Context) (feeds.Saved, error) {
	state, err := sv.sourceState(ctx, sv.c.Source.ID)
	if err != nil {
		return sv.saved, err
	}
	state = state.Of(sv.c.Source)
	sv.backlog = state.Learned.IsZero()
	if err := sv.load(ctx); err != nil {
		return sv.saved, err
	}
	for _, in := range sv.c.Items {
		if err := sv.item(ctx, in); err != nil {
			return sv.saved, err
		}
	}
	if err := sv.flush(ctx); err != nil {
		return sv.saved, err
	}
	if err := sv.checks(ctx); err != nil {
		return sv.saved, err
	}
	if !sv.c.ChecksOnly {
		if err := sv.source(ctx, state); err != nil {
			return sv.saved, err
		}
	}
	return sv.saved, sv.follow(ctx)
}

// load reads what is known under the items' keys, once for all of them.
func (sv *saving) load(ctx context.Context) error {
	var keys []string
	for _, in := range sv.c.Items {
		keys = append(keys, in.Keys...)
	}
	known, err := sv.known(ctx, keys)
	if err != nil {
		return err
	}
	sv.byKey = map[string]*feeds.Article{}
	bySeq := map[int64]*feeds.Article{}
	for key, a := range known {
		if bySeq[a.Seq] == nil {
			bySeq[a.Seq] = &a
		}
		sv.byKey[key] = bySeq[a.Seq]
	}
	return nil
}

// item stores one item: as a new article, as a correction of the one it is known as, or not at all.
func (sv *saving) item(ctx context.Context, in feeds.Incoming) error {
	if len(in.Keys) == 0 {
		return fmt.Errorf("the item %q has no key", in.Item.Title)
	}
	hits := sv.hits(in.Keys)
	if len(hits) == 0 {
		return sv.create(ctx, in)
	}
	if err := sv.flush(ctx); err != nil { // the hit may be among what waits
		return err
	}
	a := hits[0]
	for _, other := range hits[1:] {
		if err := sv.merge(ctx, a, other); err != nil {
			return err
		}
	}
	if err := sv.addKeys(ctx, a, in.Keys); err != nil {
		return err
	}
	if err := sv.join(ctx, a); err != nil {
		return err
	}
	was := *a
	merged, changed := feeds.Merge(was, sv.c.Source, in, sv.c.At, sv.c.Rules)
	*a = merged
	if changed {
		sv.saved.Updated = append(sv.saved.Updated, *a)
	}
	return sv.update(ctx, was, *a, changed)
}

// join makes an article a member of the source's section.
func (sv *saving) join(ctx context.Context, a *feeds.Article) error {
	section := sv.c.Source.Section
	if slices.Contains(a.Sections, section) {
		return nil
	}
	a.Sections = append(slices.Clone(a.Sections), section)
	if shown(*a) {
		sv.touch(a.Sections...) // each names all of them as categories
	}
	return sv.insert(ctx, membersInto, unlessThere, sv.member(*a, section))
}

// member is a row of memberships.
func (sv *saving) member(a feeds.Article, section string) []any {
	return []any{a.Seq, section, sv.c.Source.ID, sv.c.At, a.SortAt, a.Position, shown(a), a.NextCheck}
}

// checks applies the looks at known articles' pages, each on what is stored by now: an item may have made two of them
// one.
func (sv *saving) checks(ctx context.Context) error {
	for _, ch := range sv.c.Checks {
		found, err := sv.byIDs(ctx, []string{ch.ArticleID})
		if err != nil {
			return err
		}
		if was, ok := found[ch.ArticleID]; ok {
			if err := sv.check(ctx, was, ch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (sv *saving) check(ctx context.Context, was feeds.Article, ch feeds.Check) error {
	a, changed := feeds.ApplyCheck(was, ch, sv.c.At, sv.c.Rules)
	switch {
	case a.Status == feeds.StatusWithdrawn && was.Status != feeds.StatusWithdrawn:
		sv.saved.Withdrawn = append(sv.saved.Withdrawn, a)
	case a.Status == feeds.StatusHeld && was.Status != feeds.StatusHeld:
		sv.saved.Held = append(sv.saved.Held, a)
	case changed:
		sv.saved.Updated = append(sv.saved.Updated, a)
	}
	if a.Missing > 0 && !a.NextCheck.IsZero() { // the second look that holds or withdraws it
		if err := sv.ring(ctx, KindRecheck, sv.c.Source.ID, "", a.NextCheck); err != nil {
			return err
		}
	}
	return sv.update(ctx, was, a, changed)
}

// update writes a if it is no longer as it was, and touches its sections if readers see the difference.
func (sv *saving) update(ctx context.Context, was, a feeds.Article, seen bool) error {
	if seen {
		sv.touch(a.Sections...)
	}
	return sv.write(ctx, was, a)
}

func (sv *saving) write(ctx context.Context, was, a feeds.Article) error {
	values := articleValues(a)
	if slices.Equal(bind(values), bind(articleValues(was))) {
		return nil
	}
	marks, _ := list(values)
	if _, err := sv.exec(ctx, `UPDATE articles SET (`+valueColumns+`) = (`+marks+`) WHERE seq = ?`, append(values, a.Seq)...); err != nil {
		return err
	}
	return sv.place(ctx, a)
}

// place repeats in an article's memberships what orders and selects it.
func (sv *saving) place(ctx context.Context, a feeds.Article) error {
	_, err := sv.exec(ctx, `UPDATE memberships SET sort_at = ?, place = ?, shown = ?, next_check = ? WHERE article = ?`,
		a.SortAt, a.Position, shown(a), a.NextCheck, a.Seq)
	return err
}

// shown reports whether an article stands in feeds.
func shown(a feeds.Article) bool { return a.Status == feeds.StatusLive || a.Status == feeds.StatusHeld }

func (sv *saving) touch(sections ...string) {
	for _, s := range sections {
		sv.touched[s] = true
	}
}

// source writes down that the source was collected. The first time its listing was stored to its end changes its
// section's feed even if it is empty: until then there was none.
func (sv *saving) source(ctx context.Context, st feeds.SourceState) error {
	st.URL, st.TriedAt, st.SuccessAt, st.Fault, st.Detail, st.Failures = sv.c.Source.URL, sv.c.At, sv.c.At, "", "", 0
	if sv.c.Learned && st.Learned.IsZero() {
		st.Learned = sv.c.At
		sv.touch(sv.c.Source.Section)
	}
	if sv.c.Validators != nil {
		st.Validators = *sv.c.Validators
	}
	_, err := sv.exec(ctx, `INSERT INTO sources (`+sourceColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET url = excluded.url, etag = excluded.etag, last_modified = excluded.last_modified,
			learned = excluded.learned, tried_at = excluded.tried_at, success_at = excluded.success_at,
			fault = excluded.fault, detail = excluded.detail, failures = excluded.failures`,
		st.ID, st.URL, st.Validators.ETag, st.Validators.LastModified, st.Learned, st.TriedAt, st.SuccessAt, st.Fault, st.Detail, st.Failures)
	return err
}

// follow writes what comes of it all: changed sections and their renders, a further collect, a hold.
func (sv *saving) follow(ctx context.Context) error {
	var jobs []Job
	for section := range sv.touched {
		sv.saved.Touched = append(sv.saved.Touched, section)
	}
	slices.Sort(sv.saved.Touched)
	for _, section := range sv.saved.Touched {
		_, err := sv.exec(ctx, `INSERT INTO sections (id, changed_at) VALUES (?, ?)
			ON CONFLICT (id) DO UPDATE SET changed_at = CASE WHEN excluded.changed_at > sections.changed_at
				THEN excluded.changed_at ELSE sections.changed_at + 1000000 END`, section, sv.c.At)
		if err != nil {
			return err
		}
		jobs = append(jobs, Job{Kind: KindRender, ID: section})
	}
	if sv.c.More {
		jobs = append(jobs, Job{Kind: KindCollect, ID: sv.c.Source.ID})
	}
	if err := sv.tellEditions(ctx); err != nil {
		return err
	}
	if err := sv.start(ctx, sv.c.At, jobs...); err != nil {
		return err
	}
	if sv.c.HoldPushes != "" {
		return sv.holdSection(ctx, sv.c.Source.Section, sv.c.At, "wefeed", sv.c.HoldPushes)
	}
	return nil
}

// tellEditions makes editions due whose articles the portal has corrected or taken back: those that people review are set
// anew, and those that are out are looked after.
func (sv *saving) tellEditions(ctx context.Context) error {
	var seqs []int64
	for _, a := range slices.Concat(sv.saved.Updated, sv.saved.Withdrawn, sv.saved.Held) {
		seqs = append(seqs, a.Seq)
	}
	due := map[string]string{} // edition → kind of job
	for some := range slices.Chunk(seqs, chunk) {
		marks, args := list(some)
		err := sv.each(ctx, func(r *sql.Rows) error {
			var id string
			var state push.EditionState
			err := r.Scan(&id, &state)
			if due[id] = KindAfter; state.Open() {
				due[id] = KindDeliver
			}
			return err
		}, `SELECT e.id, e.state FROM edition_items i JOIN editions e ON e.id = i.edition WHERE i.article IN (`+marks+`)
			AND e.state IN ('in_review', 'approved', 'handed_over', 'submitted', 'sent', 'unknown')`, args...)
		if err != nil {
			return err
		}
	}
	for id, kind := range due {
		if err := sv.ring(ctx, kind, id, "", sv.c.At); err != nil {
			return err
		}
	}
	return nil
}
