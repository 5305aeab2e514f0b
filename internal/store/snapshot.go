package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Snapshot copies an SQLite file to the new file at to, as it is at one moment, while
// others go on reading and writing it; no writer waits. It leaves no trace in the file
// and migrates nothing: version is that of its schema, of this program or an older one.
// Errors are those of [Read], and the copy is removed with them.
//
// It is VACUUM INTO, in one read transaction: https://www.sqlite.org/lang_vacuum.html.
func Snapshot(ctx context.Context, file, to string) (version int64, err error) {
	path, err := filepath.Abs(file)
	if err == nil {
		to, err = filepath.Abs(to) // so that SQLite takes it for no URL
	}
	if err == nil {
		err = createEmpty(to)
	}
	if err != nil {
		return 0, fmt.Errorf("copying the store: %w", err)
	}
	err = readSQLite(ctx, path, "", func(db *DB) error {
		if version, err = db.version(ctx); err != nil {
			return err
		}
		if want := SchemaVersion(); version > want {
			return newer(version, want)
		}
		if err := os.Truncate(to, 0); err != nil { // of an attempt before
			return err
		}
		_, err := db.read.ExecContext(ctx, "VACUUM INTO $1", to)
		return err
	})
	if err != nil {
		_ = os.Remove(to) // the error before it says more
		return 0, fmt.Errorf("copying the store %q: %w", file, err)
	}
	return version, nil
}

// createEmpty makes the file that SQLite is to fill, so that it is its owner's alone
// from the beginning.
func createEmpty(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
