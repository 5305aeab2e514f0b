// Package pseudonym puts random words in place of personal values on their way
// to a model, and the values back into its answer where that is safe.
//
//	v := pseudonym.New(rand.Reader)
//	token, ok := v.Token("pii.email", "lena@kestrel.example") // EMAIL_7F3K2M9QX4T8
//	r := v.Text()
//	out := r.Write("I wrote to EMAIL_7F3K2M9QX4T8.") + r.Close()
//
// # Tokens
//
// A token is the kind of the value, an underscore and 12 characters of 5 random
// bits each: 60 bits, which nobody who writes a text for the model can guess. One
// [Vault] serves one request: the same value has the same token within it, and
// none outside. Text that looks like a token of the vault's kinds is escaped in
// the input ([Vault.Escape]), so that a model does not take it for one.
//
// # Where values come back
//
// In plain text ([Vault.Text]), and in the parameters of tools that the policy
// names ([Vault.Arguments], [Vault.Parameter]). Never, since there a value could leave with a click,
// a fetch or a run of code:
//
//   - in a link or image of Markdown: its text, its target, a reference
//   - in an HTML tag, its attributes or a comment, or between the tags of
//     elements such as a, code, pre, script and style
//   - in blocks or spans of code
//   - in a word that could be read as an address: one with a slash, a dot, an @
//     and the like before the token, or directly behind it
//
// When in doubt the token stays. In brackets, as of a list in JSON, a value comes
// back only when they are seen to close soon and to be no link; those that are never
// closed keep tokens back to the end of their paragraph.
//
// # Streams
//
// A [Restorer] is exact: the same text gives the same result at any chunking. It
// holds back what may become a token, and behind a token at most 8 bytes, in
// brackets at most 1024.
package pseudonym

import (
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"warder.example/guard"
)

// Bounds of a vault.
const (
	MaxTokens = 256 // values of one request
	MaxValue  = 256 // bytes of a value
	maxLabel  = 12
	random    = 12 // characters
)

// alphabet is D. Crockford's base 32: no letters that look like digits.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// A Vault holds the tokens of one request. Tokens are made by one goroutine;
// after the last one any number may read.
type Vault struct {
	random  io.Reader
	tokens  []string // sorted; none is the beginning of another
	secrets map[string]secret
	of      map[secret]string
	labels  []string
	first   [256]bool // bytes that a token begins with
	longest int
}

// secret is what a token stands for.
type secret struct{ category, value string }

// New returns an empty vault that takes its randomness from random:
// crypto/rand.Reader, except in tests.
func New(random io.Reader) *Vault {
	return &Vault{random: random, secrets: map[string]secret{}, of: map[secret]string{}}
}

// Len returns how many tokens there are.
func (v *Vault) Len() int { return len(v.tokens) }

// Token returns the token of a value of a category. ok is false when the value
// cannot have one: it is longer than [MaxValue], holds a character that means
// something in Markdown, HTML or JSON, there are [MaxTokens] already, or there is
// no randomness. Such a value must be masked for good.
func (v *Vault) Token(category, value string) (token string, ok bool) {
	s := secret{category, value}
	if t, ok := v.of[s]; ok {
		return t, true
	}
	if len(v.tokens) >= MaxTokens || !suitable(value) {
		return "", false
	}
	var b [random]byte
	if _, err := io.ReadFull(v.random, b[:]); err != nil {
		return "", false
	}
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	l := label(category)
	token = l + "_" + string(b[:])
	at, twice := slices.BinarySearch(v.tokens, token)
	if twice {
		return "", false
	}
	v.tokens = slices.Insert(v.tokens, at, token)
	v.secrets[token], v.of[s] = s, token
	if !slices.Contains(v.labels, l) {
		v.labels = append(v.labels, l)
	}
	v.first[token[0]] = true
	v.longest = max(v.longest, len(token))
	return token, true
}

// suitable reports whether a value may come back: it must be a word or some that
// mean the same in every format.
func suitable(value string) bool {
	if value == "" || len(value) > MaxValue || !utf8.ValidString(value) {
		return false
	}
	return !strings.ContainsFunc(value, func(r rune) bool {
		return !unicode.IsPrint(r) || strings.ContainsRune("\"\\<>`[]{}|", r)
	})
}

// label returns the first part of the tokens of a category.
func label(category string) string {
	category = category[strings.LastIndexByte(category, '.')+1:]
	b := make([]byte, 0, maxLabel)
	for i := 0; i < len(category) && len(b) < maxLabel; i++ {
		switch c := category[i]; {
		case c >= 'a' && c <= 'z':
			b = append(b, c-'a'+'A')
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9' && len(b) > 0:
			b = append(b, c)
		}
	}
	if len(b) == 0 {
		return "VALUE"
	}
	return string(b)
}

// Escape returns masks that make text of the input that looks like one of the
// vault's tokens look like none: a backslash goes before its underscore.
func (v *Vault) Escape(text string) (out []guard.Mask) {
	for _, l := range v.labels {
		for at := 0; ; {
			i := strings.Index(text[at:], l+"_")
			if i < 0 {
				break
			}
			at += i + len(l)
			if looksRandom(text[at+1:]) {
				out = append(out, guard.Mask{Span: guard.Span{Start: at, End: at + 1}, With: `\_`})
			}
		}
	}
	return guard.MergeMasks(out)
}

func looksRandom(s string) bool {
	return len(s) >= random && !strings.ContainsFunc(s[:random], func(r rune) bool { return !strings.ContainsRune(alphabet, r) })
}

// match compares the beginning of s with the tokens: token is the one that s
// begins with; live says that s may become one.
func (v *Vault) match(s string) (token string, live bool) {
	if !v.first[s[0]] {
		return "", false
	}
	key := s[:min(len(s), v.longest)]
	i, equal := slices.BinarySearch(v.tokens, key)
	switch {
	case equal:
		return key, false
	case i > 0 && strings.HasPrefix(key, v.tokens[i-1]):
		return v.tokens[i-1], false
	}
	return "", i < len(v.tokens) && strings.HasPrefix(v.tokens[i], s)
}
