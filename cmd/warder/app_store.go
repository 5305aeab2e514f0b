package main

import (
	"context"
	"errors"
	"os/user"
	"strconv"
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

// with opens the store for f.
func (s *storeFlags) with(e *env, f func(*store.DB) error) error {
	dsn := s.Store
	if dsn == "" {
		cfg, err := s.settings(e, config.LoadState)
		if err != nil {
			return err
		}
		dsn = node.StoreDSN(cfg)
	}
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
