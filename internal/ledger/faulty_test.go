package ledger_test

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"warder.example/internal/ledger"
)

// faultyFiles opens real files whose operations fail on demand.
type faultyFiles struct {
	mu      sync.Mutex
	limited bool
	room    int64 // bytes that still fit, when limited
	// onRelease is a file whose end gives room: the reserve.
	onRelease string
	writeErr  error // every write fails so, after half of it
	short     bool  // writes stop halfway without an error
	syncErr   error
	cutErr    error
	openErr   error
	hold      chan struct{}
	held      chan struct{}
}

var _ ledger.Files = (*faultyFiles)(nil)

func (f *faultyFiles) set(change func(*faultyFiles)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// holdSync makes the next sync wait until the returned function is called.
func (f *faultyFiles) holdSync() (release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hold, f.held = make(chan struct{}), make(chan struct{})
	hold := f.hold
	return func() { close(hold) }
}

// waitSync returns once a sync is held.
func (f *faultyFiles) waitSync() {
	f.mu.Lock()
	held := f.held
	f.mu.Unlock()
	<-held
}

func (f *faultyFiles) Open(name string, flag int) (ledger.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.openErr != nil {
		return nil, f.openErr
	}
	file, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: file, all: f}, nil
}

type faultyFile struct {
	*os.File
	all *faultyFiles
}

func (f *faultyFile) Write(b []byte) (int, error) {
	a := f.all
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.onRelease != "" {
		if _, err := os.Stat(a.onRelease); errors.Is(err, os.ErrNotExist) {
			a.room, a.onRelease = 64<<10, ""
		}
	}
	switch {
	case a.writeErr != nil:
		n, _ := f.File.Write(b[:len(b)/2])
		return n, a.writeErr
	case a.short:
		return f.File.Write(b[:len(b)/2])
	case a.limited && int64(len(b)) > a.room:
		n, _ := f.File.Write(b[:a.room])
		a.room = 0
		return n, noSpace
	}
	n, err := f.File.Write(b)
	a.room -= int64(n)
	return n, err
}

func (f *faultyFile) Truncate(size int64) error {
	a := f.all
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cutErr != nil {
		return a.cutErr
	}
	info, err := f.File.Stat()
	if err != nil {
		return err
	}
	a.room += info.Size() - size
	return f.File.Truncate(size)
}

func (f *faultyFile) Sync() error {
	a := f.all
	a.mu.Lock()
	hold, held, err := a.hold, a.held, a.syncErr
	a.hold = nil
	a.mu.Unlock()
	if hold != nil {
		close(held)
		<-hold
	}
	if err != nil {
		return err
	}
	return f.File.Sync()
}

// noSpace is what a full disk answers.
var noSpace error = &os.PathError{Op: "write", Path: "segment", Err: syscall.ENOSPC}
