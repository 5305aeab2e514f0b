package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"warder.example/internal/ledger"
)

// TestTornTail cuts a log at every byte of its last record, as a crash
// within a write does: what was whole is kept, what was not is set aside, and the
// log says so.
func TestTornTail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	opt := quiet()
	opt.Sync = ledger.SyncOS
	l := open(t, dir, opt)
	for i := range 3 {
		add(t, l, opened(i))
	}
	path := filepath.Join(dir, "00000000000000000000.log")
	whole, err := os.ReadFile(path) // before Close, which leaves a checkpoint
	if err != nil {
		t.Fatal(err)
	}
	closeLedger(t, l)
	if err := os.Remove(filepath.Join(dir, "checkpoints")); err != nil {
		t.Fatal(err)
	}
	var ends []int // of the header and each record
	for i, c := range whole {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	if len(ends) != 4 {
		t.Fatalf("%d lines", len(ends))
	}
	cuts := 0
	for cut := ends[2]; cut <= len(whole); cut++ {
		records, end := int64(0), 0
		for _, e := range ends {
			if e <= cut {
				records, end = records+1, e
			}
		}
		records-- // the header
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "checkpoints")); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		again := open(t, dir, opt)
		if cut != end {
			records++ // the event of the recovery
		}
		if again.Size() != records {
			t.Fatalf("cut at %d: %d records, want %d", cut, again.Size(), records)
		}
		add(t, again, closed(1))
		closeLedger(t, again)
		r := mustHold(t, dir, records+1)
		if cut == end {
			if r.Recovered != 0 {
				t.Fatalf("cut at %d: a recovery of nothing", cut)
			}
			continue
		}
		cuts++
		if r.Recovered != 1 || r.Recoveries[0].Bytes != int64(cut-end) || r.Recoveries[0].Offset != int64(end) {
			t.Fatalf("cut at %d: recoveries %+v", cut, r.Recoveries)
		}
		kept, err := os.ReadFile(filepath.Join(dir, r.Recoveries[0].Kept))
		if err != nil || !bytes.Equal(kept, whole[end:cut]) {
			t.Fatalf("cut at %d: set aside %q, %v", cut, kept, err)
		}
	}
	if cuts < 150 {
		t.Errorf("%d cuts ran, want at least 150", cuts)
	}
}

// TestRecoveryIsNotSilent: a crash within the recovery itself loses no word of it.
func TestRecoveryIsNotSilent(t *testing.T) {
	s := makeTorn(t)
	fs := &faultyFiles{writeErr: errors.New("crash")}
	opt := quiet()
	opt.Files = fs
	if _, err := ledger.Open(s, opt); err == nil {
		t.Fatal("opened without recording the recovery")
	}
	closeLedger(t, open(t, s, quiet()))
	if r := mustHold(t, s, 3); r.Recovered != 1 || r.Recoveries[0].Bytes != 40 {
		t.Errorf("recoveries %+v", r.Recoveries)
	}
	closeLedger(t, open(t, s, quiet()))
	mustHold(t, s, 3)
}

