package policy

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

// world makes random policies and findings out of few values, so that rules
// meet, shadow and except each other often.
type world struct{ *rand.Rand }

// seeds is how many random policies an ordinary test run tries.
const seeds = 200

var (
	someCategories = []string{"*", "secret.*", "secret.aws-*", "secret.aws-key", "pii.*", "pii.email", "injection", "jailbreak"}
	foundOf        = []string{"secret.aws-key", "secret.other", "pii.email", "pii.iban", "injection", "jailbreak", "limit", "not_a_category"}
	allActions     = []string{"allow", "flag", "redact", "ask", "block"} // from the mildest
	levels         = []float64{0, 0.25, 0.5, 1}
)

// some returns up to n different values, or none.
func (w world) some(list []string, n int) []string {
	if w.IntN(3) > 0 {
		return nil
	}
	out := slices.Clone(list)
	w.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:1+w.IntN(n)]
}

func (w world) one(list []string) string { return list[w.IntN(len(list))] }

func (w world) level() *float64 {
	if w.IntN(3) > 0 {
		return nil
	}
	return &levels[w.IntN(len(levels))]
}

func (w world) when() whenEntry {
	e := whenEntry{
		Category: w.some(someCategories, 3), Origin: w.some(origins.names, 4), Direction: w.some(directions.names, 1),
		Environment: w.some(environments.names, 2), DataClass: w.some(dataClasses.names, 3), Class: w.some(classes.names, 1),
		Detector: w.some([]string{"d*", "dx", "e"}, 2), Rule: w.some([]string{"r", "s*"}, 1),
	}
	if w.IntN(4) == 0 {
		b := w.IntN(2) == 0
		e.Encoded = &b
	}
	return e
}

func (w world) rule(i int) ruleEntry {
	r := ruleEntry{Name: fmt.Sprintf("r%d", i), When: w.when(), Then: w.one(allActions)}
	if r.When.Category == nil {
		r.When.Category = []string{w.one(someCategories)}
	}
	r.When.MinScore, r.When.MaxFPR = w.level(), w.level()
	for range w.IntN(3) {
		if milder := slices.Index(allActions, r.Then); milder > 0 {
			r.Except = append(r.Except, exceptEntry{When: w.when(), Then: allActions[w.IntN(milder)]})
		}
	}
	return r
}

// policy returns a random policy, as written and compiled. refused is called
// with what was tried on the way and does not compile.
func (w world) policy(refused func(*document, error)) (*document, *Policy) {
	d := &document{Version: 1, Mode: w.one([]string{"enforce", "observe"})}
	d.Unmatched = unmatchedEntry{w.one(allActions), w.one(allActions)}
	d.defaults()
	p, err := Parse("random", canonical(d))
	if err != nil {
		refused(d, err)
	}
	for i := range 8 {
		d.Rules = append(d.Rules, w.rule(i))
		q, err := Parse("random", canonical(d))
		if err != nil {
			refused(d, err)
			d.Rules = d.Rules[:len(d.Rules)-1]
			continue
		}
		p = q
	}
	return d, p
}

func (w world) finding() guard.Finding {
	f := guard.Finding{
		Category: w.one(foundOf), Score: levels[w.IntN(4)], FPR: levels[w.IntN(4)], Class: guard.Class(w.IntN(2)),
		Origin: guard.Origin(1 + w.IntN(6)), Detector: w.one([]string{"dx", "dy", "e", ""}), Rule: w.one([]string{"r", "s1", ""}),
	}
	if w.IntN(8) > 0 {
		f.Spans = []guard.Span{{Start: 0, End: 1}}
	}
	if w.IntN(3) == 0 {
		f.View = "base64"
	}
	return f
}

func (w world) facts() guard.Facts {
	return guard.Facts{Environment: w.one(environments.names), DataClass: w.one(dataClasses.names), Direction: guard.Direction(w.IntN(2))}
}

