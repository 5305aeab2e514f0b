package search

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
)

// BestOfN proposes a text up to n times, the first time as it is, then with small
// random changes. It ends when one succeeded.
type BestOfN struct {
	spec, text string
	keep       []string
	rng        *rand.Rand
	ledger     ledger[struct{}]
	done       bool
}

// NewBestOfN returns a search for a text under the strategy of a spec. The words of
// keep, and variables such as {{marker}}, are never changed: by them the judge knows
// what happened. n is from 1 to [MaxAttempts].
func NewBestOfN(spec, text string, keep []string, n int, seed uint64) (*BestOfN, error) {
	if _, err := strategy.Find(spec); err != nil {
		return nil, err
	}
	if n < 1 || n > MaxAttempts {
		return nil, fmt.Errorf("best of %d; expected 1 to %d", n, MaxAttempts)
	}
	if text == "" || len(text) > strategy.MaxText || !utf8.ValidString(text) {
		return nil, fmt.Errorf("best of %d: text of %d bytes; expected UTF-8 of 1 to %d bytes", n, len(text), strategy.MaxText)
	}
	return &BestOfN{spec: spec, text: text, keep: keep, rng: source(seed), ledger: ledger[struct{}]{most: n}}, nil
}

// Next proposes the text.
func (b *BestOfN) Next() (Proposal, bool) {
	if b.done {
		return Proposal{}, false
	}
	number, ok := b.ledger.open(struct{}{})
	if !ok {
		return Proposal{}, false
	}
	text := b.text
	if number > 0 {
		text = vary(b.text, b.keep, b.rng)
	}
	return Proposal{Number: number, Strategy: b.spec, Text: text, Seed: b.rng.Uint64()}, true
}

// Observe ends the search at a success.
func (b *BestOfN) Observe(p Proposal, o probe.Outcome) {
	if _, ok := b.ledger.settle(p.Number); ok && o == probe.Success {
		b.done = true
	}
}

// How likely changes are, as Hughes et al. have it: of a word that its inner letters
// change places, of a letter that its case does, of a character that it becomes its
// neighbour in ASCII.
const (
	scrambled = 0.6
	recased   = 0.6
	noised    = 0.06
)

// vary changes a text but where it must stay. One of eight variants scrambles
// nothing, one recases nothing, so that not all are hard to read.
func vary(text string, keep []string, r *rand.Rand) string {
	scramble, recase := r.IntN(8) > 0, r.IntN(8) > 0
	var b strings.Builder
	last := 0
	for _, k := range append(kept(text, keep), [2]int{len(text), len(text)}) {
		varyWords(&b, text[last:k[0]], scramble, recase, r)
		b.WriteString(text[k[0]:k[1]])
		last = k[1]
	}
	return b.String()
}

// varyWords changes words and leaves what stands between them.
func varyWords(b *strings.Builder, s string, scramble, recase bool, r *rand.Rand) {
	var word []rune
	flush := func() {
		if n := len(word); scramble && n > 3 && r.Float64() < scrambled {
			r.Shuffle(n-2, func(i, j int) { word[i+1], word[j+1] = word[j+1], word[i+1] })
		}
		for _, c := range word {
			b.WriteRune(noise(c, recase, r))
		}
		word = word[:0]
	}
	for _, c := range s {
		if unicode.IsLetter(c) {
			word = append(word, c)
			continue
		}
		flush()
		b.WriteRune(c)
	}
	flush()
}

// noise changes one letter.
func noise(c rune, recase bool, r *rand.Rand) rune {
	if recase && r.Float64() < recased {
		if unicode.IsUpper(c) {
			c = unicode.ToLower(c)
		} else {
			c = unicode.ToUpper(c)
		}
	}
	if c > 'A' && c < 'z' && r.Float64() < noised {
		c += rune(2*r.IntN(2) - 1)
	}
	return c
}

// kept are the ranges of bytes that must stay, in order and apart from each other:
// words of keep, and what stands in doubled braces.
func kept(text string, keep []string) [][2]int {
	var out [][2]int
	for _, k := range keep {
		for from := 0; k != ""; {
			i := strings.Index(text[from:], k)
			if i < 0 {
				break
			}
			out = append(out, [2]int{from + i, from + i + len(k)})
			from += i + len(k)
		}
	}
	for from := 0; ; {
		i := strings.Index(text[from:], "{{")
		if i < 0 {
			break
		}
		n := strings.Index(text[from+i:], "}}")
		if n < 0 {
			break
		}
		out = append(out, [2]int{from + i, from + i + n + 2})
		from += i + n + 2
	}
	slices.SortFunc(out, func(a, b [2]int) int { return a[0] - b[0] })
	merged := out[:0]
	for _, k := range out {
		if n := len(merged); n > 0 && k[0] < merged[n-1][1] {
			merged[n-1][1] = max(merged[n-1][1], k[1])
		} else {
			merged = append(merged, k)
		}
	}
	return merged
}
