package ledger

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Files opens the files that the ledger writes records to. Tests pass one that
// fails; the default is the operating system's.
type Files interface {
	// Open opens a file with the flags of [os.OpenFile], for its owner only.
	Open(name string, flag int) (File, error)
}

// File is an open segment.
type File interface {
	io.Writer
	// Sync returns once what was written is on disk.
	Sync() error
	// Truncate cuts the file; later writes go to its new end.
	Truncate(size int64) error
	Close() error
}

type osFiles struct{}

var _ Files = osFiles{}

func (osFiles) Open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err // not a File that holds a nil *os.File
	}
	return f, nil
}

func writeAll(w io.Writer, b []byte) error {
	n, err := w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// isFull tells whether an error means that there is no room.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// writeFile writes a small file, durable once it returns, whole or not at all.
func writeFile(path string, data []byte, perm os.FileMode) error {
	tmp := path + ".tmp"
	if err := ignoreMissing(os.Remove(tmp)); err != nil {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	err = writeAll(f, data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(tmp)))
	}
	return nil
}
