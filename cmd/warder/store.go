package main

import (
	"errors"
	"fmt"
	"io/fs"

	"warder.example/internal/store"
)

type storeCmd struct {
	Version  storeVersionCmd  `cmd:"" help:"Print the version of the store's schema, and the one this program uses."`
	Migrate  storeMigrateCmd  `cmd:"" help:"Bring the store's schema up to this program, as starting a server does."`
	Rollback storeRollbackCmd `cmd:"" help:"Bring the store's schema back to an older version, for an older program."`
}

type storeVersionCmd struct{ storeFlags }

func (c *storeVersionCmd) Run(e *env) error {
	dsn, err := c.dsn(e)
	if err != nil {
		return err
	}
	have, err := store.Version(e.ctx, dsn)
	if err != nil {
		return storeHint(err)
	}
	_, err = fmt.Fprintf(e.stdout, "%d; this program uses %d\n", have, store.SchemaVersion())
	return err
}

type storeMigrateCmd struct{ storeFlags }

func (c *storeMigrateCmd) Run(e *env) error {
	dsn, err := c.dsn(e)
	if err != nil {
		return err
	}
	had, err := store.Version(e.ctx, dsn)
	if err != nil {
		return storeHint(err)
	}
	return c.with(e, func(*store.DB) error {
		_, err := fmt.Fprintf(e.stdout, "schema version %d, was %d\n", store.SchemaVersion(), had)
		return err
	})
}

type storeRollbackCmd struct {
	storeFlags
	To int64 `help:"Version of the schema, which warder store version of the older program prints." required:"" placeholder:"N"`
}

// Help says what kong's one-liners cannot.
func (storeRollbackCmd) Help() string {
	return `Stop all servers of the store and make a backup first. Nothing is lost: where the
older schema has no place for something that is stored, this says so and changes
nothing; then a backup of before the upgrade is the way. What is made from the audit
log is emptied, and the older server makes it anew when it starts.`
}

func (c *storeRollbackCmd) Run(e *env) error {
	dsn, err := c.dsn(e)
	if err != nil {
		return err
	}
	had, err := store.Rollback(e.ctx, dsn, c.To)
	if err != nil {
		return storeHint(err)
	}
	_, err = fmt.Fprintf(e.stdout, "schema version %d, was %d; start the older program now, or a server of this one migrates it again\n", c.To, had)
	return err
}

func storeHint(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return hinted{err, "name the folder of the server with --data, its configuration with --config, or the database with --store"}
	}
	return err
}
