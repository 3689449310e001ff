package store

import (
	"cmp"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
)

// Errors of the store.
var (
	// ErrNotFound: no such article or token.
	ErrNotFound = errors.New("not found")
	// ErrLocked: another serve process has the database.
	ErrLocked = errors.New("another wefeed serve is running on this database")
	// ErrDamaged: the file is no database, or a broken one. It is left as it is.
	ErrDamaged = errors.New("the database is damaged")
	// ErrNewer: a newer wefeed has migrated the database. It is left as it is.
	ErrNewer = errors.New("the database was written by a newer wefeed")
)

// Options say which database to open.
type Options struct {
	// DSN names the database: "sqlite:" and the path of its file, which is created if it does not exist, or a
	// postgres:// URL.
	DSN string
	// Serve takes the database for a long-running process: a second one gets [ErrLocked]. Commands leave it false.
	Serve bool
	// Existing refuses a SQLite file that is not there instead of making it.
	Existing bool
	// Secret is what access tokens are sealed with. Without it they are not kept.
	Secret []byte
	Now    func() time.Time // default time.Now
	Rand   io.Reader        // default crypto/rand
	Logger *slog.Logger     // default: none
}

// A Store is an open database. It implements feeds.Store and push.Store and is safe for concurrent use.
type Store struct {
	dialect
	now    func() time.Time
	rand   io.Reader
	log    *slog.Logger
	seal   cipher.AEAD // of tokens; nil: they are not kept
	people *people     // seals openids; nil: none can be kept
	rung   chan struct{}
	halted atomic.Bool // the configuration's push.stopped
}

// Open opens the database that o.DSN names, brings its schema up to date, and with o.Serve takes it for itself.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{
		now:  o.Now,
		rand: cmp.Or[io.Reader](o.Rand, rand.Reader),
		log:  o.Logger,
		rung: make(chan struct{}, 1),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.seal, err = sealer(o.Secret); err != nil {
		return nil, err
	}
	if s.people, err = newPeople(o.Secret); err != nil {
		return nil, err
	}
	if s.dialect, err = s.open(ctx, o); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) (dialect, error) {
	scheme, path, _ := strings.Cut(o.DSN, ":")
	switch {
	case scheme == "sqlite" && path != "":
		return openSQLite(ctx, path, o, s.log)
	case scheme == "postgres", scheme == "postgresql":
		return openPostgres(ctx, o.DSN, s.log)
	}
	return nil, fmt.Errorf("the store %q is none that wefeed knows; it looks like sqlite:wefeed.db or postgres://user@host/db", redact(o.DSN))
}

// redact leaves only the scheme of a DSN, which may hold a password.
func redact(dsn string) string {
	scheme, _, found := strings.Cut(dsn, ":")
	if !found {
		return dsn
	}
	return scheme + ":…"
}

// Alone reports whether the process that serves has the database to itself, so that whatever else was running is dead.
func (s *Store) Alone() bool { return s.alone() }

// Ping reports whether the database can be read and written: on a full disk nothing is sent and nothing collected. A small
// write may find a place in what is allocated already, so it proves nothing of larger ones: the disk is asked, too.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.room(); err != nil {
		return err
	}
	return s.tx(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `UPDATE meta SET value = value WHERE name = 'ingest'`)
		return err
	})
}

// Schema returns the number of the last migration that the database has had.
func (s *Store) Schema(ctx context.Context) (int64, error) { return s.schema(ctx) }

// Rung receives a value after each commit that set a due row: the bell then looks at once instead of at its next turn.
func (s *Store) Rung() <-chan struct{} { return s.rung }

// SetConfiguredStop says whether the configuration stops all pushes (push.stopped). The red button is pressed when it
// or the stored switch says so.
func (s *Store) SetConfiguredStop(stopped bool) { s.halted.Store(stopped) }
