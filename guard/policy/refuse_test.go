package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"warder.example/guard/policy"
	"warder.example/guard/strictyaml"
)

// head is the beginning of the policies below: five lines, one good rule.
const head = `version: 1
rules:
  - name: good
    when: {category: [secret.*, limit]}
    then: block
`

func TestRefuses(t *testing.T) {
	long := strings.Repeat("x", 2000)
	many := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	tests := []struct {
		name, src string
		want      []string // every problem, in order of lines
	}{
		{"unknown key", "version: 1\nruels: []\n", []string{`p:2: unknown key "ruels"; did you mean "rules"`}},
		{"no version", "rules: []\n", []string{"p:1: version is 0; expected 1"}},
		{"future version", "version: 2\n", []string{"p:1: version is 2; expected 1"}},
		{"unknown mode", "version: 1\nmode: watch\n", []string{`p:2: mode is "watch"; expected enforce, observe`}},
		{"unknown action", head + "  - {name: x, when: {category: denied}, then: deny}\n", []string{`p:6: rules[1].then is "deny"; expected allow, flag`}},
		{"unknown category", head + "  - {name: x, when: {category: [denied, injektion]}, then: block}\n", []string{`p:6: unknown category "injektion"; did you mean injection`}},
		{"family without star", head + "  - {name: x, when: {category: pii}, then: block}\n", []string{`p:6: unknown category "pii"; did you mean pii.*`}},
		{"mistyped family", head + "  - {name: x, when: {category: secrets.aws}, then: block}\n", []string{`p:6: unknown category "secrets.aws"; did you mean secret.*`}},
		{"no such category at all", head + "  - {name: x, when: {category: weather}, then: block}\n", []string{`p:6: unknown category "weather"; expected one of injection,`}},
		{"star outside of a family", head + "  - {name: x, when: {category: inj*}, then: block}\n", []string{`p:6: "inj*" matches no category; a star stands alone or in a family: exfiltration.*,`}},
		{"star in the middle", head + "  - {name: x, when: {category: pii.*.x}, then: block}\n", []string{`p:6: unknown category "pii.*.x"`}},
		{"two stars", head + "  - {name: x, when: {category: pii.**}, then: block}\n", []string{`p:6: "pii.**" matches no category`}},
		{"custom category without a pattern", head + "  - {name: x, when: {category: custom.ticket}, then: block}\n", []string{`p:6: category "custom.ticket": detect.custom has no pattern "ticket"`}},
		{"no category", head + "  - {name: x, when: {origin: user}, then: block}\n", []string{`p:6: rule "x" has no category; write "*" for all`}},
		{"no when", head + "  - {name: x, then: block}\n", []string{`p:6: rule "x" has no category`}},
		{"no then", head + "  - {name: x, when: {category: denied}}\n", []string{`p:6: rule "x" has no then; expected allow, flag, redact, block or ask`}},
		{"no name", head + "  - {when: {category: denied}, then: block}\n", []string{`p:6: name is missing`}},
		{"bad name", head + "  - {name: My Rule, when: {category: denied}, then: block}\n", []string{`p:6: name "My Rule"; expected lower-case letters, digits and single dashes`}},
		{"reserved name", head + "  - {name: unmatched, when: {category: denied}, then: block}\n", []string{`p:6: the name "unmatched" stands for findings without a rule`}},
		{"long reason", head + "    reason: " + long + "\n", []string{`p:6: reason has 2000 bytes; expected at most 1000`}},
		{"name twice", head + "  - {name: good, when: {category: denied}, then: block}\n", []string{`p:6: rule "good" is there twice; first on line 3`}},
		{"empty list", head + "  - {name: x, when: {category: denied, origin: []}, then: block}\n", []string{`p:6: the list is empty and would match nothing`}},
		{"empty category", head + "  - {name: x, when: {category: []}, then: block}\n", []string{`p:6: the list is empty`}},
		{"value twice", head + "  - {name: x, when: {category: denied, origin: [user, user]}, then: block}\n", []string{`p:6: "user" is listed twice`}},
		{"long list", head + "  - {name: x, when: {category: denied, rule: [" + many(65, "r%d,") + "]}, then: block}\n", []string{`p:6: 65 entries; expected at most 64`}},
		{"unknown origin", head + "  - {name: x, when: {category: denied, origin: unknown}, then: block}\n", []string{`p:6: rules[1].when.origin[0] is "unknown"; expected operator, user,`}},
		{"score beyond 1", head + "  - {name: x, when: {category: denied, min_score: 50}, then: block}\n", []string{`p:6: value is 50; expected 0 to 1`}},
		{"negative rate", head + "  - {name: x, when: {category: denied, max_fpr: -0.1}, then: block}\n", []string{`p:6: value is -0.1; expected 0 to 1`}},
		{"star inside of a detector", head + "  - {name: x, when: {category: denied, detector: 'a*b'}, then: block}\n", []string{`p:6: cannot use "a*b"; expected a name`}},

		{"dead: contradicted", head + "  - {name: x, when: {category: secret.*}, then: flag}\n", []string{`p:6: rule "x" can never decide: rule good applies wherever it does and is at least as strict`}},
		{"dead: repeated", head + "  - {name: x, when: {category: limit, origin: user, min_score: 0.4}, then: block}\n", []string{`p:6: rule "x" can never decide: rule good applies`}},
		{"dead: by a later one", "version: 1\nrules:\n  - {name: x, when: {category: secret.aws-key}, then: flag}\n" + strings.TrimPrefix(head, "version: 1\nrules:\n"),
			[]string{`p:3: rule "x" can never decide: rule good`}},
		{"dead: by two together", head + "  - {name: half, when: {category: denied, origin: [user, operator]}, then: block}\n" +
			"  - {name: other, when: {category: denied, origin: [document, tool, email, model]}, then: block}\n" +
			"  - {name: x, when: {category: [denied, limit]}, then: flag}\n",
			[]string{`p:8: rule "x" can never decide: rule half and rule other and rule good together apply wherever it does and are at least as strict`}},
		{"dead: narrower detector", head + "  - {name: x, when: {category: limit, detector: [abc, 'd*'], rule: e}, then: ask}\n", []string{`p:6: rule "x" can never decide`}},

		{"exception as strict", head + "    except: [{when: {origin: user}, then: block}]\n", []string{`p:6: rules[0].except[0].then is "block"; expected allow, flag, redact, ask`}},
		{"exception no milder", head + "  - {name: x, when: {category: denied}, then: flag, except: [{when: {origin: user}, then: redact}]}\n", []string{`p:6: the exception's redact is no milder than the rule's flag`}},
		{"exception to allow", head + "  - {name: x, when: {category: denied}, then: allow, except: [{when: {origin: user}}]}\n", []string{`p:6: the exception's flag is no milder than the rule's allow`}},
		{"exception without when", head + "    except: [{then: flag}]\n", []string{`p:6: exception of rule "good" has no when`}},
		{"exception with a threshold", head + "    except:\n      - when: {origin: user, min_score: 0.9}\n", []string{`p:7: an exception takes no min_score or max_fpr: a more certain finding`}},
		{"exception that cannot be", head + "    except:\n      - when: {category: pii.*}\n", []string{`p:7: the exception can never apply: rule "good" does not match such a finding`}},
		{"exception for all", head + "    except:\n      - when: {category: '*'}\n", []string{`p:7: the exception applies to everything that rule "good" matches`}},
		{"exception behind another", head + "    except:\n      - when: {origin: [user, tool]}\n      - when: {origin: user, environment: dev}\n",
			[]string{`p:8: the exception can never apply: the one on line 7 takes everything that it matches`}},
		{"many exceptions", head + "    except:\n" + many(65, "      - when: {rule: r%d}\n"), []string{`p:6: 65 entries; expected at most 64`}},

		{"pseudonym without redact", head + "  - {name: x, when: {category: denied}, then: block, with: pseudonym}\n", []string{`p:6: with says what stands for a masked value, and then is not redact`}},
		{"pseudonym of an exception", head + "    except: [{when: {origin: user}, with: token}]\n", []string{`p:6: with says what stands for a masked value, and then is not redact`}},
		{"unknown replacement", head + "  - {name: x, when: {category: denied}, then: redact, with: alias}\n", []string{`p:6: rules[1].with is "alias"; expected token, pseudonym`}},
		{"dead: a pseudonym where another masks for good", head + "  - {name: x, when: {category: pii.email}, then: redact, with: pseudonym}\n  - {name: y, when: {category: pii.*}, then: redact}\n",
			[]string{`p:6: rule "x" can never decide: rule y applies`}},
		{"nothing to restore", head + "pseudonyms: {restore: [{tool: a, parameter: b}]}\n", []string{`p:6: nothing can come back: no rule says with: pseudonym`}},
		{"bad parameters", head + "  - {name: x, when: {category: pii.*}, then: redact, with: pseudonym}\npseudonyms:\n  restore:\n    - {tool: '', parameter: b}\n    - {tool: a, parameter: 'b c'}\n    - {tool: a*, parameter: b}\n    - {tool: a, parameter: b}\n    - {tool: a, parameter: b}\n",
			[]string{`p:9: tool ""; expected a name`, `p:10: parameter "b c"; expected a name`, `p:11: tool "a*"; expected a name`, `p:13: parameter "b" of tool "a" is listed twice`}},
		{"many parameters", head + "  - {name: x, when: {category: pii.*}, then: redact, with: pseudonym}\npseudonyms:\n  restore:\n" + many(101, "    - {tool: t%d, parameter: b}\n"),
			[]string{`p:8: 101 entries; expected at most 100`}},

		{"milder above a threshold", head + "  - {name: x, when: {category: pii.*, min_score: 0.5}, then: redact}\n",
			[]string{`p:6: rule "x": exact findings below its threshold are unmatched (block), stricter than its redact above; add a rule without threshold`}},
		{"milder above a rate", head + "  - {name: x, when: {category: jailbreak, class: windowed, max_fpr: 0.1}, then: allow}\n",
			[]string{`p:6: rule "x": windowed findings below its threshold are unmatched (flag), stricter than its allow above`}},
		{"milder by an exception", head + "  - {name: x, when: {category: denied, min_score: 0.5}, then: block, except: [{when: {origin: user}}]}\n",
			[]string{`p:6: rule "x": exact findings below its threshold are unmatched (block), stricter than its flag above`}},

		{"empty denied word", head + "detect: {deny: ['', ' x']}\n", []string{`p:6: "" is empty or has space at an end`, `p:6: " x" is empty or has space`}},
		{"denied twice", head + "detect: {deny: [Straße, straße]}\n", []string{`p:6: "straße" is listed twice (case does not matter)`}},
		{"long denied word", head + "detect: {deny: [" + long + "]}\n", []string{`p:6: 2000 bytes; expected at most 256`}},
		{"long deny list", head + "detect: {deny: [" + many(10001, "w%d,") + "]}\n", []string{`p:6: 10001 entries; expected at most 10000`}},
		{"bad pattern", head + "detect:\n  custom:\n    - name: x\n      pattern: 'a(b'\n", []string{"p:9: missing closing ): `a(b`; expected an RE2 pattern"}},
		{"backreference", head + "detect: {custom: [{name: x, pattern: '(a)\\1'}]}\n", []string{"p:6: invalid escape sequence: `\\1`; expected an RE2 pattern"}},
		{"pattern for the empty text", head + "detect: {custom: [{name: x, pattern: 'a*'}]}\n", []string{`p:6: the pattern matches the empty text`}},
		{"no pattern", head + "detect: {custom: [{name: x}]}\n", []string{`p:6: pattern "x" has no pattern`}},
		{"long pattern", head + "detect: {custom: [{name: x, pattern: " + long + "}]}\n", []string{`p:6: pattern has 2000 bytes; expected at most 1024`}},
		{"pattern twice", head + "detect: {custom: [{name: x, pattern: a}, {name: x, pattern: b}]}\n", []string{`p:6: pattern "x" is there twice`}},
		{"many patterns", head + "detect: {custom: [" + many(101, "{name: n%d, pattern: a},") + "]}\n", []string{`p:6: 101 patterns; expected at most 100`}},
		{"domain with a scheme", head + "detect: {allowed_domains: ['https://example.com', '*.example.com', example.com, example.com]}\n",
			[]string{`p:6: "https://example.com"; expected a domain such as`, `p:6: "*.example.com"; expected a domain`, `p:6: "example.com" is listed twice`}},
		{"many domains", head + "detect: {allowed_domains: [" + many(1001, "d%d.example,") + "]}\n", []string{`p:6: 1001 domains; expected at most 1000`}},

		{"example without text and findings", head + "examples: [{name: x, expect: {action: block}}]\n", []string{`p:6: example "x"; expected either text or findings`}},
		{"example with both", head + "examples: [{name: x, text: y, findings: [], expect: {action: block}}]\n", []string{`p:6: example "x"; expected either text or findings`}},
		{"example without name", head + "examples: [{findings: [], expect: {action: block}}]\n", []string{`p:6: example has no name`}},
		{"example without action", head + "examples: [{name: x, findings: [], expect: {rule: good}}]\n", []string{`p:6: example "x" expects no action`}},
		{"example of no rule", head + "examples: [{name: x, findings: [], expect: {action: block, rule: bad}}]\n", []string{`p:6: there is no rule "bad"`}},
		{"example of no category", head + "examples: [{name: x, findings: [{category: y, score: 2}], expect: {action: block}}]\n", []string{`p:6: unknown category "y"`, `p:6: value is 2; expected 0 to 1`}},
		{"many examples", head + "examples: [" + many(1001, "{name: n%d, findings: [], expect: {action: allow}},") + "]\n", []string{`p:6: 1001 examples; expected at most 1000`}},
		{"many rules", "version: 1\nrules:\n" + many(257, "  - {name: n%d, when: {category: denied}, then: block}\n"), []string{`p:2: 257 rules; expected at most 256`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.Parse("p", []byte(tt.src))
			var ps strictyaml.Problems
			if !errors.As(err, &ps) {
				t.Fatalf("error %v; expected Problems", err)
			}
			if len(ps) != len(tt.want) {
				t.Fatalf("%d problems; expected %d:\n%v", len(ps), len(tt.want), err)
			}
			for i, w := range tt.want {
				if !strings.Contains(ps[i].Error(), w) {
					t.Errorf("problem %q; expected %q in it", ps[i], w)
				}
			}
		})
	}
}

