package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"warder.example/internal/backup"
	"warder.example/internal/store"
)

// refused restores data and fails the test unless that is an error and leaves nothing.
func refused(t testing.TB, name string, data []byte, want error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "warder-restore-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(dir+"/b", data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = backup.Restore(context.Background(), dir+"/b", dir+"/data")
	if !errors.Is(err, want) {
		t.Errorf("%s: %v; expected %v", name, err, want)
	}
	if err != nil && strings.ContainsAny(err.Error(), "\x1b\x00") {
		t.Errorf("%s: the error does something to a terminal: %q", name, err)
	}
	all, err := os.ReadDir(dir)
	if err != nil || len(all) != 1 {
		t.Errorf("%s: left %v behind, %v", name, all, err)
	}
}

// TestHostileArchives: an archive that Create cannot have written makes no folder.
func TestHostileArchives(t *testing.T) {
	_, whole := packed(t)
	last := len(whole) - 1
	file := func(name string) entry {
		return entry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600}, []byte("x")}
	}
	with := func(e ...entry) []entry { return append(e, whole...) }
	link := func(kind byte, name, to string) entry {
		return entry{tar.Header{Name: name, Typeflag: kind, Linkname: to, Mode: 0o777}, nil}
	}
	manifest := func(from, to string) []entry {
		all := slices.Clone(whole)
		all[last].content = bytes.Replace(all[last].content, []byte(from), []byte(to), 1)
		if bytes.Equal(all[last].content, whole[last].content) {
			t.Fatalf("the manifest has no %q", from)
		}
		return all
	}
	changed := slices.Clone(whole)
	changed[1].content = append(bytes.Clone(changed[1].content), 'x')
	altered := slices.Clone(whole)
	altered[2].content = bytes.Clone(altered[2].content)
	altered[2].content[0] ^= 1
	cases := map[string][]entry{
		"nothing":                    {},
		"no manifest":                whole[:last],
		"only a manifest":            whole[last:],
		"a part is missing":          whole[1:],
		"a part too many":            with(file("ledger/99999999999999999999.log")),
		"a part behind the manifest": append(slices.Clone(whole), file("ledger/recovery.pending")),
		"two manifests":              append(slices.Clone(whole), whole[last]),
		"a part twice":               with(whole[0]),
		"a longer part":              changed,
		"an altered part":            altered,
		"up":                         with(file("../evil")),
		"up from a known folder":     with(file("ledger/../../evil")),
		"a root":                     with(file("/etc/evil")),
		"a known name below":         with(file("x/warder.db")),
		"dots":                       with(file("./warder.db")),
		"a line end":                 with(file("ledger.key\n")),
		"a terminal":                 with(file("\x1b[2Jledger.key")),
		"an unknown file":            with(file("authorized_keys")),
		"a side file of SQLite":      with(file("warder.db-wal")),
		"a link":                     with(link(tar.TypeSymlink, "ledger", "/etc")),
		"a link of a known name":     with(link(tar.TypeSymlink, "ledger.key", "/etc/passwd")),
		"a hard link":                with(link(tar.TypeLink, "ledger/recovery.pending", "warder.db")),
		"a folder":                   with(link(tar.TypeDir, "ledger/", "")),
		"a device":                   with(link(tar.TypeChar, "ledger.pub", "")),
		"a pipe":                     with(link(tar.TypeFifo, "subject.salt", "")),
		"another format":             manifest(`"format": 1`, `"format": 2`),
		"no JSON":                    manifest(`{`, `[`),
		"a size":                     manifest(`"size": 8`, `"size": 9`),
		"a part twice in the list":   manifest(`"parts": [`, `"parts": [{"name":"subject.salt","size":32,"sha256":"`+strings.Repeat("0", 64)+`"},`),
	}
	for name, c := range cases {
		refused(t, name, pack(t, c), backup.ErrArchive)
	}
	refused(t, "a newer schema", pack(t, manifest(`"schema": `, `"schema": 9`)), store.ErrNewer)
	refused(t, "no archive", []byte("SQLite format 3\x00 and more"), backup.ErrArchive)
	refused(t, "an empty file", nil, backup.ErrArchive)
	refused(t, "half a gzip", []byte{0x1f, 0x8b, 8}, backup.ErrArchive)
	large := with(file("subject.salt"))
	large[0].content = make([]byte, 5<<10)
	refused(t, "a large salt", pack(t, large), backup.ErrArchive)
	refused(t, "a sparse file", sparse(t), backup.ErrArchive)
	refused(t, "a sparse file in gzip", zipped(t, sparse(t)), backup.ErrArchive)
	if len(cases) < 25 {
		t.Errorf("%d cases", len(cases))
	}
}

