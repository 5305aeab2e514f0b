package dialect

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
)

// maxComponent bounds a component of a vector. Embeddings are of length about 1; four
// letters read as a number are far above it.
const maxComponent = 64

// IsVector reports whether s is a vector of numbers: base64 of 32-bit floating point
// numbers, little end first, none of which is beyond 64, infinite, or so small
// that no model computes it (subnormal). Four bytes of text are no such number, unless
// each fourth is a sign or a digit.
func IsVector(s string) bool {
	if len(s) == 0 || strings.ContainsAny(s, "\r\n") { // which the decoder would pass over
		return false
	}
	var buf [1 << 10]byte
	piece := base64.StdEncoding.EncodedLen(len(buf) - len(buf)%12)
	for len(s) > 0 {
		n := min(len(s), piece)
		got, err := base64.StdEncoding.Strict().Decode(buf[:], []byte(s[:n]))
		if err != nil || got%4 != 0 {
			return false
		}
		for b := buf[:got]; len(b) > 0; b = b[4:] {
			x := math.Abs(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
			if !(x <= maxComponent) || x != 0 && x < 1e-20 {
				return false
			}
		}
		s = s[n:]
	}
	return true
}
