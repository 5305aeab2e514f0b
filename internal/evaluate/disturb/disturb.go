// Package disturb writes texts the way people and attackers do when plain words
// would be seen: for measuring what a guard loses by it, and whom it then stops
// for nothing.
//
// Every way is a function of the text alone: the same text is always written the
// same way, whatever it says and whatever its label. What a way does not concern
// (letter case in Chinese) it leaves as it is. A reader, human or model, can still
// tell what was written. The encoders are the package's own, so that guards are
// not measured by their own mistakes.
package disturb

import (
	"encoding/base64"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Way is one way of writing.
type Way struct {
	Name  string // lower case, letters and underscores
	Write func(text string) string
}

// Ways lists all of them.
var Ways = []Way{
	{"leet", leet},
	{"spacing", spacing},
	{"homoglyph", homoglyph},
	{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"zero_width", zeroWidth},
	{"full_width", fullWidth},
	{"mixed_case", mixedCase},
	{"typos", typos},
}

// leet writes some letters as digits: every one that has a digit, in words of
// three letters and more.
func leet(s string) string {
	return eachWord(s, func(w string) string {
		if utf8.RuneCountInString(w) < 3 {
			return w
		}
		return swap(w, "aeiostAEIOST", "431057431057")
	})
}

// spacing puts a space between the letters of every word of four letters and
// more, and two more between words. Without such a word a text stays.
func spacing(s string) string {
	changed := false
	out := words(s, func(w string) string {
		if utf8.RuneCountInString(w) < 4 {
			return w
		}
		changed = true
		return strings.Join(strings.Split(w, ""), " ")
	}, func(gap string) string { return strings.ReplaceAll(gap, " ", "   ") })
	if !changed {
		return s
	}
	return out
}

// homoglyph writes Latin letters with Cyrillic and Greek ones that look the same.
func homoglyph(s string) string {
	return swap(s, "aceijopsxyABCEHIKMOPTXY", "асеіјорѕхуАВСЕНІКМОРТХҮ")
}

// zeroWidth puts a zero-width space into every word, after its second letter and
// after every third from there.
func zeroWidth(s string) string {
	return eachWord(s, func(w string) string {
		var b strings.Builder
		n := 0
		for _, r := range w {
			if n >= 2 && (n-2)%3 == 0 {
				b.WriteRune(0x200B)
			}
			b.WriteRune(r)
			n++
		}
		return b.String()
	})
}

// fullWidth writes ASCII letters, digits and signs in the wide forms of East
// Asian typesetting. Spaces stay.
func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7F {
			return r + 0xFEE0
		}
		return r
	}, s)
}

// mixedCase changes the case of every other letter.
func mixedCase(s string) string {
	upper := false
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return r
		}
		upper = !upper
		if upper {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, s)
}

// typos exchanges two neighbouring letters inside of about every second word of
// five letters and more. Which ones follows from the text.
func typos(s string) string {
	h := fnv.New64a()
	h.Write([]byte(s))
	rng := rand.New(rand.NewPCG(h.Sum64(), 0))
	return eachWord(s, func(w string) string {
		r := []rune(w)
		if len(r) < 5 || rng.IntN(2) == 0 {
			return w
		}
		i := 1 + rng.IntN(len(r)-3) // the first and the last letter stay
		r[i], r[i+1] = r[i+1], r[i]
		return string(r)
	})
}

// swap writes characters of from as those at the same place in to.
func swap(s, from, to string) string {
	f, t := []rune(from), []rune(to)
	table := make(map[rune]rune, len(f))
	for i, r := range f {
		table[r] = t[i]
	}
	return strings.Map(func(r rune) rune {
		if x, ok := table[r]; ok {
			return x
		}
		return r
	}, s)
}

// eachWord writes every run of letters and marks with write.
func eachWord(s string, write func(string) string) string {
	return words(s, write, func(gap string) string { return gap })
}

// words writes runs of letters with write, what stands between with between.
func words(s string, write, between func(string) string) string {
	var b strings.Builder
	for s != "" {
		inside := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }
		n := strings.IndexFunc(s, func(r rune) bool { return !inside(r) })
		if n < 0 {
			n = len(s)
		}
		b.WriteString(write(s[:n]))
		s = s[n:]
		if n = strings.IndexFunc(s, inside); n < 0 {
			n = len(s)
		}
		b.WriteString(between(s[:n]))
		s = s[n:]
	}
	return b.String()
}
