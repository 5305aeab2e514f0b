package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"warder.example/internal/jsonerr"
)

// A segment is a file named after the sequence of its first record. Its first
// line is a header, which holds the edge of the tree before that record: a
// ledger opens by reading its last segment only. Every member of a header
// follows from the records before it, so that verification checks it whole.
const (
	segmentSuffix = ".log"
	segmentDigits = 20
	formatVersion = 1
	maxSegments   = 1 << 20
)

// header is the first line of a segment.
type header struct {
	Ledger  int    `json:"ledger"`  // format version
	Log     string `json:"log"`     // name of the log, which is its key's name
	Segment int    `json:"segment"` // number from 0
	First   int64  `json:"first"`   // sequence of its first record
	Root    Hash   `json:"root"`    // tree hash before it
	Edge    []Hash `json:"edge"`    // hashes of the full subtrees before it, largest first
}

func headerOf(log string, segment int, t *tree) header {
	return header{Ledger: formatVersion, Log: log, Segment: segment, First: t.size, Root: t.root(), Edge: t.edge()}
}

func (h header) line() []byte {
	b, err := json.Marshal(h)
	if err != nil {
		panic(err) // its members always marshal
	}
	return append(b, '\n')
}

// parseHeader reads a header and the tree it describes.
func parseHeader(text []byte) (header, tree, error) {
	var h header
	if err := json.Unmarshal(text, &h); err != nil {
		return h, tree{}, fmt.Errorf("segment header: %w", jsonerr.Plain(err, nil))
	}
	if h.Ledger != formatVersion {
		return h, tree{}, fmt.Errorf("segment header: format version %d, want %d", h.Ledger, formatVersion)
	}
	t, err := treeOf(h.First, h.Edge)
	if err != nil {
		return h, tree{}, fmt.Errorf("segment header: %w", err)
	}
	if t.root() != h.Root {
		return h, tree{}, errors.New("segment header: root does not follow from its edge")
	}
	return h, t, nil
}

func segmentName(first int64) string {
	return fmt.Sprintf("%0*d%s", segmentDigits, first, segmentSuffix)
}

// segment is a segment file of a directory.
type segment struct {
	name  string
	first int64 // as its name says
}

// listSegments returns the segments of a directory in order.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("listing segments: %w", err)
	}
	var out []segment
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok || len(digits) != segmentDigits || e.IsDir() {
			continue
		}
		first, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || first < 0 {
			continue
		}
		out = append(out, segment{e.Name(), first})
	}
	if len(out) > maxSegments {
		return nil, fmt.Errorf("listing segments: %d of them, at most %d are read", len(out), maxSegments)
	}
	slices.SortFunc(out, func(a, b segment) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// createSegment makes a segment with its header, whole or not at all, and opens it.
func (l *Ledger) createSegment(number int, t *tree) (File, string, int64, error) {
	name := segmentName(t.size)
	line := headerOf(l.log, number, t).line()
	f, err := l.layDown(name, line)
	if err != nil {
		return nil, "", 0, fmt.Errorf("creating segment %s: %w", name, err)
	}
	return f, name, int64(len(line)), nil
}

// layDown writes a segment's header under another name, renames and opens it.
func (l *Ledger) layDown(name string, line []byte) (File, error) {
	path := filepath.Join(l.dir, name)
	tmp := path + ".tmp"
	f, err := l.opt.Files.Open(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	err = writeAll(f, line)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err == nil {
		err = syncDir(l.dir)
	}
	if err == nil {
		f, err = l.opt.Files.Open(path, os.O_WRONLY|os.O_APPEND)
	}
	if err != nil {
		// Not under its name either: the segment before may have to go on.
		return nil, errors.Join(err, ignoreMissing(os.Remove(tmp)), ignoreMissing(os.Remove(path)))
	}
	return f, nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
