package dialecttest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// A Text runs through the events of a stream.
type Text struct {
	Key dialect.Key
	// Event returns the payload of an event that holds pieces of the text, which
	// are JSON strings with their quotes, and its name.
	Event func(pieces ...string) (name, data string)
	// Pieces is how many of them an event may hold; 0 means one.
	Pieces int
	// Arguments says that the text is arguments of a tool, which are JSON.
	Arguments bool
}

// pieces writes a text as JSON strings that are cut between UTF-16 units, with every
// other unit as an escape, so that pairs of surrogates are torn.
func pieces(rnd *rand.Rand, text string) (out []string) {
	units := utf16.Encode([]rune(text))
	for len(units) > 0 {
		n := min(1+rnd.IntN(4), len(units))
		var b strings.Builder
		for i, u := range units[:n] {
			whole := i+1 < n && utf16.IsSurrogate(rune(u)) && utf16.IsSurrogate(rune(units[i+1]))
			switch {
			case utf16.IsSurrogate(rune(u)), u == '"', u == '\\', u < 0x20, !whole && rnd.IntN(2) == 0:
				fmt.Fprintf(&b, `\u%04x`, u)
			default:
				b.WriteRune(rune(u))
			}
		}
		out = append(out, `"`+b.String()+`"`)
		units = units[n:]
	}
	return out
}

// events groups pieces into events.
func (x *Text) events(rnd *rand.Rand, pieces []string) (out [][]string) {
	for len(pieces) > 0 {
		n := min(1+rnd.IntN(max(x.Pieces, 1)), len(pieces))
		out, pieces = append(out, pieces[:n]), pieces[n:]
	}
	return out
}

// read returns the pieces of an event as a JavaScript client adds them to a text,
// which it keeps in UTF-16. All else of the event must be as it was.
func (x *Text) read(t testing.TB, n int, data []byte) (units []uint16) {
	t.Helper()
	marks := make([]string, n)
	for i := range marks {
		marks[i] = fmt.Sprintf(`"@%d@"`, i)
	}
	_, frame := x.Event(marks...)
	rest := string(data)
	for _, m := range marks {
		before, after, _ := strings.Cut(frame, m)
		text, ok := strings.CutPrefix(rest, before)
		literal := stringPattern.FindString(text)
		if !ok || !strings.HasPrefix(text, `"`) || literal == "" {
			t.Fatalf("%s is no longer an event as %s", data, frame)
		}
		units = append(units, decode(t, literal[1:len(literal)-1])...)
		rest, frame = text[len(literal):], after
	}
	if rest != frame {
		t.Fatalf("%s does not end as %s", data, frame)
	}
	return units
}

// decode returns the UTF-16 units of what stands within a JSON string.
func decode(t testing.TB, raw string) (units []uint16) {
	t.Helper()
	for raw != "" {
		if strings.HasPrefix(raw, `\u`) {
			var u uint16
			if _, err := fmt.Sscanf(raw[2:6], "%04x", &u); err != nil {
				t.Fatal(err)
			}
			units, raw = append(units, u), raw[6:]
			continue
		}
		if raw[0] == '\\' {
			var s string
			if err := json.Unmarshal([]byte(`"`+raw[:2]+`"`), &s); err != nil {
				t.Fatal(err)
			}
			units, raw = append(units, uint16(s[0])), raw[2:]
			continue
		}
		r := []rune(raw)[0]
		units, raw = utf16.AppendRune(units, r), raw[len(string(r)):]
	}
	return units
}