// meets is the manual's account of conditions, written plainly.
func meets(e *whenEntry, facts guard.Facts, f *guard.Finding) bool {
	in := func(list []string, v string) bool { return list == nil || slices.Contains(list, v) }
	like := func(list []string, v string) bool {
		return list == nil || slices.ContainsFunc(list, func(p string) bool {
			if lead, star := strings.CutSuffix(p, "*"); star {
				return strings.HasPrefix(v, lead)
			}
			return p == v
		})
	}
	return like(e.Category, f.Category) && like(e.Detector, f.Detector) && like(e.Rule, f.Rule) &&
		in(e.Origin, f.Origin.String()) && in(e.Direction, facts.Direction.String()) && in(e.Environment, facts.Environment) &&
		in(e.DataClass, facts.DataClass) && in(e.Class, f.Class.String()) && (e.Encoded == nil || *e.Encoded == (f.View != "")) &&
		(e.MinScore == nil || f.Score >= *e.MinScore) && (e.MaxFPR == nil || f.FPR <= *e.MaxFPR)
}

// said is what one rule says of a finding.
type said struct{ rule, action string }

// account is what the manual says of one finding: everything said, in order.
func account(d *document, facts guard.Facts, f *guard.Finding) []said {
	var out []said
	for i := range d.Rules {
		r := &d.Rules[i]
		if !meets(&r.When, facts, f) {
			continue
		}
		s := said{r.Name, r.Then}
		for j := range r.Except {
			if meets(&r.Except[j].When, facts, f) {
				s = said{r.Name + "/except", r.Except[j].Then}
				if j > 0 {
					s.rule += fmt.Sprintf("-%d", j+1)
				}
				break
			}
		}
		out = append(out, s)
	}
	if out == nil {
		a := d.Unmatched.Exact
		if f.Class == guard.Windowed {
			a = d.Unmatched.Windowed
		}
		out = []said{{RuleUnmatched, a}}
	}
	for i := range out {
		if out[i].action == "redact" && f.Spans == nil {
			out[i].action = "ask"
		}
	}
	return out
}

// decider returns what decides: the strictest, the first of equals.
func decider(all []said) said {
	best := all[0]
	for _, s := range all {
		if action(s.action) < action(best.action) {
			best = s
		}
	}
	return best
}

// FuzzDecide holds what the package comment and the manual promise, for random
// policies, findings and facts.
func FuzzDecide(f *testing.F) {
	for seed := range uint64(seeds) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := world{rand.New(rand.NewPCG(seed, 1))}
		doc, p := w.policy(func(d *document, err error) { refusedRightly(t, w, d, err) })
		for range 50 {
			facts, found := w.facts(), []guard.Finding{w.finding(), w.finding(), w.finding()}[:1+w.IntN(3)]
			v := p.Decide(facts, found)
			agrees(t, doc, facts, v)
			if d := cmp.Diff(v, p.Decide(facts, found)); d != "" {
				t.Fatalf("not deterministic:\n%s", d)
			}
			monotone(t, w, p, facts, found, v.Would)
			closed(t, p, facts, found, v.Would)
		}
	})
}

// agrees checks a verdict against the manual's account.
func agrees(t *testing.T, doc *document, facts guard.Facts, v guard.Verdict) {
	t.Helper()
	would := guard.Allow
	rest := v.Decisions
	for i := range v.Findings {
		want := account(doc, facts, &v.Findings[i])
		if len(rest) < len(want) {
			t.Fatalf("finding %d: %d decisions left; expected %v", i, len(rest), want)
		}
		decides := decider(want)
		for k, s := range want {
			d := rest[k]
			if d.Finding != i || d.Rule != s.rule || d.Action.String() != s.action || d.Line < 1 {
				t.Fatalf("decision %+v of finding %+v; expected %v", d, v.Findings[i], s)
			}
			if d.Decides != (s == decides && !slices.Contains(want[:k], s)) {
				t.Fatalf("decision %+v; expected %v to decide", d, decides)
			}
		}
		rest = rest[len(want):]
		if got := v.ActionFor(i).String(); got != decides.action {
			t.Fatalf("ActionFor(%d) = %s; expected %s", i, got, decides.action)
		}
		would = min(would, v.ActionFor(i))
	}
	action, code := would, map[guard.Action]string{guard.Block: CodeBlocked, guard.Ask: CodeApproval}[would]
	if doc.Mode == "observe" {
		action, code = max(would, guard.Flag), ""
	}
	if len(rest) != 0 || v.Would != would || v.Action != action || v.Code != code || v.Observed != (action != would) {
		t.Fatalf("verdict %+v; expected %s, enforced as %s", v, would, action)
	}
}

