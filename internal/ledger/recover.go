package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"warder.example/internal/event"
	"warder.example/internal/jsonerr"
)

// Recovered is the payload of [KindRecovered]: what Open found behind the last
// whole record, which no Append had returned.
type Recovered struct {
	Segment string `json:"segment"`        // file
	Offset  int64  `json:"offset"`         // where in it the unfinished text began
	Bytes   int64  `json:"bytes"`          // how much there was
	SHA256  string `json:"sha256"`         // of it, in hex
	Kept    string `json:"kept,omitempty"` // file that holds it now
}

func init() { event.Register[Recovered](KindRecovered) }

// pendingName holds a Recovered whose event is not yet in the log, so that a
// crash during recovery does not make it silent.
const pendingName = "recovery.pending"

// maxTail bounds what recovery sets aside: the records of some unfinished syncs.
const maxTail = 8 * maxBatchBytes

// load brings the ledger to where its predecessor left it.
func (l *Ledger) load() error {
	segments, err := listSegments(l.dir)
	if err != nil {
		return err
	}
	last, mark, err := lastCheckpoint(l.historyPath())
	if err != nil {
		return err
	}
	if err := l.loadSigner(len(segments) > 0 || last != nil); err != nil {
		return err
	}
	l.checkpoints.kick = make(chan struct{}, 1)
	if last != nil {
		l.checkpoints.last, l.checkpoints.pending = last, len(l.opt.CheckpointTo) > 0
		l.checkpoints.size.Store(mark.Size)
	}
	stale, err := filepath.Glob(filepath.Join(l.dir, "*"+segmentSuffix+".tmp"))
	if err != nil {
		return err
	}
	for _, path := range stale { // segments that a crash kept from being born
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	if len(segments) == 0 {
		if mark.Size > 0 {
			return fmt.Errorf("%w: no segments, and checkpoint %s covers %d records", ErrCorrupt, historyName, mark.Size)
		}
		return l.create()
	}
	return l.replay(segments, mark)
}

func (l *Ledger) loadSigner(exists bool) error {
	if l.opt.Signer == nil {
		s, err := LoadSigner(l.dir)
		if errors.Is(err, os.ErrNotExist) && !exists {
			s, err = createSigner(l.dir, l.opt.Rand)
		}
		if err != nil {
			return err
		}
		l.opt.Signer = s
	}
	l.log = l.opt.Signer.Name()
	return nil
}

func (l *Ledger) create() error {
	f, name, size, err := l.createSegment(0, &l.tree)
	if isFull(err) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	if err != nil {
		return err
	}
	l.active, l.name, l.offset, l.synced = f, name, size, size
	return nil
}

// replay reads the last segment, cuts off its torn tail and opens it for more.
func (l *Ledger) replay(segments []segment, mark checkpoint) error {
	seg := segments[len(segments)-1]
	path := filepath.Join(l.dir, seg.name)
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	ln := newLines(in, 0)
	first, err := ln.next()
	if err != nil {
		return fmt.Errorf("%w: reading header of %s: %w", ErrCorrupt, seg.name, err)
	}
	h, t, err := parseHeader(first.text)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, seg.name, err)
	case h.First != seg.first || h.Segment != len(segments)-1:
		return fmt.Errorf("%w: %s says it is segment %d from record %d, and is the %d. file", ErrCorrupt, seg.name, h.Segment, h.First, len(segments))
	case h.Log != l.log:
		return fmt.Errorf("%w: %s belongs to log %.64q, the key is of %.64q", ErrCorrupt, seg.name, h.Log, l.log)
	}
	end, err := l.readRecords(ln, &t, mark, seg.name)
	if err != nil {
		return err
	}
	if mark.Size > t.size {
		return fmt.Errorf("%w: %d records are readable, and the checkpoint in %s covers %d", ErrCorrupt, t.size, historyName, mark.Size)
	}
	if err := l.cutTail(in, seg.name, end); err != nil {
		return err
	}
	l.active, err = l.opt.Files.Open(path, os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return err
	}
	l.name, l.number, l.offset, l.next, l.tree = seg.name, h.Segment, end, t.size, t
	return l.active.Sync() // what a predecessor in SyncOS left unsynced
}

// readRecords adds whole records to the tree and returns where they end.
func (l *Ledger) readRecords(ln *lines, t *tree, mark checkpoint, name string) (int64, error) {
	for {
		if t.size == mark.Size && mark.Log != "" && t.root() != mark.Root {
			return 0, fmt.Errorf("%w: the first %d records are not those of the checkpoint in %s", ErrCorrupt, t.size, historyName)
		}
		at := ln.offset
		got, err := ln.next()
		if errors.Is(err, io.EOF) {
			return at, nil
		}
		if err != nil {
			return 0, err
		}
		var f frame
		if got.whole && !got.long {
			f, err = parseFrame(got.text)
			if err == nil && f.seq == t.size {
				t.add(f.stored)
				continue
			}
		}
		// A process that dies leaves at most a line without its end. A power
		// cut may leave blocks of zeros. Anything else was not our doing.
		if got.whole && !got.zeros {
			return 0, fmt.Errorf("%w: %s, byte %d: record %d was altered, or another stands in its place", ErrCorrupt, name, at, t.size)
		}
		return at, nil
	}
}

// cutTail sets what follows the last whole record aside.
func (l *Ledger) cutTail(in *os.File, name string, end int64) error {
	if _, err := in.Seek(end, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, in)
	if err != nil || n == 0 {
		return err
	}
	if n > maxTail {
		return fmt.Errorf("%w: %s, byte %d: %d bytes that are no records, a crash leaves at most %d", ErrCorrupt, name, end, n, maxTail)
	}
	r := Recovered{Segment: name, Offset: end, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}
	r.Kept = fmt.Sprintf("torn-%s-%d.bin", strings.TrimSuffix(name, segmentSuffix), end)
	if _, err := in.Seek(end, io.SeekStart); err != nil {
		return err
	}
	if err := l.setAside(in, n, r); err != nil {
		return fmt.Errorf("setting aside an unfinished record: %w", err)
	}
	if err := os.Truncate(in.Name(), end); err != nil {
		return err
	}
	return nil
}

// setAside keeps the torn text and the note of it, in the reserve if need be.
func (l *Ledger) setAside(in *os.File, n int64, r Recovered) error {
	text := make([]byte, n)
	if _, err := io.ReadFull(in, text); err != nil {
		return err
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return err
	}
	keep := func() error {
		if err := writeFile(filepath.Join(l.dir, r.Kept), text, 0o600); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(l.dir, pendingName), payload, 0o600); err != nil {
			return err
		}
		return syncDir(l.dir)
	}
	err = keep()
	if isFull(err) {
		l.low = true
		if err = l.reserve.release(); err == nil {
			err = keep()
		}
	}
	return err
}

// noteRecovery appends the event of a recovery that has none yet.
func (l *Ledger) noteRecovery() error {
	path := filepath.Join(l.dir, pendingName)
	payload, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var r Recovered
	if err := json.Unmarshal(payload, &r); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, pendingName, jsonerr.Plain(err, nil))
	}
	if _, err := l.Append(context.Background(), event.Event{Kind: KindRecovered, Payload: r}); err != nil {
		return fmt.Errorf("recording a recovery: %w", err)
	}
	return os.Remove(path)
}
