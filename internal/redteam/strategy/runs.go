package strategy

import (
	"bytes"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pieces parts a run of codes where something stands between two of them.
func pieces(run string) []string {
	return strings.FieldsFunc(run, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",:;-", r) })
}

// readRuns reads every run of a code in its place. A run that is no text stays.
func readRuns(s string, run *regexp.Regexp, split func(string) []string, decode func(piece string) ([]byte, bool)) string {
	return run.ReplaceAllStringFunc(s, func(r string) string {
		if text, ok := readRun(split(r), decode); ok {
			return text
		}
		return r
	})
}

// leastCode is how many characters a code has if it is not to be taken for words or
// numbers.
const leastCode = 8

// readEither gives two readings of a code that looks like words: with pieces that stand
// behind each other read as one, and each alone, since a word before a code that is
// read with it spoils what follows.
func readEither(s string, run *regexp.Regexp, decode func(piece string) ([]byte, bool)) []string {
	one := func(piece string) []string { return []string{piece} }
	var out []string
	for _, t := range []string{readRuns(s, run, strings.Fields, decode), readRuns(s, word, one, decode)} {
		if t != s && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

var word = regexp.MustCompile(`[A-Za-z0-9+/_-]+=*`)

// isCode reports whether pieces that make a text are more likely a code than words.
func isCode(words []string) bool {
	n := 0
	for _, w := range words {
		n += len(w)
	}
	return n >= leastCode || len(words) > 0 && strings.HasSuffix(words[len(words)-1], "=")
}

// readRun reads pieces that make one text as that text, from each place as many
// as possible. Pieces that are no text stay: a run may begin and end in prose.
func readRun(words []string, decode func(string) ([]byte, bool)) (string, bool) {
	var out []string
	read := false
	for len(words) > 0 {
		n := longest(words, decode)
		text, _ := together(words[:n], decode)
		if text == "" || !isCode(words[:n]) {
			out, words = append(out, words[0]), words[1:]
			continue
		}
		out, words, read = append(out, text), words[n:], true
	}
	return strings.Join(out, " "), read
}

// longest is how many pieces from the first make one text. If some do, fewer do,
// too, so that it is searched for by doubling.
func longest(words []string, decode func(string) ([]byte, bool)) int {
	yes, no := 0, 1
	for ; no <= len(words); no *= 2 {
		if _, ok := together(words[:no], decode); !ok {
			break
		}
		yes = no
	}
	no = min(no, len(words)+1)
	return yes + sort.Search(no-yes-1, func(i int) bool {
		_, ok := together(words[:yes+i+1], decode)
		return !ok
	})
}

// together decodes the pieces to one text: joined first, since lines may be cut
// anywhere, then each with a beginning of its own.
func together(words []string, decode func(string) ([]byte, bool)) (string, bool) {
	if b, ok := decode(strings.Join(words, "")); ok {
		if text, ok := readable(b); ok {
			return text, true
		}
	}
	var all []byte
	for _, w := range words {
		b, ok := decode(w)
		if !ok {
			return "", false
		}
		all = append(all, b...)
	}
	return readable(all)
}

// readable returns bytes as text if they are one, or begin one: characters that are
// printed, space or direct how others are. An incomplete character at the end is
// left out.
func readable(b []byte) (string, bool) {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax+1); i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				b = b[:i]
			}
			break
		}
	}
	ok := utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool {
		return !unicode.IsPrint(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r)
	}) < 0
	return string(b), ok
}
