package normal

import "unicode/utf8"

// minTurned is how many letters drawn upside down make a stretch.
const minTurned = 4

// flips leads from letters that look like another one upside down.
var flips = [128]byte{'u': 'n', 'n': 'u', 'd': 'p', 'p': 'd', 'b': 'q', 'q': 'b', 'o': 'o', 's': 's', 'x': 'x', 'z': 'z', 'l': 'l', 'I': 'I', 'i': 'i',
	'O': 'O', 'S': 'S', 'N': 'N', 'H': 'H', 'X': 'X', 'Z': 'Z', 'W': 'M', 'M': 'W', 'P': 'd',
	'6': '9', '9': '6', '8': '8', '0': '0', '1': 'l', '\'': ',', ',': '\'', '.': '\'', '!': 'i', '(': ')', ')': '(', ' ': ' ', '-': '-', '/': '/'}

// turnedLead marks the first bytes of the letters in turned.
var turnedLead = func() (t [256]bool) {
	for i, page := range turned.pages {
		if page == nil {
			continue
		}
		for k, c := range page {
			if c != 0 {
				t[string(rune(i<<8 | k))[0]] = true
			}
		}
	}
	return t
}()

// upsideDown reads letters drawn upside down, which also run backwards.
func (u *undoer) upsideDown(p piece, r reading) {
	var set gather
	text := p.text
	for i := 0; i < len(text); {
		if !turnedLead[text[i]] {
			i++
			continue
		}
		c, size := utf8.DecodeRuneInString(text[i:])
		if turned.at(c) == 0 {
			i += size
			continue
		}
		i = flippedAt(text, i, &set)
	}
	u.followCipher(&set, p, r, "upsidedown")
}

// flippedAt gathers the stretch around i and returns its end.
func flippedAt(text string, i int, g *gather) int {
	start := i
	for start > g.end && text[start-1] < utf8.RuneSelf && flips[text[start-1]] != 0 {
		start--
	}
	end, n := i, 0
	for end < len(text) {
		c, size := utf8.DecodeRuneInString(text[end:])
		if c < utf8.RuneSelf {
			if flips[c] == 0 {
				break
			}
		} else if turned.at(c) == 0 {
			break
		} else {
			n++
		}
		end += size
	}
	if n < minTurned {
		return end
	}
	at := g.begin(start)
	begun := len(g.b.buf)
	for k := end; k > start; {
		c, size := utf8.DecodeLastRuneInString(text[start:k])
		to := turned.at(c)
		if c < utf8.RuneSelf {
			to = flips[c]
		}
		g.b.replace(string(rune(to)), k-size, k)
		k -= size
	}
	if !language(string(g.b.buf[begun:])) {
		g.back(at)
		return end
	}
	g.end = end
	return end
}
