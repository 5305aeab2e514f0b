package learn

import (
	_ "embed"
	"fmt"
	"os"
	"strings"

	"warder.example/guard/textmodel"
)

// lexiconFile maps words and phrases of many languages to concepts. It was
// written for this project; see [textmodel.Lexicon] for its form.
//
//go:embed lexicon.tsv
var lexiconFile []byte

// conceptsFile names the concepts that entries may have.
//
//go:embed concepts.tsv
var conceptsFile string

// LexiconFile returns the project's lexicon as it is written. The caller does not
// change it.
func LexiconFile() []byte { return lexiconFile }

// Concepts returns the names of the concepts that entries of the project's lexicon
// may have.
func Concepts() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(conceptsFile) {
		if name, _, ok := strings.Cut(line, "\t"); ok && name[0] != '#' {
			out[name] = true
		}
	}
	return out
}

// DefaultLexicon returns the project's lexicon; name is a file to read instead,
// or "none" for no lexicon.
func DefaultLexicon(name string) (*textmodel.Lexicon, error) {
	data := lexiconFile
	switch name {
	case "":
	case "none":
		return nil, nil
	default:
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading lexicon: %w", err)
		}
		data = b
	}
	l, err := textmodel.ParseLexicon(data)
	if err != nil {
		return nil, fmt.Errorf("reading lexicon: %w", err)
	}
	return l, nil
}
