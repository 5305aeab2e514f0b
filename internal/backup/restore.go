package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
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

	"warder.example/internal/jsonerr"
	"warder.example/internal/store"
)

// Errors that callers tell apart.
var (
	// ErrArchive means that a file is no backup, or not a whole one.
	ErrArchive = errors.New("not a whole backup of Warder")
	// ErrNotEmpty means that something is in the folder that is to be restored.
	ErrNotEmpty = errors.New("the folder is not empty")
)

// What an archive may unfold to, at most: its own size so many times, and a little.
// Records compress to a fifth.
const (
	maxRatio = 100
	minTotal = 64 << 20
)

// Restore makes a data folder at dir, which must be missing or empty, of the backup in
// file and returns its manifest. Nothing has its place there before all of it has been
// read and has the sizes and digests of the manifest; an error leaves the folder as it
// was. The error is [ErrArchive], [ErrNotEmpty], or [store.ErrNewer] for a backup by a
// newer program.
func Restore(ctx context.Context, file, dir string) (_ *Manifest, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restoring %q into %q: %w", file, dir, err)
		}
	}()
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := unfold(ctx, f)
	if err != nil {
		return nil, err
	}
	made, err := takeFolder(dir)
	if err != nil {
		return nil, err
	}
	m, err := restore(content, dir)
	if err != nil && made {
		err = errors.Join(err, os.Remove(dir))
	}
	return m, err
}

// takeFolder makes the folder, or finds it empty.
func takeFolder(dir string) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return false, err
	}
	err = os.Mkdir(dir, 0o700)
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	return false, holdsOnly(dir, "")
}

// holdsOnly returns an error unless a folder holds nothing but what is named.
func holdsOnly(dir, name string) error {
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Name() != name {
			return fmt.Errorf("%w: it holds %.80q", ErrNotEmpty, e.Name())
		}
	}
	return nil
}

// unfold returns the tar archive in a file, bounded.
func unfold(ctx context.Context, f *os.File) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: it is %s; expected a regular file", ErrArchive, info.Mode().Type())
	}
	in := bufio.NewReader(interrupted{ctx, f})
	magic, _ := in.Peek(2) // an error comes again
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return in, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	most := min(info.Size(), maxPart)*maxRatio + minTotal
	return &bounded{z, most}, nil
}

// bounded is a reader that fails when there is more than was allowed.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: it unfolds to more than %d times its size", ErrArchive, maxRatio)
	}
	return n, err
}

// restore unpacks into a folder beside the places of the parts and then moves them.
func restore(content io.Reader, dir string) (m *Manifest, err error) {
	stage, err := os.MkdirTemp(dir, ".restoring-*") // mode 0700
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	root, err := os.OpenRoot(stage)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	u := unpacker{root: root, got: map[string]Part{}}
	if m, err = u.all(content); err != nil {
		return nil, err
	}
	if err := holdsOnly(dir, filepath.Base(stage)); err != nil {
		return nil, err
	}
	return m, move(stage, dir)
}

// move moves all that is in one folder into another, durably, or nothing.
func move(from, to string) error {
	all, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.IsDir() {
			err = errors.Join(err, syncFolder(filepath.Join(from, e.Name())))
		}
	}
	for i := 0; err == nil && i < len(all); i++ {
		name := all[i].Name()
		if err = os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err == nil {
			continue
		}
		for _, e := range all[:i] {
			err = errors.Join(err, os.Rename(filepath.Join(to, e.Name()), filepath.Join(from, e.Name())))
		}
	}
	return errors.Join(err, syncFolder(to))
}

// unpacker reads one archive.
type unpacker struct {
	root *os.Root
	got  map[string]Part
}

// all reads an archive to its end and holds it against its manifest.
func (u *unpacker) all(content io.Reader) (*Manifest, error) {
	r := tar.NewReader(content)
	var m *Manifest
	for {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF) && m != nil:
			return m, u.agrees(m)
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: it has no manifest, so its end is missing", ErrArchive)
		case err != nil:
			return nil, broken(err)
		case m != nil:
			return nil, fmt.Errorf("%w: %.80q stands behind the manifest", ErrArchive, h.Name)
		case h.Name == manifestName && h.Typeflag == tar.TypeReg:
			m, err = readManifest(r)
		default:
			err = u.part(h, r)
		}
		if err != nil {
			return nil, err
		}
	}
}

// broken says of an error of reading what the file is, if it is the file's.
func broken(err error) error {
	var path *fs.PathError
	if errors.Is(err, ErrArchive) || errors.As(err, &path) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrArchive, err)
}

// part unpacks a file.
func (u *unpacker) part(h *tar.Header, content io.Reader) error {
	k := kindOf(h.Name)
	_, twice := u.got[h.Name]
	switch {
	case k == nil || h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%w: %.80q, of type %q, is nothing that a backup holds", ErrArchive, h.Name, h.Typeflag)
	case twice:
		return fmt.Errorf("%w: %q is there twice", ErrArchive, h.Name)
	case h.Size > k.most:
		return fmt.Errorf("%w: %q has %d bytes; expected at most %d", ErrArchive, h.Name, h.Size, k.most)
	case len(u.got) == maxParts:
		return fmt.Errorf("%w: it has more than %d files", ErrArchive, maxParts)
	case h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != "":
		return fmt.Errorf("%w: %q is sparse; a backup has no such files", ErrArchive, h.Name)
	}
	if dir, _, ok := strings.Cut(h.Name, "/"); ok {
		if err := u.root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	f, err := u.root.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, k.mode)
	if err != nil {
		return err
	}
	sum := newDigest(content)
	n, err := io.Copy(f, sum)
	if err != nil {
		return errors.Join(broken(err), f.Close())
	}
	u.got[h.Name] = Part{h.Name, n, sum.hex()}
	return errors.Join(f.Chmod(k.mode), f.Sync(), f.Close()) // whatever the umask
}

func readManifest(r io.Reader) (*Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return nil, broken(err)
	}
	if len(text) > maxManifest {
		return nil, fmt.Errorf("%w: its manifest has more than %d bytes", ErrArchive, maxManifest)
	}
	m := &Manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%w: its manifest: %w", ErrArchive, jsonerr.Plain(err, nil))
	}
	switch known := store.SchemaVersion(); {
	case m.Format != format:
		return nil, fmt.Errorf("%w: it is of format %d; this program reads %d", ErrArchive, m.Format, format)
	case m.Schema > known:
		return nil, fmt.Errorf("%w: its schema is version %d, made by version %.40q; this program knows up to %d", store.ErrNewer, m.Schema, m.Program, known)
	}
	return m, nil
}

// agrees returns an error unless the manifest names exactly what was unpacked.
func (u *unpacker) agrees(m *Manifest) error {
	for _, p := range m.Parts {
		got, ok := u.got[p.Name]
		if !ok {
			return fmt.Errorf("%w: %.80q is in the manifest and not in the archive, or twice in the manifest", ErrArchive, p.Name)
		}
		if got != p {
			return fmt.Errorf("%w: %q has %d bytes with SHA-256 %s; its manifest says %d and %.64q: it was changed", ErrArchive, p.Name, got.Size, got.SHA256, p.Size, p.SHA256)
		}
		delete(u.got, p.Name)
	}
	for name := range u.got {
		return fmt.Errorf("%w: %q is in the archive and not in its manifest", ErrArchive, name)
	}
	return nil
}
