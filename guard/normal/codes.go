package normal

// Shortest lists of codes that are tried.
const (
	minCodes   = 4
	minOctets  = 3 // of eight binary digits
	maxCodeGap = 3 // bytes between two codes
)

// code is one number of a list.
type code struct {
	start, end int // with its prefix
	digits     int // where the digits begin
}

// codeForm is what all codes of a list have in common, one bit a form.
type codeForm uint8

const (
	formBinary codeForm = 1 << iota
	formOctal
	formDecimal
	formPairs // of hexadecimal digits
	formPrefixed
)

var codeSteps = [...]string{"binary", "hex", "decimal", "octal"}

// codes decodes lists of numbers that stand for bytes: binary, hexadecimal,
// octal and decimal, parted by spaces, commas and the like.
func (u *undoer) codes(p piece, r reading, h hints, into *findings) {
	if h.numerals < minOctets {
		return
	}
	var s codeSets
	scanCodes(p, &s, into)
	for k := range s.read {
		u.followSet(&s.read[k], p, r, codeSteps[k], true)
		u.followSet(&s.inner[k], p, r, codeSteps[k], false)
	}
}

// codeSets keeps what lists decode to, like runSets.
type codeSets struct{ read, inner [len(codeSteps)]gather }

// scanCodes finds the lists of p and decodes them into s and into; either may
// be nil.
func scanCodes(p piece, s *codeSets, into *findings) {
	var list []code
	text := p.text
	for i := 0; i < len(text); {
		c := class[text[i]]
		if c&cDigit == 0 && !leadPair(text, i) {
			if c&cLetter != 0 {
				for i < len(text) && class[text[i]]&(cLetter|cDigit) != 0 {
					i++
				}
				continue
			}
			i++
			continue
		}
		if i > 0 && (text[i-1] == '%' || text[i-1] == '=' || text[i-1] == '#') {
			for i < len(text) && class[text[i]]&(cLetter|cDigit) != 0 {
				i++ // an escape
			}
			continue
		}
		var form codeForm
		var next int
		list, form, next = codesAt(text, i, list[:0])
		if len(list) >= minOctets {
			decodeCodes(text, list, form, s, into)
		}
		i = next
	}
}

// leadPair reports whether a list of hexadecimal pairs may begin at i with the
// first byte of a character outside ASCII.
func leadPair(text string, i int) bool {
	return text[i]|0x20 >= 'c' && text[i]|0x20 <= 'f' && i+3 < len(text) && hexValue(text[i+1]) < 16 &&
		class[text[i+2]]&(cLetter|cDigit) == 0 && hexValue(text[i+3]) < 16
}

// codesAt reads the list of codes at i and returns where reading goes on.
func codesAt(text string, i int, list []code) ([]code, codeForm, int) {
	form := formBinary | formOctal | formDecimal | formPairs | formPrefixed
	for i < len(text) {
		c := code{start: i, digits: i}
		if text[i] == '0' && i+1 < len(text) && (text[i+1]|0x20 == 'x' || text[i+1] == 'b' || text[i+1] == 'o') {
			c.digits += 2
		}
		top := byte(0)
		for i = c.digits; i < len(text) && hexValue(text[i]) < 16; i++ {
			top = max(top, text[i])
		}
		c.end = i
		outside := i < len(text) && class[text[i]]&(cLetter|cDigit) != 0
		now := form & formsOf(c.end-c.digits, top, c.digits > c.start)
		if outside || now&^formPrefixed == 0 {
			for i < len(text) && class[text[i]]&(cLetter|cDigit) != 0 {
				i++
			}
			if len(list) > 0 && !outside {
				return list, form, c.start // it may begin another list
			}
			return list, form, i
		}
		form = now
		list = append(list, c)
		gap := i
		for gap < len(text) && gap-i <= maxCodeGap && class[text[gap]]&(cLetter|cDigit|cForeign) == 0 {
			gap++
		}
		if gap-i > maxCodeGap || gap >= len(text) || hexValue(text[gap]) > 15 {
			return list, form, gap
		}
		i = gap
	}
	return list, form, i
}

// formsOf returns the forms of a code of n digits, of which top is the greatest
// character.
func formsOf(n int, top byte, prefix bool) (f codeForm) {
	switch n {
	case 2:
		f = formPairs | formDecimal
	case 3:
		f = formDecimal
		if top <= '7' {
			f |= formOctal
		}
	case 7, 8:
		if top <= '1' {
			f = formBinary
		}
	}
	if prefix {
		return f&^formDecimal | formPrefixed
	}
	if top > '9' {
		f &^= formDecimal
	}
	return f
}

// worthCodes reports whether what a list of numbers stands for is text, or may
// be text once decoded further. Numbers of two digits are capitals by chance.
func worthCodes(s string, c *content, sure bool) (emit, follow bool) {
	if !c.printable() {
		return false, false
	}
	if readableAs(s, c) {
		if sure || c.foreign > c.letters || language(s) {
			return true, true
		}
		if mean, n := english(s); n >= 10 && mean <= 16.5 {
			return true, true
		}
	}
	return false, len(s) >= 12
}

// decodeCodes gathers what the list stands for.
func decodeCodes(text string, list []code, form codeForm, s *codeSets, into *findings) {
	try := func(step, base int, sure bool) bool {
		out, ok := codeBytes(text, list, base)
		if !ok {
			return false
		}
		c := tally(out)
		if sure {
			into.codes(list, out, &c, step)
		}
		if s == nil {
			return false
		}
		emit, follow := worthCodes(out, &c, step == 0 || form&formPrefixed != 0)
		if !follow || sure && !emit {
			return false
		}
		g := &s.inner[step]
		if emit {
			g = &s.read[step]
		}
		g.begin(list[0].start)
		writeCodes(&g.b, list, out)
		g.end = list[len(list)-1].end
		return true
	}
	for _, sure := range []bool{true, false} {
		if s == nil && !sure {
			return
		}
		switch {
		case form&formBinary != 0 && try(0, 2, sure):
			return
		case len(list) < minCodes:
		case form&formPairs != 0 && try(1, 16, sure), form&formOctal != 0 && try(3, 8, sure), form&formDecimal != 0 && try(2, 10, sure):
			return
		}
	}
}

// codeBytes returns the bytes that the codes of a list stand for.
func codeBytes(text string, list []code, base int) (string, bool) {
	out := make([]byte, 0, len(list))
	for _, c := range list {
		v := 0
		for i := c.digits; i < c.end; i++ {
			v = v*base + int(hexValue(text[i]))
		}
		if v > 255 {
			return "", false
		}
		out = append(out, byte(v))
	}
	return string(out), true
}

// writeCodes appends what the codes of a list stand for.
func writeCodes(b *builder, list []code, out string) {
	for i, c := range list {
		b.replaceByte(out[i], c.start, c.end)
	}
}
