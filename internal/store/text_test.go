package store_test

import (
	"database/sql"
	"strings"
	"testing"
	"unicode/utf8"

	"wefeed/feeds"
	"wefeed/feeds/feedstest"
	"wefeed/internal/store"
	"wefeed/push"
)

// foul is text that PostgreSQL refuses: U+0000, a lone surrogate as some encoders write it, a cut character, a byte that
// begins none. pure is what is kept of it.
const (
	foul = "一\x00二\xed\xa0\x80三\xe4\xb8四\xff五"
	pure = "一二\uFFFD三\uFFFD四\uFFFD五"
)

// TestFoulText: whatever bytes a portal, WeChat or an admin sends, both databases store the same text of them.
func TestFoulText(t *testing.T) { onBoth(t, testFoulText) }

func testFoulText(t *testing.T, dsn func() string) {
	s, ctx := open(t, store.Options{DSN: dsn()}), t.Context()
	check := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
	}
	in := feedstest.Incoming("x/"+foul, foul)
	in.Item.Content, in.Item.Author, in.Item.Origin, in.Item.Editor, in.Item.URL = foul, foul, foul, foul, "http://x/"+foul
	in.Item.Images, in.Item.Enclosures[0].Title = []string{foul}, foul
	in.Validators = feeds.Validators{ETag: foul, LastModified: foul}
	source := feedstest.Collected("a", day, in)
	source.Validators = &feeds.Validators{ETag: foul, LastModified: foul}
	_, err := s.SaveCollected(ctx, source)
	again, err2 := s.SaveCollected(ctx, source)
	if len(again.New)+len(again.Updated) > 0 {
		t.Errorf("a second time it is another text: %+v", again)
	}
	check(err, err2,
		s.SaveFault(ctx, "b", day, &feeds.Fault{Kind: feeds.FaultStatus, Detail: foul}),
		s.HoldSection(ctx, "a", foul, foul),
		s.SaveMedia(ctx, push.Media{Account: "acc", Use: push.UseBody, Hash: foul, URL: foul, MediaID: foul}),
		s.SaveEvent(ctx, push.Event{Account: "acc", Kind: push.EventMass, ID: foul, Status: foul, URLs: []string{foul}, At: day}),
		s.SetSwitch(ctx, push.Switch{At: day, By: foul, Why: foul}),
		s.Audit(ctx, store.AuditEntry{Who: foul, Act: foul, Subject: foul, Detail: foul}),
		s.RequestNow(ctx, "drafts", foul, foul),
		s.Ring(ctx, store.KindDeliver, foul, foul, day))
	found, err := s.Newest(ctx, []string{"a"}, 1)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	e := push.Edition{ID: "e" + foul, Channel: "drafts", Account: "acc", Kind: push.KindDraft, State: push.Planned, Slot: day, Expires: day,
		Why: foul, Detail: foul, Mark: foul, Items: []push.EditionItem{{ArticleID: found[0].ID, Title: foul}}, Created: day, Changed: day}
	d := push.Delivery{Edition: e.ID, Step: push.StepDraft, State: push.Intended, Attempt: 1, Key: foul, Detail: foul, MediaID: foul, MsgID: foul}
	check(s.CreateEdition(ctx, e, []push.Delivery{d}))
	wantPure(t, s)
}

// wantPure looks at every text in the database.
func wantPure(t *testing.T, s *store.Store) {
	t.Helper()
	pures := 0
	for _, table := range store.Tables {
		for _, text := range texts(t, s, table) {
			if strings.Contains(text, pure) {
				pures++
			}
			if !utf8.ValidString(text) || strings.Contains(text, "\x00") || strings.Contains(strings.ReplaceAll(text, pure, ""), "\uFFFD") {
				t.Errorf("table %s has %q", table, text)
			}
		}
	}
	if pures < 30 {
		t.Errorf("only %d texts were kept", pures)
	}
}

// texts returns all texts of a table.
func texts(t *testing.T, s *store.Store, table string) (all []string) {
	t.Helper()
	err := s.Query(t.Context(), func(r *sql.Rows) error {
		names, err := r.Columns()
		if err != nil {
			return err
		}
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		err = r.Scan(into...)
		for _, v := range values {
			if text, ok := v.(string); ok {
				all = append(all, text)
			}
		}
		return err
	}, `SELECT * FROM `+table)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
