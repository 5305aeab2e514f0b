package attack

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"warder.example/internal/redteam/taxonomy"
)

var update = flag.Bool("update", false, "write the tables of docs/redteam-attacks.md anew")

// TestPage: the manual lists the families as they are. After a change:
//
//	go test ./internal/redteam/attack -run TestPage -update
func TestPage(t *testing.T) {
	const path = "../../../docs/redteam-attacks.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := section(t, section(t, page, "families", familyTable()), "frameworks", frameworkTable())
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(page, want) {
		t.Errorf("%s is not what the families say; run with -update", path)
	}
}

// TestPageExample: the family that the manual shows can be read, and its row as well.
func TestPageExample(t *testing.T) {
	page, err := os.ReadFile("../../../docs/redteam-attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		_, rest, _ := strings.Cut(string(page), "```"+language+"\n")
		text, _, _ := strings.Cut(rest, "```")
		return text
	}
	c := Standard()
	for name, text := range map[string]string{"example.yaml": block("yaml"), "example.jsonl": block("json")} {
		if err := c.ReadFile(write(t, name, text)); err != nil {
			t.Error(err)
		}
	}
	if _, ok := c.Get("own.discount"); !ok {
		t.Error("the page shows no family own.discount")
	}
}

// section replaces what stands between two marks of a page.
func section(t *testing.T, page []byte, name, text string) []byte {
	t.Helper()
	begin, end := fmt.Appendf(nil, "<!-- %s: begin -->\n", name), fmt.Appendf(nil, "<!-- %s: end -->", name)
	before, rest, ok := bytes.Cut(page, begin)
	_, after, ok2 := bytes.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("the page has no section %s", name)
	}
	return bytes.Join([][]byte{before, begin, []byte(text), end, after}, nil)
}

func familyTable() string {
	var b strings.Builder
	families, seeds, twins := 0, 0, 0
	b.WriteString("| family | what | where the text stands | judge | severity | ids | seeds |\n|---|---|---|---|---|---|---|\n")
	for _, f := range Standard().List() {
		families++
		for _, s := range f.Seeds {
			seeds++
			if s.Twin != "" {
				twins++
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %d |\n", f.ID, f.Title, strings.Join(f.Places, ", "), f.Judge, f.Severity, strings.Join(f.Frameworks, " "), len(f.Seeds))
	}
	fmt.Fprintf(&b, "\n%d families, %d seeds, %d benign twins.\n", families, seeds, twins)
	return b.String()
}

func frameworkTable() string {
	var b strings.Builder
	b.WriteString("| list | version | ids | source |\n|---|---|---|---|\n")
	for _, f := range taxonomy.Frameworks() {
		fmt.Fprintf(&b, "| %s (`%s`) | %s | %d | %s |\n", f.Name, f.Key, f.Version, f.Size, f.Source)
	}
	return b.String()
}
