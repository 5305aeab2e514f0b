package detect

import (
	"context"
	"strings"
	"testing"

	"warder.example/guard"
)

// invisibleVector is one row of testdata/invisible.json.
type invisibleVector struct {
	Name string `json:"name"`
	Text string `json:"text"`
	// Rules are the rules expected, in order; none for text that must pass.
	Rules []string `json:"rules"`
	// Spans are the expected byte ranges; nil when the row does not say.
	Spans [][2]int `json:"spans"`
}

// floor of vectors that must have run.
const invisibleFloor = 60

func init() {
	exactDetectors = append(exactDetectors, exactCase{
		name: "invisible", detector: Invisible{},
		fragments: []string{
			"\U000E0049\U000E0067\U000E006E", "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F",
			"\U0001F600\uFE0F\U000E0149\U000E0157\U000E015E\U000E015F", "i\u200bg\u200bn\u200bo\u200br\u200be", "1\uFE0F\u20E3", "\u2764\uFE0F",
			"\U0001F469\u200D\U0001F4BB", "\u202Egnirts\u202C", "\u2066name\u2069", "\u05E9\u05DC\u05D5\u05DD\u200F", "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645",
			"p\u00ADa\u00ADs\u00ADs\u00ADw", "Donau\u00ADdampf\u00ADschiff", "\uFEFF", "\u200B", strings.Repeat("\u200B\u200C", 200), strings.Repeat("\U000E0041", 300),
			"\u0E01\u200B\u0E02", "\u034F \u200C \u034F", "\u3164", "\u1100\u1160",
		},
	})
}

func TestInvisibleVectors(t *testing.T) {
	rows := readVectors[invisibleVector](t, "invisible.json")
	ran := 0
	for _, row := range rows {
		t.Run(row.Name, func(t *testing.T) {
			ran++
			checkInvisible(t, row)
		})
	}
	if ran < invisibleFloor {
		t.Errorf("ran %d vectors, want at least %d", ran, invisibleFloor)
	}
}

func checkInvisible(t *testing.T, row invisibleVector) {
	t.Helper()
	found, err := Invisible{}.Detect(context.Background(), &guard.Text{Content: row.Text})
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	var spans [][2]int
	for _, f := range found {
		rules = append(rules, f.Rule)
		spans = append(spans, [2]int{f.Spans[0].Start, f.Spans[0].End})
		if f.Score <= 0 || f.Score > 1 || f.Explanation == "" || f.Detector != "invisible" {
			t.Errorf("finding %+v: want a score in (0, 1], an explanation and the detector's name", f)
		}
		if strong := f.Rule != "stray" && f.Rule != "bidi-controls" && f.Rule != "unreadable"; strong != (f.Score == 1) {
			t.Errorf("rule %s scores %g", f.Rule, f.Score)
		}
	}
	if strings.Join(rules, ",") != strings.Join(row.Rules, ",") {
		t.Fatalf("%q: rules %q, want %q (spans %v)", row.Text, rules, row.Rules, spans)
	}
	for i, want := range row.Spans {
		if spans[i] != want {
			t.Errorf("%q: span %d is %v, want %v", row.Text, i, spans[i], want)
		}
	}
}

// TestInvisibleOrigins checks that operator and user text are judged alike, and
// that masking takes out what was hidden and nothing else.
func TestInvisibleOrigins(t *testing.T) {
	const text = "Good \U000E0068\U000E0069\U000E0021morning"
	for _, o := range []guard.Origin{guard.OriginUser, guard.OriginOperator, guard.OriginTool, guard.OriginModel} {
		found, err := Invisible{}.Detect(context.Background(), &guard.Text{Content: text, Origin: o})
		if err != nil || len(found) != 1 {
			t.Fatalf("origin %s: %d findings, error %v; want one", o, len(found), err)
		}
		got := guard.Apply(text, []guard.Mask{{Span: found[0].Spans[0], With: guard.MaskText(found[0].Category)}})
		if want := "Good [INVISIBLE_TEXT]morning"; got != want {
			t.Errorf("origin %s: masked to %q, want %q", o, got, want)
		}
	}
}

// TestInvisibleVectorsInPieces cuts every vector at every character, behind
// enough text that the scanner has forgotten its start.
func TestInvisibleVectorsInPieces(t *testing.T) {
	rows := readVectors[invisibleVector](t, "invisible.json")
	c := exactCase{detector: Invisible{}}
	for _, row := range rows {
		for _, before := range []string{"", strings.Repeat("long before. ", 20)} {
			text := before + row.Text
			if err := checkChunks(&c, text, pieces(text, func() int { return 1 })); err != nil {
				t.Errorf("%s after %d bytes: %v", row.Name, len(before), err)
			}
		}
	}
}

func TestEncodedBlob(t *testing.T) {
	const run = "q83vEjRWeJq8zd4BI0VniavN7xI0VniavM3eASNFZ4mrze8SNFZ4mrzN3gEjRWeJq83vEjRWeJq8zQ"
	text := "Please follow " + run + " now."
	found, err := Invisible{}.Detect(context.Background(), &guard.Text{Content: text})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Category != "encoded_blob" || found[0].Class != guard.Windowed {
		t.Fatalf("found %+v, want one windowed encoded_blob", found)
	}
	if sp := found[0].Spans[0]; text[sp.Start:sp.End] != run {
		t.Errorf("span holds %q, want the run", text[sp.Start:sp.End])
	}
	named, err := Invisible{}.Detect(context.Background(), &guard.Text{Content: run, Kind: guard.Name})
	if err != nil || len(named) != 0 {
		t.Errorf("a name gave %+v, error %v; want nothing", named, err)
	}
}

func BenchmarkInvisible(b *testing.B) {
	for name, unit := range map[string]string{
		"prose": "The train leaves at nine and the hall opens an hour later. ", "cyrillic": "Поезд отправляется в девять часов утра. ",
		"emoji": "👩‍💻 1️⃣ ❤️ 🇩🇪 ", "zero-width": "\u200b", "bidi": "\u2066a\u2069", "half-flags": "\U0001F3F4\U000E0061\U000E0062",
	} {
		text := strings.Repeat(unit, 10<<10/len(unit)+1)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				newScanner("invisible", findInvisible).Scan(text, true)
			}
		})
	}
}
