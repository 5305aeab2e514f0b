package gateway

import (
	"unicode"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/guard/segment"
	"warder.example/internal/config"
)

// regions returns what an application says of text pasted into its turns.
func regions(ac config.Application) []segment.Rule {
	if len(ac.Regions) == 0 {
		return nil
	}
	out := make([]segment.Rule, len(ac.Regions))
	for i, r := range ac.Regions {
		out[i] = segment.Rule{Start: r.Start, End: r.End, Origin: r.Origin}
	}
	return out
}

// operatorTexts returns what the operator wrote: system texts without the
// regions of others in them, which an answer may well repeat. Where a word is cut
// between two texts it is there in one piece as well.
func operatorTexts(texts []string, rules []segment.Rule) []string {
	if len(rules) == 0 && len(texts) < 2 {
		return texts
	}
	var out, cut []string
	before := "" // what the text before ends with
	for _, t := range texts {
		first, last := t, t
		if len(rules) == 0 {
			out = append(out, t)
		} else {
			first, last = "", ""
			for _, p := range segment.Split(t, guard.OriginOperator, rules) {
				if p.Origin != guard.OriginOperator {
					continue
				}
				own := t[p.Start:p.End]
				out = append(out, own)
				if p.Start == 0 {
					first = own
				}
				if p.End == len(t) {
					last = own
				}
			}
		}
		if s, ok := rejoined(before, first); ok {
			cut = append(cut, s)
		}
		before = last
	}
	return append(out, cut...)
}

// nearCut is how many bytes on either side of a cut are put together.
const nearCut = 128

// rejoined returns the end of one text and the beginning of the next as one, if a word
// may have been cut between them.
func rejoined(a, b string) (string, bool) {
	end, _ := utf8.DecodeLastRuneInString(a)
	begin, _ := utf8.DecodeRuneInString(b)
	if a == "" || b == "" || !inWord(end) || !inWord(begin) {
		return "", false
	}
	return a[runeStart(a, max(0, len(a)-nearCut)):] + b[:runeStart(b, min(nearCut, len(b)))], true
}

// inWord reports whether a character may stand within a word or a value.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '-' || r == '_'
}
