package detect

import (
	"context"
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"

	"warder.example/guard"
)

func secretsIn(t testing.TB, text string) []guard.Finding {
	t.Helper()
	found, err := NewSecrets().Detect(context.Background(), &guard.Text{Content: text})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

type secretVector struct {
	Name string `json:"name"`
	Text string `json:"text"`
	// Secret is what must be covered, with Rule; both empty when
	// nothing may be found.
	Secret string `json:"secret"`
	Rule   string `json:"rule"`
}

func TestSecretVectors(t *testing.T) {
	vectors := readVectors[secretVector](t, "secrets.json")
	const floor = 60
	if len(vectors) < floor {
		t.Fatalf("%d vectors, expected at least %d", len(vectors), floor)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			found := secretsIn(t, v.Text)
			if v.Secret == "" {
				if len(found) > 0 {
					t.Errorf("found %+v in %q, want nothing", found, v.Text)
				}
				return
			}
			if len(found) == 0 {
				t.Fatalf("nothing was found in %q", v.Text)
			}
			f := found[0]
			if got := v.Text[f.Spans[0].Start:f.Spans[0].End]; got != v.Secret || f.Rule != v.Rule {
				t.Errorf("found %q by %s, want %q by %s", got, f.Rule, v.Secret, v.Rule)
			}
			if strings.Contains(f.Explanation, v.Secret) || !strings.HasPrefix(f.Category, "secret.") {
				t.Errorf("finding %+v: want a category under secret. and no quote of the text", f)
			}
		})
	}
}

// sample returns a random text that re matches.
func sample(re *syntax.Regexp, rnd *rand.Rand) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for range 100 {
			i := rnd.IntN(len(re.Rune)/2) * 2
			lo, hi := re.Rune[i], min(re.Rune[i+1], 0x7e)
			if lo > hi {
				continue
			}
			if r := lo + rune(rnd.IntN(int(hi-lo)+1)); r >= ' ' || lo == hi {
				return string(r)
			}
		}
		return string(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpCapture, syntax.OpConcat:
		var b strings.Builder
		for _, s := range re.Sub {
			b.WriteString(sample(s, rnd))
		}
		return b.String()
	case syntax.OpAlternate:
		return sample(re.Sub[rnd.IntN(len(re.Sub))], rnd)
	case syntax.OpQuest:
		return strings.Repeat(sample(re.Sub[0], rnd), rnd.IntN(2))
	case syntax.OpRepeat, syntax.OpStar, syntax.OpPlus:
		lo, hi := re.Min, re.Max
		if re.Op != syntax.OpRepeat {
			lo, hi = 1, -1
		}
		if hi < 0 {
			hi = lo + 40
		}
		var b strings.Builder
		for range lo + rnd.IntN(hi-lo+1) {
			b.WriteString(sample(re.Sub[0], rnd))
		}
		return b.String()
	}
	return ""
}

// TestEverySecretRuleFindsItsOwn makes texts from the expression of each rule:
// that its keywords lead to it, that its bounds hold, and that its secret is
// covered.
func TestEverySecretRuleFindsItsOwn(t *testing.T) {
	e := secretRules()
	const floor = 240
	if len(e.rules) < floor {
		t.Fatalf("%d rules, expected at least %d", len(e.rules), floor)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for id, r := range e.rules {
		x := r.rex()
		if x.max > secretLongest {
			t.Errorf("rule %s may match %d bytes, over %d", r.id, x.max, secretLongest)
		}
		re, err := syntax.Parse(r.expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		hits := 0
		for range 60 {
			text := "say " + sample(re, rnd) + " ok"
			c := candidate{}
			at, words := e.words.next(text, 0)
			for ; at < len(text) && !c.ok; at, words = e.words.next(text, at+1) {
				for w := range words {
					for _, other := range words[w].ids {
						if other == id && words[w].at(text, at) && !c.ok {
							c = e.try(id, text, at, at+len(words[w].text), 0, true)
						}
					}
				}
			}
			if c.ok {
				if hits++; !coveredBy(secretsIn(t, text), c.Span) {
					t.Errorf("rule %s: %q is not covered in %q", r.id, text[c.Start:c.End], text)
				}
			}
		}
		if hits == 0 {
			t.Errorf("rule %s (%s) finds nothing that its expression makes", r.id, r.expr)
		}
	}
}

// coveredBy reports whether findings cover all of a span.
func coveredBy(found []guard.Finding, sp guard.Span) bool {
	at := sp.Start
	for _, f := range found {
		if f.Spans[0].Start <= at && f.Spans[0].End > at {
			at = f.Spans[0].End
		}
	}
	return at >= sp.End
}

func TestPrivateKeyLongerThanTheLimit(t *testing.T) {
	text := "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2\n", 400)
	c := exactCase{name: "secrets", detector: NewSecrets()}
	if err := checkChunks(&c, text, pieces(text, func() int { return 4096 })); err != nil {
		t.Fatal(err)
	}
	found := secretsIn(t, text)
	if len(found) == 0 || found[0].Rule != "private-key" || found[0].Spans[0].End > maxPEM || found[0].Spans[0].End < maxPEM-80 {
		t.Errorf("found %+v, want one private key of about %d bytes", found, maxPEM)
	}
}

func TestSecretsHoldLittle(t *testing.T) {
	s := NewSecrets().Scanner(nil, guard.OriginModel, guard.Prose)
	text, held, most := "The quick answer: an access token, an api key or a password should be kept in a vault; ask the author of the page. ", 0, 0
	for range 20 {
		for _, p := range pieces(text, func() int { return 4 }) {
			held += len(p)
			_, safe := s.Scan(p, false)
			most = max(most, held-safe)
		}
	}
	if most > 24 {
		t.Errorf("prose about secrets is held back by up to %d bytes, want at most 24", most)
	}
}
