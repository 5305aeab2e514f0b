package budget_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warder.example/internal/budget"
)

const windowStart, windowEnd = int64(1_800_000_000_000_000), int64(1_800_000_060_000_000)

// TestCrashAnywhereNeverUndercharges: the journal is cut at any byte. Every
// reservation that was acknowledged before it had grown to there is charged: with
// what it used if its settlement is in, in full if not.
func TestCrashAnywhereNeverUndercharges(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		path := filepath.Join(dir, fmt.Sprint(run))
		m, err := budget.OpenMemory(path)
		if err != nil {
			t.Fatal(err)
		}
		type charge struct {
			size   int64 // of the journal when it was acknowledged
			actual int64
		}
		var charges []charge
		for i := range rapid.IntRange(1, 12).Draw(t, "exchanges") {
			id := fmt.Sprint(i)
			amount := rapid.Int64Range(0, 1000).Draw(t, "amount")
			h := &budget.Hold{ID: id, Group: "app", Lines: []budget.Line{{Counter: "c", Start: windowStart, End: windowEnd, Amount: amount, Limit: budget.MaxAmount}}}
			if err := m.Reserve(t.Context(), h); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			c := charge{info.Size(), amount}
			if rapid.Bool().Draw(t, "settled") {
				c.actual = rapid.Int64Range(0, amount).Draw(t, "actual")
				if err := m.Settle(t.Context(), id, []int64{c.actual}); err != nil {
					t.Fatal(err)
				}
			}
			charges = append(charges, c)
			if rapid.IntRange(0, 3).Draw(t, "flush") == 0 {
				if err := m.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cut := rapid.IntRange(0, len(whole)).Draw(t, "cut")
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := budget.OpenMemory(path)
		if err != nil {
			t.Fatalf("cut at %d of %d: %v", cut, len(whole), err)
		}
		defer again.Close()
		var want int64
		for _, c := range charges {
			if c.size <= int64(cut) {
				want += c.actual
			}
		}
		c, err := again.Counter(t.Context(), "c")
		if err != nil || c.Settled+c.Reserved < want {
			t.Fatalf("cut at %d of %d: %+v charged, %v; at least %d was used", cut, len(whole), c, err, want)
		}
	})
}

// TestJournalDamage: a bad record with good ones behind it is not passed over.
func TestJournalDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	m := openMemory(t, path)
	for i := range 3 {
		h := &budget.Hold{ID: fmt.Sprint(i), Lines: []budget.Line{{Counter: "c", Start: windowStart, End: windowEnd, Amount: 1, Limit: 10}}}
		if err := m.Reserve(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuses := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := budget.OpenMemory(path); !errors.Is(err, budget.ErrJournal) {
			t.Errorf("%s: %v, %v; expected ErrJournal", what, m, err)
		}
	}
	middle := append([]byte(nil), whole...)
	middle[len(whole)/2] ^= 1
	refuses("a bit of the second record", middle)
	refuses("another file", []byte("SQLite format 3\x00 and more"))
	refuses("a record twice", append(append([]byte(nil), whole...), whole[16:]...))
}

// TestJournalIsRewritten: a journal that has grown is replaced by the state, and
// says the same.
func TestJournalIsRewritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	m := openMemory(t, path)
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for i := range 40_000 {
				id := fmt.Sprintf("%d-%d-%0100d", n, i, i)
				h := &budget.Hold{ID: id, Lines: []budget.Line{{Counter: "c", Start: windowStart, End: windowEnd, Amount: 2, Limit: budget.MaxAmount}}}
				if err := m.Reserve(t.Context(), h); err != nil {
					t.Error(err)
					return
				}
				if i == 0 {
					continue // stays open
				}
				if err := m.Settle(t.Context(), id, []int64{1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := m.Flush(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 17<<20 || info.Mode().Perm() != 0o600 {
		t.Errorf("journal has %d bytes and mode %v; expected it rewritten below 17 MiB, mode 0600", info.Size(), info.Mode())
	}
	again := openMemory(t, path)
	c, err := again.Counter(t.Context(), "c")
	if err != nil || c.Settled != 4*39_999 || c.Reserved != 4*2 {
		t.Errorf("after a rewrite: %+v, %v", c, err)
	}
}

// TestFullDisk: what cannot be written is not reserved, and once there is room
// again all goes on.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	m := openMemory(t, path)
	restore := budget.BreakFile(m)
	hold := func(id string) *budget.Hold {
		return &budget.Hold{ID: id, Lines: []budget.Line{{Counter: "c", Start: windowStart, End: windowEnd, Amount: 4, Limit: 10}}}
	}
	for i := range 10 { // more than the limit allows, if they were held
		if err := m.Reserve(t.Context(), hold(fmt.Sprint(i))); err == nil {
			t.Fatal("reserved without a disk")
		}
	}
	if c, _ := m.Counter(t.Context(), "c"); c.Settled+c.Reserved != 0 {
		t.Errorf("refused reservations hold %+v", c)
	}
	restore()
	if err := m.Reserve(t.Context(), hold("after")); err != nil {
		t.Fatal(err)
	}
	again := openMemory(t, path)
	if c, err := again.Counter(t.Context(), "c"); err != nil || c.Reserved != 4 || c.Settled != 0 {
		t.Errorf("after a restart: %+v, %v", c, err)
	}
}

// TestPrune: counters go only when a clock that went back could not ask for them.
func TestPrune(t *testing.T) {
	m := &budget.Memory{}
	for i, name := range []string{"settled", "open"} {
		h := &budget.Hold{ID: name, Group: "app", Lines: []budget.Line{{Counter: name, Start: windowStart, End: windowEnd, Amount: 1, Limit: 1}}}
		if err := m.Reserve(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := m.Settle(t.Context(), name, []int64{1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	end := time.UnixMicro(windowEnd)
	if n := m.Prune(end.Add(budget.Grace)); n != 0 {
		t.Errorf("%d counters were forgotten within the grace", n)
	}
	if n := m.Prune(end.Add(budget.Grace + time.Second)); n != 1 {
		t.Errorf("%d counters were forgotten; expected the settled one", n)
	}
	if c, _ := m.Counter(t.Context(), "open"); c.Reserved != 1 {
		t.Errorf("the open reservation's counter is %+v", c)
	}
}

// FuzzJournal: whatever the file holds, it is read, or refused with the declared
// error.
func FuzzJournal(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	m := openMemory(f, path)
	h := &budget.Hold{ID: "one", Owner: "o", Group: "g", Lines: []budget.Line{{Counter: "c", Start: windowStart, End: windowEnd, Amount: 3, Limit: 10}}}
	if err := m.Reserve(f.Context(), h); err != nil {
		f.Fatal(err)
	}
	if err := m.Settle(f.Context(), "one", []int64{2}); err != nil {
		f.Fatal(err)
	}
	if err := m.Flush(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte("warder budget 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := budget.Replay(data); err != nil && !errors.Is(err, budget.ErrJournal) {
			t.Errorf("error %v; expected ErrJournal", err)
		}
	})
}
