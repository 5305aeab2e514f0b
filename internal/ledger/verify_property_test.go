package ledger_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"warder.example/internal/ledger"
)

// TestVerifyEveryByte: no byte of a segment or of the log's public key can change
// without being noticed once the whole log is covered by a checkpoint.
func TestVerifyEveryByte(t *testing.T) {
	s := makeSample(t)
	signer, err := ledger.LoadSigner(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := ledger.SignCheckpoint(s.dir, signer)
	if err != nil {
		t.Fatal(err)
	}
	all := ledger.VerifyOptions{Checkpoints: []ledger.OutsideCheckpoint{{Source: "witness", Text: text}}}
	ran := 0
	for _, path := range s.segments(t) {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		step := 11
		if testing.Short() {
			step = 37
		}
		for i := ran % step; i < len(whole); i += step {
			changed := bytes.Clone(whole)
			changed[i] ^= []byte{1, 0x20, 0x80}[i%3]
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := ledger.Verify(s.dir, all)
			if err != nil {
				t.Fatalf("%s: byte %d: %v", filepath.Base(path), i, err)
			}
			if r.Intact {
				t.Errorf("%s: byte %d changed from %q to %q unnoticed", filepath.Base(path), i, whole[i], changed[i])
			}
			ran++
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if ran < 100 {
		t.Errorf("%d changes ran, want at least 100", ran)
	}
	if r, err := ledger.Verify(s.dir, all); err != nil || !r.Intact || r.Proven != sampleRecords {
		t.Errorf("put back: %+v, %v", r, err)
	}
}

// FuzzVerify: whatever a segment holds, verification ends without panic, and a
// log that differs from the one a checkpoint covers is not intact.
func FuzzVerify(f *testing.F) {
	s := makeSample(f)
	path := s.last(f)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	signer, err := ledger.LoadSigner(s.dir)
	if err != nil {
		f.Fatal(err)
	}
	text, _, err := ledger.SignCheckpoint(s.dir, signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-10])
	f.Add([]byte{})
	f.Add([]byte("\n\n\n"))
	f.Add(append(bytes.Clone(whole), "0000\n"...))
	all := ledger.VerifyOptions{Checkpoints: []ledger.OutsideCheckpoint{{Source: "witness", Text: text}}}
	f.Fuzz(func(t *testing.T, segment []byte) {
		if err := os.WriteFile(path, segment, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := ledger.Verify(s.dir, all)
		if err != nil {
			t.Fatal(err)
		}
		// What follows the last record without a newline is a write in
		// progress: told, and no harm to what is covered.
		rest, more := bytes.CutPrefix(segment, whole)
		same := more && bytes.IndexByte(rest, '\n') < 0
		if r.Intact != same {
			t.Fatalf("intact is %v\n%s", r.Intact, problems(r))
		}
		if _, err := ledger.Export(s.dir, &bytes.Buffer{}, ledger.Filter{}, false); (err == nil) != same && r.Intact {
			t.Fatalf("export says %v of an intact log", err)
		}
	})
}

// TestVerifyWhileAppending: a log in use is intact at every moment, over segment
// ends and checkpoints.
func TestVerifyWhileAppending(t *testing.T) {
	for _, mode := range allModes {
		t.Run(mode.String(), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "ledger")
			opt := quiet()
			opt.Sync, opt.SegmentBytes, opt.CheckpointRecords = mode, 3000, 7
			l := open(t, dir, opt)
			stop, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				// Bounded: where appending outruns verifying, each
				// verification would find a longer log than the last.
				for i := range 3000 {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := l.Append(context.Background(), opened(i)); err != nil {
						t.Error(err)
						return
					}
				}
			}()
			for range 40 {
				r, err := ledger.Verify(dir, ledger.VerifyOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if !r.Intact {
					t.Errorf("%d records: %s", r.Records, problems(r))
				}
			}
			close(stop)
			<-done
			closeLedger(t, l)
		})
	}
}
