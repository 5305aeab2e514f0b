package practice

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
)

// A naive model reads through many disguises. The decoders here are the
// target's own, so that it does not share the guard's blind spots.

type found struct{ text, how string }

var (
	base64Run = regexp.MustCompile(`[A-Za-z0-9+/]{16,}={0,2}`)
	hexRun    = regexp.MustCompile(`(?:[0-9a-fA-F]{2}[ :]?){12,}`)
)

// hidden returns instructions that a text carries in disguise: only what, once
// decoded, asks for something.
func hidden(s string) []found {
	var out []found
	add := func(text, how string) {
		if text != s && (override.MatchString(text) || wantsSecret.MatchString(text) || wantsPrompt.MatchString(text) || sayOnly.MatchString(text)) && len(out) < 8 {
			out = append(out, found{text, how})
		}
	}
	for _, r := range base64Run.FindAllString(s, 8) {
		if b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(r, "=")); err == nil && readable(b) {
			add(string(b), "base64")
		}
	}
	for _, r := range hexRun.FindAllString(s, 8) {
		if b, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "").Replace(r)); err == nil && readable(b) {
			add(string(b), "hex")
		}
	}
	if plain := visible(s); plain != s {
		add(plain, "invisible characters")
	}
	if !suspicious(s) {
		add(rot13(s), "rot13")
		add(reversed(s), "reversed text")
		add(unleet(s), "leetspeak")
		add(unspaced(s), "spaced letters")
	}
	return out
}

func readable(b []byte) bool {
	for _, r := range string(b) {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
	}
	return len(b) > 7
}

// visible drops zero-width characters and reads Unicode tags as letters.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xE0020 && r <= 0xE007E:
			return r - 0xE0000
		case r >= 0x200B && r <= 0x200F, r == 0x2060, r == 0xFEFF, r == 0x00AD:
			return -1
		}
		return r
	}, s)
}

func rot13(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, s)
}

func reversed(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s")

func unleet(s string) string { return leet.Replace(s) }

var spacedWord = regexp.MustCompile(`\b(?:\p{L}[ .\-_]){3,}\p{L}\b`)

func unspaced(s string) string {
	return spacedWord.ReplaceAllStringFunc(s, func(w string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return r
			}
			return -1
		}, w)
	})
}
