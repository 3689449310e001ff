package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

// count is how many migrations there are; a test keeps their numbers without gaps.
func count(migrations embed.FS) int {
	files, _ := fs.Glob(migrations, "migrations/*/*.sql")
	return len(files)
}

// compareVersions holds the versions in the database against those that this binary brings. missing recognises the error
// of a table or column that is not there: nothing was migrated yet, or a process was killed while it did.
func compareVersions(ctx context.Context, db *sql.DB, ours, rivers int, missing func(error) bool) (old bool, err error) {
	for query, newest := range map[string]int{
		`SELECT max(version_id) FROM goose_db_version`:               ours,
		`SELECT max(version) FROM river_migration WHERE line='main'`: rivers,
	} {
		var version sql.NullInt64
		err := db.QueryRowContext(ctx, query).Scan(&version)
		if err != nil && !missing(err) {
			return false, err
		}
		if int(version.Int64) > newest {
			return false, ErrNewer
		}
		old = old || int(version.Int64) < newest
	}
	return old, nil
}

// migrateOurs brings our own tables up to date.
func migrateOurs(ctx context.Context, dialect goose.Dialect, db *sql.DB, migrations embed.FS, log *slog.Logger) error {
	ours, err := provider(dialect, db, migrations, log)
	if err != nil {
		return err
	}
	if _, err := ours.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func provider(dialect goose.Dialect, db *sql.DB, migrations embed.FS, log *slog.Logger) (*goose.Provider, error) {
	dirs, err := fs.Glob(migrations, "migrations/*")
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, dirs[0])
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files, goose.WithSlog(log), goose.WithDisableGlobalRegistry(true))
}

func gooseVersion(ctx context.Context, db *sql.DB) (version int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version)
	return version, err
}
