package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"warder.example/internal/replay"
	"warder.example/internal/replay/page"
)

// output is a file that was asked for.
type output struct {
	flag, path string
	mode       os.FileMode
	write      func(w io.Writer, rep *replay.Report) error
}

// outputs lists the files that were asked for.
func (c *replayCmd) outputs() []output {
	pageMode := os.FileMode(0o644)
	if c.Excerpts {
		pageMode = 0o600 // it holds texts
	}
	review := c.ReviewFile
	if c.Review == 0 {
		review = ""
	}
	all := []output{
		{"--html", c.HTML, pageMode, page.Write},
		{"--review-file", review, 0o600, func(w io.Writer, rep *replay.Report) error { return writeReview(w, rep.Review) }},
		{"--proposal", c.Proposal, 0o644, func(w io.Writer, rep *replay.Report) error { _, err := io.WriteString(w, rep.Proposal); return err }},
		{"--thresholds", c.Thresholds, 0o644, func(w io.Writer, rep *replay.Report) error {
			if rep.Thresholds == nil {
				return errors.New("too few different texts for thresholds; expected 299 or more of one origin")
			}
			_, err := w.Write(rep.Thresholds.Bytes())
			return err
		}},
	}
	return slices.DeleteFunc(all, func(o output) bool { return o.path == "" })
}

// checkOutputs finds out before the work what could not be written after it: no
// file that is read may be written over.
func (c *replayCmd) checkOutputs(inputs []string) error {
	all := c.outputs()
	if c.Resume != "" {
		all = append(all, output{flag: "--resume", path: c.Resume})
	}
	for i, o := range all {
		for _, in := range slices.Concat(inputs, []string{c.Labels, c.Policy, c.Compare}) {
			if in != "" && sameFile(o.path, in) {
				return fmt.Errorf("%s %.200q is a file that is read; expected another", o.flag, o.path)
			}
		}
		for _, other := range all[:i] {
			if filepath.Clean(o.path) == filepath.Clean(other.path) {
				return fmt.Errorf("%s and %s name the same file %.200q", other.flag, o.flag, o.path)
			}
		}
		if st, err := os.Stat(filepath.Dir(o.path)); err != nil || !st.IsDir() {
			return fmt.Errorf("%s %.200q: its folder is not there", o.flag, o.path)
		}
	}
	return nil
}

// write writes the files that were asked for.
func (c *replayCmd) write(rep *replay.Report) error {
	for _, o := range c.outputs() {
		var b bytes.Buffer
		err := o.write(&b, rep)
		if err == nil {
			err = replaceFile(o.path, b.Bytes(), o.mode)
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", o.flag, err)
		}
	}
	return nil
}

// replaceFile writes a file in one go: whoever reads it meanwhile has the old one.
func replaceFile(path string, data []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// writeReview writes a review, one record a line.
func writeReview(w io.Writer, items []replay.Reviewed) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range items {
		if err := enc.Encode(&items[i]); err != nil {
			return err
		}
	}
	return nil
}

// maxLabelLine bounds a line of labels, in bytes.
const maxLabelLine = 1 << 20

// readLabels reads a labelled review; lines without a label are left out.
func readLabels(path string) (map[string]bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading labels: %w", err)
	}
	defer f.Close()
	out := map[string]bool{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, maxLabelLine)
	for n := 1; s.Scan(); n++ {
		var row struct{ ID, Label string }
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		if err := json.Unmarshal(s.Bytes(), &row); err != nil || row.ID == "" {
			return nil, fmt.Errorf("%.200q:%d: expected a line of a review, with id and label", path, n)
		}
		switch row.Label {
		case "":
			continue
		case "honest", "attack":
		default:
			return nil, fmt.Errorf(`%.200q:%d: label is %.40q; expected "honest" or "attack"`, path, n, row.Label)
		}
		if _, twice := out[row.ID]; twice {
			return nil, fmt.Errorf("%.200q:%d: id %.40q stands there twice", path, n, row.ID)
		}
		if out[row.ID] = row.Label == "honest"; len(out) > replay.MaxReview {
			return nil, fmt.Errorf("%.200q: more than %d labels", path, replay.MaxReview)
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("reading labels in %.200q: %w", path, err)
	}
	if len(out) == 0 {
		return nil, hinted{fmt.Errorf("%.200q has no labels", path), `write "label":"honest" or "label":"attack" into its lines`}
	}
	return out, nil
}
