package strategy_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"warder.example/internal/redteam/strategy"
	"warder.example/internal/redteam/taxonomy"
)

var update = flag.Bool("update", false, "write the table of docs/redteam-strategies.md anew")

const (
	page  = "../../../docs/redteam-strategies.md"
	begin = "<!-- table: go test ./internal/redteam/strategy -update -->\n"
	end   = "<!-- end of table -->"
)

// TestFrameworksAreKnown: every id that a strategy is counted under is one of a list.
func TestFrameworksAreKnown(t *testing.T) {
	for _, s := range strategy.All() {
		for _, id := range s.Frameworks {
			if !taxonomy.Known(id) {
				t.Errorf("%s is counted under %q, which no list has", s.ID, id)
			}
		}
	}
}

// TestPage: the manual lists every strategy as it is.
func TestPage(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", page)
	}
	want := head + begin + table() + end + tail
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(data) {
		t.Errorf("%s does not list the strategies as they are: run go test ./internal/redteam/strategy -update", page)
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("\n| id | what | messages | inverse | counted under |\n|---|---|---|---|---|\n")
	for _, s := range strategy.All() {
		m, err := s.Apply("the text", rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			panic(err)
		}
		inverse := ""
		if s.Alphabet != "" {
			inverse = "yes"
			if !s.Restores("Kestrel", rand.New(rand.NewPCG(1, 1))) {
				inverse = "case is lost"
			}
		}
		n := "one"
		switch sent := len(strategy.Exchanges(m)); {
		case sent > 1:
			n = "several turns"
		case len(m) > 1:
			n = "one, behind pretended ones"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.ID, s.Title, n, inverse, strings.Join(s.Frameworks, ", "))
	}
	return b.String() + "\n"
}
