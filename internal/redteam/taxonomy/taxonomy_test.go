package taxonomy

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestLists: each list is whole, and says its edition and source.
func TestLists(t *testing.T) {
	want := map[string]struct {
		version string
		size    int
	}{
		"atlas":              {"2026.09", 208 + 3},
		"cwe":                {"4.16", 25},
		"nist-ai-600-1":      {"2024-07", 12},
		"owasp-agentic-2026": {"2026", 10},
		"owasp-llm-2025":     {"2025", 10},
		"owasp-llm-2026":     {"2026", 10},
	}
	all := Frameworks()
	if len(all) != len(want) {
		t.Errorf("%d frameworks; expected %d", len(all), len(want))
	}
	for _, f := range all {
		w, ok := want[f.Key]
		if !ok || f.Version != w.version || f.Size != w.size || f.Source == "" || Version(f.Key) != w.version {
			t.Errorf("%+v; expected %+v", f, w)
		}
	}
	if v := Version("owasp-llm-2023"); v != "" {
		t.Errorf("the edition of 2023 has version %q; expected none", v)
	}
}

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		id, name, next string
		known          bool
	}{
		{"LLM06:2025", "Excessive Agency", "LLM03:2026", true},
		{"LLM06:2026", "Unbounded Consumption", "", true},
		{"LLM07:2025", "System Prompt Leakage", "LLM08:2026", true},
		{"ASI05:2026", "Unexpected Code Execution (RCE)", "", true},
		{"AML.T0051.001", "LLM Prompt Injection: Indirect", "", true},
		{"AML.T0104", "Publish Poisoned AI Agent Tool", "AML.T0115.002", false},
		{"NIST-AI-600-1:2.2", "Confabulation", "", true},
		{"CWE-1427", "Improper Neutralization of Input Used for LLM Prompting", "", true},
	} {
		e, ok := Lookup(c.id)
		if !ok || e.ID != c.id || e.Name != c.name || e.Next != c.next || Known(c.id) != c.known {
			t.Errorf("%s: %+v, known %v; expected %q, next %q, known %v", c.id, e, Known(c.id), c.name, c.next, c.known)
		}
	}
	// An id without its edition, of an edition that is not held, of a tactic, of nothing.
	for _, id := range []string{"LLM01", "llm01:2025", "LLM07:2023", "LLM11:2025", "AML.TA0002", "AML.T9999", "T0051", "", "# name"} {
		if Known(id) {
			t.Errorf("%q is known", id)
		}
	}
}

// TestRead: a list that is wrong is refused with its line.
func TestRead(t *testing.T) {
	const head = "# name: N\n# version: 1\n# source: s\n"
	for _, c := range []struct{ data, want string }{
		{head + "A\tx\nA\ty\n", "data/l.tsv:5: A is there twice"},
		{head + "A\n", "data/l.tsv:4: expected id"},
		{head + "A\tx\tgone\n", "data/l.tsv:4: expected id"},
		{head + "A\tx\t\tB\n", "A: next is B"},
		{head, "expected a name"},
		{"# name: N\n# source: s\nA\tx\n", "expected a name, a version"},
	} {
		_, err := read(fstest.MapFS{"data/l.tsv": {Data: []byte(c.data)}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; expected %q", c.data, err, c.want)
		}
	}
}
