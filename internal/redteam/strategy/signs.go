package strategy

import (
	"regexp"
	"strings"
	"unicode"
)

const morseAlphabet = lower + digits + ".,?!'/()&:;=+-_\"$@"

// morseSigns are those of ITU-R M.1677 and of common use, one for each character of
// morseAlphabet but the space, in its order.
var morseSigns = strings.Fields(`.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..
	----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.
	.-.-.- --..-- ..--.. -.-.-- .----. -..-. -.--. -.--.- .-... ---... -.-.-. -...- .-.-. -....- ..--.- .-..-. ...-..- .--.-.`)

var toMorse, fromMorse = func() (map[rune]string, map[string]string) {
	to, from := map[rune]string{}, map[string]string{}
	for i, r := range strings.ReplaceAll(morseAlphabet, " ", "") {
		to[r], from[morseSigns[i]] = morseSigns[i], string(r)
	}
	return to, from
}()

// writeMorse parts signs by a space and words by a slash. Characters without a sign stay.
func writeMorse(s string) string {
	var out []string
	for _, word := range strings.Fields(strings.ToLower(s)) {
		if out != nil {
			out = append(out, "/")
		}
		for _, r := range word {
			if sign, ok := toMorse[r]; ok {
				out = append(out, sign)
			} else {
				out = append(out, string(r))
			}
		}
	}
	return strings.Join(out, " ")
}

// oneDot and oneDash are what people and typesetting make of the signs.
var oneDash = strings.NewReplacer("·", ".", "•", ".", "∙", ".", "…", "...", "–", "-", "—", "-", "−", "-", "_", "-")

var morseRun = regexp.MustCompile(`(?:^|[\s` + "`" + `"'(*])((?:[.\-·•∙…–—−_]{1,8}|[/|])(?:[ \t\r\n]+(?:[.\-·•∙…–—−_]{1,8}|[/|]))*)`)

// readMorse reads signs that stand alone between spaces; a slash, a bar, a wide
// space or the end of a line parts words.
func readMorse(s string) string {
	return replaceGroup(morseRun, s, func(run string) string {
		run = strings.NewReplacer("/", " / ", "|", " / ", "   ", " / ", "\n", " / ").Replace(oneDash.Replace(run))
		var b strings.Builder
		gap := false
		for _, sign := range strings.Fields(run) {
			if sign == "/" {
				gap = b.Len() > 0
				continue
			}
			if gap {
				b.WriteByte(' ')
				gap = false
			}
			if letter, ok := fromMorse[sign]; ok {
				b.WriteString(letter)
			} else {
				b.WriteString(sign)
			}
		}
		return b.String()
	})
}

// replaceGroup replaces the first group of every match.
func replaceGroup(re *regexp.Regexp, s string, with func(string) string) string {
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[last:m[2]])
		b.WriteString(with(s[m[2]:m[3]]))
		last = m[3]
	}
	return b.String() + s[last:]
}

const brailleAlphabet = lower + upper + digits + ",;:.?!'-"

// Cells of Braille: letters and signs in the order of brailleLetters, and those that
// change what follows.
const (
	brailleLetters = "abcdefghijklmnopqrstuvwxyz,;:.?!'-"
	brailleCells   = "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵⠂⠆⠒⠲⠦⠖⠄⠤"
	numberSign     = '⠼'
	capitalSign    = '⠠'
	letterSign     = '⠰'
)

var toBraille, fromBraille = func() (map[rune]rune, map[rune]rune) {
	to, from := map[rune]rune{}, map[rune]rune{}
	cells := []rune(brailleCells)
	for i, r := range brailleLetters {
		to[r], from[cells[i]] = cells[i], r
	}
	return to, from
}()

// writeBraille marks a number, a capital and a letter behind a number. Characters
// without a cell stay.
func writeBraille(s string) string {
	var b strings.Builder
	number := false
	for _, r := range s {
		if digit := r >= '0' && r <= '9'; digit {
			if !number {
				b.WriteRune(numberSign)
			}
			b.WriteRune(toBraille['a'+(r-'0'+9)%10]) // 1 is a, 0 is j
			number = true
			continue
		}
		small := unicode.ToLower(r)
		if number && small >= 'a' && small <= 'j' {
			b.WriteRune(letterSign)
		}
		number = false
		if small != r && toBraille[small] != 0 {
			b.WriteRune(capitalSign)
			r = small
		}
		if cell := toBraille[r]; cell != 0 {
			r = cell
		}
		b.WriteRune(r)
	}
	return b.String()
}

func readBraille(s string) string {
	var b strings.Builder
	number, capital := false, false
	for _, cell := range s {
		switch cell {
		case numberSign:
			number = true
			continue
		case capitalSign:
			capital, number = true, false
			continue
		case letterSign:
			number = false
			continue
		case '⠀': // the empty cell
			cell = ' '
		}
		r, known := fromBraille[cell]
		switch {
		case !known:
			r = cell
		case number && r >= 'a' && r <= 'j':
			b.WriteRune('0' + (r-'a'+1)%10)
			continue
		case capital:
			r = unicode.ToUpper(r)
		}
		number, capital = false, false
		b.WriteRune(r)
	}
	return b.String()
}
