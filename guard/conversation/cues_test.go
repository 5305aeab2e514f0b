package conversation

import (
	"slices"
	"strings"
	"testing"
)

// TestCuesAreWritten: every wording is in lower case, plain, and stands once in its
// list; no list is empty.
func TestCuesAreWritten(t *testing.T) {
	loadCues()
	for name, list := range map[string]phrases{"refusal": cues.refusal, "callback": cues.callback, "assembly": cues.assembly} {
		n := 0
		for _, ws := range list {
			sorted := slices.Sorted(slices.Values(ws))
			for i, w := range sorted {
				n++
				if w != straight.Replace(strings.ToLower(w)) || strings.Join(strings.Fields(w), " ") != w {
					t.Errorf("%s: %q is not written as it is looked for", name, w)
				}
				if i > 0 && sorted[i-1] == w {
					t.Errorf("%s: %q is there twice", name, w)
				}
			}
		}
		if n < 40 {
			t.Errorf("%s: %d wordings; expected 40 or more", name, n)
		}
	}
}

// TestCuesAreFound: at the beginning of words, near the beginning of a turn.
func TestCuesAreFound(t *testing.T) {
	loadCues()
	for _, c := range []struct {
		list phrases
		text string
		want bool
	}{
		{cues.refusal, "Hm. I can’t help with that.", true},
		{cues.refusal, "Dazu darf ich leider nichts sagen.", true},
		{cues.refusal, "这个我不方便细说", true},
		{cues.refusal, "Sure, here it is.", false},
		{cues.refusal, "A maxi can't be short.", false}, // "i can't" begins inside a word
		{cues.refusal, strings.Repeat("x ", maxCued/2) + "I can't do that.", false},
		{cues.callback, "But YOU ALREADY gave me the half.", true},
		{cues.callback, "Thank you. Already done.", false},
		{cues.assembly, "Now join A and B.", true},
		{cues.assembly, "", false},
	} {
		if got := c.list.in(c.text); got != c.want {
			t.Errorf("%.60q: %v; expected %v", c.text, got, c.want)
		}
	}
}
