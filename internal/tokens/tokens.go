// Package tokens says how many tokens a text may be, without a tokenizer: a
// bound that holds ([Input.AtMost]), and an expectation ([Estimate]) for what the
// provider did not count.
//
// # Why no tokenizer
//
// Each family of models has its own, and most do not publish it. One public
// vocabulary is megabytes of program and right for one family. Providers count what they charge for; an own count is needed before the call,
// where a bound is wanted and not a guess, and for answers that were cut before
// the count came.
//
// # The bound
//
// Byte-level byte-pair encodings (GPT, Claude, Llama 3, Qwen, Mistral) make each
// token of at least one byte: a text has at most as many tokens as bytes of UTF-8.
// Encodings that normalise the text first (NFKC) can exceed that on rare
// characters made to expand; the provider's count is then charged in full and
// reported as an overrun. What surrounds the texts is bounded by constants.
//
// # The expectation
//
// Tokens per character by script, between what two public encodings of OpenAI
// (cl100k of 2023, o200k of 2024) make of the same texts. Its error against either
// is stated as [Lowest] and [Highest] and held by a test on 20 texts in 15
// languages, code, JSON, numbers and keys.
package tokens

import "math"

// What surrounds texts in a model's input.
const (
	PerRequest = 1024  // the provider's own preamble, such as that for tools
	PerMessage = 16    // role, separators and name of a message, and of a tool
	PerFile    = 32768 // a picture, recording or document that is not text
)

// Input is what a model is asked to read.
type Input struct {
	Bytes    int64 // of all texts, as UTF-8; that of the whole body is a bound, too
	Messages int64 // turns and tool definitions
	Files    int64 // that are no text
}

// AtMost returns a bound of the tokens of an input. Negative numbers count as
// none; the bound does not overflow.
func (i Input) AtMost() int64 {
	const most = math.MaxInt64 / 4 / PerFile
	clamp := func(n int64) int64 { return min(max(n, 0), most) }
	return PerRequest + clamp(i.Bytes) + clamp(i.Messages)*PerMessage + clamp(i.Files)*PerFile
}

// Of returns the tokens to expect of a text.
func Of(text string) int64 {
	var e Estimate
	e.Add(text)
	return e.Tokens()
}

// The stated error: the tokens of a text in either encoding are at least Lowest
// and at most Highest hundredths of the expectation.
const (
	Lowest  = 49
	Highest = 165
)

// Estimate adds up the tokens to expect of a text that comes in pieces. How a
// text is cut between characters makes no difference. The zero value is of the
// empty text. Not safe for concurrent use.
type Estimate struct {
	hundredths int64
	before     class // of the last character
}

// Add adds a piece.
func (e *Estimate) Add(piece string) {
	for _, r := range piece {
		c := classOf(r)
		switch {
		case c == digit && e.before == letter || c == letter && e.before == digit:
			e.hundredths += mixed // keys and hashes: hardly a token is longer than two
		default:
			e.hundredths += weights[c]
		}
		e.before = c
	}
}

// Tokens returns the tokens to expect so far, rounded up.
func (e *Estimate) Tokens() int64 { return (e.hundredths + 99) / 100 }

// class is a group of characters that take about as many tokens each.
type class uint8

const (
	letter class = iota // of ASCII, and the space
	digit
	mark  // other ASCII
	latin // letters of Latin script beyond ASCII
	cyrillic
	greek
	hebrew
	arabic
	brahmic // scripts of India and South-East Asia
	hangul
	kana
	han
	other
)

// weights are hundredths of a token for a character.
var weights = [...]int64{letter: 22, digit: 48, mark: 45, latin: 95, cyrillic: 34, greek: 62, hebrew: 70, arabic: 57, brahmic: 68, hangul: 78, kana: 78, han: 95, other: 170}

// mixed is the weight of a letter behind a digit or a digit behind a letter.
const mixed = 78

// ranges are blocks of Unicode in order, by their last character.
var ranges = []struct {
	last rune
	class
}{{0x7f, mark}, {0xbf, other}, {0x24f, latin}, {0x36f, other}, {0x3ff, greek}, {0x52f, cyrillic}, {0x58f, other}, {0x5ff, hebrew}, {0x8ff, arabic},
	{0xeff, brahmic}, {0x109f, brahmic}, {0x10ff, other}, {0x11ff, hangul}, {0x177f, other}, {0x17ff, brahmic}, {0x1dff, other}, {0x1eff, latin},
	{0x1fff, greek}, {0x2fff, other}, {0x303f, han}, {0x30ff, kana}, {0x33ff, other}, {0x9fff, han}, {0xabff, other}, {0xd7af, hangul},
	{0xf8ff, other}, {0xfaff, han}, {0xfeff, other}, {0xffef, han}}

func classOf(r rune) class {
	if r < 0x80 {
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == ' ':
			return letter
		case '0' <= r && r <= '9':
			return digit
		}
		return mark
	}
	for _, b := range ranges {
		if r <= b.last {
			return b.class
		}
	}
	return other
}
