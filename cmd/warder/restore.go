package main

import (
	"errors"
	"fmt"

	"warder.example/internal/backup"
	"warder.example/internal/store"
)

type restoreCmd struct {
	File string `arg:"" help:"Backup that warder backup made."`
	Data string `help:"Data folder to make. It must be missing or empty." required:"" placeholder:"DIR"`
}

// Help says what kong's one-liners cannot.
func (restoreCmd) Help() string {
	return `Makes a data folder of a backup, after checking that the backup is whole. What
happened since is not in it: keys that were revoked since work again, and budgets
have not counted what was used since. Never let the server that was backed up and the
restored one both run: they are one audit log.`
}

func (c *restoreCmd) Run(e *env) error {
	m, err := backup.Restore(e.ctx, c.File, c.Data)
	switch {
	case errors.Is(err, backup.ErrNotEmpty):
		return hinted{err, "restore into a new folder, and name it in the configuration; nothing is ever written over"}
	case errors.Is(err, store.ErrNewer):
		return hinted{err, "restore it with the version of Warder that made it, or a newer one"}
	case err != nil:
		return err
	}
	fmt.Fprintf(e.stdout, "restored %s into %s\nmade %s by version %.40q\n", contents(m), c.Data, timeText(m.Made), m.Program)
	if m.Schema == 0 {
		fmt.Fprintln(e.stderr, "the database is not in it: restore the pg_dump that was made before it, then warder audit rebuild")
	}
	_, err = fmt.Fprintf(e.stderr, "next: warder audit verify --data %s; revoke again the keys that were revoked since\n", c.Data)
	return err
}
