package dialect_test

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// edgeLeaf reads a text as tool arguments or as prose and returns its outer leaf.
func edgeLeaf(t *testing.T, text string, use dialect.Use) *dialect.Leaf {
	t.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dialect.Parse(b, dialect.NewSpec(&dialect.Rule{Use: use}, dialect.SpecOptions{}), dialect.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &d.Leaves[0]
}

// TestWholeEscapes: masks with bounds inside escapes of JSON in a text.
func TestWholeEscapes(t *testing.T) {
	for _, c := range []struct{ text, covered, arguments, prose string }{
		{`["a\nlena"]`, `nlena`, `["a\n#"]`, `["a\n#"]`},
		{`["\u006cena"]`, `u006cena`, `["\u006c#"]`, `["#"]`}, // of arguments the inner leaf says that the l belongs to it
		{`["lena\"x"]`, `lena\`, `["#\"x"]`, `["#\"x"]`},
		{`["lena\u0062"]`, `lena\u`, `["#\u0062"]`, `["#"]`},
		{`["a\\nlena"]`, `nlena`, `["a\\#"]`, `["a\\#"]`},
		{`["a\nb"]`, `\n`, `["a#b"]`, `["a#b"]`},
		{`["\u006c"]`, `006`, `["#"]`, `["#"]`},
		{`["\n\tx"]`, `n\`, `["#x"]`, `["#x"]`},
		{`["\ud83d\ude00lena"]`, `de00lena`, `["\ud83d\ude00#"]`, `["#"]`},
		{`cut off \nlena`, `nlena`, `cut off \n#`, `cut off \#`},
		{`["lena"]`, `en`, `["l#a"]`, `["l#a"]`},
	} {
		at := strings.Index(c.text, c.covered)
		ms := []guard.Mask{{Span: guard.Span{Start: at, End: at + len(c.covered)}, With: "#"}}
		for use, want := range map[dialect.Use]string{dialect.Arguments: c.arguments, dialect.Prose: c.prose} {
			if got := guard.Apply(c.text, edgeLeaf(t, c.text, use).WholeEscapes(ms)); got != want {
				t.Errorf("%s of %s (use %d) became %s, want %s", c.covered, c.text, use, got, want)
			}
		}
	}
}

// TestWholeEscapesBounds: no bound is inside an escape, each moves by less than one,
// and nothing that is no part of an escape is covered more or less than before.
func TestWholeEscapesBounds(t *testing.T) {
	units := []string{`\n`, `\"`, `\\`, `\u00e9`, `\ud83d\ude00`, `n`, `u0`, `é`, `ab`}
	escape := regexp.MustCompile(`\\u[dD][89aAbB]..\\u[dD][c-fC-F]..|\\u[0-9a-f]{4}|\\.`)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		text := `"`
		for range rnd.IntN(12) {
			text += units[rnd.IntN(len(units))]
		}
		text += `"`
		var ms []guard.Mask
		for range 1 + rnd.IntN(3) {
			a, b := rnd.IntN(len(text)+1), rnd.IntN(len(text)+1)
			if a != b {
				ms = append(ms, guard.Mask{Span: guard.Span{Start: min(a, b), End: max(a, b)}, With: "#"})
			}
		}
		covered := func(ms []guard.Mask) []bool {
			out := make([]bool, len(text))
			for _, m := range ms {
				for i := m.Start; i < m.End; i++ {
					out[i] = true
				}
			}
			return out
		}
		for _, use := range []dialect.Use{dialect.Arguments, dialect.Prose} {
			got := edgeLeaf(t, text, use).WholeEscapes(ms)
			was, is := covered(ms), covered(got)
			for _, at := range escape.FindAllStringIndex(text, -1) {
				all, some := true, false
				for i := at[0]; i < at[1]; i++ {
					some, all = some || is[i], all && was[i]
					if is[i] != is[at[0]] {
						t.Fatalf("masks %v of %s became %v, which split the escape at %d", ms, text, got, at[0])
					}
				}
				if all && !some {
					t.Fatalf("masks %v of %s became %v, without the escape at %d", ms, text, got, at[0])
				}
				for i := at[0]; i < at[1]; i++ {
					was[i], is[i] = false, false
				}
			}
			for i := range was {
				if was[i] != is[i] {
					t.Fatalf("masks %v of %s became %v, which differ at %d", ms, text, got, i)
				}
			}
		}
	}
}
