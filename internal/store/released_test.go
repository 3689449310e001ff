package store_test

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"wefeed/internal/store"
	"wefeed/push"
)

// testdata/schema-N.sqlite.sql and .postgres.sql are databases as the wefeed that had schema N left them: killed in the
// middle of a call, with jobs that wait. A released one is never written again. The newest is written, before its release
// only, by
//
//	go test ./internal/store -run TestReleasedSchemas -dump
var dump = flag.Bool("dump", false, "write the dumps of the newest schema anew; needs sqlite3 and pg_dump")

// meta are psql's own commands, which pg_dump may write.
var meta = regexp.MustCompile(`(?m)^\\.*$`)

func TestReleasedSchemas(t *testing.T) {
	_, newest := store.Newest()
	onBothEmpty(t, func(t *testing.T, empty func(testing.TB) string) {
		dialect := filepath.Base(t.Name())
		if *dump {
			writeDump(t, empty(t), fmt.Sprintf("testdata/schema-%d.%s.sql", newest, dialect))
		}
		want := schema(t, empty(t))
		for n := range newest {
			t.Run(fmt.Sprint("schema ", n+1), func(t *testing.T) {
				dsn := empty(t)
				load(t, dsn, fmt.Sprintf("testdata/schema-%d.%s.sql", n+1, dialect))
				goesOn(t, dsn)
				wantSchema(t, want, dsn)
			})
		}
	})
}

func writeDump(t *testing.T, dsn, name string) {
	t.Helper()
	if err := lived(t, dsn).Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("pg_dump", "--inserts", "--no-owner", "--no-privileges", dsn)
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		cmd = exec.Command("sqlite3", path, ".dump")
	}
	out, err := cmd.Output()
	if err == nil {
		err = os.WriteFile(name, out, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, dsn, name string) {
	t.Helper()
	script, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	driver, source := "pgx", dsn+"&default_query_exec_mode=simple_protocol"
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, source = "sqlite", path
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(meta.ReplaceAllString(string(script), "")); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// goesOn opens what lived left behind and looks whether all of its work is still there.
func goesOn(t *testing.T, dsn string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DSN: dsn, Serve: true, Secret: []byte("secret"), Now: func() time.Time { return day }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if found, err := s.Newest(t.Context(), []string{"a", "b"}, 50); err != nil || len(found) != 2 || found[0].Title == "" {
		t.Errorf("articles in feeds: %v, %v", found, err)
	}
	jobs, err := s.Jobs(t.Context())
	if err != nil || !slices.Contains(jobs, "render a") || !slices.Contains(jobs, "render b") {
		t.Errorf("jobs %v, %v", jobs, err)
	}
	if n, err := s.Doubt(t.Context(), "n2", true, day.Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("%d calls in doubt, %v", n, err)
	}
	e, ds, err := s.Edition(t.Context(), "e1")
	if err != nil || e.State != push.Sending || len(e.Items) != 1 || len(ds) != 1 || ds[0].State != push.InFlight || ds[0].DoubtAt.IsZero() {
		t.Errorf("the edition in flight: %+v, %+v, %v", e, ds, err)
	}
	if !slices.Contains(pending(t, s), "deliver e1") {
		t.Error("nobody looks after the edition")
	}
	token, _, err1 := s.Token(t.Context(), "acc")
	sw, err2 := s.Switch(t.Context())
	trail, err3 := s.AuditTrail(t.Context(), 50)
	if err := errors.Join(err1, err2, err3); err != nil || token != "a-token" || !sw.Stopped || len(trail) == 0 {
		t.Errorf("token %q, red button %+v, trail %v, %v", token, sw, trail, err)
	}
}