// checkText cuts a text into events and checks that it is read whole, and arrives
// whole or masked.
func checkText(t testing.TB, s *Suite, x *Text, rnd *rand.Rand, text string) {
	t.Helper()
	reader := s.Protocol.Chunks(dialect.Limits{Unknown: dialect.RefuseUnknown})
	ms := randomMasks(rnd, text)
	var seen strings.Builder
	var plain, masked []uint16
	for _, pieces := range x.events(rnd, pieces(rnd, text)) {
		name, data := x.Event(pieces...)
		c, err := reader.Parse(name, []byte(data))
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !c.Rewritten() && string(c.Data(nil)) != data {
			t.Fatalf("%s became %s", data, c.Data(nil))
		}
		plain = append(plain, x.read(t, len(pieces), c.Data(nil))...)
		var edits []dialect.Edit
		for i, l := range c.Leaves {
			if !l.Delta {
				continue
			}
			if l.Key != x.Key || l.Inner || (l.Kind == guard.ToolArguments) != x.Arguments {
				t.Fatalf("leaf %+v; expected the key %+v", l, x.Key)
			}
			edits = append(edits, dialect.Edit{Leaf: i, Masks: within(ms, seen.Len(), seen.Len()+len(l.Text))})
			seen.WriteString(l.Text)
		}
		masked = append(masked, x.read(t, len(pieces), c.Data(edits))...)
	}
	if seen.String() != text {
		t.Fatalf("%+v: read %q; expected %q", x.Key, seen.String(), text)
	}
	if got := string(utf16.Decode(plain)); got != text {
		t.Fatalf("%+v: a client reads %q; expected %q", x.Key, got, text)
	}
	if got, want := string(utf16.Decode(masked)), guard.Apply(text, ms); got != want {
		t.Fatalf("%+v: masked with %+v a client reads %q; expected %q", x.Key, ms, got, want)
	}
}

// within returns the parts of masks that lie in [from, to), relative to from. The
// part where a mask begins carries the replacement.
func within(ms []guard.Mask, from, to int) (out []guard.Mask) {
	for _, m := range ms {
		if m.Start >= to || m.End <= from {
			continue
		}
		p := guard.Mask{Span: guard.Span{Start: max(m.Start, from) - from, End: min(m.End, to) - from}, With: m.With}
		if m.Start < from {
			p.With = ""
		}
		out = append(out, p)
	}
	return out
}

// torn: however a text is cut, also within a character, it is read and masked as
// the whole.
func torn(t *testing.T, s *Suite) {
	rnd := rand.New(rand.NewPCG(11, 3))
	for i := range s.Texts {
		for round := range 300 {
			if i == 0 || round < 100 {
				checkText(t, s, &s.Texts[i], rnd, "a😀b\U000e0041\U000e0042 \"\\ é漢😀😀\n.")
			}
			if round < 100 {
				checkText(t, s, &s.Texts[i], rnd, "{\"to\":\"é anna@museum.example 漢\",\"n\":1}\u2028x")
			}
		}
	}
	if len(s.Streams) > 0 && len(s.Texts) < 1 {
		t.Error("streams without texts that run through them")
	}
}

// halves: half a character that finds no other half is never half of what is read.
func halves(t *testing.T, s *Suite) {
	for _, c := range []struct {
		name   string
		pieces []string
		want   string // what is inspected
	}{
		{"high half and then a letter", []string{`\ud83d`, `x`}, "x"},
		{"high half twice", []string{`\ud83d`, `\ud83d`, `\ude00`}, "😀"},
		{"low half alone", []string{`\ude00`, `x`}, "x"},
		{"in the middle", []string{`a\ud83db`}, "a\ufffdb"},
		{"an escaped backslash is no half", []string{`\\ud83d`, `\ude00`}, `\ud83d`},
		{"at the end of the stream", []string{`a\ud83d`}, "a"},
		{"over an empty delta", []string{`\ud83d`, ``, `\ude00`}, "😀"},
	} {
		for i := range s.Texts {
			x := &s.Texts[i]
			r := s.Protocol.Chunks(dialect.Limits{})
			var seen strings.Builder
			for _, p := range c.pieces {
				name, data := x.Event(`"` + p + `"`)
				ch, err := r.Parse(name, []byte(data))
				if err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
				for _, l := range ch.Leaves {
					if l.Delta {
						seen.WriteString(l.Text)
					}
				}
				if !json.Valid(ch.Data(nil)) {
					t.Errorf("%s: wrote %s", c.name, ch.Data(nil))
				}
			}
			if seen.String() != c.want {
				t.Errorf("%s: %+v: read %q; expected %q", c.name, x.Key, seen.String(), c.want)
			}
		}
	}
}
