package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"warder.example/internal/replay/logs"
)

// stateVersion is that of the resume file. Files of version 1 may hold names that
// must be [Hidden].
const stateVersion = 2

// maxState bounds the resume file.
const maxState = 64 << 20

// state is the resume file: where a replay stands and its counts. It holds no texts.
type state struct {
	Version int      `json:"version"`
	Asked   string   `json:"asked"` // hash of what was asked for
	Files   []seen   `json:"files"`
	At      position `json:"at"`
	Tally   *tally   `json:"tally"`
}

// seen tells whether a file is the one that was read, which may have grown.
type seen struct {
	Path  string `json:"path"`
	Hash  string `json:"hash"`
	Bytes int64  `json:"bytes"`
}

// asked hashes the options that counts depend on.
func (r *run) asked() string {
	other := ""
	if r.o.Compare != nil {
		other = r.o.Compare.Digest()
	}
	labels, _ := json.Marshal(r.o.Labels) // of strings and bools: cannot fail
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %v %v %d %v %d %s", r.digest, other, r.o.Format, r.o.Facts, r.o.Every, r.o.Review, r.o.Excerpts, r.o.Thresholds, labels))
	return hex.EncodeToString(sum[:])
}

// resume goes on where the file says, if there is one.
func (r *run) resume() error {
	f, err := os.Open(r.o.Resume)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resuming: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil {
		return fmt.Errorf("resuming from %.200q: %w", r.o.Resume, err)
	}
	s := state{Tally: newTally()}
	if len(data) > maxState || json.Unmarshal(data, &s) != nil || s.Version != stateVersion || s.Tally == nil || !s.Tally.whole(len(s.Files)) {
		return fmt.Errorf("resuming: %.200q is not the resume file of this program; give another name, or remove it", r.o.Resume)
	}
	if s.Asked != r.asked() {
		return fmt.Errorf("resuming: %.200q is of a replay with other options or another policy; give those, or remove it", r.o.Resume)
	}
	if len(s.Files) > len(r.o.Files) || s.At.File > len(s.Files) || s.At.File < 0 || s.At.Value < 0 {
		return fmt.Errorf("resuming: %.200q is of other logs; give those, or remove it", r.o.Resume)
	}
	for i, was := range s.Files {
		if was.Bytes == 0 && was.Path == r.o.Files[i] {
			continue // it was empty
		}
		hash, n, err := logs.Identity(r.o.Files[i], was.Bytes)
		if err != nil {
			return err
		}
		if was.Path != r.o.Files[i] || hash != was.Hash || n != was.Bytes {
			return fmt.Errorf("resuming: %.200q is not the log that %.200q is of; give that, or remove the resume file", r.o.Files[i], r.o.Resume)
		}
	}
	r.t, r.at = s.Tally, s.At
	return nil
}

// save writes the resume file in one go: whoever is killed meanwhile has the old one.
func (r *run) save() error {
	s := state{Version: stateVersion, Asked: r.asked(), At: r.at, Tally: r.t}
	for _, p := range r.t.Picks {
		p.settle()
	}
	for _, path := range r.o.Files[:min(len(r.o.Files), r.at.File+1)] {
		hash, n, err := logs.Identity(path, 0)
		if err != nil {
			return err
		}
		s.Files = append(s.Files, seen{path, hash, n})
	}
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("keeping where the replay stands: %w", err)
	}
	if err := replace(r.o.Resume, data); err != nil {
		return fmt.Errorf("keeping where the replay stands: %w", err)
	}
	return nil
}

// replace writes a file that only its owner may read, in one go. What a process that
// was killed meanwhile left behind goes first.
func replace(path string, data []byte) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(next)
		return err
	}
	return os.Rename(next, path)
}
