package policy_test

import (
	"slices"
	"testing"

	"warder.example/guard"
	"warder.example/guard/policy"
)

const withPseudonyms = `version: 1
rules:
  - {name: mail, when: {category: pii.email}, then: redact, with: pseudonym}
  - {name: documents, when: {category: pii.*, origin: document}, then: redact}
  - {name: others, when: {category: pii.*}, then: redact, with: pseudonym}
  - name: keys
    when: {category: secret.*}
    then: block
    except: [{when: {environment: dev}, then: redact, with: pseudonym}]
pseudonyms:
  restore:
    - {tool: send, parameter: to}
    - {tool: send, parameter: cc}
    - {tool: find, parameter: name}
`

// TestReversible: a value comes back only if every rule that masks it says so.
func TestReversible(t *testing.T) {
	p, err := policy.Parse("p", []byte(withPseudonyms))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		f          guard.Finding
		env        string
		action     guard.Action
		reversible bool
	}{
		{"of a user", guard.Finding{Category: "pii.email", Origin: guard.OriginUser}, "prod", guard.Redact, true},
		{"of a document", guard.Finding{Category: "pii.email", Origin: guard.OriginDocument}, "prod", guard.Redact, false},
		{"of nobody known", guard.Finding{Category: "pii.email"}, "prod", guard.Redact, false},
		{"blocked", guard.Finding{Category: "secret.x", Origin: guard.OriginUser}, "prod", guard.Block, false},
		{"by an exception", guard.Finding{Category: "secret.x", Origin: guard.OriginUser}, "dev", guard.Redact, true},
		{"perhaps by an exception", guard.Finding{Category: "secret.x", Origin: guard.OriginUser}, "", guard.Block, true},
	} {
		c.f.Score, c.f.Spans = 1, []guard.Span{{Start: 0, End: 3}}
		v := p.Decide(guard.Facts{Environment: c.env, DataClass: "internal"}, []guard.Finding{c.f})
		if v.ActionFor(0) != c.action || v.Reversible(0) != c.reversible {
			t.Errorf("%s: %s, reversible %t; want %s, %t (%+v)", c.name, v.ActionFor(0), v.Reversible(0), c.action, c.reversible, v.Decisions)
		}
		if ms := v.Masks(0); c.action == guard.Redact && (len(ms) != 1 || ms[0].Reversible != c.reversible || ms[0].Category != c.f.Category) {
			t.Errorf("%s: masks %+v", c.name, ms)
		}
	}
	if !p.Pseudonyms() || policy.Default().Pseudonyms() {
		t.Error("Pseudonyms is wrong of one of the two")
	}
	for tool, want := range map[string][]string{"send": {"to", "cc"}, "find": {"name"}, "Send": nil} {
		if got := p.Restores(tool); !slices.Equal(got, want) {
			t.Errorf("Restores(%s) = %q; want %q", tool, got, want)
		}
	}
}

// TestMergedMasks: a mask that overlaps one for good is for good.
func TestMergedMasks(t *testing.T) {
	a := guard.Mask{Span: guard.Span{Start: 0, End: 5}, Reversible: true}
	b := guard.Mask{Span: guard.Span{Start: 3, End: 8}}
	if got := guard.MergeMasks([]guard.Mask{a, b}); len(got) != 1 || got[0].Reversible || got[0].End != 8 {
		t.Errorf("merged to %+v", got)
	}
}
