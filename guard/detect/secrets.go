package detect

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"warder.example/guard"
	"warder.example/guard/normal"
)

//go:generate go run -C ../../tools/secretrules . -out ../../guard/detect/secretrules_gen.go

// Bounds of the secrets detector, in bytes. secretReach+secretBefore stays under
// contextBytes, so that what was settled can be looked at again.
const (
	secretLongest = maxPEM
	// secretReach is how far behind its keyword a secret may begin.
	secretReach = 92
	// secretBefore is how much is read before a keyword to judge its name.
	secretBefore = 32
)

// Secrets reports credentials: keys with a tell-tale form, private key blocks,
// and what is assigned to names such as "api_key". Categories are "secret." and
// the rule's id; "secret.generic" for common names.
//
// The rules are those of gitleaks (see NOTICE.gitleaks) and Warder's own
// (secretrules_own.go). It is an exact detector: a stream holds back a secret
// from its first byte, never the name before it. The zero value is ready.
type Secrets struct{}

var _ guard.StreamDetector = (*Secrets)(nil)

// NewSecrets returns the detector.
func NewSecrets() *Secrets { return &Secrets{} }

// Longest implements [guard.StreamDetector]. Only a private key block is held
// so long.
func (s *Secrets) Longest() int { return secretLongest }

// Scanner implements [guard.StreamDetector].
func (s *Secrets) Scanner(*guard.Exchange, guard.Origin, guard.Kind) guard.Scanner {
	return newSecretScanner(secretRules())
}

// Detect implements [guard.Detector].
func (s *Secrets) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	return detectExact(ctx, s, t, normal.Canonical)
}

// secretEngine is the rules with what finds their keywords.
type secretEngine struct {
	rules []*liveRule
	words *keywords
	// Keywords that begin a secret, by whether a word boundary must stand
	// before them: the end of a text that may be one is held back.
	bound, free *keywords
}

// liveRule is a rule whose expression is compiled when first needed.
type liveRule struct {
	secretRule
	bound   bool
	report  match // what a finding says, without its span
	rex     func() *rex
	allowed func() []*regexp.Regexp
}

// secretRules returns the engine, built once. Its data is constant, so an error
// in it is a bug, which a test finds.
var secretRules = sync.OnceValue(func() *secretEngine {
	e, err := newSecretEngine(append(ownSecretRules(), gitleaksRules...))
	if err != nil {
		panic(err)
	}
	return e
})

func newSecretEngine(rules []secretRule) (*secretEngine, error) {
	e := &secretEngine{}
	words, bound, free := map[string][]int{}, map[string][]int{}, map[string][]int{}
	for i := range rules {
		r := &liveRule{secretRule: rules[i]}
		r.rex = sync.OnceValue(func() *rex {
			x, err := newRex(r.expr, cmpOr(r.limit, defaultSecretLimit))
			if err != nil {
				panic("secret rule " + r.id + ": " + err.Error())
			}
			return x
		})
		r.allowed = sync.OnceValue(func() []*regexp.Regexp { return compileAll(rules[i].allow) })
		r.bound = strings.HasPrefix(strings.TrimLeft(r.expr, "(?i-ms:"), `\b`)
		r.report = r.describe()
		e.rules = append(e.rules, r)
		for _, w := range r.keywords {
			words[w] = append(words[w], i)
			switch {
			case r.kind != secretFormat:
			case r.bound:
				bound[w] = nil
			default:
				free[w] = nil
			}
		}
	}
	words[pemBegin], free[pemBegin] = []int{pemRule}, nil
	var err error
	if e.words, err = newKeywords(words); err != nil {
		return nil, err
	}
	if e.bound, err = newKeywords(bound); err != nil {
		return nil, err
	}
	e.free, err = newKeywords(free)
	return e, err
}

func cmpOr(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}