// makeTorn returns a log of two records and 40 bytes of a third.
func makeTorn(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	l := open(t, dir, quiet())
	add(t, l, opened(1))
	add(t, l, closed(1))
	closeLedger(t, l)
	f, err := os.OpenFile(filepath.Join(dir, "00000000000000000000.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(bytes.Repeat([]byte("a"), 40)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestVerifyTorn: an unfinished record at the end is told, and is no problem.
func TestVerifyTorn(t *testing.T) {
	if r := mustHold(t, makeTorn(t), 2); r.Torn != 40 {
		t.Errorf("torn is %d", r.Torn)
	}
}

// TestZeroBlocks: a power cut may leave blocks of zeros where records were being
// written.
func TestZeroBlocks(t *testing.T) {
	for name, tail := range map[string][]byte{
		"at the end":          make([]byte, 5000),
		"before a later page": append(make([]byte, 4096), "left of a record}\n"...),
		"longer than a line":  append(make([]byte, 200_000), '\n'),
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "ledger")
			l := open(t, dir, quiet())
			add(t, l, opened(1))
			closeLedger(t, l)
			f, err := os.OpenFile(filepath.Join(dir, "00000000000000000000.log"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(tail); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			closeLedger(t, open(t, dir, quiet()))
			if r := mustHold(t, dir, 2); r.Recoveries[0].Bytes != int64(len(tail)) {
				t.Errorf("recoveries %+v", r.Recoveries)
			}
		})
	}
}

// TestOpenRefuses: what no crash leaves is not repaired away.
func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name   string
		tamper func(t *testing.T, s sample)
	}{
		{"a changed record", func(t *testing.T, s sample) {
			edit(t, s.last(t), func(l [][]byte) [][]byte { l[1] = bytes.Replace(l[1], []byte("shop"), []byte("desk"), 1); return l })
		}},
		{"a dropped record", func(t *testing.T, s sample) {
			edit(t, s.last(t), func(l [][]byte) [][]byte { return append(l[:1:1], l[2:]...) })
		}},
		{"fewer records than were checkpointed", func(t *testing.T, s sample) {
			edit(t, s.last(t), func(l [][]byte) [][]byte { return l[:len(l)-2] })
		}},
		{"the last record cut short after a checkpoint", func(t *testing.T, s sample) {
			edit(t, s.last(t), func(l [][]byte) [][]byte { l[len(l)-2] = l[len(l)-2][:50]; return l })
		}},
		{"a forged record under a checkpoint", func(t *testing.T, s sample) {
			edit(t, s.last(t), func(l [][]byte) [][]byte { l[1] = forge(l[1], "shop", "desk"); return l })
		}},
		{"the last segment gone", func(t *testing.T, s sample) { remove(t, s.last(t)) }},
		{"a segment in the middle gone", func(t *testing.T, s sample) { remove(t, s.segments(t)[1]) }},
		{"all segments gone", func(t *testing.T, s sample) {
			for _, path := range s.segments(t) {
				remove(t, path)
			}
		}},
		{"a header changed", func(t *testing.T, s sample) {
			edit(t, s.last(t), func(l [][]byte) [][]byte { l[0] = []byte("{}\n"); return l })
		}},
		{"the last segment emptied", func(t *testing.T, s sample) {
			if err := os.Truncate(s.last(t), 0); err != nil {
				t.Fatal(err)
			}
		}},
		{"the log of another key", func(t *testing.T, s sample) {
			edit(t, s.last(t), func(l [][]byte) [][]byte {
				l[0] = bytes.Replace(l[0], []byte(s.verifier.Name()), []byte("another-log"), 1)
				return l
			})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := makeSample(t)
			tt.tamper(t, s)
			before := mustRead(t, s.dir)
			if _, err := ledger.Open(s.dir, quiet()); !errors.Is(err, ledger.ErrCorrupt) {
				t.Fatalf("got %v, want ErrCorrupt", err)
			}
			if after := mustRead(t, s.dir); before != after {
				t.Error("Open changed the evidence")
			}
		})
	}
}

func (s sample) last(t testing.TB) string { all := s.segments(t); return all[len(all)-1] }

// mustRead returns all segments of a log, one after the other.
func mustRead(t *testing.T, dir string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, path := range all {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(path)
		out.Write(b)
	}
	return out.String()
}

// TestReopenAfterUnfinishedSegment: a crash before a segment got its name.
func TestReopenAfterUnfinishedSegment(t *testing.T) {
	s := makeSample(t)
	if err := os.WriteFile(filepath.Join(s.dir, "00000000000000000030.log.tmp"), []byte(`{"ledger"`), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, s.dir, quiet())
	if _, err := l.Append(context.Background(), opened(99)); err != nil {
		t.Fatal(err)
	}
	closeLedger(t, l)
	mustHold(t, s.dir, sampleRecords+1)
}
