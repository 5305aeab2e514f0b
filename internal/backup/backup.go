// Package backup makes one file of a data folder, also of a running node, and a data
// folder of such a file.
//
// # What is in it
//
// A tar archive, compressed with gzip where its name ends in .gz or .tgz, of the store
// where it is an SQLite file, the audit log and its keys, the salt of subjects, the
// journal of budgets and the files of bundles; and last, as the mark that nothing is
// missing, a manifest with the size and SHA-256 of each. A database on a server is not
// in it. It holds secrets and is made with mode 0600; it is neither encrypted nor
// signed: who can write it can make another of it.
//
// # One moment
//
// The parts are read while a node changes them, in an order in which each is at least
// as new as those that count on it:
//
//   - Files of bundles before the store that names them, and those that came meanwhile
//     after it.
//   - The store before the audit log: an administrative act that the store takes for
//     moved is in the log (one may come twice, as after a crash), and the projection is
//     never ahead of the log.
//   - The audit log before the journal of budgets: what the log says was used is
//     charged. Reservations that were open are settled by the log or charged in full,
//     as after a crash.
//
// So a restored folder is one that a crash at about the moment of the backup could have
// left, and a node starts on it as after one.
package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"warder.example/internal/budget"
	"warder.example/internal/ledger"
	"warder.example/internal/store"
)

// ErrEmpty means that a folder holds nothing that could be backed up: most likely it is
// not the one that was meant.
var ErrEmpty = errors.New("nothing to back up")

// Source is what is backed up.
type Source struct {
	Data  string // folder
	Store string // SQLite file, wherever it is; "" if the store is on a server
}

// Create writes a backup to the new file out and returns its manifest, of which made
// and program become part. It never replaces a file, and an error leaves none behind.
func Create(ctx context.Context, src Source, out, program string, made time.Time) (m *Manifest, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("backing up %q: %w", src.Data, err)
		}
	}()
	taken, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // the name
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(out), ".warder-backup-*") // mode 0700
	if err == nil {
		m, err = write(ctx, src, filepath.Join(dir, "archive"), compressed(out), &Manifest{Format: format, Made: made.UTC(), Program: program})
		if err == nil {
			err = os.Rename(filepath.Join(dir, "archive"), out)
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}
	err = errors.Join(err, taken.Close())
	if err == nil {
		err = syncFolder(filepath.Dir(out))
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(out))
	}
	return m, nil
}

func compressed(name string) bool {
	return strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".tgz")
}

// write writes an archive to path, on disk once it returns.
func write(ctx context.Context, src Source, path string, zip bool, m *Manifest) (*Manifest, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	var to io.Writer = f
	var z *gzip.Writer
	if zip {
		z = gzip.NewWriter(f)
		to = z
	}
	w := &writer{ctx: ctx, tar: tar.NewWriter(to), manifest: m, scratch: filepath.Dir(path)}
	err = w.all(src)
	if err == nil {
		err = w.tar.Close()
	}
	if err == nil && z != nil {
		err = z.Close()
	}
	if err == nil {
		err = f.Sync()
	}
	return m, errors.Join(err, f.Close())
}

// writer writes one archive.
type writer struct {
	ctx      context.Context
	tar      *tar.Writer
	manifest *Manifest
	scratch  string // folder
}

// all writes the parts in the order that the package describes.
func (w *writer) all(src Source) error {
	if _, err := os.Stat(src.Data); err != nil {
		return err
	}
	bundles := filepath.Join(src.Data, "bundles")
	log := filepath.Join(src.Data, "ledger")
	if err := w.folder(bundles); err != nil {
		return err
	}
	if err := w.store(src.Store); err != nil {
		return err
	}
	if err := w.folder(bundles); err != nil {
		return err
	}
	err := ledger.Copy(log, func(name string, size int64, content io.Reader) error {
		return w.put("ledger/"+name, size, content)
	})
	// A store is made before the log is: by the first administrative command.
	if errors.Is(err, fs.ErrNotExist) && src.Store != "" {
		err = nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: there is no audit log: %w", ErrEmpty, err)
	}
	if err != nil {
		return err
	}
	if err := w.journal(filepath.Join(src.Data, journalName)); err != nil {
		return err
	}
	for _, name := range []string{saltName, keyName, publicKeyName} {
		if err := w.file(src.Data, name); err != nil {
			return err
		}
	}
	return w.end()
}

// store writes a snapshot of the SQLite file.
func (w *writer) store(path string) error {
	if path == "" {
		return nil
	}
	copied := filepath.Join(w.scratch, storeName)
	version, err := store.Snapshot(w.ctx, path, copied)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: there is no store: %w", ErrEmpty, err)
	}
	if err != nil {
		return err
	}
	w.manifest.Schema = version
	err = w.file(w.scratch, storeName)
	return errors.Join(err, os.Remove(copied))
}

// journal writes the journal of budgets, if there is one.
func (w *writer) journal(path string) error {
	data, err := budget.Snapshot(path)
	if err != nil || len(data) == 0 {
		return err
	}
	return w.put(journalName, int64(len(data)), strings.NewReader(string(data)))
}

// folder writes those files of the folder of bundles that are not written yet.
func (w *writer) folder(dir string) error {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for i := 0; err == nil && i < len(all); i++ {
		name := "bundles/" + all[i].Name()
		if kindOf(name) == nil || w.manifest.part(name) != nil {
			continue // a download that was not finished, or written before
		}
		err = w.file(filepath.Dir(dir), name)
	}
	return err
}

// file writes a file of dir by its slash path, if it is there.
func (w *writer) file(dir, name string) error {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%q is %s; expected a regular file", name, info.Mode().Type())
	}
	return w.put(name, info.Size(), f)
}

// put writes a part of size bytes and notes it in the manifest.
func (w *writer) put(name string, size int64, content io.Reader) error {
	k := kindOf(name)
	switch {
	case k == nil:
		return fmt.Errorf("%q is no part of a backup", name)
	case size > k.most:
		return fmt.Errorf("%q has %d bytes; a backup takes at most %d", name, size, k.most)
	case len(w.manifest.Parts) == maxParts:
		return fmt.Errorf("more than %d files; a backup takes no more", maxParts)
	}
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: int64(k.mode), Size: size, ModTime: w.manifest.Made.Truncate(time.Second)}); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	sum := newDigest(interrupted{w.ctx, io.LimitReader(content, size)})
	n, err := io.Copy(w.tar, sum)
	if err == nil && n < size {
		err = errors.New("it became shorter while it was read; try again")
	}
	if err != nil {
		return fmt.Errorf("copying %q: %w", name, err)
	}
	w.manifest.Parts = append(w.manifest.Parts, Part{Name: name, Size: size, SHA256: sum.hex()})
	return nil
}

// end writes the manifest.
func (w *writer) end() error {
	text, err := json.MarshalIndent(w.manifest, "", " ")
	if err != nil {
		return err
	}
	if len(text) > maxManifest {
		return fmt.Errorf("the manifest has %d bytes; a backup takes at most %d", len(text), maxManifest)
	}
	if err := w.tar.WriteHeader(&tar.Header{Name: manifestName, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(text)), ModTime: w.manifest.Made.Truncate(time.Second)}); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	_, err = w.tar.Write(text)
	return err
}
