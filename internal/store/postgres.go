package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// The size of the PostgreSQL pool of one process. The data plane does not use
// it, so it is small.
const (
	postgresConnections = 8
	postgresIdle        = 2
	postgresConnectTime = 5 * time.Second
)

// openPostgres connects to a server and migrates.
func openPostgres(ctx context.Context, dsn string) (*DB, error) {
	db, err := postgresPool(dsn)
	if err != nil {
		return nil, err
	}
	if err := db.migratePostgres(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store %s: %w", db.location, err), db.Close())
	}
	return db, nil
}

// postgresPool describes the connections to a server; none is made yet. Options in
// the URL are those of libpq and pgx; pool_ options are not.
func postgresPool(dsn string) (*DB, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		// What the parser says may quote the password.
		return nil, errors.New("opening the store: the PostgreSQL URL cannot be read; expected postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = postgresConnectTime
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "warder"
	}
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresIdle)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{write: pool, read: pool, location: postgresLocation(cfg), postgres: true}, nil
}

func postgresLocation(cfg *pgx.ConnConfig) string {
	host := net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))
	if strings.HasPrefix(cfg.Host, "/") {
		host = cfg.Host
	}
	return fmt.Sprintf("PostgreSQL database %q at %s", cfg.Database, host)
}

func (db *DB) migratePostgres(ctx context.Context) error {
	p, err := db.migrationsOfPostgres()
	if err != nil {
		return err
	}
	return migrate(ctx, p)
}

// migrationsOfPostgres hold an advisory lock while they run, so that of several
// starting replicas one migrates and the others wait.
func (db *DB) migrationsOfPostgres() (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, uint64(openTimeout/time.Second)))
	if err != nil {
		return nil, err
	}
	dir, err := fs.Sub(migrations, "migrations/postgres")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db.write, dir, append(migrationOptions(), goose.WithSessionLocker(locker))...)
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return p, nil
}
