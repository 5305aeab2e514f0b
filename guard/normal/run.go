package normal

import "strings"

// run is a stretch of base64 characters, its lines joined.
type run struct {
	start, end int    // in the text, padding included
	body       string // without line breaks and padding
	line, nl   int    // characters of its lines and bytes of the breaks; 0 for one line

	upper, lower, digits, marks, turns int
	hex, base32, binary                bool // what it can be
	pad                                int  // '=' after it
	turned                             bool
}

// runAt describes the run at text[start:end], following it over line breaks.
func runAt(text string, start, end int) run {
	x := run{start: start, end: end, body: text[start:end]}
	if end-start >= minLine && end < len(text) && (text[end] == '\n' || text[end] == '\r') {
		x.body, x.end, x.nl = joinLines(text, start, end)
		x.line = end - start
	}
	for x.end < len(text) && text[x.end] == '=' && x.pad < 6 {
		x.end++
		x.pad++
	}
	x.turned = start > 0 && text[start-1] == '=' && (start < 2 || class[text[start-2]]&cRun == 0)
	x.count()
	return x
}

// joinLines joins a run's lines, each as long as the first, but for the last. It
// returns the joined characters, where they end and the size of the line breaks,
// 0 if the run goes on in no other line.
func joinLines(text string, start, end int) (body string, _, nl int) {
	var b strings.Builder
	width := end - start
	b.WriteString(text[start:end])
	for {
		next := end
		if next < len(text) && text[next] == '\r' {
			next++
		}
		if next >= len(text) || text[next] != '\n' {
			break
		}
		next++
		if size := next - end; nl == 0 {
			nl = size
		} else if size != nl {
			break
		}
		stop := next
		for stop < len(text) && class[text[stop]]&cRun != 0 {
			stop++
		}
		if n := stop - next; n == 0 || n > width || n < width && stop < len(text) && class[text[stop]]&cSpace == 0 && text[stop] != '=' {
			break
		}
		b.WriteString(text[next:stop])
		end = stop
		if stop-next < width {
			break
		}
	}
	if end-start == width {
		nl = 0
	}
	return b.String(), end, nl
}

// Kinds of the characters of runs, and what excludes a run from being hexadecimal,
// base32 or binary.
const (
	kLower uint8 = iota
	kUpper
	kDigit
	kMark
	kNone    // before the first
	noHex    = 8
	noBase32 = 16
	noBinary = 32
)

// runKinds holds the kind of every byte, what it excludes, and a one in the part
// of a word that counts its kind.
var runKinds, runLanes = func() (t [256]uint8, lanes [256]uint64) {
	for i := range t {
		c := byte(i)
		switch {
		case c >= 'a' && c <= 'z':
			t[i] = kLower
		case c >= 'A' && c <= 'Z':
			t[i] = kUpper
		case c >= '0' && c <= '9':
			t[i] = kDigit
		default:
			t[i] = kMark
		}
		lanes[i] = 1 << (16 * t[i])
		if hexValue(c) > 15 {
			t[i] |= noHex
		}
		if t[i]&7 == kMark || t[i]&7 == kDigit && (c < '2' || c > '7') {
			t[i] |= noBase32
		}
		if c != '0' && c != '1' {
			t[i] |= noBinary
		}
	}
	return t, lanes
}()

// runTurns says whether one kind after another is a turn.
var runTurns = func() (t [64]uint8) {
	for last := range kNone {
		for kind := range kNone {
			if kind != last && (last == kLower || last == kDigit || kind == kDigit && last == kUpper) {
				t[last<<3|kind] = 1
			}
		}
	}
	return t
}()

// count fills in what the run is made of.
func (x *run) count() {
	last, all := kNone, uint8(0)
	for body := x.body; len(body) > 0; {
		block := body[:min(len(body), 1<<16-1)]
		body = body[len(block):]
		var lanes, turns uint64
		for i := 0; i < len(block); i++ {
			c := block[i]
			lanes += runLanes[c]
			k := runKinds[c]
			all |= k
			turns += uint64(runTurns[(last<<3|k&7)&63])
			last = k & 7
		}
		x.lower += int(lanes & 0xFFFF)
		x.upper += int(lanes >> 16 & 0xFFFF)
		x.digits += int(lanes >> 32 & 0xFFFF)
		x.marks += int(lanes >> 48)
		x.turns += int(turns)
	}
	x.hex, x.binary = all&noHex == 0, all&noBinary == 0
	x.base32 = all&noBase32 == 0 && (x.upper == 0 || x.lower == 0)
}

// couldBase64 reports whether the run is rather base64 than a word or a path.
func (x *run) couldBase64() bool {
	n := len(x.body)
	return (x.turns >= 2 || x.turns >= 1 && x.pad > 0 || n >= 16 && x.upper > 0 && x.lower > 0) && (x.upper > 0 || n >= 24) && x.marks*4 <= n
}

// longestPart returns the longest part of the run between '/', '_', '-', '+'.
func (x *run) longestPart(text string) (run, bool) {
	best, bestEnd := 0, 0
	for i := 0; i < len(x.body); {
		j := i
		for j < len(x.body) && class[x.body[j]]&(cLetter|cDigit) != 0 {
			j++
		}
		if j-i > bestEnd-best {
			best, bestEnd = i, j
		}
		i = j + 1
	}
	if bestEnd-best < minRun || bestEnd-best == len(x.body) {
		return run{}, false
	}
	y := run{start: x.start + best, end: x.start + bestEnd, body: x.body[best:bestEnd]}
	if y.end == x.start+len(x.body) {
		y.end, y.pad = x.end, x.pad
	}
	y.count()
	return y, true
}
