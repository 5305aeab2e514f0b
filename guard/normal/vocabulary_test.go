package normal

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestVocabulary checks the file: two sections in order, no word twice, nothing that
// a slot cannot hold, and every word found.
func TestVocabulary(t *testing.T) {
	sections := strings.Split(strings.TrimSuffix(vocabularyFile, "\n"), "\n\n")
	if len(sections) != 2 || len(vocabularyFile) >= 1<<(slotTag-slotOffset) {
		t.Fatalf("%d sections and %d bytes, want 2 and less than 16 MiB", len(sections), len(vocabularyFile))
	}
	seen, v := map[string]bool{}, vocab()
	for k, section := range sections {
		words := strings.Split(section, "\n")
		if least := []int{5000, 15000}[k]; len(words) < least || !slices.IsSorted(words) {
			t.Errorf("section %d: %d words, sorted %v; want at least %d in order", k, len(words), slices.IsSorted(words), least)
		}
		for _, w := range words {
			slot, same := v.find(keyOf(w), []byte(w))
			if n := utf8.RuneCountInString(w); seen[w] || !same || v.word(slot) != w || (slot&slotForeign != 0) != (k == 1) || n < 4 || n > maxRespell || len(w) > slotLength {
				t.Errorf("%q in section %d: again %v, found %v", w, k, seen[w], same)
			}
			seen[w] = true
		}
	}
	for _, w := range []string{"ignore", "IGNORE", "instructions", "anweisungen", "инструкции", "contraseña"} {
		if !v.has([]byte(w)) {
			t.Errorf("%q is not in the vocabulary", w)
		}
	}
	for _, w := range []string{"", "ignroe", "ignor3", "ИНСТРУКЦИИ"} {
		if v.has([]byte(w)) {
			t.Errorf("%q is in the vocabulary as it stands", w)
		}
	}
}
