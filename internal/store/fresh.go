package store

import (
	"context"
	"strings"

	"wefeed/feeds"
)

// fresh are new articles on their way into the database, many with one statement: a statement each takes longer than all
// else that a collect does, on either database.
type fresh struct {
	seq                     int64 // the last ingest number given away; 0: none yet
	articles, members, keys [][]any
}

// maxFresh is how many articles wait at most, which bounds the size of a statement.
const maxFresh = 100

// What rows are inserted into.
const (
	articlesInto = `articles (` + articleColumns + `)`
	membersInto  = `memberships (article, section, source, joined, sort_at, place, shown, next_check)`
	keysInto     = `article_keys (key, article)`
)

// unlessThere ends an insert that leaves rows that are there already as they are.
const unlessThere = ` ON CONFLICT DO NOTHING`

// create makes a new article of an item, under the next ingest number. It waits with others for flush.
func (sv *saving) create(ctx context.Context, in feeds.Incoming) error {
	in.Pending = in.Pending || in.Seen // listed as known, but it is not: only the listing's facts are there
	a := feeds.NewArticle(sv.c.Source, in, sv.c.At, sv.c.Rules, sv.backlog)
	var err error
	if a.Seq, err = sv.number(ctx); err != nil {
		return err
	}
	sv.fresh.articles = append(sv.fresh.articles, append([]any{a.Seq}, articleValues(a)...))
	sv.fresh.members = append(sv.fresh.members, sv.member(a, sv.c.Source.Section))
	sv.saved.New = append(sv.saved.New, a)
	if shown(a) {
		sv.touch(a.Sections...)
	}
	for _, k := range in.Keys {
		if sv.byKey[k] == nil { // a withdrawn article keeps its own
			sv.fresh.keys = append(sv.fresh.keys, []any{k, a.Seq})
			sv.byKey[k] = &a
		}
	}
	if len(sv.fresh.articles) < maxFresh {
		return nil
	}
	return sv.flush(ctx)
}

// number returns the next ingest number. Their row is locked until the commit, so numbers become visible in their order,
// on which baselines rely.
func (sv *saving) number(ctx context.Context) (int64, error) {
	if sv.fresh.seq == 0 {
		err := sv.row(ctx, `UPDATE meta SET value = value WHERE name = 'ingest' RETURNING value`).Scan(&sv.fresh.seq)
		if err != nil {
			return 0, err
		}
	}
	sv.fresh.seq++
	return sv.fresh.seq, nil
}

// flush stores the articles that wait. It comes before anything that reads or changes them.
func (sv *saving) flush(ctx context.Context) error {
	f := &sv.fresh
	if len(f.articles) == 0 {
		return nil
	}
	if _, err := sv.exec(ctx, `UPDATE meta SET value = ? WHERE name = 'ingest'`, f.seq); err != nil {
		return err
	}
	if err := sv.insert(ctx, articlesInto, "", f.articles...); err != nil {
		return err
	}
	if err := sv.insert(ctx, membersInto, unlessThere, f.members...); err != nil {
		return err
	}
	if err := sv.insert(ctx, keysInto, unlessThere, f.keys...); err != nil {
		return err
	}
	f.articles, f.members, f.keys = nil, nil, nil
	return nil
}

// insert adds rows with one statement, whose end says what becomes of those that are there already.
func (t *tx) insert(ctx context.Context, into, end string, rows ...[]any) error {
	if len(rows) == 0 {
		return nil
	}
	marks, _ := list(rows[0])
	var values []any
	for _, row := range rows {
		values = append(values, row...)
	}
	all := strings.TrimSuffix(strings.Repeat("("+marks+"), ", len(rows)), ", ")
	_, err := t.exec(ctx, `INSERT INTO `+into+` VALUES `+all+end, values...)
	return err
}
