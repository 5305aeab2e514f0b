package dialecttest

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"warder.example/internal/dialect"
)

// plantedArguments: so it is within tool arguments, under two levels of escapes.
func plantedArguments(t *testing.T, s *Suite) {
	if s.Call == nil {
		t.Skip("arguments are no strings; planted as any other text")
	}
	ran := 0
	for inner, innerSpell := range spellings {
		for outer, outerSpell := range spellings {
			for shape, arguments := range map[string]string{
				"value":       `{"q": ` + innerSpell(secret) + `}`,
				"deep":        `{"a": [1, {"b": ` + innerSpell(secret) + `}]}`,
				"key":         `{` + innerSpell(secret) + `: 1}`,
				"not closed":  `{"q": ` + innerSpell(secret) + `, "r": "`,
				"with rest":   `{"q": ` + innerSpell(secret) + `} and more`,
				"bare string": innerSpell(secret),
			} {
				ran++
				t.Run(shape+", inner "+inner+", outer "+outer, func(t *testing.T) { checkArguments(t, s, outerSpell(arguments)) })
			}
		}
	}
	if ran != 54 {
		t.Errorf("ran %d cases; expected 54", ran)
	}
}

func checkArguments(t *testing.T, s *Suite, arguments string) {
	r, err := s.request(s.Call(arguments), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	says := func(r *reading, text string) int {
		at := -1
		for i := range r.leaves {
			if strings.Contains(r.leaves[i].Text, text) {
				at = i
			}
		}
		return at
	}
	at := says(r, secret)
	if at < 0 {
		t.Fatal("not found")
	}
	const gone = `<"gone">`
	start := strings.Index(r.leaves[at].Text, secret)
	out := r.out([]dialect.Edit{{Leaf: at, Masks: mask(start, start+len(secret), gone)}})
	again, err := s.request(out, dialect.Limits{})
	if err != nil {
		t.Fatalf("masked body %s: %v", out, err)
	}
	if says(again, secret) >= 0 || says(again, gone) < 0 {
		t.Errorf("masked to %s", out)
	}
}

// tornArguments cuts tool arguments anywhere, also within their own escapes, and
// masks what they decode to.
func tornArguments(t *testing.T, s *Suite) {
	rnd := rand.New(rand.NewPCG(5, 5))
	for i := range s.Texts {
		if x := &s.Texts[i]; x.Arguments {
			for range 200 {
				checkTornArguments(t, s, x, rnd)
			}
		}
	}
}

func checkTornArguments(t *testing.T, s *Suite, x *Text, rnd *rand.Rand) {
	t.Helper()
	const arguments = `{"to":"\u0061nna@museum.example","n":1.50,"e":"\ud83d\ude00 \"q\"","raw":"é😀"}`
	const decoded = `{"to":"anna@museum.example","n":1.50,"e":"😀 "q"","raw":"é😀"}`
	type part struct {
		c          *dialect.Chunk
		leaf       int
		start, end int
	}
	r := s.Protocol.Chunks(dialect.Limits{})
	var u dialect.Unescaper
	var seen strings.Builder
	var parts []part
	written := 0
	for rest := arguments; rest != ""; {
		n := min(1+rnd.IntN(9), len(rest))
		for n < len(rest) && rest[n]&0xc0 == 0x80 {
			n++
		}
		name, data := x.Event(quoted(rest[:n]))
		rest = rest[n:]
		c, err := r.Parse(name, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Leaves {
			if l := &c.Leaves[i]; l.Delta {
				seen.WriteString(u.Write(l.Text))
				parts = append(parts, part{c, i, written, written + len(l.Text)})
				written += len(l.Text)
			}
		}
	}
	seen.WriteString(u.Close())
	if seen.String() != decoded {
		t.Fatalf("read %q; expected %q", seen.String(), decoded)
	}
	mail := strings.Index(decoded, "anna@")
	ms := u.Masks(mask(mail, mail+len("anna@museum.example"), `[E"MAIL]`))
	var got []uint16
	for _, p := range parts {
		got = append(got, x.read(t, 1, p.c.Data([]dialect.Edit{{Leaf: p.leaf, Masks: within(ms, p.start, p.end)}}))...)
	}
	if want := strings.Replace(arguments, `\u0061nna@museum.example`, `[E\"MAIL]`, 1); string(utf16.Decode(got)) != want {
		t.Fatalf("a client reads %s; expected %s", string(utf16.Decode(got)), want)
	}
}
