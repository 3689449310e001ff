// Package pgtest gives tests a PostgreSQL of their own: started from the installed binaries in a temporary folder, on a
// free port of loopback, as an ordinary user (initdb refuses root), and ended with the tests.
//
// Where none is installed, tests that ask for one are skipped and say how to get it; with CI=true in the environment they
// fail, since a run that nobody watches must not lose half of what it proves.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"wefeed/internal/need"
)

// errMissing: there is no PostgreSQL on this machine.
var errMissing = errors.New("no PostgreSQL is installed")

// A Server is a running PostgreSQL. Its zero value starts one when the first database is asked for.
type Server struct {
	// Durable makes the server wait for the disk at each commit, as it does in production: slower, and for figures only.
	Durable bool

	once sync.Once
	err  error
	bin  string // the folder of PostgreSQL's programs
	dir  string
	as   *syscall.SysProcAttr
	port int
	cmd  *exec.Cmd
	n    atomic.Int64

	migrated     sync.Once
	migratedErr  error
	migratedName string
}

// Run runs a package's tests with a server, and ends it; call it in TestMain and hand its result to os.Exit.
func (s *Server) Run(m *testing.M) int {
	defer s.Stop()
	return m.Run()
}

// Need starts the server unless it is running. Where there is no PostgreSQL it skips the test, or fails it when CI=true.
func (s *Server) Need(t testing.TB) {
	t.Helper()
	s.once.Do(func() { s.err = s.start() })
	switch {
	case errors.Is(s.err, errMissing):
		need.Missing(t, "PostgreSQL")
	case s.err != nil:
		t.Fatal(s.err)
	}
}

// Database returns the DSN of a new empty database.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.Need(t)
	dsn, err := s.create("")
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// Migrated returns the DSN of a new database with the schema that migrate makes, which is called once: copying a database
// is much faster than migrating one.
func (s *Server) Migrated(t testing.TB, migrate func(dsn string) error) string {
	t.Helper()
	s.Need(t)
	s.migrated.Do(func() {
		dsn := s.Database(t)
		s.migratedName = dsn[strings.LastIndexByte(dsn, '/')+1 : strings.IndexByte(dsn, '?')]
		s.migratedErr = migrate(dsn)
	})
	if s.migratedErr != nil {
		t.Fatal(s.migratedErr)
	}
	dsn, err := s.create(" TEMPLATE " + s.migratedName)
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

func (s *Server) create(like string) (string, error) {
	db, err := sql.Open("pgx", s.dsn("postgres"))
	if err != nil {
		return "", err
	}
	defer db.Close()
	name := fmt.Sprintf("t%d", s.n.Add(1))
	_, err = db.Exec("CREATE DATABASE " + name + like)
	return s.dsn(name), err
}

func (s *Server) dsn(name string) string {
	return fmt.Sprintf("postgres://wefeed@127.0.0.1:%d/%s?sslmode=disable", s.port, name)
}

func (s *Server) start() (err error) {
	if s.bin, err = binaries(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "wefeed-pg"); err != nil {
		return err
	}
	if s.as, err = ordinaryUser(s.dir); err != nil {
		return err
	}
	initdb := s.program("initdb", "-D", s.data(), "-U", "wefeed", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	return s.run()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.SysProcAttr, cmd.Dir = s.as, s.dir
	return cmd
}

// run starts the server on its data and waits until it answers.
func (s *Server) run() error {
	args := []string{"-D", s.data(), "-k", s.dir, "-h", "127.0.0.1", "-p", strconv.Itoa(s.port),
		"-c", "max_connections=200", "-c", "log_min_messages=fatal"}
	if !s.Durable {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	s.cmd = s.program("postgres", args...)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.wait()
}

// Restart ends the server as a crash would (pg_ctl stop -m immediate) and starts it again on what it had committed.
func (s *Server) Restart() error {
	if err := s.crash(); err != nil {
		return err
	}
	return s.run()
}

func (s *Server) crash() error {
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// wait asks until the server answers.
func (s *Server) wait() error {
	db, err := sql.Open("pgx", s.dsn("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		}
	}
}

// Stop ends the server at once, since nobody needs what it holds. A server that was never asked for has nothing to end.
func (s *Server) Stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.crash()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// binaries is the folder of the newest PostgreSQL that is installed.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
		return filepath.Dir(found[0]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errMissing
	}
	return filepath.Dir(path), nil
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// ordinaryUser gives dir to the user nobody and returns how to run as it, when the tests run as root.
func ordinaryUser(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(nobody.Gid)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, Pdeathsig: syscall.SIGQUIT,
	}, nil
}

func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}
