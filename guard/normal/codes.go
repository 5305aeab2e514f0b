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

// codeForm is what all codes of a list have in common.
type codeForm struct {
	binary, octal, decimal, pairs, prefixed bool
}

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
		u.follow(s.read[k].done(p), r.to(codeSteps[k], Decoded))
		to := r.to(codeSteps[k], Decoded)
		to.emit = false
		u.follow(s.inner[k].done(p), to)
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
	form := codeForm{binary: true, octal: true, decimal: true, pairs: true, prefixed: true}
	for i < len(text) {
		c := code{start: i, digits: i}
		if text[i] == '0' && i+1 < len(text) && (text[i+1]|0x20 == 'x' || text[i+1] == 'b' || text[i+1] == 'o') {
			c.digits += 2
		}
		i = c.digits
		for i < len(text) && hexValue(text[i]) < 16 {
			i++
		}
		c.end = i
		outside := i < len(text) && class[text[i]]&(cLetter|cDigit) != 0
		now := form.with(text[c.digits:c.end], c.digits > c.start)
		if outside || now == (codeForm{}) || now == (codeForm{prefixed: true}) {
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

// with narrows a form to one that digits has too.
func (f codeForm) with(digits string, prefix bool) codeForm {
	n := len(digits)
	for i := range n {
		c := digits[i]
		f.binary = f.binary && c|1 == '1'
		f.octal = f.octal && c < '8'
		f.decimal = f.decimal && c <= '9'
	}
	f.binary = f.binary && (n == 7 || n == 8)
	f.octal = f.octal && n == 3
	f.decimal = f.decimal && !prefix && (n == 2 || n == 3)
	f.pairs = f.pairs && n == 2
	f.prefixed = f.prefixed && prefix
	return f
}

// worthCodes reports whether what a list of numbers stands for is text, or may
// be text once decoded further. Numbers of two digits are capitals by chance.
func worthCodes(s string, sure bool) (emit, follow bool) {
	c := tally(s)
	if !c.printable() {
		return false, false
	}
	if readable(s) && (sure || c.foreign > c.letters || language(s)) {
		return true, true
	}
	if mean, n := english(s); readable(s) && n >= 10 && mean <= 16.5 {
		return true, true
	}
	return false, len(s) >= 12
}

// decodeCodes gathers what the list stands for.
func decodeCodes(text string, list []code, form codeForm, s *codeSets, into *findings) {
	try := func(step, base int, sure bool) bool {
		out := make([]byte, 0, len(list))
		for _, c := range list {
			v := 0
			for _, d := range []byte(text[c.digits:c.end]) {
				v = v*base + int(hexValue(d))
			}
			if v > 255 {
				return false
			}
			out = append(out, byte(v))
		}
		into.codes(list, out, step)
		if s == nil {
			return false
		}
		emit, follow := worthCodes(string(out), step == 0 || form.prefixed)
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
		switch {
		case form.binary && try(0, 2, sure):
			return
		case len(list) < minCodes:
		case form.pairs && try(1, 16, sure), form.octal && try(3, 8, sure), form.decimal && try(2, 10, sure):
			return
		}
	}
}

// writeCodes appends what the codes of a list stand for.
func writeCodes(b *builder, list []code, out []byte) {
	for i, c := range list {
		b.segs = append(b.segs, seg(len(b.buf), c.start, c.end, whole))
		b.buf = append(b.buf, out[i])
	}
}
