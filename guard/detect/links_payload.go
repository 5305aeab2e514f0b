package detect

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// judgePayload looks at what the address carries.
func judgePayload(a address, loads bool) linkVerdict {
	category := linkVerdict{"encoded-text", "an address that carries encoded text", 1}
	want := linkText
	if loads {
		want = imageText
	}
	var joinedPath, joinedQuery strings.Builder
	for part := range strings.SplitSeq(a.path, "/") {
		if decodesToText(unescaped(part), want) {
			return category
		}
		if loads && opaque(strings.TrimSuffix(part, extensionOf(part))) && len(part) >= imageBlob && !digest(part) {
			return linkVerdict{"opaque-data", "what a renderer fetches by itself, with opaque data in its path", 0.8}
		}
		joinedPath.WriteString(part)
	}
	for pair := range strings.FieldsFuncSeq(a.query+"&"+a.fragment, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, found := strings.Cut(pair, "=")
		if !found {
			value = name
		}
		value = unescaped(value)
		joinedQuery.WriteString(value)
		switch words := len(strings.Fields(value)); {
		case decodesToText(value, want):
			return category
		case loads && words >= 4 && len(value) >= 24:
			return linkVerdict{"text-in-query", "what a renderer fetches by itself, with running text in its query", 0.9}
		case loads && len(value) >= imageBlob && opaque(value):
			return linkVerdict{"opaque-data", "what a renderer fetches by itself, with opaque data in its query", 0.8}
		case len(value) >= linkQuery:
			return linkVerdict{"long-query", "an address with a very long parameter", 0.8}
		}
	}
	switch {
	case decodesToText(joinedPath.String(), linkText) || decodesToText(joinedQuery.String(), linkText):
		return category
	case loads && len(a.query)+len(a.fragment) >= imageQuery:
		return linkVerdict{"long-query", "what a renderer fetches by itself, with a long query", 0.8}
	}
	return linkVerdict{}
}

func unescaped(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// extensionOf returns the file extension of a path's last part.
func extensionOf(part string) string {
	if i := strings.LastIndexByte(part, '.'); i > 0 && len(part)-i <= 5 {
		return part[i:]
	}
	return ""
}

// digest reports whether s is a hash digest or a UUID, as in links to commits
// and files.
func digest(s string) bool {
	s = strings.TrimSuffix(s, extensionOf(s))
	switch len(s) {
	case 40, 64, 36, 32:
		return isHex(strings.ReplaceAll(s, "-", ""))
	}
	return false
}

// opaque reports whether s looks like encrypted or compressed data: one word of
// one alphabet with much variety.
func opaque(s string) bool {
	if len(s) < labelBytes {
		return false
	}
	var count [256]int
	digits, letters, other := 0, 0, 0
	for i := range len(s) {
		count[s[i]]++
		switch c := classes[s[i]]; {
		case c&classDigit != 0:
			digits++
		case c&classLetter != 0:
			letters++
		case s[i] == '=' || s[i] == '+' || s[i] == '_':
		default:
			other++
		}
	}
	if other > 0 || digits == 0 || letters == 0 {
		return false
	}
	entropy := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(s))
			entropy -= p * math.Log2(p)
		}
	}
	return digits*8 >= len(s) && entropy >= min(3.3, math.Log2(float64(len(s)))-1.2)
}

// decodesToText reports whether s is base64, base32 or hexadecimal of at least
// n bytes of readable text.
func decodesToText(s string, n int) bool {
	s = strings.TrimRight(s, "=")
	if len(s) < n*4/3 || slug(s) {
		return false
	}
	for i := range len(s) {
		if classes[s[i]]&classAlnum == 0 && strings.IndexByte("-_+/", s[i]) < 0 {
			return false
		}
	}
	if len(s)%2 == 0 && isHex(s) {
		if b, err := hex.DecodeString(s); err == nil && readable(b, n) {
			return true
		}
	}
	std := strings.NewReplacer("-", "+", "_", "/").Replace(s)
	if b, err := base64.RawStdEncoding.DecodeString(std[:len(std)-len(std)%4]); err == nil && readable(b, n) {
		return true
	}
	up := strings.ToUpper(s)
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(up[:len(up)-len(up)%8])
	return err == nil && readable(b, n)
}

// slug reports whether s is words in small letters with hyphens, as in the
// addresses of articles.
func slug(s string) bool {
	hyphens := 0
	for i := range len(s) {
		switch {
		case s[i] == '-' || s[i] == '_':
			hyphens++
		case classes[s[i]]&classLower == 0:
			return false
		}
	}
	return hyphens*12 >= len(s)
}

// readable reports whether b is at least n bytes of text: valid UTF-8, nearly
// all letters, digits, spaces and punctuation, half of it letters and spaces.
func readable(b []byte, n int) bool {
	if len(b) < n {
		return false
	}
	for len(b) > n && !utf8.Valid(b) { // a rune may be cut at the end
		if cut := len(b) - 1; utf8.Valid(b[:cut]) || cut > n && utf8.Valid(b[:cut-1]) {
			b = b[:cut]
			continue
		}
		return false
	}
	total, text, printable := 0, 0, 0
	for _, r := range string(b) {
		total++
		if unicode.IsLetter(r) || r == ' ' {
			text++
		}
		if unicode.IsPrint(r) || r == '\n' || r == '\t' {
			printable++
		}
	}
	return printable*20 >= total*19 && text*2 >= total
}

// blankWords are what a blank in an address is to be filled with; looseBlanks
// are such words too where a renderer fetches the address, while in links they
// stand in every manual of an interface.
var (
	blankWords  = []string{"conversation", "summary", "secret", "user_data", "userdata", "user data", "user_input", "user input", "system_prompt", "system prompt", "exfil", "chat_history", "chat history", "stolen"}
	looseBlanks = []string{"data", "content", "message", "token", "api_key", "apikey", "password", "email", "credential", "prompt", "history", "context", "chat", "base64", "encoded", "notes"}
)

// hasBlank reports whether s holds a blank such as {summary}, [DATA], <secret>
// or ${history}.
func hasBlank(s string, loads bool) bool {
	if strings.IndexByte(s, '%') >= 0 {
		s = unescaped(s)
	}
	for {
		open := strings.IndexAny(s, "{[<")
		if open < 0 {
			return false
		}
		s = s[open+1:]
		end := strings.IndexAny(s, "}]>")
		if end < 0 {
			return false
		}
		if inside := strings.ToLower(s[:end]); len(inside) <= 64 && (holdsAny(inside, blankWords) || loads && holdsAny(inside, looseBlanks)) {
			return true
		}
		s = s[end+1:]
	}
}

func holdsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
