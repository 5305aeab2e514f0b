package detect

import (
	"math"
	"regexp"
	"strings"
	"sync"
)

// accepts reports whether a value that matched is a credential and not a
// placeholder, a variable or an ordinary word. at is where the rule's keyword
// stands in text and stop where the value ends. Cheap questions come first.
func (r *liveRule) accepts(value, text string, at, stop int) bool {
	generic := r.kind == secretGeneric
	switch {
	case generic && !mixed(value), r.mixed && !spiced(value), placeholder(value), generic && stopwords().contains(value), entropy(value) < r.entropy:
		return false
	}
	for _, a := range r.allow {
		if allowRegexp(a).MatchString(value) {
			return false
		}
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

// variable reports whether a value stands for another one: "$TOKEN", "%KEY%",
// "null".
func variable(value string) bool {
	if is(value[0], classAlnum) && !hasFoldPrefix(value, "true") && !strings.Contains(value, "false") && !strings.HasSuffix(value, "null") {
		return false // nothing in gitleaksAllow begins so
	}
	for _, a := range gitleaksAllow {
		if allowRegexp(a).MatchString(value) {
			return true
		}
	}
	return false
}

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
	for part := range strings.FieldsFuncSeq(strings.NewReplacer("::", ".", "->", ".").Replace(value), func(r rune) bool { return r == '.' }) {
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

// ordinaryNames searches for any of the names; with at most 512 bytes to read,
// its limit does not matter.
var ordinaryNames = sync.OnceValue(func() *rex {
	r, err := newRex(`(?s).*(?:`+strings.Join(gitleaksAllowMatch, "|")+`)`, 4096)
	if err != nil {
		panic(err)
	}
	return r
})

// entropy returns the Shannon entropy of s in bits a byte.
func entropy(s string) float64 {
	if s == "" {
		return 0
	}
	var counts [256]uint16
	for i := 0; i < len(s) && i < math.MaxUint16; i++ {
		counts[s[i]]++
	}
	n, sum := float64(len(s)), 0.0
	for i := 0; i < len(s) && i < math.MaxUint16; i++ {
		if c := counts[s[i]]; c > 1 {
			sum += float64(c) * math.Log2(float64(c))
			counts[s[i]] = 0
		}
	}
	return math.Log2(n) - sum/n
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

// placeholderWords are parts of values that documentation shows in place of a
// credential.
var placeholderWords = sync.OnceValue(func() *keywords {
	ids := map[string][]int{}
	for _, w := range append([]string{
		"xxxx", "example", "placeholder", "changeme", "change_me", "change-me", "redacted", "your_", "your-", "yourkey", "youra", "yourp",
		"yours", "yourt", "dummy", "insert_", "insert-", "<your", "****", "....", "____", "-----", "0000000", "1111111", "12345678901234", "abcdefghijkl",
	}, gitleaksAllowWords...) {
		ids[strings.ToLower(w)] = nil
	}
	k, err := newKeywords(ids)
	if err != nil {
		panic(err)
	}
	return k
})

// placeholder reports whether a value is plainly made up for a text.
func placeholder(value string) bool { return placeholderWords().contains(value) }

// stopwords are what the value of a generic name must not hold.
var stopwords = sync.OnceValue(func() *keywords {
	ids := map[string][]int{}
	for _, w := range gitleaksStopwords {
		ids[strings.ToLower(w)] = nil
	}
	k, err := newKeywords(ids)
	if err != nil {
		panic(err)
	}
	return k
})

var allowCache sync.Map

// allowRegexp compiles one of the fixed allow expressions once.
func allowRegexp(expr string) *regexp.Regexp {
	if re, ok := allowCache.Load(expr); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(expr)
	allowCache.Store(expr, re)
	return re
}
