package strategy

import (
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var encodings = []Strategy{
	rewriting(Encode, "base64", "base64 (RFC 4648)", wide, func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }, readBase64),
	rewriting(Encode, "base32", "base32 (RFC 4648)", wide, func(s string) string { return base32.StdEncoding.EncodeToString([]byte(s)) }, readBase32),
	rewriting(Encode, "ascii85", "Ascii85 with Adobe's delimiters", wide, writeAscii85, once(readAscii85)),
	rewriting(Encode, "hex", "hexadecimal codes of bytes", wide, func(s string) string { return hex.EncodeToString([]byte(s)) }, once(readHex)),
	rewriting(Encode, "binary", "binary codes of bytes", wide, writeBinary, once(readBinary)),
	rewriting(Encode, "rot13", "letters moved by 13", wide, func(s string) string { return shift(s, 13) }, once(func(s string) string { return shift(s, 13) })),
	rewriting(Encode, "caesar", "letters moved by 3, as Caesar did", wide, func(s string) string { return shift(s, 3) }, once(func(s string) string { return shift(s, 23) })),
	rewriting(Encode, "atbash", "letters counted from the end", wide, atbash, once(atbash)),
	rewriting(Encode, "morse", "Morse code (ITU-R M.1677)", morseAlphabet, writeMorse, once(readMorse)),
	rewriting(Encode, "url", "percent escapes of bytes (RFC 3986)", wide, writePercent, once(readPercent)),
	rewriting(Encode, "html", "numeric character references of HTML", wide, writeReferences, once(readReferences)),
	rewriting(Encode, "unicode-escape", "backslash escapes of UTF-16", wide, writeEscapes, once(readEscapes)),
	rewriting(Encode, "braille", "six-dot Braille, uncontracted", brailleAlphabet, writeBraille, once(readBraille)),
	rewriting(Encode, "nato", "spelling alphabet of radio (ICAO)", lower+digits, writeNATO, once(readNATO)),
}

// Runs of a code: pieces and what may stand between two.
var (
	base64Run  = regexp.MustCompile(`[A-Za-z0-9+/_-]{2,}={0,2}(?:[ \t\r\n]{1,3}[A-Za-z0-9+/_-]{2,}={0,2})*`)
	base32Run  = regexp.MustCompile(`[A-Za-z2-7]{2,}={0,6}(?:[ \t\r\n]{1,3}[A-Za-z2-7]{2,}={0,6})*`)
	hexRun     = regexp.MustCompile(strings.ReplaceAll(`PIECE(?:[\s,:;-]{1,4}PIECE)*`, "PIECE", `(?:(?:\\x[0-9A-Fa-f]{2})+|\b(?:0x)?(?:[0-9A-Fa-f]{2})+\b)`))
	binaryRun  = regexp.MustCompile(`[01]{7,}(?:[\s,-]{1,4}[01]{7,})*`)
	ascii85Run = regexp.MustCompile(`<~[!-uz\s]+~>|[!-uz]{8,}`)
)

// What decoders of the library do not take.
var (
	toBase64 = strings.NewReplacer("-", "+", "_", "/", "=", "")
	toHex    = strings.NewReplacer(`\x`, "", "0x", "")
)

func readBase64(s string) []string {
	return readEither(s, base64Run, func(piece string) ([]byte, bool) {
		piece = toBase64.Replace(piece)
		if len(piece)%4 == 1 { // cut off within a byte
			piece = piece[:len(piece)-1]
		}
		b, err := base64.RawStdEncoding.DecodeString(piece)
		return b, err == nil
	})
}

func readBase32(s string) []string {
	return readEither(s, base32Run, func(piece string) ([]byte, bool) {
		piece = strings.ToUpper(strings.ReplaceAll(piece, "=", ""))
		if n := len(piece) % 8; n == 1 || n == 3 || n == 6 { // cut off within a byte
			piece = piece[:len(piece)-1]
		}
		b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(piece)
		return b, err == nil
	})
}

func readHex(s string) string {
	return readRuns(s, hexRun, pieces, func(piece string) ([]byte, bool) {
		b, err := hex.DecodeString(toHex.Replace(piece))
		return b, err == nil
	})
}

func writeBinary(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%08b", s[i])
	}
	return b.String()
}

func readBinary(s string) string {
	return readRuns(s, binaryRun, pieces, func(piece string) ([]byte, bool) {
		var out []byte
		if len(piece) == 7 { // the leading zero of ASCII left out; or a run of such
			piece = "0" + piece
		}
		for ; len(piece) >= 8; piece = piece[8:] {
			n, err := strconv.ParseUint(piece[:8], 2, 8)
			if err != nil {
				return nil, false
			}
			out = append(out, byte(n))
		}
		return out, piece == ""
	})
}

func writeAscii85(s string) string {
	b := make([]byte, ascii85.MaxEncodedLen(len(s)))
	return "<~" + string(b[:ascii85.Encode(b, []byte(s))]) + "~>"
}

func readAscii85(s string) string {
	one := func(run string) []string { return []string{run} }
	return readRuns(s, ascii85Run, one, func(piece string) ([]byte, bool) {
		piece = strings.TrimSuffix(strings.TrimPrefix(piece, "<~"), "~>")
		b := make([]byte, 4*len(piece)+4) // a z is four bytes
		n, _, err := ascii85.Decode(b, []byte(piece), true)
		return b[:n], err == nil
	})
}

// shift moves Latin letters by n places, 0 to 25.
func shift(s string, n rune) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+n)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+n)%26
		}
		return r
	}, s)
}

// atbash writes the first letter as the last, and so on; twice is the text itself.
func atbash(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + 'z' - r
		case r >= 'A' && r <= 'Z':
			return 'A' + 'Z' - r
		}
		return r
	}, s)
}
