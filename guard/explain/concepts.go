package explain

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed concepts.tsv
var conceptsFile string

// concepts says what each concept of the shipped lexicon means in a text.
var concepts = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(conceptsFile) {
		if name, what, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok && !strings.HasPrefix(line, "#") {
			out[name] = what
		}
	}
	return out
})

// Describe returns what a text does that shows a concept of the classifier's
// lexicon, in words that follow "the text": "tells to ignore or drop something".
// A concept of another lexicon is given by its name.
func Describe(concept string) string {
	if what := concepts()[concept]; what != "" {
		return what
	}
	return "speaks of " + printable(concept)
}
