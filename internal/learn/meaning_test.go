package learn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
)

// TestMeaningCarriesOver is the control of the lexicon: what it adds to a model
// vanishes when the same expressions are dealt to concepts at random, so it is
// meaning that helps and not more features. Models are trained on the seeds and
// ranked by the validation texts.
func TestMeaningCarriesOver(t *testing.T) {
	if testing.Short() {
		t.Skip("trains three models")
	}
	rows, err := seedRows("")
	if err != nil {
		t.Fatal(err)
	}
	// Requests for harm are no seeds; every head needs some.
	for i := range 60 {
		rows = append(rows, Row{Text: fmt.Sprintf("recipe %d for wrecking the harbour number %d", i, i*i), Label: corpus.HarmfulRequest, Source: fmt.Sprintf("harm%d", i%3), Lang: "en"})
	}
	validation, err := Validation()
	if err != nil {
		t.Fatal(err)
	}
	rank := func(l *textmodel.Lexicon) float64 {
		res, err := Train(context.Background(), Config{Rows: rows, Lexicon: l, Seed: 3, Folds: 2, Bits: 17})
		if err != nil {
			t.Fatal(err)
		}
		return ranking(res.Model, validation)
	}
	meant, err := DefaultLexicon("")
	if err != nil {
		t.Fatal(err)
	}
	none, with, dealt := rank(nil), rank(meant), rank(shuffled(t))
	t.Logf("area under the curve over validation texts: without lexicon %.3f, with %.3f, with shuffled labels %.3f", none, with, dealt)
	if with < none+0.01 {
		t.Errorf("the lexicon lifts %.3f to %.3f, want a gain of 0.01", none, with)
	}
	if dealt > none+(with-none)/2 {
		t.Errorf("shuffled labels give %.3f, more than half of the gain from %.3f to %.3f", dealt, none, with)
	}
}

// ranking returns the probability that an attack of validation scores higher than
// an honest text of the same side, users' texts and data apart.
func ranking(m *textmodel.Model, rows []Row) float64 {
	mean := 0.0
	for _, data := range []bool{false, true} {
		var attacks, honest []float64
		for i := range rows {
			r := &rows[i]
			if r.data() != data {
				continue
			}
			s, p := m.Score(r.Text, r.Origin), 0.0
			for h := range 3 {
				if h < 2 || data {
					p = max(p, s.At(h).Probability)
				}
			}
			if r.Label.Attack() {
				attacks = append(attacks, p)
			} else {
				honest = append(honest, p)
			}
		}
		slices.Sort(honest)
		sum := 0.0
		for _, p := range attacks {
			lo, _ := slices.BinarySearch(honest, p)
			hi, _ := slices.BinarySearch(honest, above(p))
			sum += float64(lo+hi) / 2
		}
		mean += sum / float64(len(attacks)*len(honest)) / 2
	}
	return mean
}

// shuffled returns the lexicon with its concepts dealt anew, as many expressions
// to each as before.
func shuffled(t *testing.T) *textmodel.Lexicon {
	t.Helper()
	var concepts, rest []string
	for line := range strings.SplitSeq(strings.TrimSpace(string(lexiconFile)), "\n") {
		concept, tail, ok := strings.Cut(line, "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		concepts, rest = append(concepts, concept), append(rest, tail)
	}
	r := rand.New(rand.NewPCG(8, 8))
	r.Shuffle(len(concepts), func(i, j int) { concepts[i], concepts[j] = concepts[j], concepts[i] })
	var b strings.Builder
	for i := range concepts {
		b.WriteString(concepts[i] + "\t" + rest[i] + "\n")
	}
	l, err := textmodel.ParseLexicon([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
