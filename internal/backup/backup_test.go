package backup_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/backup"
	"warder.example/internal/budget"
	"warder.example/internal/event"
	"warder.example/internal/ledger"
	"warder.example/internal/store"
)

var moment = time.Date(2027, 1, 31, 4, 5, 6, 0, time.UTC)

// folder makes a data folder in which there is something of everything.
func folder(t testing.TB) backup.Source {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	db, err := store.Open(t.Context(), dir+"/warder.db")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.CreateApplication(t.Context(), access.Application{Name: "desk"}); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(dir+"/ledger", ledger.Options{SegmentBytes: 4 << 10, Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := l.Append(t.Context(), event.Event{Kind: ledger.KindOpened, Application: "desk", Payload: &struct{}{}}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := budget.OpenMemory(dir + "/budgets.journal")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Reserve(t.Context(), &budget.Hold{ID: "a", Lines: []budget.Line{{Counter: "c", Start: 1, End: 2, Amount: 7, Limit: 10}}}); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "subject.salt", strings.Repeat("s", 32))
	write(t, dir, "bundles/"+strings.Repeat("ab", 32)+".bundle", "a bundle")
	write(t, dir, "bundles/incoming-1", "half a bundle")
	write(t, dir, "ledger/torn-00000000000000000000-17.bin", "half a record")
	write(t, dir, "notes.txt", "of somebody else")
	if err := errors.Join(m.Close(), l.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return backup.Source{Data: dir, Store: dir + "/warder.db"}
}

func write(t testing.TB, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tree lists the files below dir with modes and, but for the store, contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		content := []byte{}
		if d.Type().IsRegular() && name != "warder.db" {
			content, err = os.ReadFile(path)
		}
		all[name] = info.Mode().String() + string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRoundTrip: what is restored is what was backed up, with strict modes, and reads.
func TestRoundTrip(t *testing.T) {
	src := folder(t)
	for _, name := range []string{"b.tar", "b.tar.gz"} {
		dir := t.TempDir()
		out := filepath.Join(dir, name)
		made, err := backup.Create(t.Context(), src, out, "v1.2.3", moment)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(out)
		if err != nil || info.Mode() != 0o600 || len(tree(t, dir)) != 1 {
			t.Errorf("%s has mode %v (%v), and in its folder are %d files; expected 0600 and itself", name, info.Mode(), err, len(tree(t, dir)))
		}
		back := filepath.Join(dir, "new", "data")
		m, err := backup.Restore(t.Context(), out, back)
		if err != nil {
			t.Fatal(err)
		}
		if !m.Made.Equal(moment) || m.Program != "v1.2.3" || m.Schema != store.SchemaVersion() || len(m.Parts) != len(made.Parts) || m.Segments() < 3 || m.Bytes() < 100_000 {
			t.Errorf("manifest: %+v", m)
		}
		want, got := tree(t, src.Data), tree(t, back)
		for _, gone := range []string{"notes.txt", "bundles/incoming-1", "ledger/lock", "ledger/reserve"} {
			delete(want, gone)
		}
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s is %.100q; expected %.100q", name, got[name], want[name])
			}
			delete(got, name)
		}
		for name := range got {
			t.Errorf("%s came from nowhere", name)
		}
		reads(t, back)
	}
}

// TestOrder: each part is read after those that it must not be older than, which is
// what makes a backup of a running node one moment.
func TestOrder(t *testing.T) {
	m, err := backup.Create(t.Context(), folder(t), filepath.Join(t.TempDir(), "b.tar"), "v", moment)
	if err != nil {
		t.Fatal(err)
	}
	ranks := []string{"bundles/", "warder.db", "ledger/torn-", "ledger/0", "budgets.journal", "subject.salt"}
	ranked, last, checkpoints := 0, -1, -1
	for i, p := range m.Parts {
		rank := slices.IndexFunc(ranks, func(s string) bool { return strings.HasPrefix(p.Name, s) })
		switch {
		case p.Name == "ledger/checkpoints":
			checkpoints = i
		case strings.HasPrefix(p.Name, "ledger/0") && checkpoints < 0:
			t.Errorf("%s comes before the checkpoints, which may promise more than it holds", p.Name)
		case rank >= 0 && rank < last:
			t.Errorf("%s comes behind %s", p.Name, ranks[last])
		}
		if rank >= 0 {
			ranked, last = ranked+1, rank
		}
	}
	if ranked < len(ranks) {
		t.Errorf("%d parts; expected at least %d: %+v", ranked, len(ranks), m.Parts)
	}
}

// reads fails the test unless the parts of a folder say what they said.
func reads(t *testing.T, dir string) {
	t.Helper()
	r, err := ledger.Verify(dir+"/ledger", ledger.VerifyOptions{})
	if err != nil || !r.Intact || r.Torn != 0 {
		t.Errorf("ledger: %v %+v", err, r)
	}
	m, err := budget.OpenMemory(dir + "/budgets.journal")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if c, err := m.Counter(t.Context(), "c"); err != nil || c.Reserved != 7 {
		t.Errorf("counter: %+v, %v", c, err)
	}
	db, err := store.Open(t.Context(), dir+"/warder.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Application(t.Context(), "desk"); err != nil {
		t.Error(err)
	}
}

// TestUnfinishedRecord: what a crash left behind the last whole record and checkpoint
// is not in the backup, and what is verifies.
func TestUnfinishedRecord(t *testing.T) {
	src := folder(t)
	all, err := filepath.Glob(src.Data + "/ledger/*.log")
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	for _, path := range []string{all[len(all)-1], src.Data + "/ledger/checkpoints"} {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(strings.Repeat("0", 200_000)) // longer than what is read at once
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	back := filepath.Join(t.TempDir(), "data")
	if _, err := backup.Create(t.Context(), src, back+".tar", "v", moment); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), back+".tar", back); err != nil {
		t.Fatal(err)
	}
	reads(t, back)
}

// TestServerOfItsOwn: with the store on a server, the folder is backed up without it.
func TestServerOfItsOwn(t *testing.T) {
	src := folder(t)
	src.Store = ""
	back := filepath.Join(t.TempDir(), "data")
	m, err := backup.Create(t.Context(), src, back+".tar", "v", moment)
	if err != nil || m.Schema != 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := backup.Restore(t.Context(), back+".tar", back); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(back + "/warder.db"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a store came from nowhere: %v", err)
	}
}

// TestCreateRefuses: nothing is written over, and what fails leaves nothing behind.
func TestCreateRefuses(t *testing.T) {
	src := folder(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	damaged := folder(t)
	write(t, damaged.Data, "budgets.journal", "not a journal")
	odd := folder(t)
	if err := errors.Join(os.Remove(odd.Data+"/subject.salt"), os.Mkdir(odd.Data+"/subject.salt", 0o700)); err != nil {
		t.Fatal(err)
	}
	big := folder(t)
	write(t, big.Data, "ledger.key", strings.Repeat("k", 5<<10))
	empty := t.TempDir()
	for _, c := range []struct {
		name string
		ctx  context.Context
		src  backup.Source
		want error
		text string
	}{
		{"no folder", t.Context(), backup.Source{Data: src.Data + "x", Store: src.Store}, fs.ErrNotExist, ""},
		{"no store", t.Context(), backup.Source{Data: empty, Store: empty + "/warder.db"}, backup.ErrEmpty, ""},
		{"nothing but a server", t.Context(), backup.Source{Data: empty}, backup.ErrEmpty, ""},
		{"interrupted", ended, src, context.Canceled, ""},
		{"damaged journal", t.Context(), damaged, budget.ErrJournal, ""},
		{"not a file", t.Context(), odd, nil, "expected a regular file"},
		{"too large", t.Context(), big, nil, "at most 4096"},
	} {
		dir := t.TempDir()
		_, err := backup.Create(c.ctx, c.src, dir+"/b.tar", "v", moment)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v; expected %v %s", c.name, err, c.want, c.text)
		}
		if left := tree(t, dir); len(left) > 0 {
			t.Errorf("%s: left %v behind", c.name, left)
		}
	}
	if _, err := os.Stat(empty + "/warder.db"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a store was made: %v", err)
	}
	dir := t.TempDir()
	write(t, dir, "b.tar", "precious")
	if _, err := backup.Create(t.Context(), src, dir+"/b.tar", "v", moment); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if b, _ := os.ReadFile(dir + "/b.tar"); string(b) != "precious" || len(tree(t, dir)) != 1 {
		t.Errorf("the file is %q", b)
	}
}

// packed returns a whole archive and its entries.
func packed(t testing.TB) (path string, entries []entry) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "b.tar")
	if _, err := backup.Create(t.Context(), folder(t), path, "v", moment); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return path, entries
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry{*h, b})
	}
}

type entry struct {
	tar.Header
	content []byte
}

// pack writes an archive of entries.
func pack(t *testing.T, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if e.Typeflag == tar.TypeReg {
			e.Size = int64(len(e.content))
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
