package backup_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"warder.example/internal/backup"
	"warder.example/internal/ledger"
	"warder.example/internal/store"
)

// small is a short archive: of a folder whose store is on a server.
func small(f *testing.F) []byte {
	f.Helper()
	dir := f.TempDir()
	write(f, dir, "data/subject.salt", "salt")
	l, err := ledger.Open(dir+"/data/ledger", ledger.Options{Reserve: -1})
	if err != nil {
		f.Fatal(err)
	}
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	if _, err := backup.Create(f.Context(), backup.Source{Data: dir + "/data"}, dir+"/b.tar", "v", moment); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(dir + "/b.tar")
	if err != nil {
		f.Fatal(err)
	}
	return b
}

// FuzzRestore: whatever a file holds, restoring it makes a folder of private files with
// known names and of the manifest's sizes, or says that it is no backup and leaves
// nothing; and nothing is made elsewhere.
func FuzzRestore(f *testing.F) {
	whole := small(f)
	f.Add(whole)
	f.Add(zipped(f, whole))
	f.Add(whole[:1024])
	f.Add(zipped(f, whole[:2048]))
	f.Add(bytes.Replace(whole, []byte("subject.salt"), []byte("../ject.salt"), 2))
	f.Add(append(bytes.Clone(whole), whole...))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/b", data, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := backup.Restore(t.Context(), dir+"/b", dir+"/data")
		if err != nil {
			if !errors.Is(err, backup.ErrArchive) && !errors.Is(err, store.ErrNewer) {
				t.Fatalf("%v is no error of an archive", err)
			}
			if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
				t.Fatalf("left %v behind, %v", all, err)
			}
			return
		}
		size := int64(0)
		err = filepath.WalkDir(dir+"/data", func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			if mode := info.Mode(); mode&fs.ModeType&^fs.ModeDir != 0 || mode.Perm()&0o022 != 0 {
				t.Errorf("%s has mode %v", path, mode)
			}
			if !e.IsDir() {
				size += info.Size()
			}
			return nil
		})
		if err != nil || size != m.Bytes() {
			t.Errorf("restored %d bytes; the manifest has %d: %v", size, m.Bytes(), err)
		}
		if all, err := os.ReadDir(dir); err != nil || len(all) != 2 {
			t.Errorf("beside the folder there is %v, %v", all, err)
		}
	})
}
