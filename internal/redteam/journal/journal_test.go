package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/probe"
)

var header = journal.Header{Plan: "abc", Target: "test", Planned: 9}

func record(n uint64) *journal.Record {
	return &journal.Record{
		Key:        journal.Key{Target: "t", Family: "inj.direct", Seed: "s", Draw: n},
		Transcript: probe.Transcript{Exchanges: []probe.Exchange{{Got: probe.Reply{Text: "a\nline <b> \x1b[2J"}}}},
		Verdict:    probe.Verdict{Outcome: probe.Deflected},
	}
}

func open(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, header, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func add(t *testing.T, j *journal.Journal, n uint64) {
	t.Helper()
	if err := j.Append(record(n)); err != nil {
		t.Fatal(err)
	}
}

// draws are the draws of the records in a folder, in order.
func draws(t *testing.T, dir string) (out []uint64) {
	t.Helper()
	_, records, err := journal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Key.Draw)
	}
	return out
}

// TestTorn: wherever a write was cut off, the records before it are there, what is left
// of it is taken off, and the journal goes on.
func TestTorn(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	for n := range uint64(3) {
		add(t, j, n)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, journal.Name)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 0; size <= len(whole); size += 1 + size%11 {
		torn := t.TempDir()
		if err := os.WriteFile(filepath.Join(torn, journal.Name), whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		kept := max(0, strings.Count(string(whole[:size]), "\n")-1)
		j := open(t, torn)
		if j.Len() != kept || (j.Torn() == 0) != (size == 0 || whole[size-1] == '\n') {
			t.Fatalf("cut at %d: %d records and %d bytes torn; expected %d records", size, j.Len(), j.Torn(), kept)
		}
		for n := range uint64(3) {
			if seen := j.Seen(record(n).Key); seen != (int(n) < kept) {
				t.Fatalf("cut at %d: record %d seen is %v", size, n, seen)
			} else if !seen {
				add(t, j, n)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if got := draws(t, torn); len(got) != 3 {
			t.Fatalf("cut at %d: %d records in the end", size, len(got))
		}
	}
}

// TestOneWriter: a second run on the same journal is refused.
func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	if _, err := journal.Open(dir, header, nil); !errors.Is(err, journal.ErrLocked) {
		t.Fatalf("%v; expected that it is locked", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// TestRefused: what is not this plan's journal is not written to.
func TestRefused(t *testing.T) {
	line := `{"key":{"target":"t","family":"f","seed":"s","draw":1},"id":"00"}` + "\n"
	good := `{"schema":1,"plan":"abc"}` + "\n"
	for name, c := range map[string]struct{ text, want string }{
		"another plan":   {`{"schema":1,"plan":"abd"}` + "\n", "of another plan"},
		"another schema": {`{"schema":2,"plan":"abc"}` + "\n", "schema 2"},
		"no journal":     {"hello\n", "expected the header"},
		"a wrong id":     {good + line, "line 2: the id is not that"},
		"no record":      {good + "{\n", "line 2: not a record"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, journal.Name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Open(dir, header, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; expected %q", name, err, c.want)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != c.text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, journal.Name), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, header, nil); err == nil {
		t.Error("a folder is no journal")
	}
}

// TestAppend: many write at once, nothing twice, and only the owner reads it.
func TestAppend(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	var all sync.WaitGroup
	for n := range uint64(50) {
		all.Go(func() {
			if err := j.Append(record(n)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := j.Append(record(7)); err == nil {
		t.Error("an attempt was taken twice")
	}
	huge := record(99)
	huge.Transcript.Exchanges[0].Got.Text = strings.Repeat("x", journal.MaxLine)
	if err := j.Append(huge); !errors.Is(err, journal.ErrTooLarge) {
		t.Errorf("%v; expected that it is too large", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(record(60)); err == nil {
		t.Error("a closed journal took a record")
	}
	if got := draws(t, dir); len(got) != 50 {
		t.Errorf("%d records; expected 50", len(got))
	}
	info, err := os.Stat(filepath.Join(dir, journal.Name))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; expected 0600", info.Mode(), err)
	}
}
