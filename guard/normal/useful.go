package normal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// useful reports whether the invisible character r at i does what it exists for.
func useful(text string, i, size int, r rune, k unseen) bool {
	switch k {
	case softHyphen, bidiOverride:
		return false
	case bidiMark:
		return rightToLeft(text[max(0, i-16):i]) || rightToLeft(text[i+size:min(len(text), i+size+16)])
	case tag:
		return inFlag(text, i)
	}
	prev, _ := utf8.DecodeLastRuneInString(text[:i])
	next, _ := utf8.DecodeRuneInString(text[i+size:])
	switch k {
	case joiner:
		if joins(prev) {
			return true
		}
		return r == 0x200D && (pictograph(prev) || prev == 0xFE0F || prev >= 0x1F3FB && prev <= 0x1F3FF) && pictograph(next)
	case selector:
		return selects(prev, r, next)
	}
	switch r {
	case 0x200B:
		return (spaceless(prev) || spaceless(next)) && !partsLetters(text, i)
	case 0xFEFF:
		return i == 0
	case 0x34F:
		return next >= 0x300 && next <= 0x36F || next >= 0x591 && next <= 0x5C7
	case 0x115F, 0x1160:
		return next >= 0x1100 && next <= 0x11FF || prev >= 0x1100 && prev <= 0x115E
	case 0x17B4, 0x17B5:
		return prev >= 0x1780 && prev <= 0x17FF
	case 0x180E:
		return prev >= 0x1820 && prev <= 0x18AA
	}
	return false
}

// minParted is how many letters in a row, each alone between spaces without width,
// show that these part letters, not words. Words of one letter are seldom so many.
const minParted = 4

// partsLetters reports whether the space without width at i stands beside so many
// letters, with their marks, that each have one on either side. It looks no further
// than InvisibleBack and InvisibleAhead.
func partsLetters(text string, i int) bool {
	n := 0
	for at := i; n < minParted; n++ {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
		for at > 0 && i-at < InvisibleBack && unicode.IsMark(runeAt(text, at)) && !strings.HasSuffix(text[:at], "\u200b") {
			_, size = utf8.DecodeLastRuneInString(text[:at])
			at -= size
		}
		if !strings.HasSuffix(text[:at], "\u200b") || i-at+len("\u200b") > InvisibleBack {
			break
		}
		at -= len("\u200b")
	}
	for at := i + len("\u200b"); n < minParted; n++ {
		_, size := utf8.DecodeRuneInString(text[at:])
		for at += size; at-i < InvisibleAhead && unicode.IsMark(runeAt(text, at)); at += size {
			_, size = utf8.DecodeRuneInString(text[at:])
		}
		if !strings.HasPrefix(text[at:], "\u200b") || at-i > InvisibleAhead {
			break
		}
		at += len("\u200b")
	}
	return n >= minParted
}

func runeAt(text string, i int) rune {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return r
}

// selects reports whether selector r chooses a form of prev that exists.
func selects(prev, r, next rune) bool {
	switch {
	case r >= 0xE0100:
		return ideograph(prev)
	case r <= 0x180F:
		return prev >= 0x1820 && prev <= 0x18AA
	case prev >= '0' && prev <= '9' || prev == '#' || prev == '*':
		return r >= 0xFE0E && next == 0x20E3
	case r >= 0xFE0E:
		return pictograph(prev) || prev == 0xA9 || prev == 0xAE || prev >= 0x2190 && prev <= 0x25FF || prev == 0x3030 || prev == 0x303D || prev == 0x3297 || prev == 0x3299
	}
	// Standardised variants of mathematical operators, CJK and a few scripts.
	return ideograph(prev) || prev >= 0x2200 && prev <= 0x2AFF || prev >= 0x3000 && prev <= 0x303F ||
		prev >= 0xFF01 && prev <= 0xFF1F || prev >= 0x1000 && prev <= 0x109F || prev >= 0xA840 && prev <= 0xA877
}

