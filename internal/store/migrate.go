package store

import (
	"context"
	"embed"
	"fmt"

	"github.com/pressly/goose/v3"
)

// migrations holds one folder for each database, with the same file names.
// They only go forward; each runs in a transaction.
//
//go:embed migrations
var migrations embed.FS

func migrationOptions() []goose.ProviderOption {
	return []goose.ProviderOption{
		goose.WithLogger(goose.NopLogger()),
		goose.WithDisableGlobalRegistry(true),
	}
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