// monotone checks that more evidence makes no verdict milder.
func monotone(t *testing.T, w world, p *Policy, facts guard.Facts, found []guard.Finding, would guard.Action) {
	t.Helper()
	if more := p.Decide(facts, append(slices.Clone(found), w.finding())); more.Would > would {
		t.Fatalf("one more finding: %s became %s", would, more.Would)
	}
	surer := slices.Clone(found)
	f := &surer[w.IntN(len(surer))]
	f.Score, f.FPR = f.Score+0.3, f.FPR-0.3
	if w.IntN(4) == 0 {
		f.Score, f.FPR = math.NaN(), math.NaN()
	}
	if more := p.Decide(facts, surer); more.Would > would {
		t.Fatalf("a more certain finding: %s became %s: %+v", would, more.Would, *f)
	}
}

// closed checks that what is not known is decided at least as strictly.
func closed(t *testing.T, p *Policy, facts guard.Facts, found []guard.Finding, would guard.Action) {
	t.Helper()
	unknown := slices.Clone(found)
	for i := range unknown {
		unknown[i].Origin = guard.OriginUnknown
	}
	for _, f := range []guard.Facts{
		facts,
		{Environment: "staging", DataClass: facts.DataClass, Direction: facts.Direction},
		{Environment: facts.Environment, Direction: facts.Direction},
		{Direction: facts.Direction},
	} {
		for _, fs := range [][]guard.Finding{found, unknown} {
			if got := p.Decide(f, fs); got.Would > would {
				t.Fatalf("unknown facts %+v: %s became %s", f, would, got.Would)
			}
		}
	}
}

var refusals = regexp.MustCompile(`rule "(r\d)" can never decide|rule "r\d": (exact|windowed) findings below its threshold|the exception (can never apply|applies to everything)`)

// refusedRightly checks that a random policy is refused for one of the reasons
// that the compiler has, and that a rule called dead is.
func refusedRightly(t *testing.T, w world, doc *document, err error) {
	t.Helper()
	var ps strictyaml.Problems
	if !errors.As(err, &ps) {
		t.Fatalf("error %T; expected Problems", err)
	}
	for _, p := range ps {
		m := refusals.FindStringSubmatch(p.Text)
		if m == nil {
			t.Fatalf("unexpected refusal: %v\n%s", p, canonical(doc))
		}
		for range 200 {
			f := w.finding()
			f.Spans = []guard.Span{{Start: 0, End: 1}} // without, redact is ask
			if facts := w.facts(); m[1] != "" && decider(account(doc, facts, &f)).rule == m[1] {
				t.Fatalf("%v, but it decided %+v of %+v\n%s", p, f, facts, canonical(doc))
			}
		}
	}
}

// TestRandomPolicies keeps the fuzz test from testing nothing: its seeds give
// policies with enough rules, and enough dead rules.
func TestRandomPolicies(t *testing.T) {
	rules, dead := 0, 0
	for seed := range uint64(seeds) {
		_, p := world{rand.New(rand.NewPCG(seed, 1))}.policy(func(_ *document, err error) {
			if strings.Contains(err.Error(), "can never decide") {
				dead++
			}
		})
		rules += len(p.Rules())
	}
	if rules < 3*seeds || dead < seeds/20 {
		t.Errorf("%d rules compiled and %d were dead, of %d policies; expected %d and %d", rules, dead, seeds, 3*seeds, seeds/20)
	}
}

// FuzzParse: any bytes give a policy or Problems, and the canonical form of a
// policy is a policy with the same digest.
func FuzzParse(f *testing.F) {
	f.Add(defaultSource)
	f.Add([]byte("version: 1\nrules:\n  - {name: a, when: {category: '*'}, then: block}\n"))
	f.Add([]byte("version: 1\ndetect: {deny: [a], custom: [{name: x, pattern: 'y+'}]}\nexamples: [{name: e, text: t, expect: {action: ask}}]\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := Parse("fuzz", src)
		if err != nil {
			var ps strictyaml.Problems
			if !errors.As(err, &ps) {
				t.Fatalf("error %T; expected Problems", err)
			}
			return
		}
		q, err := Parse("again", p.Canonical())
		if err != nil {
			t.Fatalf("the canonical form does not compile: %v\n%s", err, p.Canonical())
		}
		if q.Digest() != p.Digest() {
			t.Fatalf("digest changed:\n%s\n%s", p.Canonical(), q.Canonical())
		}
	})
}
