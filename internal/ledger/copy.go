package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

// tornName matches the files that recovery sets aside.
var tornName = regexp.MustCompile(`^torn-[0-9]{20}-[0-9]{1,19}\.bin$`)

// Copy hands the files of the ledger in dir to put, one after the other, so that
// together they are a ledger that ends at some moment since Copy was called, also while
// another process appends: whole segments, of the last one its whole lines so far. An
// unfinished record at the end, for which no Append returned, is left out. The keys
// beside the folder are not part of it, nor are its lock and its reserve.
//
// put gets the name of a file within dir, its size and its content, and reads all of
// it. Copy ends with its first error.
func Copy(dir string, put func(name string, size int64, content io.Reader) error) error {
	names, err := copied(dir)
	for i := 0; err == nil && i < len(names); i++ {
		err = copyLines(dir, names[i], put)
	}
	if err != nil {
		return fmt.Errorf("copying ledger %s: %w", dir, err)
	}
	return nil
}

// copied returns the files of a ledger in the order in which they are to be read. The
// checkpoints come before the records, beyond which they must not be; what recovery has
// to tell comes before the log in which it tells it.
func copied(dir string) ([]string, error) {
	names := []string{pendingName, historyName}
	all, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if tornName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	segments, err := listSegments(dir)
	if err != nil {
		return nil, err
	}
	for _, s := range segments {
		names = append(names, s.name)
	}
	return names, nil
}

// copyLines hands over what a file holds now; of files that are being appended to, up
// to the end of the last whole line. One that is not there is passed over.
func copyLines(dir, name string, put func(string, int64, io.Reader) error) error {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return ignoreMissing(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is %s; expected a regular file", name, info.Mode().Type())
	}
	size := info.Size()
	if name != pendingName && !tornName.MatchString(name) {
		if size, err = lastLine(f, size); err != nil {
			return fmt.Errorf("looking for the last whole line of %s: %w", name, err)
		}
	}
	return put(name, size, io.NewSectionReader(f, 0, size))
}

// lastLine returns where the last whole line of the first size bytes ends.
func lastLine(f io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for size > 0 {
		n := min(size, int64(len(buf)))
		if _, err := f.ReadAt(buf[:n], size-n); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return size - n + int64(i) + 1, nil
		}
		size -= n
	}
	return 0, nil
}
