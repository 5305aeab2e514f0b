package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Folder keeps the files of bundles, each under its SHA-256. Nodes that share a
// database have one each.
type Folder string

// fileName matches what a Folder holds.
var fileName = regexp.MustCompile(`^[0-9a-f]{64}\.bundle$`)

func (f Folder) path(digest string) string { return filepath.Join(string(f), digest+".bundle") }

// ReadFile reads a file of at most [MaxFile] bytes.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a bundle: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading a bundle: %w", err)
	}
	return data, nil
}

// Put stores a file that [Open] has read, durably.
func (f Folder) Put(file []byte) (err error) {
	sum := sha256.Sum256(file)
	path := f.path(hex.EncodeToString(sum[:]))
	defer func() {
		if err != nil {
			err = fmt.Errorf("storing a bundle: %w", err)
		}
	}()
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	t, err := os.CreateTemp(string(f), "incoming-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(t.Name()) // when it was not renamed
	_, err = t.Write(file)
	if err = errors.Join(err, t.Sync(), t.Close()); err != nil {
		return err
	}
	if err := os.Rename(t.Name(), path); err != nil {
		return err
	}
	return syncFolder(string(f))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get reads a bundle again and verifies all of it once more.
func (f Folder) Get(digest string, trusted note.Verifiers) (*Bundle, error) {
	if !fileName.MatchString(digest + ".bundle") {
		return nil, fmt.Errorf("%w: digest %.80q", ErrFormat, digest)
	}
	file, err := ReadFile(f.path(digest))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("%w: the file of bundle %.16s… was changed", ErrFormat, digest)
	}
	return Open(file, trusted)
}

// strayAge is how old a file is before it may be taken for one that nobody needs:
// an import writes the file first.
const strayAge = time.Hour

// Keep deletes the files of other bundles than those wanted, unless they are new.
func (f Folder) Keep(wanted map[string]bool, now time.Time) error {
	all, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for old bundles: %w", err)
	}
	for _, e := range all {
		info, ierr := e.Info()
		name := e.Name()
		if ierr != nil || !fileName.MatchString(name) || wanted[name[:2*sha256.Size]] || now.Sub(info.ModTime()) < strayAge {
			continue
		}
		err = errors.Join(err, os.Remove(filepath.Join(string(f), name)))
	}
	return err
}
