package detect

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/guard"
)

// fuzzPieces checks on any text that pieces change nothing, and that findings
// lie in the text, in order, on rune boundaries.
func fuzzPieces(f *testing.F, d guard.StreamDetector, o guard.Origin) {
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if !utf8.ValidString(text) || len(text) > 8<<10 {
			t.Skip("not a text that a guard is given")
		}
		last := 0
		for _, m := range scanAll(d, text, o, guard.Prose) {
			sp := m.Spans[0]
			if sp.Start < last || sp.End <= sp.Start || sp.End > len(text) || !utf8.RuneStart(text[sp.Start]) || sp.End < len(text) && !utf8.RuneStart(text[sp.End]) {
				t.Fatalf("%q: span %v after %d", text, sp, last)
			}
			last = sp.End
		}
		if diff := sameInPieces(d, text, o, guard.Prose, rand.New(rand.NewPCG(seed, 1))); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	})
}

func FuzzPII(f *testing.F) {
	for _, rows := range piiVectors(f) {
		f.Add(rows[0].Text, uint64(1))
	}
	f.Add("00"+strings.Repeat("Q", 800)+"!", uint64(72))
	f.Add("🙂AB 12 34 56 C", uint64(1))
	fuzzPieces(f, NewPII(), guard.OriginUser)
}

func FuzzSignatures(f *testing.F) {
	for i, v := range sigVectors(f) {
		f.Add(v.Text, uint64(i))
	}
	fuzzPieces(f, NewSignatures(), guard.OriginDocument)
}

func FuzzLinks(f *testing.F) {
	for i, v := range linkVectors(f) {
		f.Add(v.Text, uint64(i))
	}
	fuzzPieces(f, NewLinks(nil), guard.OriginModel)
}

func FuzzScript(f *testing.F) {
	for i, v := range codeVectors(f) {
		f.Add(v.Text, uint64(i))
	}
	fuzzPieces(f, NewCode(), guard.OriginModel)
}