// TestAccepts holds that the compiler does not call live rules dead.
func TestAccepts(t *testing.T) {
	for name, src := range map[string]string{
		"a narrower rule first, for its reason": head + "  - {name: x, when: {category: '*'}, then: block}\n",
		"shadowed but for an exception":         head + "    except: [{when: {origin: user}}]\n  - {name: x, when: {category: limit}, then: ask}\n",
		"shadowed but for one origin":           head + "  - {name: h, when: {category: denied, origin: [user, operator, document, tool, email]}, then: block}\n  - {name: x, when: {category: denied}, then: flag}\n",
		"shadowed but for low scores":           head + "  - {name: h, when: {category: denied, min_score: 0.5}, then: block}\n  - {name: x, when: {category: denied}, then: flag}\n",
		"shadowed but for other detectors":      head + "  - {name: h, when: {category: denied, detector: 'a*'}, then: block}\n  - {name: x, when: {category: denied}, then: flag}\n",
		"part of a family":                      head + "  - {name: x, when: {category: [pii.us-*, pii.email]}, then: flag}\n",
		"one value for a list":                  head + "  - {name: x, when: {category: pii.*, encoded: true, class: windowed, direction: answer}, then: flag}\n",
		"no rules":                              "version: 1\nunmatched: {windowed: block}\n",
	} {
		if _, err := policy.Parse("p", []byte(src)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchema checks the generated JSON Schema against policies, good and bad.
func TestSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(policy.Schema())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(src []byte) error {
		var v any
		if err := yaml.Unmarshal(src, &v); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		inst, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(inst)
	}
	files, err := filepath.Glob("../../docs/examples/*.policy.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d example policies, %v; expected at least 3", len(files), err)
	}
	for _, path := range files {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(src); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		p, err := policy.Parse(filepath.Base(path), src)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, o := range p.Test(t.Context(), nil) {
			if !o.Passed {
				t.Errorf("%s:%d: %s: got %s %v; expected %s", path, o.Line, o.Name, o.Got, o.Err, o.Want)
			}
		}
	}
	if err := check(policy.Default().Source()); err != nil {
		t.Errorf("default: %v", err)
	}
	if err := check(policy.Default().Canonical()); err != nil {
		t.Errorf("canonical form: %v", err)
	}
	for _, bad := range []string{
		"rules: []\n", "version: 1\nruels: []\n", "version: 1\nmode: watch\n", "version: 1\nrules: [{name: x, then: block}]\n",
		"version: 1\nrules: [{name: x, when: {category: [], origin: user}, then: block}]\n", "version: 1\nrules: [{name: x, when: {category: x, origin: me}, then: block}]\n",
	} {
		if check([]byte(bad)) == nil {
			t.Errorf("the schema accepts %q", bad)
		}
	}
}
