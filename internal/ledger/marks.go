package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// marks are the checkpoints that a verification has to pass, by size.
type marks struct {
	list    []mark
	at      int   // the next to pass
	matched int64 // size of the largest that matched
	outside int64 // and of the largest from outside
	failing bool  // the last one that could be held against the log failed
}

type mark struct {
	checkpoint
	source  string
	outside bool
}

// historySource names the ledger's own history in reports.
const historySource = "the ledger's own"

// maxMarks bounds the checkpoints of one verification.
const maxMarks = 1 << 20

// load reads the ledger's own history and the outside checkpoints.
func (m *marks) load(r *Report, dir string, opt VerifyOptions) error {
	f, err := os.Open(filepath.Join(dir, historyName))
	if err == nil {
		_, err = m.read(r, f, historySource, false, opt.Verifier)
		err = errors.Join(err, f.Close())
	}
	if ignoreMissing(err) != nil {
		return err
	}
	for _, o := range opt.Checkpoints {
		n, err := m.read(r, bytes.NewReader(o.Text), o.Source, true, opt.Verifier)
		if err != nil {
			return fmt.Errorf("%q: %w", o.Source, err)
		}
		if n == 0 {
			return fmt.Errorf("%q holds no checkpoint: want a name, a size, a root, a blank line and a signature", o.Source)
		}
	}
	slices.SortStableFunc(m.list, func(a, b mark) int {
		switch {
		case a.Size < b.Size:
			return -1
		case a.Size > b.Size:
			return 1
		}
		return 0
	})
	return nil
}

// read adds the checkpoints of one place and returns how many notes it held.
func (m *marks) read(r *Report, in io.Reader, source string, outside bool, v note.Verifier) (notes int, err error) {
	_, err = eachNote(in, func(text []byte) error {
		if notes++; notes > maxMarks {
			return fmt.Errorf("more than %d checkpoints", maxMarks)
		}
		c, err := openCheckpoint(text, v)
		if err != nil {
			r.add(Problem{Kind: BadCheckpoint, First: -1, Last: -1, Detail: fmt.Sprintf("%q: %v", source, err)})
			r.checked(CheckpointResult{Source: source, Outside: outside, Size: c.Size, Root: c.Root, Detail: err.Error()})
			return nil
		}
		m.list = append(m.list, mark{c, source, outside})
		return nil
	})
	return notes, err
}

// openCheckpoint reads a checkpoint and its signature.
func openCheckpoint(text []byte, v note.Verifier) (checkpoint, error) {
	c, err := parseCheckpoint(text)
	if err != nil {
		return c, err
	}
	if c.Log != v.Name() {
		return c, fmt.Errorf("is of log %.64q, the key and this log are %.64q: it is the wrong checkpoint, or the log was replaced", c.Log, v.Name())
	}
	if _, err := note.Open(text, note.VerifierList(v)); err != nil {
		return c, fmt.Errorf("checkpoint of size %d is not signed by %.64q: it was changed, or the key was replaced", c.Size, v.Name())
	}
	return c, nil
}

// pass holds every checkpoint up to a size against the tree. seq is the place of
// the record that comes next.
func (v *verification) pass(seq int64) {
	m := &v.marks
	for m.at < len(m.list) && m.list[m.at].Size <= seq {
		k := m.list[m.at]
		m.at++
		res := CheckpointResult{Source: k.source, Outside: k.outside, Size: k.Size, Root: k.Root}
		switch {
		case v.broken || v.tree.size != k.Size:
			res.Detail = "cannot be held against the log: records before it are missing, moved or unreadable"
		case v.tree.root() != k.Root:
			res.Detail = fmt.Sprintf("the records have root %v", v.tree.root())
			m.fail(v.report, k)
		default:
			res.Matches, m.failing = true, false
			v.report.CheckpointsMatch++
			m.matched = k.Size
			if k.outside {
				m.outside = k.Size
			}
			if k.outside && v.report.ProblemCount == 0 && v.doubt == nil && len(v.order.missing) == 0 {
				v.report.Proven = k.Size
			}
		}
		last := m.at == len(m.list)
		if k.outside || !res.Matches || last {
			v.report.checked(res)
		}
	}
}

// fail reports the first checkpoint that fails after one that matches. Of an
// outside one only another outside one says how far the log was right: who can
// rewrite the log can rewrite its own history.
func (m *marks) fail(r *Report, k mark) {
	if m.failing && !k.outside {
		return
	}
	from := m.matched
	if k.outside {
		from = m.outside
	}
	m.failing = true
	r.add(Problem{Kind: Rewritten, First: from, Last: k.Size - 1,
		Detail: fmt.Sprintf("the first %d records are not those of the checkpoint in %q; the last one before it that matches covers %d", k.Size, k.source, from)})
}

// finish reports the checkpoints beyond the end of the log: the furthest as a
// problem.
func (m *marks) finish(r *Report, end int64) {
	for ; m.at < len(m.list); m.at++ {
		k := m.list[m.at]
		last := m.at == len(m.list)-1
		detail := fmt.Sprintf("the checkpoint in %q covers %d records, the log ends after %d", k.source, k.Size, end)
		if k.outside || last {
			r.checked(CheckpointResult{Source: k.source, Outside: k.outside, Size: k.Size, Root: k.Root, Detail: detail})
		}
		if last {
			r.add(Problem{Kind: Dropped, First: end, Last: k.Size - 1, Detail: detail})
		}
	}
}

func (r *Report) checked(c CheckpointResult) {
	if len(r.Checkpoints) < MaxListed {
		r.Checkpoints = append(r.Checkpoints, c)
	}
}