// inFlag reports whether the tag character at i is part of a subdivision flag:
// a black flag, three to six tag letters or digits, and the cancel tag.
func inFlag(text string, i int) bool {
	start := i
	for n := 0; ; n++ {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if r == 0x1F3F4 {
			break
		}
		if n > 6 || !flagTag(r) {
			return false
		}
		start -= size
	}
	n := 0
	for {
		r, size := utf8.DecodeRuneInString(text[start:])
		start += size
		switch {
		case r == 0xE007F:
			return n >= 3
		case !flagTag(r), n == 6:
			return false
		}
		n++
	}
}

func flagTag(r rune) bool {
	return r >= 0xE0030 && r <= 0xE0039 || r >= 0xE0061 && r <= 0xE007A
}

// rightToLeft reports whether a right-to-left letter of the scripts in use
// begins in s.
func rightToLeft(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c < 0xD6:
		case c <= 0xDF:
			return true // U+0580–07FF; Armenian's last ten are punctuation
		case i+1 >= len(s):
		case c == 0xE0 && s[i+1] >= 0xA0 && s[i+1] <= 0xA3:
			return true // U+0800–08FF
		case c == 0xEF && (s[i+1] >= 0xAC && s[i+1] <= 0xB7 || s[i+1] == 0xB9 || s[i+1] == 0xBA):
			return true // presentation forms
		case c == 0xF0 && (s[i+1] == 0x90 && i+2 < len(s) && s[i+2] >= 0xA0 || s[i+1] == 0x9E && i+2 < len(s) && s[i+2] >= 0xA0):
			return true // U+10800–10FFF, U+1E800–1EFFF
		}
	}
	return false
}

// joins reports whether joiners after r shape its script's words.
func joins(r rune) bool {
	switch {
	case r < 0x600:
		return false
	case r <= 0x7FF, r >= 0x840 && r <= 0x8FF: // Arabic, Syriac, N’Ko, Mandaic
		return true
	case r >= 0x900 && r <= 0xDFF, r >= 0xF00 && r <= 0x109F, r >= 0x1780 && r <= 0x18AF: // Indic, Tibetan, Myanmar, Khmer, Mongolian
		return true
	case r >= 0x1A20 && r <= 0x1BFF, r >= 0xA8E0 && r <= 0xA8FF, r >= 0xA980 && r <= 0xAADF, r >= 0xABC0 && r <= 0xABFF:
		return true
	case r >= 0xFB50 && r <= 0xFDFF, r >= 0xFE70 && r <= 0xFEFC: // Arabic presentation forms
		return true
	}
	return r >= 0x10A00 && r <= 0x11FFF || r >= 0x1E900 && r <= 0x1E95F // historic Indic, Adlam
}

// spaceless reports whether r is of a script that writes words without spaces.
func spaceless(r rune) bool {
	switch {
	case r < 0xE00:
		return false
	case r <= 0xFFF, r >= 0x1000 && r <= 0x109F, r >= 0x1780 && r <= 0x17FF:
		return true
	case r >= 0x1950 && r <= 0x1AAF, r >= 0xA980 && r <= 0xA9DF, r >= 0xAA00 && r <= 0xAADF:
		return true
	case r >= 0x3000 && r <= 0x30FF, r >= 0xFF00 && r <= 0xFF9F:
		return true
	}
	return ideograph(r)
}

func ideograph(r rune) bool {
	return r >= 0x2E80 && r <= 0x2FDF || r >= 0x3400 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF || r >= 0x20000 && r <= 0x3FFFF
}

// pictograph reports whether r can be the base of an emoji.
func pictograph(r rune) bool {
	switch {
	case r < 0x203C:
		return false
	case r <= 0x21AA:
		return r == 0x203C || r == 0x2049 || r == 0x2122 || r == 0x2139 || r >= 0x2194
	case r >= 0x231A && r <= 0x23FF, r == 0x24C2, r >= 0x25AA && r <= 0x27BF, r == 0x2934, r == 0x2935, r >= 0x2B05 && r <= 0x2B55:
		return true
	}
	return r >= 0x1F000 && r <= 0x1FAFF && (r < 0x1F1E6 || r > 0x1F1FF)
}
