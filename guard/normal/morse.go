package normal

import "unicode/utf8"

// minMorse is how many signs make a message.
const minMorse = 5

// morseLetters is indexed by a 1 followed by the sign's bits, dash being 1.
var morseLetters = func() (t [128]byte) {
	signs := []string{"a.-", "b-...", "c-.-.", "d-..", "e.", "f..-.", "g--.", "h....", "i..", "j.---", "k-.-", "l.-..", "m--", "n-.", "o---",
		"p.--.", "q--.-", "r.-.", "s...", "t-", "u..-", "v...-", "w.--", "x-..-", "y-.--", "z--..",
		"0-----", "1.----", "2..---", "3...--", "4....-", "5.....", "6-....", "7--...", "8---..", "9----.",
		"..-.-.-", ",--..--", "?..--..", "!-.-.--", "/-..-.", "--....-", "'.----.", "@.--.-.", ":---...", "=-...-"}
	for _, s := range signs {
		i := 1
		for _, c := range s[1:] {
			i <<= 1
			if c == '-' {
				i |= 1
			}
		}
		t[i] = s[0]
	}
	return t
}()

// morseMark returns the bit that r stands for.
func morseMark(r rune) (bit int, ok bool) {
	switch r {
	case '.', '·', '•', '∙', '⋅', '●', '‧':
		return 0, true
	case '-', '_', '–', '—', '−', '‐', '‑', '‒', '―', '➖':
		return 1, true
	}
	return 0, false
}

// morse decodes Morse code: signs parted by a space, words by a wider gap, a
// slash or a bar.
func (u *undoer) morse(p piece, r reading, h hints) {
	if h.dashes < minMorse && !h.foreign {
		return
	}
	var set gather
	for i := 0; i < len(p.text); {
		if c := p.text[i]; class[c]&cDash == 0 && c != 0xC2 && c != 0xE2 {
			i++
			continue
		}
		i = morseAt(p.text, i, &set)
	}
	u.followSet(&set, p, r, "morse", true)
}

// morseAt reads the message at i, gathers it if it is one, and returns where
// reading goes on.
func morseAt(text string, i int, g *gather) int {
	at := g.begin(i)
	begun := len(g.b.buf)
	signs, end := 0, i
	for i < len(text) {
		start, index := i, 1
		for i < len(text) {
			r, size := rune(text[i]), 1
			if r >= utf8.RuneSelf {
				r, size = utf8.DecodeRuneInString(text[i:])
			}
			bit, ok := morseMark(r)
			if !ok {
				break
			}
			if index = index<<1 | bit; index >= 1<<8 {
				index = 1 << 8
			}
			i += size
		}
		if i == start || index >= len(morseLetters) || morseLetters[index] == 0 {
			break
		}
		g.b.replace(string(morseLetters[index]), start, i)
		signs++
		end = i
		gap := i
		wide := false
		for gap < len(text) && gap-i < 8 && (text[gap] == ' ' || text[gap] == '/' || text[gap] == '|' || text[gap] == '\n') {
			wide = wide || text[gap] != ' ' || gap > i
			gap++
		}
		if gap == i {
			break
		}
		if wide {
			g.b.replace(" ", i, gap)
		}
		i = gap
	}
	out := string(g.b.buf[begun:])
	if mean, n := english(out); signs < minMorse || n*5 < signs*4 || !language(out) && (n < 8 || mean > 16.5 || distinct(out) < 6) {
		g.back(at)
		if end == i || i == 0 {
			_, size := utf8.DecodeRuneInString(text[i:])
			return min(len(text), i+max(1, size))
		}
		return i
	}
	g.end = end
	return i
}
