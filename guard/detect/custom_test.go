package detect

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"warder.example/guard"
)

var customPatterns = []CustomPattern{
	{Name: "ticket", Pattern: `\bHL-[0-9]{4,6}\b`},
	{Name: "berth", Pattern: `(?i)berth (?:no\. ?)?([0-9]{1,3})`},
	{Name: "run", Pattern: `z[a-y]*`, Longest: 12},
	{Name: "any", Pattern: `[é日]{2,3}|HL`},
}

func mustCustom(ps []CustomPattern) *Custom {
	c, err := NewCustom(ps)
	if err != nil {
		panic(err)
	}
	return c
}

func init() {
	exactDetectors = append(exactDetectors, exactCase{
		name: "custom", detector: mustCustom(customPatterns), origin: guard.OriginUser,
		fragments: []string{"HL-12345", "HL-123", "xHL-1234", "HL-1234567", "berth no. 42", "Berth 7", "berth no.", "zebra", "z" + strings.Repeat("abc", 10), "éé日日", "é", "HL"},
	})
}

func TestCustomFinds(t *testing.T) {
	c := mustCustom(customPatterns)
	text := "Ticket HL-12345 at Berth no. 42, zebra; z" + strings.Repeat("ab", 20)
	found, err := c.Detect(context.Background(), &guard.Text{Content: text})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		if f.Class == guard.Exact {
			got = append(got, strings.TrimPrefix(f.Category, "custom.")+"="+text[f.Spans[0].Start:f.Spans[0].End])
		}
	}
	want := "any=HL ticket=HL-12345 berth=42 run=zebra run=zabababababa"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("found %q, want %q", s, want)
	}
}

func TestNewCustomRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		pattern CustomPattern
		want    string
	}{
		{"no name", CustomPattern{Pattern: "a"}, "name"},
		{"bad name", CustomPattern{Name: "A b", Pattern: "a"}, "name"},
		{"bad expression", CustomPattern{Name: "a", Pattern: "a("}, "missing closing"},
		{"unbounded", CustomPattern{Name: "a", Pattern: "a+"}, "no longest match"},
		{"empty match", CustomPattern{Name: "a", Pattern: "a{0,3}"}, "empty text"},
		{"too long", CustomPattern{Name: "a", Pattern: "(?:.{100}){5}"}, "may match 2000 bytes"},
		{"longest too long", CustomPattern{Name: "a", Pattern: "a+", Longest: 5000}, "longest is 5000"},
		{"long pattern", CustomPattern{Name: "a", Pattern: strings.Repeat("a", 1001)}, "1001 bytes"},
		{"backreference", CustomPattern{Name: "a", Pattern: `(a)\1`}, "invalid escape"},
	} {
		_, err := NewCustom([]CustomPattern{c.pattern})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
	if _, err := NewCustom([]CustomPattern{{Name: "a", Pattern: "x"}, {Name: "a", Pattern: "y"}}); err == nil {
		t.Error("two patterns of one name were accepted")
	}
}

// rexCorpus are expressions whose matches must be those of the standard library.
var rexCorpus = []string{
	`ab?c`, `\bfoo\b`, `a{2,4}b`, `(?i)kelvin|K`, `[^a-z\s]{1,3}x`, `(?s)a.b`, `a.b`, `^ab`, `ab$`, `\Bb`, `(?m)^a|b$`, `é[à-ü]{0,2}`, `[日本]{1,2}語?`, `a(bc|b)d?`, `(?:a|ab)(?:c|bcd)`, `x{0,2}yz`,
}

// TestRexAgreesWithRegexp compares the longest match at every place.
func TestRexAgreesWithRegexp(t *testing.T) {
	type pair struct {
		r   *rex
		std *regexp.Regexp
	}
	var pairs []pair
	for _, expr := range rexCorpus {
		r, err := newRex(expr, 0)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		std := regexp.MustCompile(expr)
		std.Longest()
		pairs = append(pairs, pair{r, std})
	}
	matched := 0
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("aabbcdfoo xyz\nkKé日本語üK")), 0, 30, -1).Draw(t, "text")
		for _, p := range pairs {
			want := p.std.FindStringIndex(text)
			for i := range text {
				got := p.r.run(text, i, true)
				switch {
				case want == nil || i < want[0]:
					if got.end >= 0 {
						t.Fatalf("%s in %q: match at %d, the library has %v", p.std, text, i, want)
					}
				case i == want[0]:
					if matched++; got.end != want[1] {
						t.Fatalf("%s in %q at %d: match ends at %d, the library has %v", p.std, text, i, got.end, want)
					}
				}
			}
		}
	})
	if matched < 100 {
		t.Errorf("only %d matches were compared", matched)
	}
}

func FuzzNewCustom(f *testing.F) {
	for _, expr := range rexCorpus {
		f.Add(expr, "aab foo kelvin 日本語", 40)
	}
	f.Fuzz(func(t *testing.T, expr, text string, longest int) {
		c, err := NewCustom([]CustomPattern{{Name: "p", Pattern: expr, Longest: longest}})
		if err != nil || len(text) > 500 {
			return
		}
		text = strings.ToValidUTF8(text, "?")
		one := exactCase{name: "custom", detector: c}
		if err := checkChunks(&one, text, pieces(text, func() int { return 3 })); err != nil {
			t.Errorf("pattern %q on %q: %v", expr, text, err)
		}
	})
}
