package strategy

import (
	"regexp"
	"strings"
)

// pigLatin moves the consonants before a word's first vowel behind it, after a hyphen, and
// adds "ay". A y is a vowel unless it begins the word. Words without a vowel stay.
func pigLatin(s string) string {
	return eachRun(s, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }, func(word []rune) string {
		w := strings.ToLower(string(word))
		first := strings.IndexAny(w[1:], "aeiouy") + 1
		if strings.ContainsRune("aeiou", rune(w[0])) {
			first = 0
		} else if first == 0 {
			return w
		}
		return w[first:] + "-" + w[:first] + "ay"
	})
}

// pigWord is a word in Pig Latin with a hyphen, or without.
var pigWord = regexp.MustCompile(`(?i)\b(?:([a-z]+)-([a-z]*)ay|([aeiouy][a-z]+)ay)\b`)

// onsets are the clusters of consonants with which English words begin, longest
// first: where there is no hyphen the longest that fits is taken.
var onsets = strings.Fields(`sch scr shr spl spr squ str thr
	bl br ch cl cr dr dw fl fr gl gr kn ph pl pr qu rh sc sh sk sl sm sn sp st sw th tr tw wh wr
	b c d f g h j k l m n p r s t v w x y z`)

func readPigLatin(s string) string {
	return replaceMatches(pigWord, s, func(m []string) string {
		if m[3] == "" {
			return m[2] + m[1]
		}
		rest := m[3]
		if w, ok := strings.CutSuffix(rest, "w"); ok && w != "" { // "appleway"
			return w
		}
		for _, o := range onsets {
			if w, ok := strings.CutSuffix(rest, o); ok && w != "" {
				return o + w
			}
		}
		return rest
	})
}

// replaceMatches replaces every match by what its groups, the match being the
// first, are made to.
func replaceMatches(re *regexp.Regexp, s string, with func([]string) string) string {
	var b strings.Builder
	last := 0
	for _, at := range re.FindAllStringSubmatchIndex(s, -1) {
		m := make([]string, len(at)/2)
		for i := range m {
			if at[2*i] >= 0 {
				m[i] = s[at[2*i]:at[2*i+1]]
			}
		}
		b.WriteString(s[last:at[0]])
		b.WriteString(with(m))
		last = at[1]
	}
	return b.String() + s[last:]
}
