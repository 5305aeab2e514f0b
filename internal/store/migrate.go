package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrations holds one folder for each database, with the same file names. Each
// migration runs in a transaction; those behind [oldestRollback] have a way back.
//
//go:embed migrations
var migrations embed.FS

func migrationOptions() []goose.ProviderOption {
	return []goose.ProviderOption{
		goose.WithLogger(goose.NopLogger()),
		goose.WithDisableGlobalRegistry(true),
	}
}

// SchemaVersion is the version of the schema that this program reads and writes.
func SchemaVersion() int64 {
	names, err := fs.Glob(migrations, "migrations/sqlite/*.sql") // the databases have the same
	if err != nil || len(names) == 0 {
		panic("store: the migrations are not in the program")
	}
	n, err := goose.NumericComponent(names[len(names)-1])
	if err != nil {
		panic(err)
	}
	return n
}

// Version returns the version of the schema of the database that dsn names, and leaves
// no trace there. Errors are those of [Read] but for the version's.
func Version(ctx context.Context, dsn string) (version int64, err error) {
	err = readAny(ctx, dsn, func(db *DB) error {
		version, err = db.version(ctx)
		return err
	})
	return version, err
}

func (db *DB) version(ctx context.Context) (version int64, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	err = db.read.QueryRowContext(ctx, "SELECT max(version_id) FROM "+goose.DefaultTablename+" WHERE is_applied").Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("reading the schema version: %w", err)
	}
	return version, nil
}

func newer(have, want int64) error {
	return fmt.Errorf("%w: its schema is version %d; this program knows up to %d", ErrNewer, have, want)
}

// migrate brings the schema up to date. A schema from the future is refused: a
// column we do not know may be the one that revokes a key.
func migrate(ctx context.Context, p *goose.Provider) error {
	have, want, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("reading the schema version: %w", err)
	case have > want:
		return newer(have, want)
	case have == want:
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating the schema from version %d to %d: %w", have, want, err)
	}
	return nil
}
