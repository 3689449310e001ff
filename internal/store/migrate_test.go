package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wefeed/internal/store"
)

// empties make a database of each kind in which nothing was migrated.
var empties = map[string]func(testing.TB) string{
	"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "wefeed.db") },
	"postgres": func(t testing.TB) string { return server.Database(t) },
}

func onBothEmpty(t *testing.T, test func(t *testing.T, empty func(testing.TB) string)) {
	t.Helper()
	for name, empty := range empties {
		t.Run(name, func(t *testing.T) { test(t, empty) })
	}
}

// sqliteSchema and postgresSchema describe all that a database is made of, one line each.
const (
	sqliteSchema = `SELECT type || ' ' || name || ' ' || tbl_name || ' ' || COALESCE(sql, '') FROM sqlite_master
		UNION ALL SELECT 'column ' || m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '') || ' ' || c.pk
			FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table'
		UNION ALL SELECT 'river ' || max(version) FROM river_migration
		UNION ALL SELECT 'ours ' || max(version_id) FROM goose_db_version`
	postgresSchema = `SELECT 'table ' || relname || ' ' || relkind::text || relpersistence::text FROM pg_class
			WHERE relnamespace = 'public'::regnamespace
		UNION ALL SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' ||
				a.attnotnull::text || a.attidentity::text || a.attgenerated::text || ' ' || COALESCE(pg_get_expr(d.adbin, d.adrelid), '')
			FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
			WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
		UNION ALL SELECT 'constraint ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
			WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT 'value ' || enumtypid::regtype::text || ' ' || enumlabel FROM pg_enum
		UNION ALL SELECT 'river ' || max(version) FROM river_migration
		UNION ALL SELECT 'ours ' || max(version_id) FROM goose_db_version`
)

// schema opens a database and describes what it is then made of.
func schema(t *testing.T, dsn string) []string {
	t.Helper()
	return describe(t, open(t, store.Options{DSN: dsn}), dsn)
}

func describe(t *testing.T, s *store.Store, dsn string) []string {
	t.Helper()
	query := postgresSchema
	if strings.HasPrefix(dsn, "sqlite:") {
		query = sqliteSchema
	}
	lines := queried(t, s, query)
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	slices.Sort(lines)
	return lines
}

