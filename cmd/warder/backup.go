package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"warder.example/internal/backup"
	"warder.example/internal/config"
)

type backupCmd struct {
	storeFlags
	Out string `help:"File to write: .tar, or .tar.gz to compress it. It must not exist." required:"" placeholder:"FILE"`
}

// Help says what kong's one-liners cannot.
func (backupCmd) Help() string {
	return `Makes one file of the data folder: the store, the audit log and its keys, the salt
of subjects, what budgets counted, and bundles. The server may run meanwhile. The
file holds secrets and has mode 0600; it is neither encrypted nor signed.

Configuration, policies and secrets that it names are files of your own and are not
in it. A PostgreSQL database is not in it either: run pg_dump first, then this.

  warder backup --out /mnt/backup/warder-2027-01-31.tar.gz
  warder restore /mnt/backup/warder-2027-01-31.tar.gz --data restored`
}

func (c *backupCmd) Run(e *env) error {
	cfg, err := c.settings(e, config.LoadState)
	if err != nil {
		return err
	}
	src := backup.Source{Data: cfg.Data}
	if src.Store, err = c.dsn(e); err != nil {
		return err
	}
	server := strings.Contains(src.Store, "://")
	if server {
		src.Store = ""
	}
	m, err := backup.Create(e.ctx, src, c.Out, buildVersion(), e.now())
	switch {
	case errors.Is(err, backup.ErrEmpty):
		return hinted{err, "name the folder of the server with --data, or its configuration with --config"}
	case errors.Is(err, fs.ErrExist):
		return hinted{err, "a backup is never written over a file: give --out another name"}
	case err != nil:
		return err
	}
	if server {
		fmt.Fprintln(e.stderr, "the PostgreSQL database is not in it: keep a pg_dump that was made before it, and warder audit rebuild after restoring both")
	}
	_, err = fmt.Fprintf(e.stdout, "backed up %s to %s\n", contents(m), c.Out)
	return err
}

// contents says what a backup holds.
func contents(m *backup.Manifest) string {
	schema := "none"
	if m.Schema > 0 {
		schema = strconv.FormatInt(m.Schema, 10)
	}
	return fmt.Sprintf("%d bytes in %d files, segments of the audit log: %d, schema version of the store: %s,", m.Bytes(), len(m.Parts), m.Segments(), schema)
}
