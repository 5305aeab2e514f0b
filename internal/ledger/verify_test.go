package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"warder.example/internal/ledger"
)

// sample is a closed log of 30 records in several segments with checkpoints
// taken on the way. The outside checkpoints cover 10 and 24 records.
type sample struct {
	dir      string
	outside  []ledger.OutsideCheckpoint
	verifier note.Verifier
}

const sampleRecords = 30

func makeSample(t testing.TB) sample {
	t.Helper()
	s := sample{dir: filepath.Join(t.TempDir(), "ledger")}
	opt := quiet()
	opt.SegmentBytes, opt.Sync = 1500, ledger.SyncOS
	l := open(t, s.dir, opt)
	for i := range sampleRecords / 2 {
		add(t, l, opened(i))
		add(t, l, closed(i))
		if n := l.Size(); n == 10 || n == 24 {
			text, err := l.Checkpoint(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			s.outside = append(s.outside, ledger.OutsideCheckpoint{Source: fmt.Sprintf("witness-%d", n), Text: text})
		}
	}
	closeLedger(t, l)
	var err error
	if s.verifier, _, err = ledger.LoadVerifier(s.dir); err != nil {
		t.Fatal(err)
	}
	return s
}

// segments returns the paths of the log's segments in order.
func (s sample) segments(t testing.TB) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(s.dir, "*.log"))
	if err != nil || len(out) < 4 {
		t.Fatalf("%d segments, %v", len(out), err)
	}
	slices.Sort(out)
	return out
}

func (s sample) history() string { return filepath.Join(s.dir, "checkpoints") }

