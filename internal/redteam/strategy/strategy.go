// Package strategy says how a request is disguised, framed or spread over turns
// before it is sent to a target. A strategy is laid over any attack, and over another
// strategy: "frame:fiction+encode:base64" tells a story around a text in base64.
//
// # Groups
//
//   - encode: the whole text in a code that a model can read.
//   - obfuscate: the text still shows, its characters are others.
//   - frame: words around the text that give a reason to comply.
//   - structure: the place where it stands: markup, delimiters, many examples.
//   - turns: several messages, of which the last one asks.
//
// None needs a model. All words are the project's own.
//
// # Inverses
//
// A target that is asked in a code often answers in it, and a judge that looks for
// a planted word would not see it. Every strategy that encodes has an inverse:
// [Strategy.Invert] finds what is written in the code, also between prose, in
// pieces, without padding or in another case, and gives the text with these
// stretches read. It is this package's own and not the guard's, so that a guard is
// not measured by its own mistakes. What is lost by writing (case in Morse code) is
// not restored: [Strategy.Alphabet] says which characters are. Of typing errors there
// is no inverse: nobody answers in them.
//
// # Bounds
//
// A text has at most [MaxText] bytes after each step, a composition at most
// [MaxDepth] strategies, each once. The same text and the same random source give
// the same messages. All of the package may be used concurrently, a random source not.
package strategy

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"

	"warder.example/internal/redteam/probe"
)

// MaxText is how many bytes a text may have, before and after each step; the
// messages of a script have that many together.
const MaxText = 256 << 10

// A Group is a kind of strategy.
type Group string

// The groups.
const (
	Plain     Group = "plain" // the text as it is
	Encode    Group = "encode"
	Obfuscate Group = "obfuscate"
	Frame     Group = "frame"
	Structure Group = "structure"
	Turns     Group = "turns"
)

// A Strategy is one way of saying a text, or several of them one around the other.
// The zero value says it as it is.
type Strategy struct {
	ID    string // "group:name"; of a composition those of its parts with + between, the outermost first
	Title string
	Group Group // of a composition that of the outermost part
	// Frameworks are the ids of what it is in the lists of package taxonomy (OWASP
	// LLM01:2025, ATLAS AML.T0068).
	Frameworks []string
	// Alphabet are the characters that Invert restores in texts of four bytes and more
	// with single spaces between words. It is empty where there is no inverse, and of
	// compositions: ask Restores.
	Alphabet string

	parts []part // outermost first
}

// A part is what one strategy does: it writes one text, or makes a script of it.
type part struct {
	write  func(text string, r *rand.Rand) string
	script func(text string, r *rand.Rand) []probe.Message
	read   func(text string) []string // readings of an answer, at most two, the likeliest first; nil: no inverse
}

// ErrTooLong is that a text or what became of it has more than [MaxText] bytes.
var ErrTooLong = errors.New("text is too long")

// Apply says the text by the strategy: one message of the user's, or a script whose
// last message carries the ask; see [Exchanges] for how these are sent. The text is
// valid UTF-8 and not empty. r is not nil.
func (s Strategy) Apply(text string, r *rand.Rand) ([]probe.Message, error) {
	if text == "" || !utf8.ValidString(text) {
		return nil, fmt.Errorf("strategy %s: text is empty or not UTF-8", s.name())
	}
	if err := s.fits(len(text)); err != nil {
		return nil, err
	}
	for _, p := range slices.Backward(s.parts) {
		if p.script != nil {
			return s.run(p, text, r)
		}
		text = p.write(text, r)
		if err := s.fits(len(text)); err != nil {
			return nil, err
		}
	}
	return []probe.Message{user(text)}, nil
}

// run makes the script of p, which is the outermost part.
func (s Strategy) run(p part, text string, r *rand.Rand) ([]probe.Message, error) {
	messages := p.script(text, r)
	n := 0
	for _, m := range messages {
		n += len(m.Text)
	}
	return messages, s.fits(n)
}

func (s Strategy) fits(n int) error {
	if n > MaxText {
		return fmt.Errorf("strategy %s: %w: %d bytes; expected at most %d; shorten it or compose fewer strategies", s.name(), ErrTooLong, n, MaxText)
	}
	return nil
}

func (s Strategy) name() string {
	if s.ID == "" {
		return string(Plain)
	}
	return s.ID
}

// Invert reads an answer by the inverses of the strategy's parts: by each alone and by
// one after the other, as they were laid. The readings differ from each other and from the
// answer, which is to be looked at, too; the likeliest, by all inverses, is the first. There
// are at most 80, none longer than four times the answer; mostly there is one.
func (s Strategy) Invert(answer string) []string {
	readings := []string{answer}
	for _, p := range s.parts {
		if p.read == nil {
			continue
		}
		for _, text := range slices.Clone(readings) {
			for _, reading := range slices.Backward(p.read(text)) {
				if len(reading) <= 4*len(answer) && !slices.Contains(readings, reading) {
					readings = append(readings, reading)
				}
			}
		}
	}
	slices.Reverse(readings[1:])
	return readings[1:]
}

// Restores reports whether what the strategy's encoding parts make of a text can be
// read back: whether a judge would find that text in an answer that is written as the
// request was. Use it to choose words that are planted. r is not nil.
func (s Strategy) Restores(text string, r *rand.Rand) bool {
	written := text
	for _, p := range slices.Backward(s.parts) {
		if p.read != nil && len(written) <= MaxText {
			written = p.write(written, r)
		}
	}
	return strings.Contains(written, text) || slices.ContainsFunc(s.Invert(written), func(reading string) bool { return strings.Contains(reading, text) })
}

// user is a message of the user's.
func user(text string) probe.Message { return probe.Message{Role: probe.RoleUser, Text: text} }

// model is an earlier answer that is pretended.
func model(text string) probe.Message { return probe.Message{Role: probe.RoleModel, Text: text} }

// pick draws one of several wordings.
func pick(r *rand.Rand, wordings []string) string { return wordings[r.IntN(len(wordings))] }
