package logs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// endings of the files that are read in a folder, each also with .gz behind it.
var endings = []string{".jsonl", ".ndjson", ".json", ".log"}

// Files returns the files that the paths name: files as they are, of folders and
// their folders those that end in .jsonl, .ndjson, .json or .log, also with .gz, in
// the order of their names. Links in folders are not followed. It is an error if
// there is none, or if one stands there twice.
func Files(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		st, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("reading logs: %w", err)
		}
		if !st.IsDir() {
			out = append(out, filepath.Clean(path))
			continue
		}
		before := len(out)
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.Type().IsRegular() && isLog(d.Name()) {
				out = append(out, p)
			}
			if len(out) > MaxFiles {
				return fmt.Errorf("more than %d files; give fewer at a time", MaxFiles)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading logs in %.200q: %w", path, err)
		}
		if len(out) == before {
			return nil, fmt.Errorf("no logs in %.200q; expected files that end in %s, or these with .gz", path, strings.Join(endings, ", "))
		}
	}
	seen := map[string]bool{}
	for _, p := range out {
		if seen[p] {
			return nil, fmt.Errorf("%.200q is named twice; its calls would count twice", p)
		}
		seen[p] = true
	}
	return out, nil
}

func isLog(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return !strings.HasPrefix(name, ".") && slices.Contains(endings, filepath.Ext(name))
}

// counter counts what was read of a file, compressed as it is.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// Source is one log in use. It is used by one goroutine.
type Source struct {
	*Values
	file *os.File
	raw  *counter
}

// Open opens a log file.
func Open(path string) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading logs: %w", err)
	}
	s, err := NewSource(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("reading %.200q: %w", path, err)
	}
	s.file = f
	return s, nil
}

// NewSource reads a log from a stream, which may be compressed.
func NewSource(r io.Reader) (*Source, error) {
	s := &Source{raw: &counter{r: r}}
	b := bufio.NewReaderSize(s.raw, 256<<10)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("decompressing: %w", err)
		}
		s.Values = newValues(bufio.NewReaderSize(z, 256<<10))
		return s, nil
	}
	s.Values = newValues(b)
	return s, nil
}

// Consumed is how many bytes of the file were read so far, for telling progress.
func (s *Source) Consumed() int64 { return s.raw.n }

// Close closes the file.
func (s *Source) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// fingerprint is how much of a file's beginning tells whether it is the same.
const fingerprint = 4096

// Identity returns a hash of the first bytes of a file and how many these are: a
// log that only grew keeps it.
func Identity(path string, size int64) (hash string, bytes int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("reading logs: %w", err)
	}
	defer f.Close()
	if size <= 0 || size > fingerprint {
		size = fingerprint
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, size))
	if err != nil {
		return "", 0, fmt.Errorf("reading %.200q: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}
