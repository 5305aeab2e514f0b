package threat_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"warder.example/guard/normal"
	"warder.example/guard/threat"
)

// Bounds that the report holds.
const (
	maxFalse   = 0.0005 // share of honest texts that match any attack
	minCopies  = 1.0    // recall on copies that differ in case, spacing and punctuation
	minGlued   = 0.99   // the same without any spaces: package normal folds some digits there
	minChanged = 0.95   // recall on copies with one word in ten changed in some way
	minInside  = 0.95   // recall on attacks inside a document
)

// carriers is a source of attacks that are mostly the honest document around them.
// Who remembers such a text as a whole remembers the document; that is what the dry
// run before activation is for.
const carriers = "synth_indirect_train"

// read returns what a detector compares of a text.
func read(text string) string {
	if v := normal.Undo(text, normal.Options{}).Views; len(v) > 0 && v[0].Kind == normal.Canonical {
		return v[0].Text
	}
	return text
}

type corpusRow struct{ Text, Label, Source string }

// corpusRows reads the training corpora, which are not part of the project.
func corpusRows(t testing.TB) (attacks, honest []corpusRow) {
	t.Helper()
	dir := os.Getenv("WARDER_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	files, err := filepath.Glob(filepath.Join(dir, "train", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the corpora are not here; set WARDER_CORPUS to their folder")
	}
	for _, file := range files {
		in, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			var r corpusRow
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			switch r.Label {
			case "injection", "jailbreak":
				if r.Source == carriers {
					continue
				}
				attacks = append(attacks, r)
			case "benign", "benign_hard":
				honest = append(honest, r)
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return attacks, honest
}

// TestReport measures false positives on honest texts and recall on disturbed
// copies, with every attack of the training corpora remembered.
func TestReport(t *testing.T) {
	if testing.Short() {
		t.Skip("reads whole corpora")
	}
	attacks, honest := corpusRows(t)
	m := threat.NewMemory(threat.MaxEntries)
	var kept []corpusRow
	for i, a := range attacks {
		s, err := threat.Of(a.Text)
		if err != nil || !s.Similar() {
			continue
		}
		if err := m.Add(threat.Entry{ID: fmt.Sprint(i), Category: "injection", State: threat.Active, Sketch: s}); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, a)
	}
	report(t, m, honest, kept)
}

func report(t *testing.T, m *threat.Memory, honest, attacks []corpusRow) {
	wrong, bySource := 0, map[string]int{}
	for _, h := range honest {
		if found := m.Find("", read(h.Text)); len(found) > 0 {
			wrong++
			bySource[h.Source]++
			if testing.Verbose() && bySource[h.Source] <= 3 {
				t.Logf("%s matches %+v: %.120q", h.Source, found[0], h.Text)
			}
		}
	}
	t.Logf("%d attacks; %d of %d honest texts match (%.4f %%): %v", m.Len(), wrong, len(honest), 100*float64(wrong)/float64(len(honest)), bySource)
	if float64(wrong) > maxFalse*float64(len(honest)) {
		t.Errorf("%d of %d honest texts match; expected at most %g of them", wrong, len(honest), maxFalse)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	sample := slices.Clone(attacks)
	rng.Shuffle(len(sample), func(i, j int) { sample[i], sample[j] = sample[j], sample[i] })
	sample = sample[:min(len(sample), 1500)]
	for _, d := range disturbances {
		hit := 0
		for _, a := range sample {
			if len(m.Find("", read(d.change(rng, a.Text)))) > 0 {
				hit++
			}
		}
		share := float64(hit) / float64(len(sample))
		t.Logf("%-28s %.4f of %d found", d.name, share, len(sample))
		if share < d.least {
			t.Errorf("%s: %.4f found; expected %.2f or more", d.name, share, d.least)
		}
	}
}

var disturbances = []struct {
	name   string
	least  float64
	change func(*rand.Rand, string) string
}{
	{"case and spacing", minCopies, func(_ *rand.Rand, s string) string {
		return strings.Join(strings.Fields(strings.ToUpper(s)), "   ")
	}},
	{"no spaces or punctuation", minGlued, func(_ *rand.Rand, s string) string {
		return strings.NewReplacer(" ", "", "\n", "", "\t", "", ",", "", ".", "", "!", "", "?", "").Replace(s)
	}},
	{"one word in ten dropped", minChanged, words(0.1, func(_ *rand.Rand, w []string, i int) { w[i] = "" })},
	{"one word in five dropped", 0, words(0.2, func(_ *rand.Rand, w []string, i int) { w[i] = "" })},
	{"one word in ten swapped", minChanged, words(0.1, func(_ *rand.Rand, w []string, i int) {
		if i > 0 {
			w[i], w[i-1] = w[i-1], w[i]
		}
	})},
	{"one word in ten mistyped", minChanged, words(0.1, mistype)},
	{"one word in five mistyped", 0, words(0.2, mistype)},
	{"one word in ten replaced", minChanged, words(0.1, func(r *rand.Rand, w []string, i int) { w[i] = other[r.IntN(len(other))] })},
	{"a sentence put in front", minInside, func(_ *rand.Rand, s string) string {
		return "Thanks for the quick answer about the delivery last week.\n" + s
	}},
	{"inside a document", minInside, func(_ *rand.Rand, s string) string { return document + "\n" + s + "\n" + document }},
}

var other = []string{"window", "garden", "please", "quickly", "paper", "maybe", "certain", "letter"}

func mistype(r *rand.Rand, w []string, i int) {
	if b := []byte(w[i]); len(b) > 2 {
		k := 1 + r.IntN(len(b)-2)
		if b[k] < 0x80 && b[k-1] < 0x80 {
			b[k], b[k-1] = b[k-1], b[k]
		}
		w[i] = string(b)
	}
}

// words changes a share of the words of a text and leaves its lines.
func words(share float64, change func(r *rand.Rand, w []string, i int)) func(*rand.Rand, string) string {
	return func(r *rand.Rand, s string) string {
		lines := strings.Split(s, "\n")
		for n, line := range lines {
			w := strings.Split(line, " ")
			for i := range w {
				if r.Float64() < share {
					change(r, w, i)
				}
			}
			lines[n] = strings.Join(w, " ")
		}
		return strings.Join(lines, "\n")
	}
}

// document is honest text to hide attacks in.
var document = strings.Repeat("The quarterly report lists sales by region and by product line. Shipping took two days longer in March because of a strike at the harbour.\n"+
	"Our tests with the new packaging went well, and customers like the smaller boxes. We propose to order four thousand of them before the summer.\n", 12)
