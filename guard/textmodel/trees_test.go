package textmodel_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

// colours is what the trees of these tests ask about.
var colours = []string{"BLUE", "RED"}

// one returns an ensemble of one tree that adds up if a feature is at least a
// threshold, and down if not.
func one(feature uint16, threshold, down, up float32) textmodel.Ensemble {
	var t textmodel.Tree
	for i := range t.Nodes {
		t.Nodes[i] = textmodel.Node{Threshold: float32(math.Inf(1))}
	}
	t.Nodes[0] = textmodel.Node{Feature: feature, Threshold: threshold}
	for i := range t.Leaves {
		t.Leaves[i] = down
		if i >= len(t.Leaves)/2 {
			t.Leaves[i] = up
		}
	}
	return textmodel.Ensemble{Heads: []int{0}, Trees: []textmodel.Tree{t}}
}

func trees(t testing.TB, said, data textmodel.Ensemble) *textmodel.Trees {
	t.Helper()
	out, err := textmodel.NewTrees(colours, said, data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// painted returns a model that knows colours and has trees. "scarlet" is what its linear
// member looks for.
func painted(t testing.TB, k *textmodel.Trees) *textmodel.Model {
	t.Helper()
	l, err := textmodel.ParseLexicon([]byte("BLUE\ten\tazure\nRED\ten\tscarlet\nRED\ten\tcrimson\nGREEN\ten\tolive\n"))
	if err != nil {
		t.Fatal(err)
	}
	const bits = 16
	weights := make([][textmodel.MaxHeads]int8, 1<<bits)
	for _, s := range textmodel.Segments("scarlet", guard.OriginUser, textmodel.Knowledge{}) {
		for _, h := range s.Words {
			weights[h>>(64-bits)][0] = 100
		}
	}
	s := spec(bits)
	for i := range s.Heads[0].Calibrations {
		s.Heads[0].Calibrations[i].Trees = 2
	}
	m, err := textmodel.New(s, weights, textmodel.Knowledge{Lexicon: l, Trees: k})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const dull = "The weather was mild and rather dull all over the country on that day. "

func TestFeaturesOfTrees(t *testing.T) {
	m := painted(t, trees(t, one(0, 1, 0, 0), one(0, 1, 0, 0)))
	const n, styles = 2, 9
	passage, window, place, origin := 0, 2*n, 4*n+2*styles, 4*n+2*styles+1
	text := "Azure is on the walls of every room in this very old house of ours. " + strings.Repeat(dull, 3) +
		"She SAID: crimson [1/2] and scarlet, both $5, über alles, in one sentence of the text. " + strings.Repeat(dull, 2)
	x := make([]float32, m.Knows().Trees.Columns())
	if len(x) != origin+4 {
		t.Fatalf("%d features, expected %d", len(x), origin+4)
	}
	m.Features(x, text, guard.OriginTool)
	for name, want := range map[string]struct {
		column int
		value  float32
	}{
		"BLUE in the passage":           {passage, 1},
		"RED in the passage":            {passage + 1, 1},
		"BLUE leads there":              {passage + n, 1},
		"RED does not lead":             {passage + n + 1, 0},
		"no BLUE in the window":         {window, 0},
		"RED in the window":             {window + 1, 1},
		"nothing leads in the window":   {window + n + 1, 0},
		"the window begins behind four": {place, 4.0 / 6},
		"not a document":                {origin, 0},
		"a tool":                        {origin + 1, 1},
	} {
		if x[want.column] != want.value {
			t.Errorf("%s: %v, expected %v", name, x[want.column], want.value)
		}
	}
	// What a look counts, in the window alone: without spaces: 3 of 66 characters are digits.
	w := x[4*n+styles : place]
	for i, least := range map[int]float32{1: 0.05, 2: 0.02, 3: 0.01, 4: 0.02, 5: 0.02, 6: 0.01, 7: 0.01, 8: 0.1} {
		if w[i] < least || w[i] > 4*least {
			t.Errorf("style %d of the window is %v, expected about %v", i, w[i], least)
		}
	}
	if p := x[4*n : 4*n+styles]; p[2] >= w[2] || p[5] >= w[5] {
		t.Errorf("digits and brackets are %v and %v of the whole, %v and %v of the window: expected less", p[2], p[5], w[2], w[5])
	}
	y := make([]float32, len(x))
	m.Features(y, strings.ReplaceAll(text, " ", "   \u00a0"), guard.OriginTool)
	for i := range styles - 1 { // segments are counted in bytes, so windows differ
		if c := 4*n + i; x[c] != y[c] {
			t.Errorf("style %d of the whole is %v, and %v with more white space", i, x[c], y[c])
		}
	}
	m.Features(x, "", guard.OriginUser)
	for c, v := range x {
		if v != 0 {
			t.Errorf("feature %d of an empty text is %v", c, v)
		}
	}
}

// TestTreesOfEachSide: what is said and data have trees of their own, which add to the
// odds what the calibration says; without trees a model scores as one that never had any.
func TestTreesOfEachSide(t *testing.T) {
	m := painted(t, trees(t, one(1, 1, -0.5, 1.5), one(0, 1, 0.25, 3)))
	bare, err := m.Without("trees")
	if err != nil {
		t.Fatal(err)
	}
	never := painted(t, nil)
	for _, tt := range []struct {
		text   string
		origin guard.Origin
		want   float32
	}{
		{"a scarlet ribbon on the table", guard.OriginUser, 1.5},
		{"an azure ribbon on the table", guard.OriginUser, -0.5},
		{"a scarlet ribbon on the table", guard.OriginDocument, 0.25},
		{"an azure ribbon on the table", guard.OriginUnknown, 3},
		{"an azure ribbon on the table", guard.OriginModel, -0.5},
		{"", guard.OriginEmail, 0.25},
	} {
		s, without := m.Score(tt.text, tt.origin).At(0), bare.Score(tt.text, tt.origin).At(0)
		if s.Evidence.Trees != tt.want || without.Evidence.Trees != 0 {
			t.Errorf("%q as %v: the trees say %v and, left out, %v; expected %v and 0", tt.text, tt.origin, s.Evidence.Trees, without.Evidence.Trees, tt.want)
		}
		odds := func(p float64) float64 { return math.Log(p / (1 - p)) }
		if by := odds(s.Probability) - odds(without.Probability); math.Abs(by-2*float64(tt.want)) > 1e-6 {
			t.Errorf("%q as %v: the odds rise by %v, expected twice %v", tt.text, tt.origin, by, tt.want)
		}
		if without != never.Score(tt.text, tt.origin).At(0) {
			t.Errorf("%q as %v: without its trees it scores otherwise than a model that has none", tt.text, tt.origin)
		}
	}
}

func TestTreesAreKeptInTheFile(t *testing.T) {
	k := trees(t, one(1, 1, -0.5, 1.5), one(9, 0.25, 0, 3))
	m := painted(t, k)
	got, err := textmodel.Load(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), m.Bytes()) || !bytes.Equal(got.Knows().Trees.Bytes(), k.Bytes()) {
		t.Error("the file of the loaded model differs")
	}
	if text := "A SCARLET ribbon"; got.Score(text, guard.OriginUser) != m.Score(text, guard.OriginUser) {
		t.Error("the loaded model scores otherwise")
	}
	if painted(t, nil).Digest() == m.Digest() {
		t.Error("a model with trees has the version of one without")
	}
}

func TestTreesRefuse(t *testing.T) {
	good := one(0, 1, 0, 1)
	var many []string
	for i := range textmodel.MaxTreeConcepts + 1 {
		many = append(many, strings.Repeat("x", i%20+1)+string(rune('A'+i/20)))
	}
	looks := func(heads ...int) textmodel.Ensemble { return textmodel.Ensemble{Heads: heads} }
	for _, tt := range []struct {
		name     string
		concepts []string
		said     textmodel.Ensemble
	}{
		{"too many concepts", many, good},
		{"two of a name", []string{"A", "A"}, good},
		{"no name", []string{""}, good},
		{"long name", []string{strings.Repeat("N", 41)}, good},
		{"not UTF-8", []string{"\xff"}, good},
		{"looks nowhere", colours, looks()},
		{"looks twice", colours, looks(0, 0)},
		{"no such head", colours, looks(textmodel.MaxHeads)},
		{"negative head", colours, looks(-1)},
		{"too many trees", colours, textmodel.Ensemble{Heads: []int{0}, Trees: make([]textmodel.Tree, textmodel.MaxTrees+1)}},
		{"no such feature", colours, one(31, 1, 0, 1)},
		{"threshold of zero", colours, one(0, 0, 0, 1)},
		{"threshold not a number", colours, one(0, float32(math.NaN()), 0, 1)},
		{"leaf not a number", colours, one(0, 1, float32(math.NaN()), 1)},
		{"leaf too large", colours, one(0, 1, 0, 1e9)},
	} {
		if _, err := textmodel.NewTrees(tt.concepts, tt.said, good); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
	k, err := textmodel.NewTrees(colours, looks(1), good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := textmodel.New(spec(textmodel.MinBits), make([][textmodel.MaxHeads]int8, 1<<textmodel.MinBits), textmodel.Knowledge{Trees: k}); !errors.Is(err, textmodel.ErrFormat) {
		t.Errorf("trees that look where no head looks: error %v, expected ErrFormat", err)
	}
	if _, err := painted(t, nil).WithTrees(k); err == nil {
		t.Error("trees that look where no head looks are taken")
	}
	file := trees(t, good, good).Bytes()
	for i := range file {
		if _, err := textmodel.ParseTrees(file[:i]); err == nil {
			t.Fatalf("the first %d bytes of %d are no error", i, len(file))
		}
	}
	if _, err := textmodel.ParseTrees(append(file, 0)); err == nil {
		t.Error("a byte behind the trees is no error")
	}
}

// FuzzTrees holds that no bytes make the parser fail otherwise than with an error or
// take much memory, and that what it accepts it writes as it was and can use.
func FuzzTrees(f *testing.F) {
	good := trees(f, one(0, 1, 0, 1), one(1, 1, 0, 1)).Bytes()
	f.Add(good, "azure")
	f.Add(good[:30], "")
	f.Add(bytes.Replace(good, []byte("BLUE"), []byte("RED\x00"), 1), "Scarlet [x]")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		k, err := textmodel.ParseTrees(data)
		if err != nil {
			return
		}
		if !bytes.Equal(k.Bytes(), data) {
			t.Fatal("it is written otherwise than it was read")
		}
		m, err := painted(t, nil).WithTrees(k)
		if err != nil {
			return
		}
		for o := range guard.Origin(9) {
			if p := m.Score(text, o).At(0).Probability; !(p >= 0 && p <= 1) {
				t.Fatalf("%v gives %v", o, p)
			}
		}
	})
}

// TestExplainTrees: the weight of a part is what the odds lose without it, in the unit
// of the linear member.
func TestExplainTrees(t *testing.T) {
	m := painted(t, trees(t, one(1, 1, -0.5, 1.5), one(4*2+9+5, 0.05, -1, 1)))
	r, ok := m.ExplainTrees("a scarlet ribbon on the table", guard.OriginUser, 0, 5)
	if !ok || r.Kind != "trees" || len(r.Parts) != 1 || r.Parts[0] != (textmodel.Part{Concept: "RED", Weight: 4}) || r.Weight != 3 {
		t.Errorf("%+v; expected 3 by RED, without which it were 4 less", r)
	}
	r, ok = m.ExplainTrees("((((scarlet)))) ribbons", guard.OriginDocument, 0, 5)
	if !ok || len(r.Parts) != 1 || r.Parts[0].Style != "share of brackets" {
		t.Errorf("%+v; expected brackets", r)
	}
	if r, ok = m.ExplainTrees("an azure ribbon on the table", guard.OriginUser, 0, 5); !ok || r.Weight >= 0 || len(r.Parts) != 0 {
		t.Errorf("%+v; expected that a text without RED speaks against, by no part of its own", r)
	}
	if _, ok = painted(t, nil).ExplainTrees("scarlet", guard.OriginUser, 0, 5); ok {
		t.Error("trees that are not there are explained")
	}
	if _, ok = m.ExplainTrees("scarlet", guard.OriginUser, 7, 5); ok {
		t.Error("a head that is not there is explained")
	}
}

func TestTreesAllocateNothing(t *testing.T) {
	m := painted(t, trees(t, one(1, 1, -0.5, 1.5), one(9, 0.25, 0, 3)))
	text := strings.Repeat("Some scarlet lines of text, über alles 漢字 [included]. ", 100)
	m.Score(text, guard.OriginUser)
	if n := testing.AllocsPerRun(100, func() { m.Score(text, guard.OriginUser) }); n > 0.1 {
		t.Errorf("%.2f allocations a score, expected none", n)
	}
}
