package target_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"warder.example/internal/redteam/target"
)

func asFailure(err error, into **target.Failure) (ok bool) {
	*into, ok = errors.AsType[*target.Failure](err)
	return ok
}

// explore asks the target of a file.
func explore(t *testing.T, text string) (*target.Proposal, *target.File, error) {
	t.Helper()
	f, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	to, err := target.Open(f, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := target.Recon(t.Context(), to)
	return p, f, err
}

// TestRecon: what a target says of itself becomes members of its file, as texts.
func TestRecon(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var v struct{ Q string }
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			t.Error(err)
		}
		switch {
		case strings.Contains(v.Q, "Which tools"):
			io.WriteString(w, "I can use find_order, and refundOrder; find_order twice. No well-known others.")
		case strings.Contains(v.Q, "two sentences"):
			io.WriteString(w, "I help.\"\nlevel: 1\n\x1b[2J\u202e# "+strings.Repeat("x", 2000))
		case strings.Contains(v.Q, "Sprachen"):
			io.WriteString(w, "Ich helfe Ihnen und kann die Bestellung finden.")
		case strings.Contains(v.Q, "sentence"):
			w.WriteHeader(500)
		default:
			io.WriteString(w, "I can help you with the orders and your address.")
		}
	})
	text := app(url, "session: none", `body: '{"q":"{{message}}"}'`)
	p, f, err := explore(t, text)
	if err != nil || !slices.Equal(p.Languages, []string{"en", "de"}) || len(p.Tools) != 2 || p.Tools[0].Name != "find_order" || p.Tools[1].Name != "refundOrder" || len(p.Failures) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	proposed := p.YAML(f)
	for _, r := range []string{"\x1b", "\u202e", "\nlevel:"} {
		if strings.Contains(proposed, r) {
			t.Errorf("%q stands in the proposal\n%s", r, proposed)
		}
	}
	again, err := load(t, text+proposed)
	if err != nil {
		t.Fatalf("%v in\n%s", err, proposed)
	}
	if again.Purpose != p.Purpose || len(again.Tools) != 2 || !slices.Equal(again.Languages, p.Languages) {
		t.Errorf("%+v; expected what was proposed", again)
	}
	if twice := p.YAML(again); strings.Contains(twice, "\ntools:") || strings.Contains(twice, "\npurpose:") {
		t.Errorf("what the file has is proposed\n%s", twice)
	}
}

// TestReconOfTools: a server of tools is asked for its list alone.
func TestReconOfTools(t *testing.T) {
	text := "version: 1\nkind: mcp\nname: x\nmcp: {tool: search, argument: query}\ncommand: [./notes-server]\n"
	p, f, err := explore(t, text)
	if err != nil || len(p.Tools) != 2 || p.Purpose != "" {
		t.Fatalf("%+v, %v", p, err)
	}
	if again, err := load(t, text+p.YAML(f)); err != nil || again.Tools[1] != p.Tools[1] {
		t.Errorf("%+v, %v; expected the tools with their descriptions", again, err)
	}
}

// TestReconEnds: a target that refuses its tester is asked once, one that is down is
// no proposal.
func TestReconEnds(t *testing.T) {
	for status, most := range map[int]int{401: 1, 500: 8} {
		n := 0
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { n++; w.WriteHeader(status) })
		if p, _, err := explore(t, app(url, "session: none", `body: '{"q":"{{message}}"}'`)); err == nil || n != most {
			t.Errorf("status %d: %+v, %v after %d questions; expected an error after %d", status, p, err, n, most)
		}
	}
}
