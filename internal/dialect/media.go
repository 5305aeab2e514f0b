package dialect

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// minMedia is the shortest base64 that is taken for a recording or a picture.
// Anything shorter is inspected: no such file is so small.
const minMedia = 256

// mediaHead is how many bytes of a file are looked at.
const mediaHead = 1 << 10

// family is a set of kinds of files that are not text.
type family uint8

const (
	picture  family = 1 << iota
	sound           // recordings and films: the same containers hold both
	pageFile        // PDF
)

// pictures are the kinds of picture whose content is not text. SVG is text.
var pictures = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/jpg": true, "image/gif": true, "image/webp": true, "image/bmp": true,
	"image/tiff": true, "image/heic": true, "image/heif": true, "image/avif": true,
}

// IsMedia reports whether s is a picture, a recording, a film or a PDF: base64
// of some length, alone or in a data URL, whose first bytes are those of such a
// file. A data URL must declare the family that its bytes are of; which member
// of it is not compared, since many callers call every picture a PNG. All else
// may be text, raw sound without a header included.
//
// Only the beginning is proof: what stands deeper in a file, and what a model
// sees or hears in it, is not known here.
func IsMedia(s string) bool {
	if isDataURL(s) {
		return IsMediaURL(s)
	}
	return isFile(s, picture|sound|pageFile)
}

// IsMediaOf is [IsMedia] for base64 beside which a member of its own declares the
// kind, as image/png does: a file of another family is none.
func IsMediaOf(kind, s string) bool {
	return len(kind) <= 64 && isFile(s, familyOf(strings.ToLower(kind)))
}

// IsMediaURL is [IsMedia] for a place where a URL belongs: base64 that is not in
// a data URL is text there.
func IsMediaURL(s string) bool {
	if !isDataURL(s) {
		return false
	}
	kind, data, ok := strings.Cut(s[len(dataScheme):], ";base64,")
	if !ok || len(kind) > 64 {
		return false
	}
	return isFile(data, familyOf(strings.ToLower(kind)))
}

const dataScheme = "data:"

func isDataURL(s string) bool {
	return len(s) >= len(dataScheme) && strings.EqualFold(s[:len(dataScheme)], dataScheme)
}

// familyOf returns the family of a declared kind, zero if it may be text.
func familyOf(kind string) family {
	switch {
	case pictures[kind]:
		return picture
	case kind == "application/pdf":
		return pageFile
	case strings.ContainsAny(kind, "; ,%"):
		return 0
	case strings.HasPrefix(kind, "audio/"), strings.HasPrefix(kind, "video/"):
		return sound
	}
	return 0
}

// isFile reports whether s is base64 of a file of one of the families.
func isFile(s string, of family) bool {
	if of == 0 || len(s) < minMedia {
		return false
	}
	var buf [mediaHead]byte
	n := min(len(s)/4*4, base64.RawStdEncoding.EncodedLen(mediaHead-1)/4*4)
	head := strings.TrimRight(s[:n], "=")
	enc := base64.RawStdEncoding
	if strings.ContainsAny(head, "-_") {
		enc = base64.RawURLEncoding
	}
	got, err := enc.Decode(buf[:], []byte(head))
	return err == nil && familyOfBytes(buf[:got])&of != 0 && isBase64(s)
}

// familyOfBytes tells a file by its first bytes, as its format defines them. It
// asks for more than the shortest mark where that is a few letters, so that no
// written text passes for a file.
func familyOfBytes(b []byte) family {
	at := func(i int, mark string) bool { return len(b) >= i+len(mark) && string(b[i:i+len(mark)]) == mark }
	switch {
	case at(0, "\x89PNG\r\n\x1a\n") && at(12, "IHDR"),
		at(0, "\xff\xd8\xff"),
		(at(0, "GIF87a") || at(0, "GIF89a")) && isBinary(b),
		at(0, "RIFF") && at(8, "WEBPVP8") && isBinary(b),
		at(0, "BM") && at(6, "\x00\x00\x00\x00") && isBinary(b),
		at(0, "II*\x00"), at(0, "MM\x00*"):
		return picture
	case at(0, "\x00\x00") && at(4, "ftyp"): // MP4, M4A, QuickTime; HEIC and AVIF too
		switch brand := string(b[8:min(12, len(b))]); brand {
		case "heic", "heix", "heim", "heis", "hevc", "mif1", "msf1", "avif", "avis":
			return picture
		}
		return sound
	case at(0, "RIFF") && at(8, "WAVEfmt ") && isBinary(b),
		at(0, "ID3") && len(b) > 4 && b[3] < 5 && b[4] == 0,
		len(b) > 2 && b[0] == 0xff && b[1]&0xe0 == 0xe0 && b[1] != 0xff && b[2]>>4 != 0xf, // MPEG sound, ADTS
		at(0, "fLaC") && len(b) > 8 && b[4]&0x7f == 0 && binary.BigEndian.Uint16(b[5:]) == 0,
		at(0, "OggS\x00"),
		at(0, "\x1aE\xdf\xa3"): // Matroska, WebM
		return sound
	case at(0, "%PDF-") && isBinary(b):
		return pageFile
	}
	return 0
}

// isBinary reports whether the bytes hold what no text in UTF-8 holds: control
// characters, or bytes that are no UTF-8. A PDF begins as text; by its standard
// the second line is a comment of bytes that are no ASCII.
func isBinary(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' {
			return true
		}
	}
	for cut := range min(utf8.UTFMax, len(b)+1) { // the last character may be cut
		if utf8.Valid(b[:len(b)-cut]) {
			return false
		}
	}
	return true
}

// isBase64 reports whether all of s is base64 of one alphabet with its padding,
// if any, at the end.
func isBase64(s string) bool {
	if s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "="); len(s)%4 == 1 {
		return false
	}
	standard, url := false, false
	for i := range len(s) {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9':
		case c == '+' || c == '/':
			standard = true
		case c == '-' || c == '_':
			url = true
		default:
			return false
		}
	}
	return !standard || !url
}
