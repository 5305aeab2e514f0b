package strategy

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"warder.example/internal/evaluate/disturb"
)

var obfuscations = []Strategy{
	rewriting(Obfuscate, "leet", "digits and signs for letters", lower, leet, readLeet),
	rewriting(Obfuscate, "homoglyph", "Cyrillic and Greek look-alikes", ascii, disturbed("homoglyph"), once(readTable(disturbed("homoglyph")))),
	rewriting(Obfuscate, "full-width", "wide forms of East Asian typesetting", ascii, disturbed("full_width"), once(readTable(disturbed("full_width")))),
	rewriting(Obfuscate, "mixed-case", "every other letter a capital", lower+digits, disturbed("mixed_case"), once(strings.ToLower)),
	rewriting(Obfuscate, "spacing", "a space between letters", lower+upper+digits, disturbed("spacing"), once(readSpacing)),
	seeded(Obfuscate, "punctuation", "a sign between letters", lower+upper+digits, punctuate, once(readPunctuated)),
	rewriting(Obfuscate, "typo", "exchanged letters", "", disturbed("typos"), nil),
	seeded(Obfuscate, "diacritics", "marks piled on letters", ascii, pileMarks, once(dropMarks)),
	rewriting(Obfuscate, "reverse", "the text backwards", wide, reverse, once(reverse)),
	rewriting(Obfuscate, "emoji", "letters as emoji", lower+digits, emoji, once(readEmoji)),
	rewriting(Obfuscate, "pig-latin", "Pig Latin, with a hyphen", lower, pigLatin, once(readPigLatin)),
	seeded(Obfuscate, "variables", "pieces in variables, to be joined", wide, splitInVariables, once(readVariables)),
}

// disturbed is a way of writing that measurements of guards use, too.
func disturbed(name string) func(string) string {
	i := slices.IndexFunc(disturb.Ways, func(w disturb.Way) bool { return w.Name == name })
	return disturb.Ways[i].Write
}

// readTable makes the inverse of a way that writes each ASCII character as another.
func readTable(write func(string) string) func(string) string {
	back := map[rune]rune{}
	for _, r := range ascii {
		if w := []rune(write(string(r))); len(w) == 1 && w[0] != r {
			back[w[0]] = r
		}
	}
	return func(s string) string {
		return strings.Map(func(r rune) rune {
			if from, ok := back[r]; ok {
				return from
			}
			return r
		}, s)
	}
}

const (
	leetFrom = "aeiost"
	leetTo   = "431057"
)

// leet writes letters as digits. A word keeps one letter, to be told from a number.
func leet(s string) string {
	return eachRun(s, unicode.IsLetter, func(word []rune) string {
		plain := slices.IndexFunc(word, func(r rune) bool { return !strings.ContainsRune(leetFrom, r) })
		for i, r := range word {
			if at := strings.IndexRune(leetFrom, r); at >= 0 && (plain >= 0 || i > 0) {
				word[i] = rune(leetTo[at])
			}
		}
		return string(word)
	})
}

// readLeet gives two readings: a 1 may be an i or an l.
func readLeet(s string) []string {
	var out []string
	for _, one := range []string{"i", "l"} {
		letters := strings.NewReplacer("4", "a", "@", "a", "8", "b", "3", "e", "6", "g", "9", "g", "1", one, "!", one, "|", "l", "0", "o", "5", "s", "$", "s", "7", "t", "+", "t", "2", "z")
		token := func(r rune) bool { return unicode.IsLetter(r) || strings.ContainsRune("0123456789@$|", r) }
		t := eachRun(s, token, func(word []rune) string {
			if !slices.ContainsFunc(word, unicode.IsLetter) {
				return string(word) // a number
			}
			return letters.Replace(string(word))
		})
		if t != s && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// eachRun writes every run of characters that belong to it anew.
func eachRun(s string, belongs func(rune) bool, write func([]rune) string) string {
	var b strings.Builder
	var run []rune
	flush := func() {
		if len(run) > 0 {
			b.WriteString(write(run))
			run = run[:0]
		}
	}
	for _, r := range s {
		if belongs(r) {
			run = append(run, r)
			continue
		}
		flush()
		b.WriteRune(r)
	}
	flush()
	return b.String()
}

// pileMarks puts one to three combining marks on every letter.
func pileMarks(s string, r *rand.Rand) string {
	var b strings.Builder
	for _, c := range s {
		b.WriteRune(c)
		if unicode.IsLetter(c) {
			for range 1 + r.IntN(3) {
				b.WriteRune(0x0300 + rune(r.IntN(0x30)))
			}
		}
	}
	return b.String()
}

// dropMarks takes off all combining marks, also those of real letters.
func dropMarks(s string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}

func reverse(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// keycap behind a digit makes an emoji of it; thin parts letters that would
// make a flag together.
const (
	keycap = "\ufe0f\u20e3"
	thin   = "\u200b"
)

// emoji writes letters as regional indicators and digits as keycaps.
func emoji(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(0x1F1E6 + r - 'a')
			b.WriteString(thin)
		case r >= '0' && r <= '9':
			b.WriteRune(r)
			b.WriteString(keycap)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// readEmoji reads letters in circles, squares and flags as small ones.
func readEmoji(s string) string {
	s = strings.NewReplacer(keycap, "", "\u20e3", "", thin, "", "\ufe0f", "").Replace(s)
	return strings.Map(func(r rune) rune {
		for _, first := range []rune{0x1F1E6, 0x1F130, 0x1F150, 0x1F170, 0x24B6, 0x24D0} {
			if r >= first && r < first+26 {
				return 'a' + r - first
			}
		}
		return r
	}, s)
}
