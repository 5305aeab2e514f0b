package normal

import "unicode/utf8"

// Bounds of [NextInvisible]. What it decides about a character depends on at
// most InvisibleBack bytes before it and InvisibleAhead after it.
const (
	InvisibleBack  = 32
	InvisibleAhead = 32
	// MaxInvisibleRun is where a longer run is cut in two.
	MaxInvisibleRun = 1024
	// maxGap is how many visible characters may stand between two invisible
	// ones of the same run.
	maxGap = 3
)

// unseen is the kind of a character that people do not see.
type unseen uint8

const (
	visible      unseen = iota
	zeroWidth           // spaces without width, fillers, invisible operators, controls
	joiner              // ZWNJ, ZWJ
	softHyphen          // U+00AD
	bidiMark            // LRM, RLM, ALM, embeddings, isolates and their ends
	bidiOverride        // LRO, RLO
	tag                 // U+E0001, U+E0020–E007F
	selector            // variation selectors
)

// unseenLead marks the first bytes of the characters that unseenKind knows, so
// that most scripts are passed over byte by byte.
var unseenLead = [256]bool{0xC2: true, 0xCD: true, 0xD8: true, 0xE1: true, 0xE2: true, 0xE3: true, 0xEF: true, 0xF0: true, 0xF3: true}

func unseenKind(r rune) unseen {
	switch {
	case r < 0x180B:
		switch r {
		case 0xAD:
			return softHyphen
		case 0x61C:
			return bidiMark
		case 0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5:
			return zeroWidth
		}
	case r <= 0x180F:
		if r == 0x180E {
			return zeroWidth
		}
		return selector
	case r < 0x200B:
	case r <= 0x206F:
		switch {
		case r == 0x200B:
			return zeroWidth
		case r <= 0x200D:
			return joiner
		case r <= 0x200F, r >= 0x202A && r <= 0x202C, r >= 0x2066 && r <= 0x2069:
			return bidiMark
		case r == 0x202D, r == 0x202E:
			return bidiOverride
		case r >= 0x2060:
			return zeroWidth
		}
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF:
		return selector
	case r == 0xE0001, r >= 0xE0020 && r <= 0xE007F:
		return tag
	case r == 0x3164, r == 0xFEFF, r == 0xFFA0, r >= 0xFFF9 && r <= 0xFFFB,
		r >= 0x1BCA0 && r <= 0x1BCA3, r >= 0x1D173 && r <= 0x1D17A:
		return zeroWidth
	}
	return visible
}

// An InvisibleRun is a stretch whose invisible characters do nothing that
// writing needs: the stretch reaches from the first of them to the last, over
// at most three visible characters between two of them, and never over a space.
type InvisibleRun struct {
	Start, End  int // bytes of the text
	Count       int // invisible characters, all kinds
	ZeroWidth   int // joiners, spaces without width, fillers
	SoftHyphens int
	Bidi        int // bidirectional controls, overrides included
	Overrides   int // LRO and RLO
	Tags        int
	Selectors   int
	// Dense is the longest chain in which at most one visible character
	// stands between two invisible ones.
	Dense int
}

func (r *InvisibleRun) add(k unseen) {
	r.Count++
	switch k {
	case zeroWidth, joiner:
		r.ZeroWidth++
	case softHyphen:
		r.SoftHyphens++
	case bidiOverride:
		r.Overrides++
		r.Bidi++
	case bidiMark:
		r.Bidi++
	case tag:
		r.Tags++
	case selector:
		r.Selectors++
	}
}

// NextInvisible finds the first run of invisible characters that begins at or
// after from and is of no use to the script it stands in. Joiners in emoji,
// Arabic and Indic words, presentation selectors, subdivision flags, direction
// marks beside right-to-left letters, zero-width spaces in scripts without
// spaces, and a byte order mark at offset 0 are useful.
//
// When there is none, ok is false and live is the offset before which the
// answer is final; with end set that is len(text). A run longer than
// [MaxInvisibleRun] comes in parts.
func NextInvisible(text string, from int, end bool) (run InvisibleRun, live int, ok bool) {
	i := from
	for i < len(text) {
		if !unseenLead[text[i]] {
			i++
			continue
		}
		k, size, sure := uselessAt(text, i, end)
		if !sure {
			return run, i, false
		}
		if k == visible {
			i += size
			continue
		}
		return extend(text, i, size, k, end)
	}
	return run, len(text), false
}

// extend follows a run from its first character.
func extend(text string, start, size int, k unseen, end bool) (run InvisibleRun, live int, ok bool) {
	run = InvisibleRun{Start: start, End: start + size, Dense: 1}
	run.add(k)
	chain := 1
	for i, gap := run.End, 0; i < len(text); {
		if run.End-run.Start >= MaxInvisibleRun {
			return run, 0, true
		}
		c := text[i]
		if c <= ' ' || gap > maxGap {
			return run, 0, true
		}
		k, size, sure := visible, 1, true
		if c >= utf8.RuneSelf {
			if k, size, sure = uselessAt(text, i, end); !sure {
				return run, start, false
			}
		}
		i += size
		if k == visible {
			gap++
			continue
		}
		if gap > maxGap {
			return run, 0, true
		}
		if gap > 1 {
			chain = 0
		}
		chain++
		run.Dense = max(run.Dense, chain)
		run.add(k)
		run.End, gap = i, 0
	}
	if !end {
		return run, start, false
	}
	return run, 0, true
}

// uselessAt returns the kind of the character at i if it is invisible and
// useless there, else visible; its size; and whether what follows in the text
// cannot change that.
func uselessAt(text string, i int, end bool) (k unseen, size int, sure bool) {
	r, size := utf8.DecodeRuneInString(text[i:])
	if k = unseenKind(r); k == visible {
		return visible, size, true
	}
	if !end && i+size+InvisibleAhead > len(text) {
		return k, size, false
	}
	if useful(text, i, size, r, k) {
		k = visible
	}
	return k, size, true
}