func edit(t testing.TB, path string, change func(lines [][]byte) [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Join(change(bytes.SplitAfter(bytes.Clone(b), []byte("\n"))), nil)
	if bytes.Equal(out, b) {
		t.Fatal("the edit changed nothing")
	}
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
}

// forge changes a record and gives it the hash that it then has.
func forge(line []byte, old, new string) []byte {
	record := bytes.ReplaceAll(bytes.TrimSuffix(line[65:], []byte("\n")), []byte(old), []byte(new))
	return fmt.Appendf(nil, "%s %s\n", ledger.LeafHash(record), record)
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// problem is what a tamper test looks for.
type problem struct {
	kind        ledger.ProblemKind
	first, last int64
}

func TestVerifyTampering(t *testing.T) {
	tests := []struct {
		name   string
		tamper func(t *testing.T, s sample)
		inside []problem // found without outside checkpoints; nil: nothing
		also   []problem // found only with them
	}{
		{"nothing", func(t *testing.T, s sample) {}, nil, nil},
		{"a byte of a record", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte {
				l[3] = bytes.Replace(l[3], []byte("small"), []byte("large"), 1)
				return l
			})
		}, []problem{{ledger.Changed, 2, 2}}, nil},
		{"a record to garbage", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { l[3] = []byte("nothing happened\n"); return l })
		}, []problem{{ledger.Changed, 2, 2}}, nil},
		{"a record with its hash", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { l[3] = forge(l[3], "small", "large"); return l })
		}, []problem{{ledger.Rewritten, 0, -1}}, nil},
		{"a late record with its hash", func(t *testing.T, s sample) {
			path := s.segments(t)[len(s.segments(t))-1]
			edit(t, path, func(l [][]byte) [][]byte { l[len(l)-2] = forge(l[len(l)-2], "req-14", "req-41"); return l })
		}, []problem{{ledger.Rewritten, 24, 29}}, nil},
		{"a dropped record", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { return slices.Delete(l, 3, 4) })
		}, []problem{{ledger.Dropped, 2, 2}}, nil},
		{"several dropped records", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[1], func(l [][]byte) [][]byte { return slices.Delete(l, 2, 4) })
		}, []problem{{ledger.Dropped, -1, -1}}, nil},
		{"two swapped records", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { l[2], l[3] = l[3], l[2]; return l })
		}, []problem{{ledger.Reordered, 1, 1}}, nil},
		{"a record moved into another segment", func(t *testing.T, s sample) {
			var moved []byte
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { moved = l[2]; return slices.Delete(l, 2, 3) })
			edit(t, s.segments(t)[2], func(l [][]byte) [][]byte { return slices.Insert(l, 2, moved) })
		}, []problem{{ledger.Reordered, 1, 1}}, nil},
		{"a doubled record", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { return slices.Insert(l, 3, l[2]) })
		}, []problem{{ledger.Duplicated, 1, 1}}, nil},
		{"an old record again", func(t *testing.T, s sample) {
			var old []byte
			b, err := os.ReadFile(s.segments(t)[0])
			if err != nil {
				t.Fatal(err)
			}
			old = bytes.SplitAfter(b, []byte("\n"))[2]
			edit(t, s.segments(t)[2], func(l [][]byte) [][]byte { return slices.Insert(l, 3, old) })
		}, []problem{{ledger.Duplicated, 1, 1}}, nil},
		{"an inserted forgery", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { return slices.Insert(l, 3, forge(l[2], "shop", "desk")) })
		}, []problem{{ledger.Inserted, 1, 1}}, nil},
		{"an inserted line", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte { return slices.Insert(l, 3, []byte("a note\n")) })
		}, []problem{{ledger.Inserted, -1, -1}}, nil},
		{"an inserted long line", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[0], func(l [][]byte) [][]byte {
				return slices.Insert(l, 3, append(bytes.Repeat([]byte("x"), 300_000), '\n'))
			})
		}, []problem{{ledger.Inserted, -1, -1}}, nil},
		{"the end cut within the last record", func(t *testing.T, s sample) {
			path := s.segments(t)[len(s.segments(t))-1]
			edit(t, path, func(l [][]byte) [][]byte { l[len(l)-2] = l[len(l)-2][:80]; return l })
		}, []problem{{ledger.Dropped, 29, 29}}, nil},
		{"the last records", func(t *testing.T, s sample) {
			path := s.segments(t)[len(s.segments(t))-1]
			edit(t, path, func(l [][]byte) [][]byte { return l[:len(l)-2] })
		}, []problem{{ledger.Dropped, 29, 29}}, nil},
		{"the last records and the checkpoints over them", func(t *testing.T, s sample) {
			path := s.segments(t)[len(s.segments(t))-1]
			edit(t, path, func(l [][]byte) [][]byte { return l[:len(l)-2] })
			edit(t, s.history(), func(l [][]byte) [][]byte { return l[:len(l)-7] })
		}, nil, nil}, // 29 records left: not even the outside checkpoints over 24 show it
		{"the end back to before an outside checkpoint", func(t *testing.T, s sample) {
			cutTo(t, s, 20)
			edit(t, s.history(), func(l [][]byte) [][]byte { return l[:6] })
		}, nil, []problem{{ledger.Dropped, 20, 23}}},
		{"the first segment", func(t *testing.T, s sample) { remove(t, s.segments(t)[0]) }, []problem{{ledger.Dropped, 0, -1}}, nil},
		{"a segment in the middle", func(t *testing.T, s sample) { remove(t, s.segments(t)[1]) }, []problem{{ledger.Dropped, -1, -1}}, nil},
		{"the last segment", func(t *testing.T, s sample) {
			remove(t, s.segments(t)[len(s.segments(t))-1])
		}, []problem{{ledger.Dropped, -1, 29}}, nil},
		{"all segments", func(t *testing.T, s sample) {
			for _, path := range s.segments(t) {
				remove(t, path)
			}
		}, []problem{{ledger.Dropped, 0, 29}}, nil},
		{"a segment header's root", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[2], func(l [][]byte) [][]byte {
				i := bytes.Index(l[0], []byte(`"root":"`)) + 8
				l[0][i] ^= 1
				return l
			})
		}, []problem{{ledger.Header, -1, -1}}, nil},
		{"a segment header's form", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[2], func(l [][]byte) [][]byte { l[0] = append([]byte(" "), l[0]...); return l })
		}, []problem{{ledger.Header, -1, -1}}, nil},
		{"a segment header gone", func(t *testing.T, s sample) {
			edit(t, s.segments(t)[2], func(l [][]byte) [][]byte { return l[1:] })
		}, []problem{{ledger.Header, -1, -1}, {ledger.Dropped, -1, -1}}, nil},
		{"a segment's name", func(t *testing.T, s sample) {
			all := s.segments(t)
			if err := os.Rename(all[1], filepath.Join(s.dir, "00000000000000000099.log")); err != nil {
				t.Fatal(err)
			}
		}, []problem{{ledger.Header, -1, -1}}, nil},
		{"the root of a checkpoint in the history", func(t *testing.T, s sample) {
			edit(t, s.history(), func(l [][]byte) [][]byte { l[2] = []byte(strings.Repeat("A", 43) + "=\n"); return l })
		}, []problem{{ledger.BadCheckpoint, -1, -1}}, nil},
		{"the size of a checkpoint in the history", func(t *testing.T, s sample) {
			edit(t, s.history(), func(l [][]byte) [][]byte { l[1] = []byte("12\n"); return l })
		}, []problem{{ledger.BadCheckpoint, -1, -1}}, nil},
		{"the history gone", func(t *testing.T, s sample) { remove(t, s.history()) }, nil, nil},
		{"everything rewritten, with the key", func(t *testing.T, s sample) { rewrite(t, s, "small", "large") }, nil,
			[]problem{{ledger.Rewritten, 0, 9}, {ledger.Rewritten, 0, 23}}},
		{"the end rewritten, with the key", func(t *testing.T, s sample) { rewrite(t, s, "req-8", "req-9") }, nil,
			[]problem{{ledger.Rewritten, 10, 23}}},
		{"only what no outside checkpoint covers rewritten, with the key", func(t *testing.T, s sample) { rewrite(t, s, "req-14", "req-41") }, nil, nil},
	}
	ran := 0
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := makeSample(t)
			tt.tamper(t, s)
			check := func(name string, opt ledger.VerifyOptions, want []problem) {
				r, err := ledger.Verify(s.dir, opt)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if r.Intact != (len(want) == 0) {
					t.Errorf("%s: intact is %v\n%s", name, r.Intact, problems(r))
				}
				for _, w := range want {
					if !slices.ContainsFunc(r.Problems, func(p ledger.Problem) bool {
						return p.Kind == w.kind && (w.first < 0 || p.First == w.first) && (w.last < 0 || p.Last == w.last)
					}) {
						t.Errorf("%s: no problem %v %d to %d among\n%s", name, w.kind, w.first, w.last, problems(r))
					}
				}
			}
			check("without", ledger.VerifyOptions{}, tt.inside)
			check("with", ledger.VerifyOptions{Checkpoints: s.outside, Verifier: s.verifier}, append(slices.Clone(tt.inside), tt.also...))
			ran++
		})
	}
	if ran < 25 {
		t.Errorf("%d cases ran, want all of at least 25", ran)
	}
}

