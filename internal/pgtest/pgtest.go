// Package pgtest gives tests a PostgreSQL of their own: started from the installed binaries in a temporary folder, on a
// free port of loopback, as an ordinary user (initdb refuses root), and ended with the tests.
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
)

// A Server is a running PostgreSQL. Its zero value starts one when the first database is asked for.
type Server struct {
	once sync.Once
	err  error
	dir  string
	port int
	cmd  *exec.Cmd
	n    atomic.Int64

	migrated     sync.Once
	migratedErr  error
	migratedName string
}

// Run runs a package's tests with a server, and ends it; call it in TestMain and hand its result to os.Exit.
func (s *Server) Run(m *testing.M) int {
	defer s.stop()
	return m.Run()
}

// Database returns the DSN of a new empty database.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	if s.once.Do(func() { s.err = s.start() }); s.err != nil {
		t.Fatalf("%v (scripts/test-deps installs PostgreSQL)", s.err)
	}
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

func (s *Server) start() error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "wefeed-pg"); err != nil {
		return err
	}
	as, err := ordinaryUser(s.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "wefeed", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", s.dir, "-h", "127.0.0.1", "-p", strconv.Itoa(s.port),
		"-c", "max_connections=200", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "log_min_messages=fatal")
	s.cmd.SysProcAttr, s.cmd.Dir = as, s.dir
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.wait()
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

// stop ends the server at once: nobody needs what it holds.
func (s *Server) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		_ = s.cmd.Wait()
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
		return "", errors.New("no PostgreSQL is installed")
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
