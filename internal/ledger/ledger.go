package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"warder.example/internal/event"
)

// Errors that callers tell apart.
var (
	// ErrFull means that the disk has no room: the record was not kept. Once
	// only the reserve is left, it is what records of kinds ending in
	// ".opened" get, while others are still kept.
	ErrFull = errors.New("disk is full")
	// ErrClosed means that the ledger was closed.
	ErrClosed = errors.New("ledger is closed")
	// ErrFailed means that a write or sync failed, now or earlier. Nothing
	// more is accepted until the ledger is opened anew: after a failed sync
	// nobody knows what the disk holds, and trying again would hide it.
	ErrFailed = errors.New("ledger has failed")
	// ErrLocked means that another process has the ledger open.
	ErrLocked = errors.New("ledger is in use by another process")
	// ErrCorrupt means that what is on disk cannot be what the ledger wrote,
	// crashes included. [Verify] says what is wrong with it.
	ErrCorrupt = errors.New("ledger is corrupt")
)

// Kinds of event that the ledger knows.
const (
	// KindOpened is the record of an exchange before its first upstream byte.
	KindOpened = "exchange.opened"
	// KindClosed is the record of an exchange before its terminal bytes. It
	// ends the opened record with the same Request.
	KindClosed = "exchange.closed"
	// KindRecovered is written by Open when it cut off an unfinished record;
	// its payload is [Recovered].
	KindRecovered = "ledger.recovered"
)

// Entry is one record of the log.
type Entry struct {
	Sequence int64 // from 0, without gaps
	Leaf     Hash  // its leaf hash in the tree
	// Event and Raw are set when reading. Raw is the record as it is kept,
	// whose leaf hash is Leaf. Where the payload does not fit the type that
	// its kind has here, it is a [json.RawMessage].
	Event event.Event
	Raw   []byte
}

// Ledger is an open audit log. Its methods are safe for concurrent use.
type Ledger struct {
	dir  string
	log  string // name of the log
	opt  Options
	lock *os.File

	life   sync.RWMutex // held for reading while handing to queue
	closed bool         // guarded by life
	queue  chan *request
	// requests are reused. The pool is this ledger's own because their
	// channels must not pass from one test bubble into another.
	requests sync.Pool
	quit     chan struct{}
	owned    sync.WaitGroup // goroutines

	wmu     sync.Mutex // guards what follows: the writing end
	active  File
	name    string // of the active segment
	number  int
	offset  int64 // end of the last whole record
	synced  int64 // end of what is known to be on disk
	next    int64 // sequence of the next record
	low     bool  // the reserve is given up
	reserve reserve
	failed  error
	buf     []byte
	one     [1]*request

	syncing sync.Mutex // held while syncing outside wmu; taken within wmu

	mu   sync.Mutex // guards tree
	tree tree       // over the records kept

	checkpoints checkpoints
	followers   atomic.Pointer[[]chan struct{}]
	stats       counters
}

// Open opens the ledger in dir, or makes one there, for this process alone. When
// the process before it died within a write, Open sets the unfinished record
// aside in a file and appends a [KindRecovered] event that says so. It returns
// [ErrLocked] or [ErrCorrupt] when it must not go on.
func Open(dir string, opt Options) (*Ledger, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening ledger: %w", err)
	}
	held, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	l := &Ledger{dir: dir, opt: opt, lock: held, quit: make(chan struct{})}
	l.requests.New = newRequest
	l.reserve = reserve{path: filepath.Join(dir, "reserve"), size: opt.Reserve}
	if err := l.start(); err != nil {
		if l.active != nil {
			err = errors.Join(err, l.active.Close())
		}
		return nil, errors.Join(fmt.Errorf("opening ledger %s: %w", dir, err), held.Close())
	}
	return l, nil
}

func (l *Ledger) start() error {
	l.low = l.reserve.fill() != nil
	if err := l.load(); err != nil {
		return err
	}
	if l.opt.Sync != SyncOS {
		l.queue = make(chan *request, maxBatch)
		l.owned.Go(l.writeLoop)
	}
	l.owned.Go(l.checkpointLoop)
	if err := l.noteRecovery(); err != nil {
		return errors.Join(err, l.shut())
	}
	return nil
}

// Close keeps what was handed over, makes a last checkpoint and ends the ledger.
// An error means that the last checkpoint or sync failed. Calling it again
// returns [ErrClosed].
func (l *Ledger) Close() error {
	if err := l.shut(); err != nil {
		return err
	}
	var err error
	if l.failed == nil {
		ctx, cancel := context.WithTimeout(context.Background(), PublishTimeout)
		defer cancel()
		_, err = l.checkpoint(ctx)
	} else {
		err = l.failed
	}
	return errors.Join(err, l.active.Close(), l.lock.Close())
}

// shut stops accepting and waits for the ledger's goroutines.
func (l *Ledger) shut() error {
	l.life.Lock()
	if l.closed {
		l.life.Unlock()
		return ErrClosed
	}
	l.closed = true
	if l.queue != nil {
		close(l.queue)
	}
	l.life.Unlock()
	close(l.quit)
	l.owned.Wait()
	return nil
}

// Name is the name of the log: the first line of its checkpoints and the name of
// its key.
func (l *Ledger) Name() string { return l.log }

// Size is the number of records kept.
func (l *Ledger) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tree.size
}

// Root is the tree hash over the records kept.
func (l *Ledger) Root() Hash {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tree.root()
}
