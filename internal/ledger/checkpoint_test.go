package ledger_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"warder.example/internal/ledger"
)

// place collects what is published.
type place struct {
	got  chan []byte
	fail atomic.Pointer[error]
}

func (p *place) failWith(err error) *place {
	p.fail.Store(&err)
	return p
}

func (p *place) Publish(ctx context.Context, checkpoint []byte) error {
	if err := p.fail.Load(); err != nil && *err != nil {
		return *err
	}
	select {
	case p.got <- checkpoint:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestCheckpointForm: a checkpoint is a note that other implementations read.
func TestCheckpointForm(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	l := open(t, dir, quiet())
	for i := range 5 {
		add(t, l, opened(i))
	}
	text, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := ledger.LoadVerifier(dir)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(text, note.VerifierList(v))
	if err != nil {
		t.Fatalf("opening %q: %v", text, err)
	}
	root := l.Root()
	if want := fmt.Sprintf("%s\n5\n%s\n", l.Name(), base64.StdEncoding.EncodeToString(root[:])); n.Text != want {
		t.Errorf("text is %q, want %q", n.Text, want)
	}
	if l.Name() != v.Name() || !strings.HasPrefix(l.Name(), "warder-ledger-") {
		t.Errorf("log is %q, key is %q", l.Name(), v.Name())
	}
	again, err := l.Checkpoint(t.Context())
	if err != nil || string(again) != string(text) {
		t.Errorf("the same state signed again: %q, %v", again, err)
	}
	// The leaves are what another implementation of RFC 6962 makes of the records.
	for _, e := range scan(t, dir, 0) {
		if tlog.RecordHash(e.Raw) != tlog.Hash(e.Leaf) {
			t.Errorf("leaf of record %d", e.Sequence)
		}
	}
	closeLedger(t, l)
}

// TestCheckpointsByCount: they come of themselves as records do, and at the end.
func TestCheckpointsByCount(t *testing.T) {
	for _, mode := range allModes {
		t.Run(mode.String(), func(t *testing.T) {
			p := &place{got: make(chan []byte, 10)}
			opt := quiet()
			opt.Sync, opt.CheckpointRecords, opt.CheckpointTo = mode, 3, []ledger.Publisher{p}
			dir := filepath.Join(t.TempDir(), "ledger")
			l := open(t, dir, opt)
			add(t, l, opened(1))
			add(t, l, opened(2))
			if len(p.got) != 0 {
				t.Error("a checkpoint too early")
			}
			add(t, l, opened(3))
			first := <-p.got
			add(t, l, opened(4))
			closeLedger(t, l)
			last := <-p.got
			if size(first) != "3" || size(last) != "4" {
				t.Errorf("sizes %s and %s, want 3 and 4", size(first), size(last))
			}
			mustHold(t, dir, 4)
		})
	}
}

func size(checkpoint []byte) string { return strings.SplitN(string(checkpoint), "\n", 3)[1] }

// TestCheckpointsByTime: within the interval a new state is signed once.
func TestCheckpointsByTime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		p := &place{got: make(chan []byte, 10)}
		opt := quiet()
		opt.CheckpointInterval, opt.CheckpointTo = time.Minute, []ledger.Publisher{p}
		l := open(t, dir, opt)
		add(t, l, opened(1))
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if len(p.got) != 0 {
			t.Error("a checkpoint too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(p.got) != 1 || size(<-p.got) != "1" {
			t.Error("no checkpoint after its time")
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if len(p.got) != 0 {
			t.Error("the same state published again")
		}
		p.failWith(errors.New("away"))
		add(t, l, opened(2))
		time.Sleep(time.Minute)
		synctest.Wait()
		p.failWith(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(p.got) != 1 || size(<-p.got) != "2" || l.Stats().CheckpointErrors != 1 {
			t.Errorf("a checkpoint that failed to go out was not tried again: %+v", l.Stats())
		}
		closeLedger(t, l)
	})
}

// TestPublishFails: the checkpoint is made and the caller knows.
func TestPublishFails(t *testing.T) {
	away := errors.New("away")
	good := &place{got: make(chan []byte, 2)}
	opt := quiet()
	opt.CheckpointTo = []ledger.Publisher{new(place).failWith(away), good}
	l := open(t, filepath.Join(t.TempDir(), "ledger"), opt)
	add(t, l, opened(1))
	text, err := l.Checkpoint(t.Context())
	if !errors.Is(err, away) || size(text) != "1" || len(good.got) != 1 {
		t.Errorf("got %q, %v, %d at the other place", text, err, len(good.got))
	}
	if err := l.Close(); !errors.Is(err, away) {
		t.Errorf("closing: %v", err)
	}
}

// TestCheckpointFile: what an interrupted write left does not spoil the file.
func TestCheckpointFile(t *testing.T) {
	s := makeSample(t)
	path := filepath.Join(t.TempDir(), "outside")
	f := ledger.CheckpointFile{Path: path}
	publish := func(i int) {
		if err := f.Publish(t.Context(), s.outside[i].Text); err != nil {
			t.Fatal(err)
		}
	}
	publish(0)
	appendTo(t, path, s.outside[1].Text[:30])
	publish(1)
	o, err := ledger.ReadCheckpointFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ledger.Verify(s.dir, ledger.VerifyOptions{Checkpoints: []ledger.OutsideCheckpoint{o}})
	if err != nil || !r.Intact || r.Proven != 24 || len(r.Checkpoints) != 3 {
		t.Errorf("proven %d with checkpoints %+v, %v", r.Proven, r.Checkpoints, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Publish(gone, s.outside[0].Text); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSignCheckpoint(t *testing.T) {
	s := makeSample(t)
	signer, err := ledger.LoadSigner(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	l := open(t, s.dir, quiet()) // also while somebody has it open
	add(t, l, opened(77))
	text, r, err := ledger.SignCheckpoint(s.dir, signer)
	if err != nil || size(text) != "31" || !r.Intact {
		t.Fatalf("got %q, %v", text, err)
	}
	closeLedger(t, l)
	r, err = ledger.Verify(s.dir, ledger.VerifyOptions{Checkpoints: []ledger.OutsideCheckpoint{{Source: "now", Text: text}}})
	if err != nil || !r.Intact || r.Proven != 31 {
		t.Errorf("proven %d, %v", r.Proven, err)
	}
	edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { return append(l[:1:1], l[2:]...) })
	if text, r, err := ledger.SignCheckpoint(s.dir, signer); !errors.Is(err, ledger.ErrCorrupt) || text != nil || r.Intact {
		t.Errorf("a log with a hole was signed: %q, %v", text, err)
	}
}
