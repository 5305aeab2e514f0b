package dialect

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// str is a scanned string: the content between the quotes.
type str struct {
	start, end int
	escaped    bool
	lone       bool   // holds a surrogate that is not paired
	head, tail uint16 // such a low one at the start, a high one at the end
}

// space skips JSON's four white space characters.
func (w *walker) space() {
	for w.at < len(w.src) {
		switch w.src[w.at] {
		case ' ', '\n', '\r', '\t':
			w.at++
		default:
			return
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// ends marks the bytes of x that are a quote, a backslash or a control character
// by their highest bit; of bytes behind the first such one it may be wrong
// (zero-byte test by subtraction, Hacker's Delight 6-1). What is compared with
// has no highest bit, so that x serves for its differences too.
func ends(x uint64) uint64 {
	return ((x - ones*0x20) | (x ^ ones*'"' - ones) | (x ^ ones*'\\' - ones)) &^ x & highs
}

// plain returns the index of the first byte from i on that is a quote, a
// backslash or a control character; len(body) if there is none. It looks at
// eight bytes at a time, and at four times eight in long runs.
func plain(body []byte, i int) int {
	for i+8 <= len(body) {
		if m := ends(binary.LittleEndian.Uint64(body[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		i += 8
		for i+32 <= len(body) {
			b := body[i : i+32 : i+32]
			w0, w1 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
			w2, w3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
			if ends(w0)|ends(w1)|ends(w2)|ends(w3) != 0 {
				break
			}
			i += 32
		}
	}
	for ; i < len(body); i++ {
		if c := body[i]; c == '"' || c == '\\' || c < 0x20 {
			return i
		}
	}
	return i
}

// scanString scans the string whose opening quote is at w.at and moves behind
// its closing quote.
func (w *walker) scanString() (str, error) {
	s := str{start: w.at + 1}
	i := s.start
	for {
		i = plain(w.body, i)
		if i >= len(w.body) {
			return s, w.failAt(i, CodeInvalidJSON, "string without an end")
		}
		switch c := w.body[i]; {
		case c == '"':
			s.end = i
			w.at = i + 1
			return s, nil
		case c < 0x20:
			return s, w.failAt(i, CodeInvalidJSON, "control character in a string; expected an escape")
		}
		n, err := w.scanEscape(&s, i)
		if err != nil {
			return s, err
		}
		i += n
	}
}

// scanEscape checks the escape at i and returns its length.
func (w *walker) scanEscape(s *str, i int) (int, error) {
	s.escaped = true
	if i+1 < len(w.src) && w.src[i+1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, w.src[i+1]) < 0 {
			return 0, w.failAt(i, CodeInvalidJSON, "unknown escape in a string")
		}
		return 2, nil
	}
	u, ok := unit(w.src, i)
	if !ok {
		return 0, w.failAt(i, CodeInvalidJSON, "incomplete escape in a string; expected four hexadecimal digits")
	}
	if u < 0xd800 || u > 0xdfff {
		return 6, nil
	}
	if u < 0xdc00 {
		if low, ok := unit(w.src, i+6); ok && low >= 0xdc00 && low <= 0xdfff {
			return 12, nil
		}
	}
	if !w.spec.loose {
		return 0, w.failAt(i, CodeLoneSurrogate, "surrogate escape that is not paired")
	}
	s.lone = true
	switch {
	case u >= 0xdc00 && i == s.start:
		s.head = u
	case u < 0xdc00 && i+6 < len(w.src) && w.src[i+6] == '"':
		s.tail = u
	}
	return 6, nil
}

// literal skips true, false or null.
func (w *walker) literal(word string) error {
	if !strings.HasPrefix(w.src[w.at:], word) {
		return w.fail(CodeInvalidJSON, "unknown word; expected a value")
	}
	w.at += len(word)
	return nil
}

// number skips a number of RFC 8259 grammar.
func (w *walker) number() error {
	i := w.at
	if i < len(w.src) && w.src[i] == '-' {
		i++
	}
	switch n := w.digits(i); {
	case n == 0:
		return w.notNumber()
	case n > 1 && w.src[i] == '0':
		return w.fail(CodeInvalidNumber, "number with a leading zero")
	default:
		i += n
	}
	if i < len(w.src) && w.src[i] == '.' {
		n := w.digits(i + 1)
		if n == 0 {
			return w.fail(CodeInvalidNumber, "number without digits after its point")
		}
		i += 1 + n
	}
	if i < len(w.src) && w.src[i]|0x20 == 'e' {
		i++
		if i < len(w.src) && (w.src[i] == '+' || w.src[i] == '-') {
			i++
		}
		n := w.digits(i)
		if n == 0 {
			return w.fail(CodeInvalidNumber, "number without digits in its exponent")
		}
		i += n
	}
	w.at = i
	return nil
}

func (w *walker) digits(i int) int {
	n := 0
	for i+n < len(w.src) && w.src[i+n] >= '0' && w.src[i+n] <= '9' {
		n++
	}
	return n
}

// notNumber tells the usual wrong numbers from other wrong values.
func (w *walker) notNumber() error {
	rest := w.src[w.at:]
	for _, p := range []string{"NaN", "Infinity", "-", "+", "."} {
		if strings.HasPrefix(rest, p) {
			return w.fail(CodeInvalidNumber, "not a JSON number")
		}
	}
	return w.fail(CodeInvalidJSON, "expected a value")
}
