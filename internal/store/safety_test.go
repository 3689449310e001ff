package store_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wefeed/feeds/feedstest"
	"wefeed/internal/store"
)

func TestTokensAreSealed(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "wefeed.db")
	s := open(t, store.Options{DSN: dsn, Secret: []byte("app secret")})
	if err := s.SaveToken(t.Context(), "acc", "canary-token", day.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if token, expires, err := s.Token(t.Context(), "acc"); token != "canary-token" || !expires.Equal(day.Add(time.Hour)) || err != nil {
		t.Errorf("token %q, %v, %v", token, expires, err)
	}
	if err := s.Exec(t.Context(), `INSERT INTO tokens SELECT 'other', sealed, expires FROM tokens`); err != nil {
		t.Fatal(err)
	}
	for account, secret := range map[string]string{"acc": "another secret", "other": "app secret", "none": "app secret"} {
		with := open(t, store.Options{DSN: dsn, Secret: []byte(secret)})
		if token, _, err := with.Token(t.Context(), account); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the token of %s with %q: %q, %v", account, secret, token, err)
		}
	}
	without := open(t, store.Options{DSN: dsn})
	if _, _, err := without.Token(t.Context(), "acc"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if err := without.SaveToken(t.Context(), "acc", "canary-token", day); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"wefeed.db", "wefeed.db-wal"} {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(strings.TrimPrefix(dsn, "sqlite:")), name))
		if err == nil && bytes.Contains(b, []byte("canary-token")) {
			t.Errorf("%s holds the token in clear", name)
		}
	}
}

func TestAuditIsAppendOnly(t *testing.T) { onBoth(t, testAuditIsAppendOnly) }

func testAuditIsAppendOnly(t *testing.T, dsn func() string) {
	s := open(t, store.Options{DSN: dsn()})
	if err := s.Audit(t.Context(), store.AuditEntry{Who: "admin", Act: "login", OK: true}); err != nil {
		t.Fatal(err)
	}
	if err := s.RequestNow(t.Context(), "drafts", "admin", "要闻"); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`UPDATE audit SET who = 'x'`, `DELETE FROM audit`} {
		if err := s.Exec(t.Context(), query); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", query, err)
		}
	}
	trail, err := s.AuditTrail(t.Context(), 10)
	if err != nil || len(trail) != 2 || trail[0].Act != "push.now" || trail[1].Act != "login" || !trail[1].At.Equal(day) {
		t.Errorf("trail %+v, %v", trail, err)
	}
	rows, err := s.DueRows(t.Context())
	if err != nil || len(rows) != 1 || rows[0].Kind != store.KindNow || rows[0].ID != "drafts "+day.Format(time.RFC3339Nano) || rows[0].Arg != "要闻" {
		t.Errorf("due %+v, %v", rows, err)
	}
}

// filled makes a database of some size and returns its path.
func filled(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "wefeed.db")
	s := open(t, store.Options{DSN: "sqlite:" + path})
	for i := range 30 {
		in := feedstest.Incoming("x/"+rand.Text(), "一")
		in.Item.Content = strings.Repeat("很长的正文。", 500)
		collect(t, s, "a", day.Add(time.Duration(i)*time.Minute), in)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDamagedFileIsRefusedAndLeftAlone(t *testing.T) {
	whole, err := os.ReadFile(filled(t))
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 4096)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"no database": []byte(strings.Repeat("这不是数据库", 100)), "truncated": whole[:len(whole)/2]}
	for name, at := range map[string]int{"head": 0, "middle": len(whole) / 2 / 4096 * 4096, "schema": 4096} {
		files[name] = bytes.Clone(whole)
		copy(files[name][at:], noise)
	}
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "wefeed.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(t.Context(), store.Options{DSN: "sqlite:" + path, Serve: true})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("opened: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	for _, query := range []string{
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`,
		`INSERT INTO river_migration (line, version) VALUES ('main', 9999)`,
	} {
		path := filled(t)
		s := open(t, store.Options{DSN: "sqlite:" + path})
		if err := errors.Join(s.Exec(t.Context(), query), s.Close()); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), store.Options{DSN: "sqlite:" + path}); !errors.Is(err, store.ErrNewer) {
			t.Errorf("after %s: %v", query, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
			t.Errorf("the file was changed, %v", err)
		}
	}
}

func TestUnknownStoreIsNamedWithoutItsPassword(t *testing.T) {
	_, err := store.Open(t.Context(), store.Options{DSN: "mysql://user:canary@host/db"})
	if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "mysql") {
		t.Error(err)
	}
}
