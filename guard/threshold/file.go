package threshold

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"warder.example/guard/strictyaml"
)

// Load reads, checks and takes in use the thresholds file at path. Problems are
// reported together, with lines, as [strictyaml.Problems].
func Load(path string) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening thresholds: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading thresholds: %w", err)
	}
	return Parse(path, data)
}

// Parse is [Load] for a file that was read. name is what errors call it.
func Parse(name string, data []byte) (*Set, error) {
	var f File
	y, err := strictyaml.Decode(name, data, &f)
	if err != nil {
		return nil, err
	}
	f.check(y)
	if err := y.Err(); err != nil {
		return nil, err
	}
	return index(&f, data), nil
}

// check reports what no calibration can have written.
func (f *File) check(y *strictyaml.File) {
	for _, key := range []string{"version", "model", "made", "expires", "confidence", "thresholds"} {
		if !y.Has(key) {
			y.Errorf("", "no %s", key)
		}
	}
	if f.Version != 1 {
		y.Errorf("version", "version is %d; expected 1", f.Version)
	}
	if b, err := hex.DecodeString(f.Model); err != nil || len(b) != 32 {
		y.Errorf("model", "model is %.80q; expected the SHA-256 of a model in hex", f.Model)
	}
	if valid := f.Expires.Sub(f.Made); valid < time.Hour || valid > MaxValid || f.Made.Year() < 2000 || f.Made.Year() > 2999 {
		y.Errorf("expires", "made and expires are %s and %s; expected two times, such as 2026-03-01T12:00:00Z, an hour to %d days apart",
			stamp(f.Made), stamp(f.Expires), MaxValid/(24*time.Hour))
	}
	if !between(f.Confidence) {
		y.Errorf("confidence", "confidence is %g; expected a number between 0 and 1", f.Confidence)
	}
	if len(f.Thresholds) == 0 {
		y.Errorf("thresholds", "no thresholds")
	}
	for i := range f.Thresholds {
		f.entry(y, strictyaml.Index("thresholds", i), i)
	}
}

// between reports whether x is a share that says something.
func between(x float64) bool { return x > 0 && x < 1 }

// entry checks one threshold by itself and against those before it.
func (f *File) entry(y *strictyaml.File, path string, i int) {
	e := &f.Thresholds[i]
	for _, key := range []string{"origin", "category", "budget", "score", "texts", "reached", "low", "high"} {
		if !y.Has(path + "." + key) {
			y.Errorf(path, "a threshold without %s", key) // an origin left out would be the unknown one
		}
	}
	if category(e.Category) < 0 {
		y.Errorf(path+".category", "category is %.40q; expected one of %s", e.Category, strings.Join(Categories[:], ", "))
	}
	if !between(e.Budget) || e.Budget > MaxBudget {
		y.Errorf(path+".budget", "budget is %g; expected a share above 0 and at most %g", e.Budget, MaxBudget)
	}
	if e.Score <= 0 || e.Score > 2 {
		y.Errorf(path+".score", "score is %g; expected one above 0 and at most 1, or a little above 1 for never", e.Score)
	}
	if e.Texts < 1 || e.Reached < 0 || e.Reached > e.Texts {
		y.Errorf(path+".texts", "%d of %d texts; expected at least one, and no more that reached than there are", e.Reached, e.Texts)
	}
	if e.Low < 0 || e.Low > e.High || e.High > e.Budget {
		y.Errorf(path+".high", "bounds are %g and %g; expected rising ones within the budget of %g, which is what the threshold claims", e.Low, e.High, e.Budget)
	}
	for j := range i {
		o := &f.Thresholds[j]
		if o.Origin != e.Origin || o.Category != e.Category {
			continue
		}
		if o.Budget == e.Budget {
			y.Errorf(path, "a threshold for %s, %s and %g is there twice", e.Origin, e.Category, e.Budget)
		} else if (o.Budget < e.Budget) == (o.Score < e.Score) && o.Score != e.Score {
			y.Errorf(path+".score", "the score for the budget %g and that for %g are the wrong way round", o.Budget, e.Budget)
		}
	}
}

// Bytes returns the file as it is kept. What [Parse] reads from it is f, times
// cut to seconds.
func (f *File) Bytes() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `# Thresholds of the prompt-attack classifiers, chosen by warder calibrate on honest
# texts. Each bounds the share of further such texts that reach its score, by itself
# with this confidence. Name this file as guard.thresholds in the configuration.
version: %d
model: %q
made: %s
expires: %s
confidence: %s
thresholds:
`, f.Version, f.Model, stamp(f.Made), stamp(f.Expires), number(f.Confidence))
	for i := range f.Thresholds {
		e := &f.Thresholds[i]
		fmt.Fprintf(&b, "  - {origin: %s, category: %s, budget: %s, score: %s, texts: %d, reached: %d, low: %s, high: %s}\n",
			e.Origin, e.Category, number(e.Budget), number(e.Score), e.Texts, e.Reached, number(e.Low), number(e.High))
	}
	return []byte(b.String())
}

func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// number writes x so that reading it gives x again, in a form that YAML takes for
// a number: never 1e-06.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
