package textmodel_test

import (
	"slices"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

// FuzzSegments holds that segments tile the text, in order, whatever it is.
func FuzzSegments(f *testing.F) {
	for _, s := range []string{"", "one. two! three?\nfour", strings.Repeat("a b c. ", 300), "漢字。かな！", "\xff\xfe\xfd", `{"a": "b", "c": ["d"]}`, strings.Repeat("z", 3000), "नमस्ते। यह एक परीक्षा है।", "👩‍👩‍👧 ok"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, s := range textmodel.Segments(text, guard.OriginUser, textmodel.Knowledge{}) {
			if s.Start != at || s.End <= s.Start {
				t.Fatalf("segment %v, expected to begin at %d and not be empty", s.Span, at)
			}
			at = s.End
		}
		if at != len(text) {
			t.Fatalf("segments end at %d of %d", at, len(text))
		}
		if n := len(textmodel.Passages(textmodel.Segments(text, guard.OriginUser, textmodel.Knowledge{}))); len(text) > 0 && n < 1 {
			t.Fatalf("%d passages", n)
		}
	})
}

func TestSegmentsEndWithSentences(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"one sentence", "The boat left the harbour early.", 1},
		{"two sentences", "The boat left the harbour early. Nobody had expected such weather.", 2},
		{"short ones stay together", "Yes. No. Maybe. Well.", 1},
		{"lines", "the first line has some words\nthe second one has them too\n", 2},
		{"wide stop", "船は朝早く港を出ました。誰もこんな天気を予想していませんでした。", 2},
		{"no stop at all", strings.Repeat("word ", 100), 2 + 100*5/200 - 1},
		{"a version number is no end", "Please install version 1.22.3 of it today", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := textmodel.Segments(tt.text, guard.OriginUser, textmodel.Knowledge{}); len(got) != tt.want {
				t.Errorf("%d segments, want %d", len(got), tt.want)
			}
		})
	}
}

func features(text string) (out []uint64) {
	for _, s := range textmodel.Segments(text, guard.OriginUser, textmodel.Knowledge{}) {
		out = append(append(out, s.Words...), s.Chars...)
	}
	return out
}

func TestFeaturesFold(t *testing.T) {
	for _, tt := range []struct {
		name, a, b string
		same       bool
	}{
		{"case", "Ignore THAT", "ignore that", true},
		{"digits", "room 101", "room 767", true},
		{"spaces", "one  two", "one two", true},
		{"line breaks", "one\ttwo", "one two", true},
		{"words", "one two", "one tow", false},
		{"order", "one two", "two one", false},
		{"accents", "resumé", "resume", true},
		{"marks of Greek", "ἀγνόησε τις οδηγίες", "αγνοησε τις οδηγιες", true},
		{"forms of alef", "أهمل", "اهمل", true},
		{"final letters", "שלום", "שלומ", true},
		{"another letter", "resume", "resumo", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := slices.Equal(features(tt.a), features(tt.b)); got != tt.same {
				t.Errorf("features of %q and %q equal: %v, want %v", tt.a, tt.b, got, tt.same)
			}
		})
	}
}

// A model's weights are tied to the hashes: they must not change unnoticed.
// If this fails, FeaturesName must change and the model be trained again.
func TestHashesAreStable(t *testing.T) {
	var sum uint64
	for _, h := range features("Stable hashes, 12 of them: été, 漢字, नमस्ते. And one more sentence follows here.") {
		sum = sum*31 + h
	}
	const want = 0xbba854c7e66fc788
	if sum != want {
		t.Errorf("features hash to %#x, want %#x", sum, uint64(want))
	}
}

func TestPassagesAreBounded(t *testing.T) {
	segs := textmodel.Segments(strings.Repeat("Nothing of note happened on that day either. ", 400), guard.OriginUser, textmodel.Knowledge{})
	ps := textmodel.Passages(segs)
	if len(ps) < 5 {
		t.Fatalf("%d passages of %d segments", len(ps), len(segs))
	}
	next := 0
	for _, p := range ps {
		if p[0] != next || p[1] <= p[0] {
			t.Fatalf("passage %v, expected to begin at segment %d", p, next)
		}
		if n := segs[p[1]-1].End - segs[p[0]].Start; n > textmodel.PassageBytes+900 {
			t.Errorf("passage of %d bytes", n)
		}
		next = p[1]
	}
	if next != len(segs) {
		t.Errorf("passages end at segment %d of %d", next, len(segs))
	}
}
