package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/config"
	"warder.example/internal/node"
	"warder.example/internal/store"
)

// storeFlags say where the state is, for the commands that administer it. A
// database that is named goes before what the place says.
type storeFlags struct {
	placeFlags
	Store string `help:"Database, instead of the one of the configuration or warder.db in the data folder: an SQLite file, or a postgres:// URL (better in the environment, since others can see command lines)." env:"WARDER_STORE" placeholder:"DSN"`
}

// with opens the store for f. A store that is a file must be there: one in a mistyped
// folder is none, not an empty one.
func (s *storeFlags) with(e *env, f func(*store.DB) error) error {
	dsn, err := s.dsn(e)
	if err != nil {
		return err
	}
	if !strings.Contains(dsn, "://") {
		if _, err := os.Stat(dsn); err != nil {
			return hinted{fmt.Errorf("no store to open: %w", err), "name the folder of the server with --data, its configuration with --config, or the file with --store; the first warder app create makes a store"}
		}
	}
	return open(e, dsn, f)
}

// create is with for commands that may be the first to write: it makes the store.
func (s *storeFlags) create(e *env, f func(*store.DB) error) error {
	dsn, err := s.dsn(e)
	if err != nil {
		return err
	}
	return open(e, dsn, f)
}

// dsn returns where the store is.
func (s *storeFlags) dsn(e *env) (string, error) {
	if s.Store != "" {
		return s.Store, nil
	}
	cfg, err := s.settings(e, config.LoadState)
	if err != nil {
		return "", err
	}
	return node.StoreDSN(cfg), nil
}

func open(e *env, dsn string, f func(*store.DB) error) error {
	db, err := store.Open(e.ctx, dsn)
	if errors.Is(err, store.ErrFileMode) {
		return hinted{err, "it decides who may use the gateway: chmod 600 it, after asking who could have changed it"}
	}
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
}

// as returns the context for changes: it names who makes them, as the
// operating system knows them.
func (s *storeFlags) as(e *env) context.Context {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return access.WithActor(e.ctx, "cli:"+name)
}

// now is the time for what people see and choose.
func (e *env) now() time.Time { return time.Now() }

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func limitText(n int, none string) string {
	if n == 0 {
		return none
	}
	return strconv.Itoa(n)
}

// timeText is a time in UTC to the second, or "".
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// notNil makes no rows an empty JSON array instead of null.
func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
