package detect

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// accepts reports whether a value that matched is a credential and not a
// placeholder, a variable or an ordinary word. at is where the rule's keyword
// stands in text and stop where the value ends. Cheap questions come first.
func (r *liveRule) accepts(value, text string, at, stop int) bool {
	generic := r.kind == secretGeneric
	if generic {
		value = argument(value)
	}
	switch {
	case generic && (!mixed(value) || stopwords().contains(value)), r.mixed && !spiced(strings.TrimSuffix(value, troffEnd)),
		r.entropy > 0 && entropy(value) < r.entropy, !generic && placeholder(value):
		return false
	}
	if len(r.allow) > 0 && matchesAny(r.allowed(), value) {
		return false
	}
	switch r.kind {
	case secretFormat:
		return true
	case secretStated:
		return !variable(value) && !codePath(value) && !(r.id == "address-password" && shownAddress(value, text[at:stop], text[stop:]))
	case secretNamed:
		return !variable(value)
	}
	return !variable(value) && !ordinaryName(text, at, stop)
}

// troffEnd is what manual pages put before a full stop: "the password is locked\&."
const troffEnd = `\&`

// argument returns what is assigned in a value that is a named argument itself, as in
// "apiclient, max_results=1000"; else the value. Padding is no assignment.
func argument(value string) string {
	name, rest, ok := strings.Cut(value, "=")
	if !ok || strings.Trim(rest, "=") == "" || strings.ContainsFunc(name, func(r rune) bool { return r != '_' && (r >= 0x80 || !is(byte(r), classLetter)) }) {
		return value
	}
	return rest
}

// variable reports whether a value stands for another one: "$TOKEN", "%KEY%",
// "null".
func variable(value string) bool {
	if is(value[0], classAlnum) && !hasFoldPrefix(value, "true") && !strings.Contains(value, "false") && !strings.HasSuffix(value, "null") {
		return false // nothing in gitleaksAllow begins so
	}
	return variables().run(value, 0, true).end >= 0
}

// variables searches for any of the expressions of gitleaksAllow.
var variables = sync.OnceValue(func() *rex { return searchFor(gitleaksAllow) })

// compileAll compiles expressions that are constant: a wrong one is a bug.
func compileAll(exprs []string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, x := range exprs {
		out = append(out, regexp.MustCompile(x))
	}
	return out
}

// matchesAny reports whether any of the expressions is found in s.
func matchesAny(exprs []*regexp.Regexp, s string) bool {
	for _, re := range exprs {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

// memberSigns turns what joins a name and its member into a dot.
var memberSigns = strings.NewReplacer("::", ".", "->", ".")

// codePath reports whether what follows "password" is a piece of a program or a
// path: "req.body.password", "$secret", "/auth/login", "required".
func codePath(value string) bool {
	if strings.IndexByte("%$&#/@", value[0]) >= 0 {
		return true
	}
	for _, w := range []string{"true", "false", "null", "none", "nil", "undefined", "string", "required"} {
		if hasFoldPrefix(value, w) && (len(value) == len(w) || !is(value[len(w)], classWord)) {
			return true
		}
	}
	if i := strings.IndexByte(value, '/'); i >= 0 && strings.IndexByte(value[i+1:], '/') > 0 {
		return true
	}
	parts := 0
	for part := range strings.FieldsFuncSeq(memberSigns.Replace(value), func(r rune) bool { return r == '.' }) {
		for i := 0; i < len(part); i++ {
			if !is(part[i], classWord) || i == 0 && is(part[i], classDigit) {
				return false
			}
		}
		parts++
	}
	return parts > 1
}

// ordinaryName reports whether what was assigned to is a name that ends like
// that of a secret and is none: "primary_key", "csrf_token".
func ordinaryName(text string, at, stop int) bool {
	from := at
	for from > 0 && at-from < secretBefore && (is(text[from-1], classWord) || text[from-1] == '.' || text[from-1] == '-') {
		from--
	}
	return ordinaryNames().run(text[from:stop], 0, true).end >= 0
}

// ordinaryNames searches for any of the names.
var ordinaryNames = sync.OnceValue(func() *rex { return searchFor(gitleaksAllowMatch) })

// searchLimit is above the length of every text that is searched: what a rule
// matched, with its name.
const searchLimit = 8192

// searchFor returns what finds any of constant expressions anywhere in a text of
// less than searchLimit bytes, when it is run at its start.
func searchFor(exprs []string) *rex {
	r, err := newRex(`(?s).*(?:(?:`+strings.Join(exprs, `)|(?:`)+`))`, searchLimit)
	if err != nil {
		panic(err)
	}
	return r
}

// entropy returns the Shannon entropy of s in bits a byte.
func entropy(s string) float64 {
	if s == "" {
		return 0
	}
	var counts [256]uint16
	var seen [256]byte // the bytes that occur, in order of their first place
	kinds := 0
	for i := 0; i < len(s) && i < math.MaxUint16; i++ {
		c := &counts[s[i]]
		if *c == 0 {
			seen[kinds&255] = s[i]
			kinds++
		}
		*c++
	}
	sum := 0.0
	for _, b := range seen[:kinds] {
		c := int(counts[b])
		sum += float64(c) * log2(c)
	}
	return log2(len(s)) - sum/float64(len(s))
}

// logs holds the logarithms of counts as most values have them.
var logs = func() (t [512]float64) {
	for n := 1; n < len(t); n++ {
		t[n] = math.Log2(float64(n))
	}
	return t
}()

// log2 returns the binary logarithm of n, which is above 0.
func log2(n int) float64 {
	if n < len(logs) {
		return logs[n]
	}
	return math.Log2(float64(n))
}

// mixed reports whether s holds a letter and a digit.
func mixed(s string) bool {
	var seen byteClass
	for i := 0; i < len(s); i++ {
		seen |= classes[s[i]]
	}
	return seen&classLetter != 0 && seen&classDigit != 0
}

// spiced reports whether s is mixed, or holds a letter and a sign that words and
// names do not have inside.
func spiced(s string) bool {
	return mixed(s) || strings.ContainsAny(s, "!@#$%^&*+~") && strings.ContainsFunc(s, func(r rune) bool { return r < 0x80 && is(byte(r), classLetter) })
}

// placeholderParts are parts of values that documentation shows in place of a
// credential.
var placeholderParts = append([]string{
	"xxxx", "example", "placeholder", "changeme", "change_me", "change-me", "redacted", "your_", "your-", "yourkey", "youra", "yourp",
	"yours", "yourt", "dummy", "insert_", "insert-", "<your", "****", "deadbeef", "....", "____", "-----", "0000000", "1111111", "12345678901234", "abcdefghijkl",
}, gitleaksAllowWords...)

var placeholderWords = sync.OnceValue(func() *keywords { return wordsAlone(placeholderParts) })

// placeholder reports whether a value is plainly made up for a text.
func placeholder(value string) bool { return placeholderWords().contains(value) }

// stopwords are what the value of a generic name must not hold: ordinary words,
// and what no value may.
var stopwords = sync.OnceValue(func() *keywords { return wordsAlone(placeholderParts, gitleaksStopwords) })

// wordsAlone returns the finder of constant words without numbers.
func wordsAlone(lists ...[]string) *keywords {
	ids := map[string][]int{}
	for _, w := range slices.Concat(lists...) {
		ids[strings.ToLower(w)] = nil
	}
	k, err := newKeywords(ids)
	if err != nil {
		panic(err)
	}
	return k
}
