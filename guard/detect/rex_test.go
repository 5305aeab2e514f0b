package detect

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
	"unicode/utf8"
)

// rexShapes are what the rules have little of: more states than are cached,
// assertions on both sides, matches that end at every character.
var rexShapes = []string{
	`[ab]{0,200}a[ab]{12}c`, `k[a-z0-9]{5,1000}\b`, `(?:a|ab|abc|[a-c]{1,300}z){1,3}(x+)!`, `z[a-y]*`, `\ba.{0,400}b\B`,
	`a{1,9}(?:bcd)?`, `a+\B`, `(?m:^|x)key=(\w{3,})$`, `\Aab+|b{3,9}\z`, `(?i)straſse|[k-s]{2,40}`,
}

// longestPeer answers with the regexp package where the longest match of one
// expression ends that begins at a place.
type longestPeer struct{ first, inside *regexp.Regexp }

func newLongestPeer(expr string) longestPeer {
	p := longestPeer{regexp.MustCompile(`\A(?:` + expr + `)`), regexp.MustCompile(`\A(?s:.)(?:` + expr + `)`)}
	p.first.Longest()
	p.inside.Longest()
	return p
}

func (p longestPeer) end(text string, at int) int {
	re, from := p.first, 0
	if at > 0 {
		_, w := utf8.DecodeLastRuneInString(text[:at])
		re, from = p.inside, at-w
	}
	if m := re.FindStringIndex(text[from:]); m != nil {
		return from + m[1]
	}
	return -1
}

// roughSample makes a text that re matches in parts: cut, mutated, repeated.
func roughSample(re *syntax.Regexp, rnd *rand.Rand) string {
	s := sample(re, rnd)
	at := runeFloor(s, rnd.IntN(len(s)+1))
	noise := filler[rnd.IntN(len(filler))]
	switch rnd.IntN(4) {
	case 0:
		s = s[:at]
	case 1:
		s = s[:at] + noise + s[at:]
	case 2:
		s = strings.Repeat(s[:at], 3) + s[at:]
	}
	return s + noise + sample(re, rnd)
}

// TestRulesAgreeWithRegexp compares where matches end, for every rule and at
// places all over texts made of what its expression matches.
func TestRulesAgreeWithRegexp(t *testing.T) {
	exprs := map[string]int{} // with how many texts
	for _, r := range secretRules().rules {
		exprs[r.expr] = 2
	}
	for _, x := range rexShapes {
		exprs[x] = 40
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	matches, full := 0, 0
	for expr, texts := range exprs {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		r, err := newRex(expr, 1<<16)
		if err != nil {
			t.Fatal(err)
		}
		peer := newLongestPeer(expr)
		for range texts {
			text := roughSample(re, rnd)
			for at := 0; at < len(text); at += 1 + rnd.IntN(1+len(text)/16) {
				for !utf8.RuneStart(text[at]) {
					at++
				}
				got, want := r.run(text, at, true), peer.end(text, at)
				if got.end != want {
					t.Fatalf("%s at %d of %q: a match ends at %d, want %d", expr, at, text, got.end, want)
				}
				if want >= 0 {
					matches++
				}
			}
		}
		if len(r.cached) == maxRexStates {
			full++
		}
	}
	if matches < 1000 || full == 0 {
		t.Errorf("%d matches and %d full caches, want at least 1000 and 1", matches, full)
	}
}

// TestVariablesAgreesWithRegexp compares the one automaton of all expressions
// with each of them.
func TestVariablesAgreesWithRegexp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	each, hits := compileAll(gitleaksAllow), 0
	for _, expr := range gitleaksAllow {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			text := sample(re, rnd)
			switch rnd.IntN(4) {
			case 0:
				text = roughSample(re, rnd)
			case 1:
				half := runeFloor(text, 1+len(text)/2)
				text = strings.ToUpper(text[:half]) + text[half:]
			}
			want := matchesAny(each, text)
			if want {
				hits++
			}
			if got := variables().run(text, 0, true).end >= 0; got != want {
				t.Fatalf("%q: variable is %v, want %v", text, got, want)
			}
		}
	}
	if hits < 500 {
		t.Errorf("only %d values were variables", hits)
	}
}

// TestSecretSearchRemembersNothingWrong compares a search that goes on after
// each find with one that begins anew each time.
func TestSecretSearchRemembersNothingWrong(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	rules := secretRules().rules
	finds := 0
	for range 600 {
		var b strings.Builder
		for range 1 + rnd.IntN(6) {
			re, err := syntax.Parse(rules[rnd.IntN(len(rules))].expr, syntax.Perl)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(roughSample(re, rnd))
		}
		text, end := b.String(), rnd.IntN(2) == 0
		search := secretSearch{engine: secretRules()}
		for from := 0; ; {
			got, live, ok := search.find(text, from, end)
			anew := secretSearch{engine: secretRules()}
			if want, wantLive, wantOK := anew.find(text, from, end); got != want || live != wantLive || ok != wantOK {
				t.Fatalf("%q from %d: found %+v, %d, %v, want %+v, %d, %v", text, from, got, live, ok, want, wantLive, wantOK)
			}
			if !ok {
				break
			}
			from = got.End
			finds++
		}
	}
	if finds < 1000 {
		t.Errorf("only %d secrets in all texts", finds)
	}
}
