package strategy

import "strings"

// natoWords are those of ICAO's Annex 10, for the letters and then the digits.
var natoWords = strings.Fields(`alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november
	oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu
	zero one two three four five six seven eight nine`)

const natoLetters = "abcdefghijklmnopqrstuvwxyz" + digits

// fromNATO has other spellings, too.
var fromNATO = func() map[string]string {
	m := map[string]string{"alpha": "a", "juliet": "j", "x-ray": "x", "whisky": "w", "tree": "3", "fower": "4", "fife": "5", "niner": "9"}
	for i, w := range natoWords {
		m[w] = natoLetters[i : i+1]
	}
	return m
}()

// writeNATO spells words, with a slash between two. Characters without a word stay.
func writeNATO(s string) string {
	var out []string
	for _, word := range strings.Fields(strings.ToLower(s)) {
		if out != nil {
			out = append(out, "/")
		}
		for _, r := range word {
			if i := strings.IndexRune(natoLetters, r); i >= 0 {
				out = append(out, natoWords[i])
			} else {
				out = append(out, string(r))
			}
		}
	}
	return strings.Join(out, " ")
}

// readNATO reads runs of spelling words; a slash, a bar, a full stop or the end of a
// line parts two words.
func readNATO(s string) string {
	var b strings.Builder
	spelling := false // the word before was one of them
	for s != "" {
		from, to := nextWord(s)
		between, letter := s[:from], fromNATO[strings.ToLower(s[from:to])]
		switch joined := spelling && letter != "" && strings.Trim(between, " \t\r\n,.-/|") == ""; {
		case joined && strings.ContainsAny(between, "/|\n."):
			b.WriteByte(' ')
		case !joined:
			b.WriteString(between)
		}
		if spelling = letter != ""; !spelling {
			letter = s[from:to]
		}
		b.WriteString(letter)
		s = s[to:]
	}
	return b.String()
}

// nextWord is where the next word stands, or the end of s.
func nextWord(s string) (from, to int) {
	letter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 || c >= '0' && c <= '9' }
	for from < len(s) && !letter(s[from]) {
		from++
	}
	to = from
	for to < len(s) && letter(s[to]) {
		to++
	}
	if xray := "x-ray"; to == from+1 && len(s) >= from+len(xray) && strings.EqualFold(s[from:from+len(xray)], xray) {
		to = from + len(xray)
	}
	return from, to
}
