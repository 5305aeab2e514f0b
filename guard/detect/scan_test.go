package detect

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"warder.example/guard"
)

// exactCase is one exact detector with what brings it close to a finding.
type exactCase struct {
	name     string
	detector guard.StreamDetector
	exchange *guard.Exchange
	origin   guard.Origin
	kind     guard.Kind
	// fragments are matches and near misses, from which texts are made.
	fragments []string
}

// exactDetectors lists every exact detector of the package: each must have a
// line, appended by the file that tests it.
var exactDetectors []exactCase

// filler stands between fragments.
var filler = []string{" ", "\n", ". ", ", ", "the key to the house", "é", "日本語", "🙂", "=", ":", "\"", "a", "Z9", "_", "-", "/", "   ", "x1y2"}

// drawText makes a text of whole, cut and mutated fragments.
func drawText(t *rapid.T, fragments []string) string {
	var b strings.Builder
	for range rapid.IntRange(1, 8).Draw(t, "parts") {
		f := rapid.SampledFrom(fragments).Draw(t, "fragment")
		switch rapid.IntRange(0, 5).Draw(t, "change") {
		case 0:
			f = f[:runeFloor(f, rapid.IntRange(0, len(f)).Draw(t, "cut"))]
		case 1:
			f = f[runeFloor(f, rapid.IntRange(0, len(f)).Draw(t, "cut")):]
		case 2:
			at := runeFloor(f, rapid.IntRange(0, len(f)).Draw(t, "at"))
			f = f[:at] + rapid.SampledFrom(filler).Draw(t, "noise") + f[at:]
		}
		b.WriteString(f)
		if rapid.Bool().Draw(t, "gap") {
			b.WriteString(rapid.SampledFrom(filler).Draw(t, "filler"))
		}
	}
	return b.String()
}

func runeFloor(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// pieces cuts text at rune boundaries; size gives the next piece's length.
func pieces(text string, size func() int) []string {
	var out []string
	for text != "" {
		n := runeFloor(text, min(size(), len(text)))
		if n == 0 {
			_, n = utf8.DecodeRuneInString(text)
		}
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

// checkChunks scans the pieces and compares with the whole text.
func checkChunks(c *exactCase, text string, cut []string) error {
	whole, upto := c.detector.Scanner(c.exchange, c.origin, c.kind).Scan(text, true)
	if upto != len(text) {
		return fmt.Errorf("whole text: safe is %d at the end, want %d", upto, len(text))
	}
	sc := c.detector.Scanner(c.exchange, c.origin, c.kind)
	var got []guard.Finding
	safe, seen := 0, 0
	step := func(piece string, end bool) error {
		seen += len(piece)
		found, upto := sc.Scan(piece, end)
		for _, f := range found {
			if f.Spans[0].Start < safe {
				return fmt.Errorf("finding %+v begins before %d, which was safe", f, safe)
			}
			if n := len(f.Spans); f.Spans[n-1].End > seen {
				return fmt.Errorf("finding %+v ends after the %d bytes seen", f, seen)
			}
		}
		switch {
		case upto < safe:
			return fmt.Errorf("safe fell from %d to %d", safe, upto)
		case upto > seen:
			return fmt.Errorf("safe is %d after %d bytes", upto, seen)
		case seen-upto > c.detector.Longest():
			return fmt.Errorf("%d bytes held, longest match is %d", seen-upto, c.detector.Longest())
		case end && upto != seen:
			return fmt.Errorf("safe is %d at the end of %d bytes", upto, seen)
		}
		got, safe = append(got, found...), upto
		return nil
	}
	for _, p := range cut {
		if err := step(p, false); err != nil {
			return err
		}
	}
	if err := step("", true); err != nil {
		return err
	}
	if d := cmp.Diff(whole, got); d != "" {
		return fmt.Errorf("in pieces it differs from the whole text (-whole +pieces):\n%s", d)
	}
	at := 0
	for _, f := range whole {
		if f.Spans[0].Start < at {
			return fmt.Errorf("findings are not in order: %+v", whole)
		}
		at = f.Spans[0].Start
	}
	return nil
}

// chunkRounds is how many times the property is checked, each with rapid's own
// number of texts.
const chunkRounds = 8

// TestExactDetectorsAtAnyChunking is the contract of [guard.StreamDetector].
func TestExactDetectorsAtAnyChunking(t *testing.T) {
	if len(exactDetectors) < 5 {
		t.Fatalf("%d exact detectors are listed, expected at least 5", len(exactDetectors))
	}
	for i := range exactDetectors {
		c := &exactDetectors[i]
		t.Run(c.name, func(t *testing.T) {
			found := 0
			for _, f := range c.fragments {
				text := "so " + f + " end"
				if err := checkChunks(c, text, pieces(text, func() int { return 1 })); err != nil {
					t.Fatalf("%q byte by byte: %v", text, err)
				}
				all, _ := c.detector.Scanner(c.exchange, c.origin, c.kind).Scan(text, true)
				found += len(all)
			}
			if found == 0 {
				t.Fatal("no fragment gives a finding: the test would prove nothing")
			}
			for range chunkRounds {
				rapid.Check(t, func(t *rapid.T) {
					text := drawText(t, c.fragments)
					size := rapid.IntRange(1, rapid.SampledFrom([]int{1, 2, 7, 40, 400}).Draw(t, "most"))
					if err := checkChunks(c, text, pieces(text, func() int { return size.Draw(t, "size") })); err != nil {
						t.Fatalf("%q: %v", text, err)
					}
				})
			}
		})
	}
}

// fakeFinder matches "<" up to ">" and no further than eight bytes.
func fakeFinder(text string, from int, end bool) (match, int, bool) {
	for i := from; i < len(text); i++ {
		if text[i] != '<' {
			continue
		}
		for j := i + 1; j < i+8; j++ {
			if j == len(text) {
				if end {
					break
				}
				return match{}, i, false
			}
			if text[j] == '>' {
				return match{Span: guard.Span{Start: i, End: j + 1}, category: "custom.tag", score: 1}, 0, true
			}
		}
	}
	return match{}, len(text), false
}

func TestScannerKeepsContext(t *testing.T) {
	s := newScanner("tags", fakeFinder)
	for range 1000 {
		s.Scan("abcdefgh", false)
	}
	if n := len(s.buf); n < contextBytes || n > contextBytes+utf8.UTFMax+8 {
		t.Errorf("%d bytes are kept after 8000, expected about %d", n, contextBytes)
	}
	found, safe := s.Scan("<a", false)
	if len(found) != 0 || safe != 8000 {
		t.Errorf("after %q: %d findings, safe %d; want 0 and 8000", "<a", len(found), safe)
	}
	found, safe = s.Scan("b>c", false)
	if len(found) != 1 || found[0].Spans[0] != (guard.Span{Start: 8000, End: 8004}) || safe != 8005 {
		t.Errorf("after %q: %+v, safe %d; want one at 8000..8004 and 8005", "b>c", found, safe)
	}
}

// TestEveryExactDetectorIsListed keeps exactDetectors complete.
func TestEveryExactDetectorIsListed(t *testing.T) {
	all, err := Standard(Config{Deny: []string{"a word"}, Custom: []CustomPattern{{Name: "p", Pattern: "ab"}}, DisableModel: true})
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, c := range exactDetectors {
		listed[fmt.Sprintf("%T", c.detector)] = true
	}
	for _, d := range all {
		if _, ok := d.(guard.StreamDetector); ok && !listed[fmt.Sprintf("%T", d)] {
			t.Errorf("%T is an exact detector and has no line in exactDetectors", d)
		}
	}
}
