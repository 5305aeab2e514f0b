package main

import (
	"fmt"

	"warder.example/internal/ledger"
	"warder.example/internal/node"
	"warder.example/internal/store"
)

type auditRebuildCmd struct {
	storeFlags
}

// Help says what kong's one-liners cannot.
func (auditRebuildCmd) Help() string {
	return `The audit log is the truth; the table of exchanges in the store is made from it.
This empties the table and makes it again. Stop the server first, or it and this
command take turns.`
}

func (c *auditRebuildCmd) Run(e *env) error {
	dir, err := c.ledgerDir(e)
	if err != nil {
		return err
	}
	return c.create(e, func(db *store.DB) error {
		if err := db.ResetProjection(c.as(e)); err != nil {
			return err
		}
		n, err := ledger.Rebuild(e.ctx, dir, node.Projection{DB: db})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "rebuilt from %d records\n", n)
		return err
	})
}
