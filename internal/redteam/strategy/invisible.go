package strategy

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"unicode/utf8"
)

var invisibles = []Strategy{
	rewriting(Obfuscate, "zero-width", "zero-width spaces in words", ascii, disturbed("zero_width"), once(dropZeroWidth)),
	seeded(Obfuscate, "tags", "Unicode tags behind an honest sentence", ascii, writeTags, once(readTags)),
	seeded(Obfuscate, "selectors", "variation selectors behind an emoji", wide, writeSelectors, once(readSelectors)),
	rewriting(Obfuscate, "bidi", "words backwards, shown forwards by overrides", wide, override, once(readOverrides)),
}

func dropZeroWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x200B && r <= 0x200F, r >= 0x2060 && r <= 0x2064, r == 0xFEFF, r == 0x00AD, r == 0x034F, r == 0x180E:
			return -1
		}
		return r
	}, s)
}

// covers are what people see of a text that they do not see.
var covers = []string{"Thank you, that helps.", "Good morning!", "How is the weather where you are?", "Have a nice day."}

// writeTags writes ASCII as the tag characters of Unicode, which show nothing. The
// rest stays as it is.
func writeTags(s string, r *rand.Rand) string {
	return pick(r, covers) + " " + strings.Map(func(c rune) rune {
		if c >= ' ' && c < 0x7F {
			return 0xE0000 + c
		}
		return c
	}, s)
}

func readTags(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 0xE0020 && c < 0xE007F {
			return c - 0xE0000
		}
		return c
	}, s)
}

// carriers are emoji on which variation selectors are piled.
var carriers = []string{"🙂", "👍", "🌞", "🎉"}

// writeSelectors writes each byte as one of the 256 variation selectors.
func writeSelectors(s string, r *rand.Rand) string {
	var b strings.Builder
	b.WriteString(pick(r, carriers))
	for i := range len(s) {
		if s[i] < 16 {
			b.WriteRune(0xFE00 + rune(s[i]))
		} else {
			b.WriteRune(0xE0100 + rune(s[i]) - 16)
		}
	}
	return b.String()
}

var selectorRun = regexp.MustCompile(`[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]{2,}`)

func readSelectors(s string) string {
	return selectorRun.ReplaceAllStringFunc(s, func(run string) string {
		var out []byte
		for _, r := range run {
			if r < 0xE0100 {
				out = append(out, byte(r-0xFE00))
			} else {
				out = append(out, byte(r-0xE0100+16))
			}
		}
		if !utf8.Valid(out) {
			return run
		}
		return " " + string(out) // apart from what carries it
	})
}

// Right-to-left override, and its end (Unicode Standard Annex 9).
const (
	overrideBegin = "\u202e"
	overrideEnd   = "\u202c"
)

// override writes each word backwards under an override, so that it is shown forwards.
func override(s string) string {
	return eachRun(s, isAlnum, func(word []rune) string { return overrideBegin + reverse(string(word)) + overrideEnd })
}

// overrideRun ends where the override is ended, or with the line.
var overrideRun = regexp.MustCompile(`\x{202E}([^\x{202C}\x{202E}\n]*)\x{202C}?`)

func readOverrides(s string) string {
	return overrideRun.ReplaceAllStringFunc(s, func(run string) string {
		return reverse(strings.Trim(run, overrideBegin+overrideEnd))
	})
}
