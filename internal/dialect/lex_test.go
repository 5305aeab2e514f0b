package dialect_test

import (
	"errors"
	"strings"
	"testing"

	"warder.example/internal/dialect"
)

// TestStringsEndWhereTheyEnd: the end of a string, an escape and a control
// character are seen at every distance from the string's beginning, whatever bytes
// that look alike stand before and behind them.
func TestStringsEndWhereTheyEnd(t *testing.T) {
	spec := dialect.NewSpec(&dialect.Rule{Use: dialect.Prose}, dialect.SpecOptions{})
	// Neighbours of what ends a run, the same with the highest bit set, and
	// the borders of what is printable.
	for _, filler := range []string{"a", " ", "!", "#", "[", "]", "\x7f", "¢", "Ü", "\u0080", "\u009f", "é漢", "\U0001f600"} {
		for size := range 100 {
			before := strings.Repeat(filler, size)
			behind := strings.Repeat(filler, 40)
			for _, c := range []struct{ written, text string }{
				{"", ""}, {`\"`, `"`}, {`\\`, `\`}, {`\u0001`, "\x01"}, {`\n"`, ""}, {"\x00", ""}, {"\x1f", ""}, {"\n", ""},
			} {
				body := `"` + before + c.written + behind + `"`
				doc, err := dialect.Parse([]byte(body), spec, dialect.Limits{}, nil)
				if want := before + c.text + behind; c.text != "" || c.written == "" {
					if err != nil || len(doc.Leaves) != 1 || doc.Leaves[0].Text != want {
						t.Fatalf("%q: %v; want the one text %q", body, err, want)
					}
					continue
				}
				var p *dialect.Problem
				at := 1 + len(before)
				if c.written == `\n"` { // the string ends early: what follows is too much
					at += len(c.written)
				}
				for at < len(body) && strings.IndexByte(" ", body[at]) == 0 && c.written == `\n"` {
					at++ // white space may follow a value
				}
				if !errors.As(err, &p) || p.Offset != at {
					t.Fatalf("%q: %v; want a problem at byte %d", body, err, at)
				}
			}
		}
	}
}
