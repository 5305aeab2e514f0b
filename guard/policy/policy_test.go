package policy_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/guard/policy"
)

func parse(t testing.TB, src string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var span = []guard.Span{{Start: 0, End: 1}}

func TestZeroBlocks(t *testing.T) {
	found := []guard.Finding{{Category: "pii.email", Spans: span}}
	var none *policy.Policy
	for name, p := range map[string]*policy.Policy{"zero": {}, "nil": none} {
		for _, fs := range [][]guard.Finding{nil, found} {
			v := p.Decide(guard.Facts{}, fs)
			if v.Action != guard.Block || v.Would != guard.Block || v.Code != policy.CodeNoPolicy || len(v.Findings) != len(fs) {
				t.Errorf("%s policy: verdict %+v; expected block with code no_policy", name, v)
			}
		}
		if h := p.Hold(guard.Facts{}); h != guard.HoldAll {
			t.Errorf("%s policy holds %s; expected all", name, h)
		}
	}
}

func TestNothingFound(t *testing.T) {
	p := policy.Default()
	want := guard.Verdict{Action: guard.Allow, Would: guard.Allow, Policy: p.Digest()}
	if d := cmp.Diff(want, p.Decide(guard.Facts{}, nil)); d != "" {
		t.Error(d)
	}
}

func TestVerdictNamesEverything(t *testing.T) {
	p := parse(t, `version: 1
unmatched:
  exact: ask
rules:
  - name: all
    when: {category: "*", class: windowed}
    then: allow
  - name: mail
    when: {category: pii.email}
    then: redact
    except:
      - when: {origin: operator}
        then: allow
      - when: {environment: dev}
  - name: personal
    when: {category: pii.*}
    then: flag
`)
	facts := guard.Facts{Environment: "prod", DataClass: "public"}
	found := []guard.Finding{
		{Category: "pii.email", Class: guard.Windowed, Origin: guard.OriginUser, Spans: span},
		{Category: "pii.email", Origin: guard.OriginOperator, Spans: span},
		{Category: "limit", Origin: guard.OriginUser, Spans: span},
	}
	want := guard.Verdict{
		Action: guard.Ask, Would: guard.Ask, Code: "approval_required", Rule: "unmatched", Policy: p.Digest(), Findings: found,
		Decisions: []guard.Decision{
			{Finding: 0, Rule: "all", Line: 5, Action: guard.Allow},
			{Finding: 0, Rule: "mail", Line: 8, Action: guard.Redact, Decides: true},
			{Finding: 0, Rule: "personal", Line: 15, Action: guard.Flag},
			{Finding: 1, Rule: "mail/except", Line: 12, Action: guard.Allow},
			{Finding: 1, Rule: "personal", Line: 15, Action: guard.Flag, Decides: true},
			{Finding: 2, Rule: "unmatched", Line: 2, Action: guard.Ask, Decides: true},
		},
	}
	if d := cmp.Diff(want, p.Decide(facts, found)); d != "" {
		t.Error(d)
	}
	dev := p.Decide(guard.Facts{Environment: "dev", DataClass: "public"}, found[:1])
	if dev.Rule != "mail/except-2" || dev.Action != guard.Flag {
		t.Errorf("in development %s by %s; expected flag by mail/except-2", dev.Action, dev.Rule)
	}
	if masks := p.Decide(facts, found[:1]); len(masks.Masks(0)) != 1 {
		t.Error("a redacted finding gives no mask")
	}
	observed := p.WithMode(policy.Observe).Decide(facts, found)
	if observed.Action != guard.Flag || observed.Would != guard.Ask || !observed.Observed || observed.Code != "" || observed.Policy != p.Digest() {
		t.Errorf("observed: %+v", observed)
	}
	if p.Mode() != policy.Enforce {
		t.Error("WithMode changed the policy it was asked of")
	}
}

func TestDefault(t *testing.T) {
	p := policy.Default()
	ran := 0
	for _, o := range p.Test(t.Context(), nil) {
		if errors.Is(o.Err, policy.ErrNoFinder) {
			continue // played with the real detectors by the program's tests
		}
		ran++
		if !o.Passed {
			t.Errorf("default:%d: %s: got %s; expected %s", o.Line, o.Name, o.Got, o.Want)
		}
	}
	if ran < 20 || p.Examples() < ran+3 {
		t.Errorf("%d of %d examples ran; expected at least 20, and 3 with a text", ran, p.Examples())
	}
	if p.Mode() != policy.Enforce || p.Hold(guard.Facts{}) != guard.HoldNone || p.Name() != "default" {
		t.Errorf("mode %s, hold %s, name %q", p.Mode(), p.Hold(guard.Facts{}), p.Name())
	}
}

// TestDefaultCoversEveryCategory holds that no known finding is left to
// unmatched in the built-in policy, and that each rule of it decides something.
func TestDefaultCoversEveryCategory(t *testing.T) {
	p := policy.Default()
	decided := map[string]bool{}
	for _, c := range guard.Categories {
		name := c.Name
		if strings.HasSuffix(name, ".") {
			name += "x"
		}
		for _, class := range []guard.Class{guard.Exact, guard.Windowed} {
			for o := guard.OriginOperator; o <= guard.OriginModel; o++ {
				for _, f := range []guard.Finding{{Score: 1}, {Score: 0.3}, {Score: 0.9, FPR: 0.001}, {Score: 0.8, FPR: 0.01}, {Score: 0.5, FPR: 1}} {
					f.Category, f.Class, f.Origin, f.Spans = name, class, o, span
					v := p.Decide(guard.Facts{Environment: "prod", DataClass: "internal"}, []guard.Finding{f})
					decided[v.Rule] = true
					if v.Rule == policy.RuleUnmatched && class == guard.Exact {
						t.Errorf("no rule speaks of exact %s", name)
					}
					if class == guard.Exact && f.Score == 1 && !v.Action.Stops() && v.Action != guard.Redact &&
						!slices.Contains([]string{"encoded_blob", "harmful_request", "toxicity.x", "ungrounded"}, name) {
						t.Errorf("certain %s of %s: %s; expected it to stop or be masked", name, o, v.Action)
					}
				}
			}
		}
	}
	for _, r := range p.Rules() {
		if !decided[r] {
			t.Errorf("rule %s decided nothing", r)
		}
		if p.Reason(r) == "" {
			t.Errorf("rule %s has no reason", r)
		}
	}
}

func TestReason(t *testing.T) {
	p := parse(t, "version: 1\nrules: [{name: a, when: {category: limit}, then: block, reason: why, except: [{when: {origin: tool}, reason: why not}]}]\n")
	for rule, want := range map[string]string{"a": "why", "a/except": "why not", "b": "", "unmatched": ""} {
		if got := p.Reason(rule); got != want {
			t.Errorf("Reason(%q) = %q, want %q", rule, got, want)
		}
	}
}

func TestDigest(t *testing.T) {
	const a = "version: 1\nrules: [{name: a, when: {category: limit}, then: block}]\n"
	p := parse(t, a)
	if want := fmt.Sprintf("sha256:%x", sha256.Sum256(p.Canonical())); p.Digest() != want {
		t.Errorf("digest %s; expected %s", p.Digest(), want)
	}
	same := map[string]string{
		"layout":   "# words\nversion: 1\nrules:\n  - then: block\n    when:\n      category: [limit]\n    name: a\n",
		"defaults": a + "mode: enforce\nhold: none\nunmatched: {exact: block, windowed: flag}\n",
		"examples": a + "examples: [{name: x, findings: [], expect: {action: allow}}]\n",
	}
	for name, src := range same {
		if got := parse(t, src).Digest(); got != p.Digest() {
			t.Errorf("%s change the digest", name)
		}
	}
	differ := map[string]string{
		"mode": a + "mode: observe\n", "hold": a + "hold: all\n", "unmatched": a + "unmatched: {windowed: allow}\n", "lists": a + "detect: {deny: [x]}\n",
		"action": strings.Replace(a, "block", "flag", 1), "name": strings.Replace(a, "name: a", "name: b", 1),
	}
	for name, src := range differ {
		if parse(t, src).Digest() == p.Digest() {
			t.Errorf("%s does not change the digest", name)
		}
	}
	if string(p.Source()) != a {
		t.Error("the source is not what was read")
	}
}

func TestDetect(t *testing.T) {
	p := parse(t, `version: 1
hold: sentence
detect:
  deny: [Project Nightingale, 雪]
  custom: [{name: ticket, pattern: 'OPS-\d{4,6}'}]
  allowed_domains: [docs.example.com]
  canaries: true
  disable_model: true
rules: [{name: tickets, when: {category: custom.ticket}, then: flag}]
`)
	want := policy.Detect{
		Deny: []string{"Project Nightingale", "雪"}, Custom: []policy.Pattern{{Name: "ticket", Pattern: `OPS-\d{4,6}`}},
		AllowedDomains: []string{"docs.example.com"}, Canaries: true, DisableModel: true,
	}
	if d := cmp.Diff(want, p.Detect()); d != "" {
		t.Error(d)
	}
	if h := p.Hold(guard.Facts{}); h != guard.HoldSentence {
		t.Errorf("hold %s; expected sentence", h)
	}
}

// finder finds a category in every text that names it.
type finder struct{ fail error }

func (f finder) Find(_ context.Context, texts []guard.Text) ([]guard.Finding, error) {
	var out []guard.Finding
	for i, t := range texts {
		if strings.Contains(t.Content, "secret") && t.Kind == guard.ToolArguments && t.Exchange.Operator[0] == "be brief" {
			out = append(out, guard.Finding{Category: "secret.x", Score: 1, Text: i, Origin: t.Origin, Spans: span})
		}
	}
	return out, f.fail
}

func TestExamples(t *testing.T) {
	p := parse(t, `version: 1
mode: observe
rules:
  - {name: stop, when: {category: secret.*, origin: tool, direction: answer, environment: dev, data_class: public}, then: block}
examples:
  - {name: found, text: a secret, kind: tool_arguments, origin: tool, direction: answer, environment: dev, data_class: public, operator: be brief, expect: {action: block, rule: stop}}
  - {name: elsewhere, text: a secret, kind: tool_arguments, origin: tool, operator: be brief, expect: {action: block, rule: unmatched}}
  - {name: wrong rule, text: a secret, kind: tool_arguments, operator: be brief, expect: {action: block, rule: stop}}
  - {name: wrong action, findings: [{category: secret.x, score: 0.5, fpr: 0.1, class: windowed, encoded: true, detector: d, rule: r}], expect: {action: block}}
  - {name: nothing, findings: [], expect: {action: allow}}
`)
	type result struct {
		Line      int
		Name      string
		Passed    bool
		Want, Got string
	}
	var got []result
	for _, o := range p.Test(t.Context(), finder{}) {
		if o.Err != nil {
			t.Errorf("%s: %v", o.Name, o.Err)
		}
		got = append(got, result{o.Line, o.Name, o.Passed, o.Want, o.Got})
	}
	want := []result{
		{6, "found", true, "block by stop", "block by stop"},
		{7, "elsewhere", true, "block by unmatched", "block by unmatched"},
		{8, "wrong rule", false, "block by stop", "block by unmatched"},
		{9, "wrong action", false, "block", "flag by unmatched"},
		{10, "nothing", true, "allow", "allow"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	broken := errors.New("detector broke")
	for i, o := range p.Test(t.Context(), finder{broken}) {
		if text := i < 3; errors.Is(o.Err, broken) != text || text && o.Passed {
			t.Errorf("%s: error %v, passed %v", o.Name, o.Err, o.Passed)
		}
	}
	if o := p.Test(t.Context(), nil)[0]; !errors.Is(o.Err, policy.ErrNoFinder) || o.Passed {
		t.Errorf("without detectors: error %v, passed %v", o.Err, o.Passed)
	}
}

func TestLoad(t *testing.T) {
	if _, err := policy.Load(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("error %v; expected one that names a missing file", err)
	}
	if _, err := policy.Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "reading policy") {
		t.Errorf("error %v; expected that a folder cannot be read", err)
	}
	path := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(path, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Load(path); err == nil || !strings.Contains(err.Error(), "expected at most 1048576") {
		t.Errorf("error %v; expected that the file is too large", err)
	}
}

func TestDecideAllocates(t *testing.T) {
	p := policy.Default()
	facts, found := guard.Facts{Environment: "prod", DataClass: "internal"}, typical()
	if n := testing.AllocsPerRun(100, func() { p.Decide(facts, nil) }); n != 0 {
		t.Errorf("%v allocations without findings; expected none", n)
	}
	if n := testing.AllocsPerRun(100, func() { p.Decide(facts, found) }); n > 1 {
		t.Errorf("%v allocations with findings; expected the list of decisions only", n)
	}
}

func typical() []guard.Finding {
	return []guard.Finding{
		{Category: "pii.email", Score: 1, Origin: guard.OriginUser, Spans: span},
		{Category: "injection", Score: 0.8, FPR: 0.01, Class: guard.Windowed, Origin: guard.OriginDocument, Spans: span},
		{Category: "secret.github-pat", Score: 1, Origin: guard.OriginTool, Spans: span},
	}
}

func BenchmarkDecide(b *testing.B) {
	p := policy.Default()
	facts, found := guard.Facts{Environment: "prod", DataClass: "internal"}, typical()
	for n := range len(found) + 1 {
		b.Run(fmt.Sprintf("findings=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(facts, found[:n])
			}
		})
	}
}

func BenchmarkParseDefault(b *testing.B) {
	src := policy.Default().Source()
	for b.Loop() {
		if _, err := policy.Parse("default", src); err != nil {
			b.Fatal(err)
		}
	}
}