func problems(r *ledger.Report) string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "\t%s\n", p)
	}
	return b.String()
}

// cutTo drops every record from a sequence on.
func cutTo(t *testing.T, s sample, n int64) {
	t.Helper()
	for _, path := range s.segments(t) {
		var first int64
		if _, err := fmt.Sscanf(filepath.Base(path), "%d.log", &first); err != nil {
			t.Fatal(err)
		}
		if first >= n {
			remove(t, path)
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		l := bytes.SplitAfter(b, []byte("\n"))
		if keep := 1 + int(n-first); keep < len(l) {
			l = l[:keep]
		}
		if err := os.WriteFile(path, bytes.Join(l, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// rewrite makes the whole log anew with a text replaced, as somebody can who
// holds the key.
func rewrite(t *testing.T, s sample, old, new string) {
	t.Helper()
	entries := scan(t, s.dir, 0)
	moved := s.dir + "-before"
	if err := os.Rename(s.dir, moved); err != nil {
		t.Fatal(err)
	}
	opt := quiet()
	opt.SegmentBytes, opt.Sync = 1500, ledger.SyncOS
	l := open(t, s.dir, opt)
	for _, e := range entries {
		e.Event.Request = strings.ReplaceAll(e.Event.Request, old, new)
		if p, ok := e.Event.Payload.(stage); ok {
			p.Model = strings.ReplaceAll(p.Model, old, new)
			e.Event.Payload = p
		}
		add(t, l, e.Event)
	}
	closeLedger(t, l)
}

func TestVerifyIntact(t *testing.T) {
	s := makeSample(t)
	r, err := ledger.Verify(s.dir, ledger.VerifyOptions{Checkpoints: s.outside, Verifier: s.verifier})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Intact || r.Records != sampleRecords || r.Proven != 24 || r.Unclosed.Count != 0 || r.CheckpointsMatch != 5 {
		t.Errorf("got %+v", r)
	}
	if all := strings.Join(append(r.Proves, r.CannotExclude...), "\n"); !strings.Contains(all, "records 0 to 23") || !strings.Contains(all, "records from 24 on") {
		t.Errorf("it says\n%s", all)
	}
	r, err = ledger.Verify(s.dir, ledger.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(r.CannotExclude, "\n"); !strings.Contains(all, "rewritten the whole log") || !strings.Contains(all, "public key was taken from beside the log") || r.Proven != 0 {
		t.Errorf("without outside checkpoint: proven %d, it says\n%s", r.Proven, all)
	}
}

func TestVerifyUnclosed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	opt := quiet()
	opt.Sync = ledger.SyncOS
	l := open(t, dir, opt)
	for i := range 300 {
		add(t, l, opened(i))
		if i%2 == 0 {
			add(t, l, closed(i))
		}
	}
	closeLedger(t, l)
	r, err := ledger.Verify(dir, ledger.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if u := r.Unclosed; !r.Intact || u.Count != 150 || len(u.Requests) != ledger.MaxListed || u.Requests[0] != "req-1" || u.AtLeast {
		t.Errorf("intact %v, unclosed %+v", r.Intact, u)
	}
}

// TestVerifyAnotherLog: an outside checkpoint of another log, and a log that was
// replaced as a whole, key included.
func TestVerifyAnotherLog(t *testing.T) {
	a, b := makeSample(t), makeSample(t)
	r, err := ledger.Verify(a.dir, ledger.VerifyOptions{Checkpoints: b.outside})
	if err != nil || r.Intact || r.Problems[0].Kind != ledger.BadCheckpoint {
		t.Errorf("checkpoint of another log: %+v, %v", r, err)
	}
	r, err = ledger.Verify(a.dir, ledger.VerifyOptions{Verifier: b.verifier})
	if err != nil || r.Intact {
		t.Errorf("key of another log: %+v, %v", r, err)
	}
}

func TestVerifyErrors(t *testing.T) {
	s := makeSample(t)
	for name, f := range map[string]func() error{
		"no such directory": func() error { _, err := ledger.Verify(s.dir+"x", ledger.VerifyOptions{}); return err },
		"no ledger there": func() error {
			_, err := ledger.Verify(t.TempDir(), ledger.VerifyOptions{Verifier: s.verifier})
			return err
		},
		"no checkpoint in the file": func() error {
			_, err := ledger.Verify(s.dir, ledger.VerifyOptions{Checkpoints: []ledger.OutsideCheckpoint{{Source: "x", Text: []byte("hello\n")}}})
			return err
		},
	} {
		if err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
