package normal

import "strings"

// magic are the first bytes of well-known files and keys. What begins so is
// binary for a good reason and no blob.
var magic = []string{
	"\x89PNG", "\xFF\xD8\xFF", "GIF8", "RIFF", "\x1F\x8B", "PK\x03\x04", "%PDF", "\x7FELF", "\x28\xB5\x2F\xFD", "BZh", "\xFD7zXZ", "wOFF", "wOF2",
	"ID3", "OggS", "\x1A\x45\xDF\xA3", "\x30\x82", "\x30\x81", "\x00\x00\x00\x07ssh-", "\x00\x00\x00\x0Bssh-", "\x00\x00\x00\x13ecdsa", "openssh-key", "\x00asm", "SQLite", "\x00\x00\x01\x00",
	"II*\x00", "MM\x00*", "BM", "fLaC", "\x00\x01\x00\x00", "true", "OTTO", "7z\xBC\xAF", "Rar!", "\xCA\xFE\xBA\xBE", "MZ", "\x80\x04\x95", "{\"",
}

// isBlob reports whether an unread run is long and random enough to hide
// something. Digests, PEM bodies, media in data URIs and known files do not
// count, nor do long names and paths, which have few digits.
func (x *run) isBlob(text string) bool {
	n := len(x.body)
	if n < minBlob {
		return false
	}
	var head [24]byte
	switch {
	case x.hex:
		if n == 64 || n == 96 || n == 128 || x.digits*8 < n || x.upper+x.lower == 0 || knownFile(fromHex(head[:0], x.body[:24])) {
			return false
		}
	case x.base32:
		if x.digits*20 < n {
			return false
		}
	default:
		if x.upper*16 < n || x.lower*16 < n || x.digits*32 < n || x.turns*6 < n || knownFile(fromBase64(head[:0], x.body[:24])) {
			return false
		}
	}
	before := text[max(0, x.start-64):x.start]
	if strings.Contains(before, "-----BEGIN ") {
		return false
	}
	if i := strings.LastIndex(before, "data:"); i >= 0 && strings.HasSuffix(before, ",") {
		kind := before[i+len("data:"):]
		for _, media := range []string{"image/", "audio/", "video/", "font/", "application/"} {
			if strings.HasPrefix(kind, media) {
				return false
			}
		}
	}
	return distinct(x.body) >= distinctLeast(x)
}

func knownFile(head []byte, _ bool) bool {
	for _, m := range magic {
		if strings.HasPrefix(string(head), m) {
			return true
		}
	}
	return len(head) > 8 && string(head[4:8]) == "ftyp"
}

// distinct returns how many different characters the first 256 of s have.
func distinct(s string) (n int) {
	var seen [256]bool
	for i := range min(len(s), 256) {
		if !seen[s[i]] {
			seen[s[i]] = true
			n++
		}
	}
	return n
}

func distinctLeast(x *run) int {
	switch {
	case x.hex:
		return 12
	case x.base32:
		return 20
	}
	return 26
}
