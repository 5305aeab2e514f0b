package ledger

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// checkpoints is the signing side of a ledger.
type checkpoints struct {
	mu      sync.Mutex   // one checkpoint at a time; taken before wmu
	size    atomic.Int64 // records covered by the last
	last    []byte
	pending bool // the last was not yet published everywhere
	kick    chan struct{}
}

// Checkpoint makes what was appended durable, signs its size and root, keeps the
// checkpoint in the ledger's history, and publishes it. The note is returned
// even when publishing failed; then the error says where, and the next
// checkpoint tries anew. Its form is C2SP tlog-checkpoint.
func (l *Ledger) Checkpoint(ctx context.Context) ([]byte, error) {
	l.life.RLock()
	defer l.life.RUnlock()
	if l.closed {
		return nil, fmt.Errorf("making checkpoint: %w", ErrClosed)
	}
	return l.checkpoint(ctx)
}

func (l *Ledger) checkpoint(ctx context.Context) (text []byte, err error) {
	c := &l.checkpoints
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() {
		if err != nil {
			l.stats.checkpointErrors.Add(1)
		}
	}()
	t, err := l.durable()
	if err != nil {
		return nil, fmt.Errorf("making checkpoint: %w", err)
	}
	if c.last == nil || c.size.Load() != t.size {
		if text, err = signCheckpoint(l.opt.Signer, t.size, t.root()); err != nil {
			return nil, err
		}
		if err := appendNote(l.historyPath(), text, 0o600); err != nil {
			return nil, fmt.Errorf("keeping checkpoint of size %d: %w", t.size, err)
		}
		c.last, c.pending = text, true
		c.size.Store(t.size)
		l.stats.checkpoints.Add(1)
	}
	return bytes.Clone(c.last), l.publish(ctx)
}

// publish hands the last checkpoint to every publisher.
func (l *Ledger) publish(ctx context.Context) error {
	var errs []error
	for i, p := range l.opt.CheckpointTo {
		if err := p.Publish(ctx, bytes.Clone(l.checkpoints.last)); err != nil {
			errs = append(errs, fmt.Errorf("publishing checkpoint of size %d to place %d: %w", l.checkpoints.size.Load(), i, err))
		}
	}
	l.checkpoints.pending = len(errs) > 0
	return errors.Join(errs...)
}

// durable returns the tree over records that are on disk. In SyncOS they have to
// be brought there: a checkpoint must not promise what a power cut takes back.
func (l *Ledger) durable() (tree, error) {
	l.wmu.Lock()
	if l.failed != nil {
		defer l.wmu.Unlock()
		return tree{}, l.failed
	}
	l.mu.Lock()
	t := l.tree
	l.mu.Unlock()
	if l.synced == l.offset {
		l.wmu.Unlock()
		return t, nil
	}
	f, name, end := l.active, l.name, l.offset
	l.syncing.Lock() // keeps f open without holding up appends
	l.wmu.Unlock()
	err := f.Sync()
	l.syncing.Unlock()
	l.wmu.Lock()
	defer l.wmu.Unlock()
	if err != nil {
		return tree{}, l.fail(fmt.Errorf("syncing %s: %w", name, err))
	}
	if l.name == name {
		l.synced = max(l.synced, end)
	}
	return t, nil
}

// announce tells followers of new records and asks for a checkpoint when due.
func (l *Ledger) announce(size int64) {
	if every := l.opt.CheckpointRecords; every > 0 && size-l.checkpoints.size.Load() >= every {
		notify(l.checkpoints.kick)
	}
	if all := l.followers.Load(); all != nil {
		for _, c := range *all {
			notify(c)
		}
	}
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// checkpointLoop makes checkpoints as records and time pass. Errors are counted
// in [Stats], and the next round tries again.
func (l *Ledger) checkpointLoop() {
	var tick <-chan time.Time
	if l.opt.CheckpointInterval > 0 {
		t := time.NewTicker(l.opt.CheckpointInterval)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case <-l.quit:
			return
		case <-tick:
			if l.Size() == l.checkpoints.size.Load() && !l.unpublished() {
				continue
			}
		case <-l.checkpoints.kick:
		}
		ctx, cancel := context.WithTimeout(context.Background(), PublishTimeout)
		_, _ = l.checkpoint(ctx) // counted
		cancel()
	}
}

func (l *Ledger) unpublished() bool {
	l.checkpoints.mu.Lock()
	defer l.checkpoints.mu.Unlock()
	return l.checkpoints.pending
}

// historyName is the file of a ledger's own checkpoints, oldest first.
const historyName = "checkpoints"

func (l *Ledger) historyPath() string { return filepath.Join(l.dir, historyName) }

// signCheckpoint returns the signed note of a tree.
func signCheckpoint(s note.Signer, size int64, root Hash) ([]byte, error) {
	text := s.Name() + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return nil, fmt.Errorf("signing checkpoint of size %d: %w", size, err)
	}
	return signed, nil
}

// checkpoint is what a note says.
type checkpoint struct {
	Log  string
	Size int64
	Root Hash
}

// parseCheckpoint reads the text of a checkpoint, without judging signatures.
func parseCheckpoint(text []byte) (checkpoint, error) {
	var c checkpoint
	lines := strings.SplitN(string(text), "\n", 4)
	if len(lines) < 4 || lines[0] == "" {
		return c, errors.New("checkpoint: want the lines name, size and root, and a signature")
	}
	c.Log = lines[0]
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return c, fmt.Errorf("checkpoint: size %.24q is not a number of records", lines[1])
	}
	c.Size = size
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(c.Root) {
		return c, fmt.Errorf("checkpoint: root %.64q is not base64 of %d bytes", lines[2], len(c.Root))
	}
	copy(c.Root[:], root)
	return c, nil
}

// appendNote adds a note and a blank line to a file of notes, durable once it
// returns. What a crash left unfinished there is fenced off by blank lines.
func appendNote(path string, text []byte, perm os.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, perm)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	end := info.Size()
	out := append(bytes.Clone(text), '\n')
	if end > 0 {
		var tail [2]byte
		if n, _ := f.ReadAt(tail[:], max(0, end-2)); string(tail[:n]) != "\n\n" {
			out = append([]byte("\n\n"), out...)
		}
	}
	if err := writeAll(f, out); err != nil {
		return errors.Join(err, f.Truncate(end), f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}
