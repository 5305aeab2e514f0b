package detect

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/guard/normal"
)

// Bounds of a deny list.
const (
	maxDenyWords = 10000
	maxDenyBytes = 256 // of one word or phrase
	maxDenySpace = 8   // white-space characters that match one in a phrase
)

// Deny reports words and phrases of a list, whatever their case and however
// their words are spaced, as whole words. It is an exact detector; its category
// is "denied", and the rule names the entry by its place in the list.
type Deny struct{ words *wordTrie }

var _ guard.StreamDetector = (*Deny)(nil)

// NewDeny returns a detector of words. An entry is valid UTF-8 of at most 256
// bytes with at least one letter, digit or sign; the list has at most 10,000.
//
// Where a script is written without spaces (Han, Kana, Thai, Lao, Khmer,
// Myanmar) or joins particles to words (Hangul), an entry matches inside a run
// too; elsewhere a letter, digit, mark or "_" beside it prevents a match.
func NewDeny(words []string) (*Deny, error) {
	if len(words) > maxDenyWords {
		return nil, fmt.Errorf("deny list has %d entries; at most %d are allowed", len(words), maxDenyWords)
	}
	t := newWordTrie()
	for i, w := range words {
		switch {
		case len(w) > maxDenyBytes:
			return nil, fmt.Errorf("deny list entry %d has %d bytes; at most %d are allowed", i+1, len(w), maxDenyBytes)
		case !utf8.ValidString(w):
			return nil, fmt.Errorf("deny list entry %d is not valid UTF-8", i+1)
		case strings.TrimSpace(w) == "":
			return nil, fmt.Errorf("deny list entry %d is empty", i+1)
		}
		t.add(w, i)
	}
	return &Deny{t}, nil
}

// Longest implements [guard.StreamDetector].
func (d *Deny) Longest() int { return max(d.words.longest, 1) }

// Scanner implements [guard.StreamDetector].
func (d *Deny) Scanner(*guard.Exchange, guard.Origin, guard.Kind) guard.Scanner {
	return newScanner("deny", d.find)
}

// Detect implements [guard.Detector].
func (d *Deny) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	return detectExact(ctx, d, t, normal.Canonical)
}

func (d *Deny) find(text string, from int, end bool) (match, int, bool) {
	start, stop, id, live := d.words.find(text, from, end)
	if id < 0 {
		return match{}, live, false
	}
	return match{
		Span: guard.Span{Start: start, End: stop}, category: "denied", score: 1,
		rule: fmt.Sprintf("entry-%d", id+1), why: "a word or phrase on the deny list",
	}, 0, true
}