// queried returns the only column of a query.
func queried(t *testing.T, s *store.Store, query string) (lines []string) {
	t.Helper()
	err := s.Query(t.Context(), func(r *sql.Rows) error {
		var line string
		err := r.Scan(&line)
		lines = append(lines, line)
		return err
	}, query)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func wantSchema(t *testing.T, want []string, dsn string) {
	t.Helper()
	if diff := cmp.Diff(want, schema(t, dsn)); diff != "" {
		t.Errorf("the schema (-fresh +this one):\n%s", diff)
	}
}

// TestMigrationsHaveNoGaps, and the same numbers on both databases.
func TestMigrationsHaveNoGaps(t *testing.T) {
	_, newest := store.Newest()
	for _, dialect := range []string{"sqlite", "postgres"} {
		names, err := filepath.Glob("migrations/" + dialect + "/*.sql")
		if err != nil || newest == 0 || newest != len(names) {
			t.Errorf("schema %d, %d files of %s, %v", newest, len(names), dialect, err)
		}
		for i, name := range names {
			if want := fmt.Sprintf("%05d_", i+1); !strings.HasPrefix(filepath.Base(name), want) {
				t.Errorf("%s does not begin with %s", name, want)
			}
		}
	}
}

// TestOldSchemasUpgrade: wherever a database stands, in our migrations or in River's, it comes out as a fresh one.
func TestOldSchemasUpgrade(t *testing.T) {
	onBothEmpty(t, func(t *testing.T, empty func(testing.TB) string) {
		want := schema(t, empty(t))
		rivers, ours := store.Newest()
		for river := range rivers {
			t.Run(fmt.Sprintf("river %d", river), func(t *testing.T) { upgrades(t, want, empty(t), river, 0) })
		}
		for our := range ours + 1 {
			t.Run(fmt.Sprintf("ours %d", our), func(t *testing.T) { upgrades(t, want, empty(t), rivers, our) })
		}
	})
}

func upgrades(t *testing.T, want []string, dsn string, rivers, ours int) {
	if err := store.MigrateTo(t.Context(), dsn, rivers, ours); err != nil {
		t.Fatal(err)
	}
	wantSchema(t, want, dsn)
}

// TestDatabasesAreAlike: the same tables, columns, types, defaults and indexes on both.
func TestDatabasesAreAlike(t *testing.T) {
	plain := strings.NewReplacer("integer", "number", "bigint", "number", "bytea", "blob", "::text", "")
	alike := func(dsn, query string) map[string]bool {
		seen := map[string]bool{}
		for _, line := range queried(t, open(t, store.Options{DSN: dsn}), query) {
			table, _, _ := strings.Cut(line, ".")
			if slices.Contains(store.Tables, table) {
				seen[plain.Replace(strings.ToLower(line))] = true
			}
		}
		return seen
	}
	onSQLite := alike(freshDSN(t), `SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '')
			FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table'
		UNION ALL SELECT tbl_name || '.index ' || name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`)
	onPostgres := alike(freshPostgres(t), `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' ||
				CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END || ' ' || COALESCE(column_default, '')
			FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL SELECT tablename || '.index ' || indexname FROM pg_indexes
			WHERE indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key' AND schemaname = 'public'`)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(onSQLite)), slices.Sorted(maps.Keys(onPostgres))); diff != "" || len(onSQLite) < 100 {
		t.Errorf("%d lines (-SQLite +PostgreSQL):\n%s", len(onSQLite), diff)
	}
}

// TestKilledMigrations: processes are killed at random moments while they migrate; the next one ends what they began.
func TestKilledMigrations(t *testing.T) {
	onBothEmpty(t, func(t *testing.T, empty func(testing.TB) string) {
		want := schema(t, empty(t))
		k := newKiller(t, "open", empty(t), "")
		killed := 0
		for range 6 {
			dsn := empty(t)
			for range 1 + k.IntN(3) {
				if k.run(t, "open", dsn, "") {
					killed++
				}
			}
			wantSchema(t, want, dsn)
		}
		t.Logf("%d were killed at work", killed)
	})
}

// TestCommandsMigrateTogether: two processes that open a new database at once both get it, and one migrates.
func TestCommandsMigrateTogether(t *testing.T) {
	onBothEmpty(t, func(t *testing.T, empty func(testing.TB) string) {
		dsn := empty(t)
		one, two := startChild(t, "open", dsn, ""), startChild(t, "open", dsn, "")
		if err := errors.Join(one.Wait(), two.Wait()); err != nil {
			t.Error(err)
		}
		wantSchema(t, schema(t, empty(t)), dsn)
	})
}

// TestHotJournalIsRolledBack: a process that dies in its very first write, before the file has its WAL, leaves a journal.
func TestHotJournalIsRolledBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wefeed.db")
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(DELETE)&_pragma=cache_size(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE filler (x); BEGIN; INSERT INTO filler SELECT randomblob(3000) FROM pragma_function_list LIMIT 90`); err != nil {
		t.Fatal(err)
	}
	crashed := filepath.Join(t.TempDir(), "wefeed.db")
	for _, end := range []string{"", "-journal"} {
		b, err := os.ReadFile(path + end)
		if err == nil {
			err = os.WriteFile(crashed+end, b, 0o600)
		}
		if err != nil || len(b) < 512 {
			t.Fatalf("%d bytes in %s, %v", len(b), end, err)
		}
	}
	s := open(t, store.Options{DSN: "sqlite:" + crashed, Serve: true})
	if n := queried(t, s, `SELECT CAST(count(*) AS TEXT) FROM filler`); n[0] != "0" {
		t.Errorf("%s rows of a transaction that never ended", n[0])
	}
}
