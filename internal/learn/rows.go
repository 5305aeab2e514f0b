package learn

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// Row is one labelled text to learn from.
type Row struct {
	Text   string
	Label  corpus.Label
	Source string
	Origin guard.Origin
	Lang   string
	// Attack is the attack inside Text, if Text is a carrier of one.
	Attack string
	// Block is the part of the data that the row came with; see [Blocks].
	Block string
	// Weight is relative to other rows; set while balancing.
	Weight float64
	// Made marks rows that the trainer made. They are not scored, and are
	// held out with the source that they were made from, Base.
	Made bool
	Base string
	// part is the number of the part that the row is held out with while
	// its source is not; a made row is in the part of its base.
	part int
}

// group returns the name of the sources that are held out together with this
// row's.
func (r *Row) group() string {
	if r.Made {
		return kin(r.Base)
	}
	return kin(r.Source)
}

// Folders that may train weights that are shipped. Everything else in a corpus
// is left alone.
const (
	FolderFree       = "train"
	FolderShareAlike = "train_sharealike"
)

// Selection says what [Gather] reads.
type Selection struct {
	// Corpus is a folder with the subfolder "train" and perhaps
	// "train_sharealike". No other subfolder is opened. Without one there are
	// the seeds alone.
	Corpus string
	// ShareAlike says whether to read the second one.
	ShareAlike bool
	// Seeds is a folder with seed files to use instead of the embedded
	// ones; "none" means no seeds.
	Seeds string
}

// Gather reads what may be learned from: seeds first, then the corpus's files
// in the order of their names. Labels that no head learns from are left out.
func Gather(sel Selection) ([]Row, error) {
	rows, err := seedRows(sel.Seeds)
	if err != nil {
		return nil, err
	}
	if sel.Corpus == "" {
		return rows, nil
	}
	folders := []string{FolderFree}
	if _, err := os.Stat(filepath.Join(sel.Corpus, FolderShareAlike)); err == nil && sel.ShareAlike {
		folders = append(folders, FolderShareAlike)
	}
	for _, f := range folders {
		for row, err := range corpus.Dir(filepath.Join(sel.Corpus, f)) {
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", f, err)
			}
			if !row.Label.Known() || row.Source == "" {
				return nil, fmt.Errorf("reading %s: %s:%d: label %.40q, source %.40q; expected a known label and a source", f, row.File, row.Line, row.Label, row.Source)
			}
			if row.Direction() == guard.Answer || strings.TrimSpace(row.Text) == "" {
				continue
			}
			r := Row{Text: row.Text, Label: row.Label, Source: row.Source, Origin: row.Origin(), Lang: row.Lang, Attack: row.Attack, Block: f}
			if r.useful() {
				rows = append(rows, r)
			}
		}
	}
	return rows, nil
}

// A target says what a text is for one head.
type target struct {
	y      int8
	weight float64
}

const (
	ignored  int8 = -1
	negative int8 = 0
	positive int8 = 1
)

// data reports whether the text reaches the model as data rather than from
// whom it serves.
func (r *Row) data() bool {
	return r.Origin == guard.OriginDocument || r.Origin == guard.OriginTool || r.Origin == guard.OriginEmail
}

// targets returns what the whole text is for each head. A topic is not an
// attack: requests for harm are counter-examples of the attack heads. What is a
// fair request from a user is a command when it stands in data, so users' texts
// are no counter-examples of the indirect head.
func (r *Row) targets() (t [heads]target) {
	no := target{negative, 1}
	skip := target{ignored, 0}
	switch r.Label {
	case corpus.Injection:
		if r.data() {
			return [heads]target{skip, skip, {positive, 1}, skip}
		}
		return [heads]target{{positive, 1}, skip, {positive, 0.3}, skip}
	case corpus.Jailbreak:
		return [heads]target{{positive, 0.5}, {positive, 1}, skip, skip}
	case corpus.HarmfulRequest:
		return [heads]target{{negative, 0.7}, {negative, 0.7}, skip, {positive, 1}}
	case corpus.Toxic:
		return [heads]target{{negative, 0.3}, {negative, 0.3}, {negative, 0.1}, skip}
	case corpus.NonToxic:
		return [heads]target{{negative, 0.5}, {negative, 0.5}, {negative, 0.2}, {negative, 0.5}}
	case corpus.Benign, corpus.BenignHard:
		if r.data() {
			return [heads]target{no, no, no, no}
		}
		return [heads]target{no, no, skip, no}
	case corpus.PII, corpus.NoPII, corpus.Secret, corpus.NonSecret:
		return [heads]target{{negative, 0.5}, {negative, 0.5}, {negative, 0.5}, {negative, 0.5}}
	}
	return [heads]target{skip, skip, skip, skip}
}

func (r *Row) useful() bool {
	for _, t := range r.targets() {
		if t.y != ignored {
			return true
		}
	}
	return false
}

// honest reports whether the text may set thresholds: ordinary traffic.
func (r *Row) honest() bool { return r.Label.Ordinary() && !r.Made }
