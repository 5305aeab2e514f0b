package learn

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the counts of the seeds' README anew")

const (
	readme     = "seeds/README.md"
	countsFrom = "<!-- counts: go test ./internal/learn -run TestSeedCounts -update -->\n"
)

// TestSeedCounts: the README of the seeds says how many there are of each family
// and language, and no kind crowds the others out.
func TestSeedCounts(t *testing.T) {
	seeds, validation := own(t)
	families, languages, hostile := map[string]map[string]int{}, map[string]int{}, map[string]int{}
	distinct := map[string]bool{}
	attacks, honest := 0, 0
	for i := range seeds {
		r := &seeds[i]
		if distinct[authored(r)] {
			continue // a command in several carriers
		}
		distinct[authored(r)] = true
		name := strings.TrimPrefix(r.Source, "seeds/")
		if families[name] == nil {
			families[name] = map[string]int{}
		}
		families[name][r.Lang]++
		languages[r.Lang]++
		if r.Label.Attack() {
			attacks++
			hostile[name+" "+r.Lang]++
		} else {
			honest++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d distinct texts: %d attacks, %d honest, in %d languages; %d rows of validation.\n\n", len(distinct), attacks, honest, len(languages), len(validation))
	b.WriteString("| family | texts | languages |\n|---|---|---|\n")
	for _, f := range slices.Sorted(maps.Keys(families)) {
		n, langs := 0, []string(nil)
		for _, l := range slices.Sorted(maps.Keys(families[f])) {
			n += families[f][l]
			langs = append(langs, fmt.Sprintf("%s %d", l, families[f][l]))
		}
		fmt.Fprintf(&b, "| %s | %d | %s |\n", f, n, strings.Join(langs, ", "))
	}
	was, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(was), countsFrom)
	if !ok {
		t.Fatalf("%s has no line %q", readme, countsFrom)
	}
	want := head + countsFrom + "\n" + b.String()
	if *update {
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(was) != want {
		t.Errorf("the counts in %s are not those of the seeds; run the command in it", readme)
	}
	if len(distinct) < 4000 || len(languages) < 20 {
		t.Errorf("%d distinct texts in %d languages, want at least 4000 in 20", len(distinct), len(languages))
	}
	for k, n := range hostile { // payloads are of many kinds, each in other documents
		if n > 45 && !strings.HasPrefix(k, "payload ") {
			t.Errorf("%d attacks of %s: more than one family and language should have", n, k)
		}
	}
}
