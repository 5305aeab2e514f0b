package native_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/native"
)

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, body, code, path string }{
		{"empty object", `{}`, "missing_field", ""},
		{"texts and messages", `{"texts":[],"messages":[]}`, "missing_field", ""},
		{"a list", `[]`, "wrong_type", ""},
		{"no text", `{"texts":[{"origin":"user"}]}`, "missing_field", "texts[0]"},
		{"text is a number", `{"texts":[{"text":1}]}`, "wrong_type", "texts[0].text"},
		{"text is a string", `{"texts":["hello"]}`, "wrong_type", "texts[0]"},
		{"unknown origin", `{"texts":[{"text":"a","origin":"web"}]}`, "invalid_value", "texts[0]"},
		{"name of a corpus channel", `{"texts":[{"text":"a","origin":"output"}]}`, "invalid_value", "texts[0]"},
		{"unknown direction", `{"texts":[{"text":"a","direction":"up"}]}`, "invalid_value", "texts[0]"},
		{"unknown kind", `{"texts":[{"text":"a","kind":"code"}]}`, "invalid_value", "texts[0]"},
		{"misspelt member", `{"texts":[{"text":"a","orign":"user"}]}`, "unknown_field", ""},
		{"unknown member", `{"texts":[],"stream":true}`, "unknown_field", ""},
		{"case variant", `{"Texts":[]}`, "case_variant_key", ""},
		{"text twice", `{"texts":[{"text":"a","text":"b"}]}`, "duplicate_key", ""},
		{"explain is a string", `{"texts":[],"explain":"true"}`, "wrong_type", "explain"},
		{"long subject", `{"texts":[],"subject":"` + strings.Repeat("a", native.MaxClaim+1) + `"}`, "invalid_value", ""},
		{"control in session", `{"texts":[],"session":"a\u0000b"}`, "invalid_value", ""},
		{"message without role", `{"messages":[{"content":"a"}]}`, "missing_field", "messages[0]"},
		{"message that claims trust", `{"messages":[{"role":"tool","content":"a","warder":{"origin":"user"}}]}`, "invalid_value", ""},
		{"lone surrogate", `{"texts":[{"text":"\ud83d"}]}`, "lone_surrogate", ""},
		{"trailing data", `{"texts":[]}{}`, "trailing_data", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := native.ParseRequest([]byte(c.body), dialect.Limits{})
			var p *dialect.Problem
			if !errors.As(err, &p) {
				t.Fatalf("got %v; expected a problem", err)
			}
			if p.Code != c.code || c.path != "" && p.Path != c.path {
				t.Errorf("got %s at %q; want %s at %q", p.Code, p.Path, c.code, c.path)
			}
		})
	}
}

// leaf is what tests compare of a leaf.
type leaf struct {
	Text      string
	Turn      int
	Origin    guard.Origin
	Kind      guard.Kind
	Direction guard.Direction
	Inner     bool
}

func leaves(r *native.Request) (out []leaf) {
	for i := range r.Leaves {
		l := &r.Leaves[i]
		out = append(out, leaf{l.Text, l.Turn, l.Origin, l.Kind, r.Direction(i), l.Inner})
	}
	return out
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []leaf
	}{
		{"defaults", `{"texts":[{"text":"a"},{"text":""},{"text":"b","direction":"answer"}]}`,
			[]leaf{{Text: "a", Origin: guard.OriginUser}, {Text: "b", Turn: 2, Origin: guard.OriginModel, Direction: guard.Answer}}},
		{"said", `{"texts":[{"kind":"name","origin":"email","text":"a","direction":"request"}]}`,
			[]leaf{{Text: "a", Origin: guard.OriginEmail, Kind: guard.Name}}},
		{"arguments", `{"texts":[{"text":"{\"q\":\"a\\nb\"}","kind":"tool_arguments","direction":"answer"}]}`,
			[]leaf{{Text: `{"q":"a\nb"}`, Origin: guard.OriginModel, Kind: guard.ToolArguments, Direction: guard.Answer},
				{Text: "a\nb", Origin: guard.OriginModel, Kind: guard.ToolArguments, Direction: guard.Answer, Inner: true}}},
		{"messages", `{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"d","warder":{"origin":"document"}}]},{"role":"assistant","content":"m"}]}`,
			[]leaf{{Text: "s", Origin: guard.OriginOperator}, {Text: "d", Turn: 1, Origin: guard.OriginDocument}, {Text: "m", Turn: 2, Origin: guard.OriginModel}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := native.ParseRequest([]byte(c.body), dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, leaves(r)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestMasked(t *testing.T) {
	mask := func(leaf, start, end int) dialect.Edit {
		return dialect.Edit{Leaf: leaf, Masks: []guard.Mask{{Span: guard.Span{Start: start, End: end}, With: `["]`}}}
	}
	for _, c := range []struct {
		name, body string
		edits      []dialect.Edit
		want       string
	}{
		{"texts", `{"texts":[{"text":"a\u00e9 secret b"},{"text":""},{"text":"c"}]}`, []dialect.Edit{mask(0, 4, 10)}, `["aé [\"] b","","c"]`},
		{"inner text", `{"texts":[{"text":"{\"q\":\"a\\nb\"}","kind":"tool_arguments"}]}`, []dialect.Edit{mask(1, 2, 3)}, `["{\"q\":\"a\\n[\\\"]\"}"]`},
		{"messages", `{"explain":true,"messages": [ {"role":"user","content":"x secret","warder":{"origin":"tool"},"n":1.0e0} ] }`,
			[]dialect.Edit{mask(0, 2, 8)}, `[ {"role":"user","content":"x [\"]","n":1.0e0} ]`},
		{"nothing", `{"texts":[{"text":"a"}]}`, nil, `["a"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := native.ParseRequest([]byte(c.body), dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Masked(c.edits)
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

// FuzzMasked: what was accepted can be masked, whatever is masked.
func FuzzMasked(f *testing.F) {
	f.Add(`{"texts":[{"text":"hello there"},{"text":"{\"a\":\"b\\u0041\"}","kind":"tool_arguments"}]}`, 1, 4)
	f.Add(`{"messages":[{"role":"user","content":"hello \ud83c\udf89 there"}],"subject":"x"}`, 6, 8)
	f.Fuzz(func(t *testing.T, body string, start, end int) {
		r, err := native.ParseRequest([]byte(body), dialect.Limits{})
		if err != nil {
			return
		}
		var edits []dialect.Edit
		for i := range r.Leaves {
			if n := len(r.Leaves[i].Text); start >= 0 && start < end && end <= n {
				edits = append(edits, dialect.Edit{Leaf: i, Masks: []guard.Mask{{Span: guard.Span{Start: start, End: end}, With: "[X]"}}})
			}
		}
		if _, err := r.Masked(edits); err != nil {
			t.Errorf("masking %q: %v", body, err)
		}
	})
}
