package learn

import (
	_ "embed"
	"fmt"
	"os"

	"warder.example/guard/textmodel"
)

// lexiconFile maps words and phrases of many languages to concepts. It was
// written for this project; see [textmodel.Lexicon] for its form.
//
//go:embed lexicon.tsv
var lexiconFile []byte

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
