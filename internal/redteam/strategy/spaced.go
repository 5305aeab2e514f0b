package strategy

import (
	"math/rand/v2"
	"strings"
	"unicode"
)

func isAlnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

const signsBetween = "._-*~·|"

// punctuate puts one sign between the characters of words of three and more.
func punctuate(s string, r *rand.Rand) string {
	signs := []rune(signsBetween)
	sign := string(signs[r.IntN(len(signs))])
	return eachRun(s, isAlnum, func(word []rune) string {
		if len(word) < 3 {
			return string(word)
		}
		return strings.Join(strings.Split(string(word), ""), sign)
	})
}

func readPunctuated(s string) string {
	return closeUp(s, isAlnum, func(r rune) bool { return strings.ContainsRune(signsBetween, r) })
}

// readSpacing closes up letters that stand alone and makes one space of a gap.
func readSpacing(s string) string {
	s = closeUp(s, unicode.IsLetter, func(r rune) bool { return r == ' ' })
	for strings.Contains(s, "  ") {
		s = strings.ReplaceAll(s, "  ", " ")
	}
	return s
}

// closeUp leaves out single separators between two characters of words that both stand alone.
func closeUp(s string, ofWord, separates func(rune) bool) string {
	r := []rune(s)
	at := func(i int) rune {
		if i < 0 || i >= len(r) {
			return '\n'
		}
		return r[i]
	}
	single := func(i int) bool { return ofWord(at(i)) && !ofWord(at(i-1)) && !ofWord(at(i+1)) }
	var b strings.Builder
	for i, c := range r {
		if separates(c) && single(i-1) && single(i+1) {
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}