// sparse is an archive with a file of 1 TiB of which a byte is there.
func sparse(t *testing.T) []byte {
	t.Helper()
	record := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=1099511627776", "GNU.sparse.name=ledger/checkpoints"} {
		record += fmt.Sprintf("%d %s\n", len(r)+4, r) // all are of two digits
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range []entry{{tar.Header{Name: "x", Typeflag: tar.TypeReg, Size: 512}, append([]byte("0\n"), make([]byte, 510)...)}} {
		// The extended header is written by hand: the package refuses to.
		raw := pack(t, []entry{{tar.Header{Name: "PaxHeaders.0/x", Typeflag: tar.TypeReg}, []byte(record)}})[:1024]
		raw[156] = 'x'
		copy(raw[148:156], "        ")
		sum := 0
		for _, c := range raw[:512] {
			sum += int(c)
		}
		copy(raw[148:156], fmt.Sprintf("%06o\x00 ", sum))
		b.Write(raw)
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

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBomb: a small file that unfolds to a large one is given up early.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	const size = 1 << 30
	if err := w.WriteHeader(&tar.Header{Name: "ledger/checkpoints", Typeflag: tar.TypeReg, Size: size}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, 256<<20); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "a bomb", b.Bytes(), backup.ErrArchive)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestDamage: an archive that was cut or of which a bit was changed makes no folder,
// or the one that was backed up.
func TestDamage(t *testing.T) {
	path, _ := packed(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "data")
	if _, err := backup.Restore(t.Context(), path, good); err != nil {
		t.Fatal(err)
	}
	want := tree(t, good)
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		data := bytes.Clone(whole)
		if rapid.Bool().Draw(rt, "cut") {
			data = data[:rapid.IntRange(0, len(data)-1).Draw(rt, "at")]
		} else {
			data[rapid.IntRange(0, len(data)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		}
		if err := os.WriteFile(dir+"/b", data, 0o600); err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir + "/data")
		_, err := backup.Restore(t.Context(), dir+"/b", dir+"/data")
		if err != nil {
			if _, serr := os.Stat(dir + "/data"); serr == nil {
				rt.Fatalf("a refused archive left a folder: %v", err)
			}
			return
		}
		got := tree(t, dir+"/data")
		if len(got) != len(want) {
			rt.Fatalf("restored %d files; expected %d", len(got), len(want))
		}
		for name := range want {
			if got[name] != want[name] {
				rt.Fatalf("%s was changed unnoticed", name)
			}
		}
	})
}

// TestRestoreRefusesFolders: what is in a folder stays as it is.
func TestRestoreRefusesFolders(t *testing.T) {
	path, _ := packed(t)
	dir := t.TempDir()
	write(t, dir, "warder.db", "precious")
	if _, err := backup.Restore(t.Context(), path, dir); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("into a folder with a store: %v", err)
	}
	if all := tree(t, dir); len(all) != 1 {
		t.Errorf("in it are %v", all)
	}
	if _, err := backup.Restore(t.Context(), path, dir+"/warder.db"); err == nil {
		t.Error("restored into a file")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	empty := t.TempDir()
	if _, err := backup.Restore(ended, path, empty); !errors.Is(err, context.Canceled) || len(tree(t, empty)) != 0 {
		t.Errorf("interrupted: %v, and left %v", err, tree(t, empty))
	}
	if _, err := backup.Restore(t.Context(), path, empty); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
	reads(t, empty)
}

// TestFullDisk: a backup or a folder for which there is no room is not there at all.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	path, _ := packed(t)
	src := folder(t)
	for _, size := range []string{"16k", "100k", "300k"} {
		disk := t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "mode=0700,size="+size, "tmpfs", disk).CombinedOutput(); err != nil {
			t.Skipf("cannot mount a small disk here: %v: %s", err, out)
		}
		t.Cleanup(func() {
			if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
				t.Errorf("unmounting: %v: %s", err, out)
			}
		})
		_, err := backup.Create(t.Context(), src, disk+"/b.tar", "v", moment)
		if err == nil || !full(err) || len(tree(t, disk)) > 0 {
			t.Errorf("backup on a disk of %s: %v, and left %v", size, err, tree(t, disk))
		}
		if size == "300k" { // the folder fits
			continue
		}
		_, err = backup.Restore(t.Context(), path, disk+"/data")
		if err == nil || !full(err) || len(tree(t, disk)) > 0 {
			t.Errorf("restoring on a disk of %s: %v, and left %v", size, err, tree(t, disk))
		}
		if _, err = backup.Restore(t.Context(), path, disk); err == nil || !full(err) || len(tree(t, disk)) > 0 {
			t.Errorf("restoring on the root of a disk of %s: %v, and left %v", size, err, tree(t, disk))
		}
	}
}

// full reports whether an error says that there is no room; SQLite says so in its way.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "disk is full")
}
