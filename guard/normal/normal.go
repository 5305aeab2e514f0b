// Package normal undoes obfuscation: it turns a text into views in which a
// reader, a model or a detector would understand the same thing, and maps every
// byte of every view back to the text it came from.
//
// [Undo] is the whole of it. For plain prose it returns no view at all, so
// that nobody reads the same words twice.
//
// # What is undone
//
// The canonical view is the text with its letters put right: compatibility
// forms (fullwidth, mathematical, enclosed and raised letters), Unicode tags,
// characters that people do not see, marks piled on letters, small capitals,
// look-alikes from other alphabets in words of mixed script, digits for letters,
// and words written letter by letter. Case, line breaks and the letters of real
// languages stay: emoji sequences, Arabic, Indic and right-to-left text pass
// unharmed.
//
// Decoded views are the content of encoded stretches, found anywhere in the
// text and joined by the steps that led to them: base64 and its URL form, base32, hexadecimal,
// binary, octal and decimal codes, percent, HTML, backslash and quoted-printable
// escapes, rot13 and other shifts, Atbash, reversed text, text upside down,
// Morse code and the spelling alphabet. Escaped spaces count where they alone part
// words. A stretch becomes a view only if what it
// decodes to is language, so that keys, digests, ids and pictures do not.
// Decoding is repeated on what was decoded.
//
// The respelled view is the text with its misspelt words put right: letters in
// another order between the first and the last, one letter too many, missing or of a
// neighbouring key. It comes last, and only if different words close together were
// put right by a vocabulary of many languages; a text of right words has none. Of a
// long text it holds the passages around these words.
//
// Hidden views are texts that characters without a picture carry: Unicode tags,
// variation selectors standing for bytes, zero-width characters standing for bits.
//
// Printable views serve detectors that know the exact form of what they look
// for: in them every encoded stretch that decodes to eight or more printable
// characters is decoded in its place, and single escapes are undone, with a few
// words of the text around. Long tokens of letters and digits are also given
// reversed and shifted by thirteen. Bytes that are no text, so keys, digests and
// pictures, give no such view either.
//
// # Bounds
//
// Depth and output are bounded by [Options], and every step is one pass over its
// text, so the cost per byte is bounded whatever the text. What a bound cut off
// is marked by [Signals.Truncated].
package normal

import "unicode/utf8"

// Kind says how a view was made.
type Kind uint8

// The kinds of view.
const (
	// Canonical is the text itself with compatibility forms, invisible
	// characters, confusables, spacing and the like folded. There is at
	// most one, first, and only when it differs from the text in more than
	// typography.
	Canonical Kind = iota
	// Decoded is the content of an encoded stretch (base64, hex, rot13…).
	Decoded
	// Hidden is text carried by characters that people do not see (Unicode
	// tags, variation selectors).
	Hidden
	// Printable is a stretch of the text in which everything encoded that
	// decodes to printable characters is decoded, language or not: what
	// detectors with an exact form (keys, card numbers) look in. Such views
	// are in Result.Printable only.
	Printable
	// Respelled is a text with its misspelt words put right. It is a guess, for
	// readers of language: detectors of exact values do not look in it.
	Respelled
)

// String returns "canonical", "decoded", "hidden", "printable" or "respelled".
func (k Kind) String() string {
	switch k {
	case Decoded:
		return "decoded"
	case Hidden:
		return "hidden"
	case Printable:
		return "printable"
	case Respelled:
		return "respelled"
	}
	return "canonical"
}

// A View is one reading of the source text.
type View struct {
	Text string
	Kind Kind
	// Path names the steps that led here, outermost first: "base64>rot13".
	// "canonical" is the folding of letters, also of a decoded text.
	Path string
	// from maps view bytes to source bytes.
	from *mapping
	base *mapping // the map of the text that a Printable view was decoded from
}

// Undone reports whether any byte of [start, end) of a Printable view was
// decoded, so that it does not stand in the text like that.
func (v *View) Undone(start, end int) bool {
	for m := v.from; m != nil && m != v.base; m = m.parent {
		if m.changed(start, end) {
			return true
		}
		start, end = m.local(start, end)
	}
	return false
}

// Source maps the view's byte range [start, end) to the smallest range of the
// source text that holds all bytes it was made from. The range is widened to
// whole characters of the view and cut to its length; an empty one gives a
// place in the source.
func (v *View) Source(start, end int) (int, int) {
	start = min(max(start, 0), len(v.Text))
	end = min(max(end, start), len(v.Text))
	if start < end {
		for start > 0 && !utf8.RuneStart(v.Text[start]) {
			start--
		}
		for end < len(v.Text) && !utf8.RuneStart(v.Text[end]) {
			end++
		}
	}
	return v.from.source(start, end)
}

// Defaults of [Options].
const (
	DefaultMaxDepth  = 3
	DefaultMaxOutput = 4
)

// Options bounds the work. The zero value means the defaults.
type Options struct {
	MaxDepth  int // nested decodings followed; default 3
	MaxOutput int // bytes of all views together, as a multiple of the input; default 4
}

// Signals counts what was undone: features for classifiers and detectors.
type Signals struct {
	Invisible   int  // zero-width, bidi control, tag and selector characters that carry nothing legitimate
	Tags        int  // Unicode tag characters
	Selectors   int  // variation selectors that carry bytes
	Bidi        int  // bidirectional controls
	Confusables int  // letters replaced in mixed-script words
	Compat      int  // compatibility forms folded
	Marks       int  // combining marks taken off
	Spaced      int  // words written letter by letter
	Leet        int  // words with digits for letters
	Escapes     int  // escapes of characters that need none
	Blobs       int  // encoded runs that no decoder could read
	Truncated   bool // a bound was reached: something was not looked at
}

// Result is what Undo returns.
type Result struct {
	Views []View
	// Printable holds the views of kind Printable, which no reader of
	// language needs: see there. They are bounded like Views, by themselves.
	Printable []View
	Signals   Signals
	// InvisibleSpans are the source ranges of the runs counted in
	// Signals.Invisible; see [InvisibleRun].
	InvisibleSpans [][2]int
	// BlobSpans are the source ranges counted in Signals.Blobs.
	BlobSpans [][2]int
}

// Undo returns the views of text. It never fails: what exceeds a bound is left
// out and marked in Signals.Truncated, as is a text of more than 256 MiB, which
// is not read at all. It is safe for concurrent use.
func Undo(text string, opt Options) *Result {
	if opt.MaxDepth <= 0 {
		opt.MaxDepth = DefaultMaxDepth
	}
	if opt.MaxOutput <= 0 {
		opt.MaxOutput = DefaultMaxOutput
	}
	if len(text) > maxText {
		return &Result{Signals: Signals{Truncated: true}}
	}
	u := undoer{depth: opt.MaxDepth, budget: opt.MaxOutput * len(text), prints: opt.MaxOutput * len(text), probes: probesFree + len(text)/probesEvery, res: &Result{}}
	u.read(piece{text: text}, reading{kind: Canonical, emit: true})
	return u.res
}
