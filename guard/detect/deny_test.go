package detect

import (
	"context"
	"strings"
	"testing"

	"warder.example/guard"
)

var denyWords = []string{"Blue Heron", "acme", "Straße", "c++", "禁止词", "Ärger im Hafen", "blue", "ΣΊΣΥΦΟΣ", "비밀", "x"}

func mustDeny(words []string) *Deny {
	d, err := NewDeny(words)
	if err != nil {
		panic(err)
	}
	return d
}

func init() {
	exactDetectors = append(exactDetectors, exactCase{
		name: "deny", detector: mustDeny(denyWords), origin: guard.OriginUser,
		fragments: []string{"Blue Heron", "BLUE \n heron", "blue" + strings.Repeat(" ", 9) + "heron", "blues", "acme", "ACME's", "acmes", "STRASSE", "straße", "c++", "禁止词", "ärger im hafen", "Ärger im", "σίσυφος", "비밀을", "x", "blue\u00a0heron", "\u0301"},
	})
}

type denyVector struct {
	Words []string `json:"words"`
	Text  string   `json:"text"`
	Want  []string `json:"want"`
}

func TestDenyVectors(t *testing.T) {
	vectors := readVectors[denyVector](t, "deny.json")
	const floor = 24
	if len(vectors) < floor {
		t.Fatalf("%d vectors, expected at least %d", len(vectors), floor)
	}
	for _, v := range vectors {
		t.Run(v.Text, func(t *testing.T) {
			found, err := mustDeny(v.Words).Detect(context.Background(), &guard.Text{Content: v.Text})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				if f.Class != guard.Exact {
					continue
				}
				if f.Category != "denied" || f.Score != 1 {
					t.Errorf("finding %+v, want category denied and score 1", f)
				}
				got = append(got, v.Text[f.Spans[0].Start:f.Spans[0].End])
			}
			if strings.Join(got, "|") != strings.Join(v.Want, "|") {
				t.Errorf("found %q, want %q", got, v.Want)
			}
		})
	}
}

func TestNewDenyRefuses(t *testing.T) {
	for name, words := range map[string][]string{
		"an empty entry": {"a", "  "},
		"a long entry":   {strings.Repeat("a", maxDenyBytes+1)},
		"bad UTF-8":      {"a\xff"},
		"a long list":    make([]string, maxDenyWords+1),
	} {
		if _, err := NewDeny(words); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := NewDeny([]string{"ok", ""}); err == nil || !strings.Contains(err.Error(), "entry 2") {
		t.Errorf("error %v does not name entry 2", err)
	}
}
