package ledger

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Filter selects records. The zero Filter selects all.
type Filter struct {
	Since       time.Time // not before it; zero: from the first
	Until       time.Time // before it; zero: to the last
	Application string    // "": any
	Request     string    // "": any
}

// Selects tells whether the filter lets an entry through.
func (f *Filter) Selects(e *Entry) bool {
	ev := &e.Event
	return !ev.Time.Before(f.Since) &&
		(f.Until.IsZero() || ev.Time.Before(f.Until)) &&
		(f.Application == "" || ev.Application == f.Application) &&
		(f.Request == "" || ev.Request == f.Request)
}

// MaxProofs bounds the records of one export with proofs.
const MaxProofs = 10_000

// ErrNoCheckpoint means that proofs were asked of a log without a checkpoint.
var ErrNoCheckpoint = errors.New("the ledger has no checkpoint yet")

// Exported is one line of an export. Either Checkpoint is set, on the first line
// of an export with proofs, or the rest.
type Exported struct {
	// Checkpoint is the signed checkpoint that the proofs lead to.
	Checkpoint string `json:"checkpoint,omitempty"`

	Sequence int64 `json:"sequence"`
	// Leaf is the leaf hash of Record, which is the record as it is kept.
	Leaf   Hash            `json:"leaf"`
	Record json.RawMessage `json:"record,omitempty"`
	// Proof is missing for records younger than the checkpoint.
	Proof *Proof `json:"proof,omitempty"`
}

// Proof leads from a leaf to the root of a tree: RFC 6962, section 2.1.1.
type Proof struct {
	Size   int64  `json:"size"` // of the tree
	Hashes []Hash `json:"hashes"`
}

// Export writes the selected records of the log in dir as JSON lines, each an
// [Exported], and returns how many. With proofs the first line is the ledger's
// last checkpoint, and every record it covers has its proof of inclusion; that
// reads the log twice and takes at most [MaxProofs] records.
func Export(dir string, w io.Writer, f Filter, proofs bool) (int64, error) {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false) // the record's bytes must stay as they are
	var prove map[int64]*Proof
	if proofs {
		text, at, err := lastCheckpoint(filepath.Join(dir, historyName))
		if err == nil && text == nil {
			err = ErrNoCheckpoint
		}
		if err == nil {
			prove, err = proofsFor(dir, f, at)
		}
		if err == nil {
			err = enc.Encode(struct {
				Checkpoint string `json:"checkpoint"`
			}{string(text)})
		}
		if err != nil {
			return 0, fmt.Errorf("exporting %s with proofs: %w", dir, err)
		}
	}
	var n int64
	err := Scan(dir, 0, func(e Entry) error {
		if !f.Selects(&e) {
			return nil
		}
		n++
		return enc.Encode(Exported{Sequence: e.Sequence, Leaf: e.Leaf, Record: e.Raw, Proof: prove[e.Sequence]})
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return n, fmt.Errorf("exporting %s: %w", dir, err)
	}
	return n, nil
}

// maxExportLine bounds a line that [CheckExport] reads.
const maxExportLine = maxLine + 64*(hashDigits+3) + 4<<10

// CheckExport checks an export with proofs: that v signed its checkpoint, that
// every record has its leaf hash, and that every proof holds. It returns how many
// records are proven and how many have no proof. The error names the first line
// that fails.
func CheckExport(r io.Reader, v note.Verifier) (proven, unproven int64, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 64<<10), maxExportLine)
	var at checkpoint
	for line := 1; in.Scan(); line++ {
		var x Exported
		err := json.Unmarshal(in.Bytes(), &x)
		switch {
		case err != nil:
		case line == 1:
			if at, err = openCheckpoint([]byte(x.Checkpoint), v); err != nil {
				err = fmt.Errorf("the first line is no valid checkpoint: %w", err)
			}
		case x.Proof == nil && LeafHash(x.Record) == x.Leaf:
			unproven++
		default:
			if err = x.check(at); err == nil {
				proven++
			}
		}
		if err != nil {
			return proven, unproven, fmt.Errorf("checking export: line %d: %w", line, err)
		}
	}
	if err := in.Err(); err != nil {
		return proven, unproven, fmt.Errorf("checking export: %w", err)
	}
	if at.Log == "" {
		return 0, 0, errors.New("checking export: it is empty, want a checkpoint on its first line")
	}
	return proven, unproven, nil
}

// ReadCheckpointFile reads a file of outside checkpoints for [VerifyOptions].
func ReadCheckpointFile(path string) (OutsideCheckpoint, error) {
	const most = 64 << 20
	f, err := os.Open(path)
	if err != nil {
		return OutsideCheckpoint{}, fmt.Errorf("reading checkpoint: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	if err != nil {
		return OutsideCheckpoint{}, fmt.Errorf("reading checkpoint: %w", err)
	}
	return OutsideCheckpoint{Source: path, Text: text}, nil
}
