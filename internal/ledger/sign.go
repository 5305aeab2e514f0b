package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
)

// SignCheckpoint verifies the log in dir and signs a checkpoint over the records
// it has now, also while another process appends to it. A log that is not intact
// is not signed: the error is [ErrCorrupt], and the report says why.
func SignCheckpoint(dir string, s note.Signer) ([]byte, *Report, error) {
	v, err := verify(dir, VerifyOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("signing checkpoint of %s: %w", dir, err)
	}
	if !v.report.Intact {
		return nil, v.report, fmt.Errorf("signing checkpoint of %s: %w: %d problems", dir, ErrCorrupt, v.report.ProblemCount)
	}
	if s.Name() != v.report.Log {
		return nil, v.report, fmt.Errorf("signing checkpoint of %s: the key is of log %.64q, this is %.64q", dir, s.Name(), v.report.Log)
	}
	if err := syncSegment(filepath.Join(dir, v.segment)); err != nil {
		return nil, v.report, fmt.Errorf("signing checkpoint of %s: %w", dir, err)
	}
	text, err := signCheckpoint(s, v.tree.size, v.tree.root())
	return text, v.report, err
}

// syncSegment makes a segment durable that another process may have left to the
// operating system. All but the last were synced when they ended.
func syncSegment(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
