package learn

import (
	"embed"
	"io/fs"

	"warder.example/guard/textmodel"
)

// The validation texts were written with the seeds and drawn from them by the
// hash of each text before anything was trained on either. Nothing is trained on
// them, and no threshold is set on them.
//
//go:embed validation/*.txt
var validationFiles embed.FS

// Validation returns the project's own validation texts.
func Validation() ([]Row, error) {
	dir, err := fs.Sub(validationFiles, "validation")
	if err != nil {
		return nil, err
	}
	return textsOf(dir)
}

// Validate says how a model does on texts at its own thresholds, by origin and
// label.
func Validate(m *textmodel.Model, rows []Row) []HeldOut {
	t := newTally()
	for i := range rows {
		r := &rows[i]
		s := m.Score(r.Text, r.Origin)
		attack, harm := 1.0, 1.0
		for h, name := range Heads {
			at := m.Head(name)
			switch {
			case name == HeadHarmful:
				harm = s.At(at).FPR
			case h != 2 || r.data():
				attack = min(attack, s.At(at).FPR)
			}
		}
		t.add("validation", r, func(i int) (bool, bool) {
			rate := textmodel.FalsePositiveRates[i]
			return attack <= rate, harm <= rate
		})
	}
	return t.out()
}
