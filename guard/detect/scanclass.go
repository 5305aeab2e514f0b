package detect

// byteClass is a set of ASCII properties of a byte; bytes of multi-byte runes
// have none but classHigh.
type byteClass uint8

const (
	classLower byteClass = 1 << iota // a-z
	classUpper                       // A-Z
	classDigit                       // 0-9
	classUnder                       // _
	classSpace                       // \t \n \v \f \r and space
	classHigh                        // 0x80 and above

	classLetter = classLower | classUpper
	classAlnum  = classLetter | classDigit
	classWord   = classAlnum | classUnder // \w of RE2
)

// classes holds the class of every byte.
var classes = func() (t [256]byteClass) {
	for b := range t {
		switch c := byte(b); {
		case 'a' <= c && c <= 'z':
			t[b] = classLower
		case 'A' <= c && c <= 'Z':
			t[b] = classUpper
		case '0' <= c && c <= '9':
			t[b] = classDigit
		case c == '_':
			t[b] = classUnder
		case c == ' ' || '\t' <= c && c <= '\r':
			t[b] = classSpace
		case c >= 0x80:
			t[b] = classHigh
		}
	}
	return t
}()

// is reports whether b has one of the properties in c.
func is(b byte, c byteClass) bool { return classes[b]&c != 0 }

// foldByte lowers an ASCII letter.
func foldByte(b byte) byte {
	if classes[b]&classUpper != 0 {
		return b + 'a' - 'A'
	}
	return b
}
