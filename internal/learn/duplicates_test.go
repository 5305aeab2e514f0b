package learn

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warder.example/internal/corpus"
)

// own returns all texts written for the project: seeds, commands by themselves
// and validation texts.
func own(t *testing.T) (seeds, validation []Row) {
	t.Helper()
	seeds, err := seedRows("")
	if err != nil {
		t.Fatal(err)
	}
	validation, err = Validation()
	if err != nil {
		t.Fatal(err)
	}
	return seeds, validation
}

// authored is what a person wrote of a row: of a carrier with a command the command.
func authored(r *Row) string {
	if r.Source == sourcePayloads {
		return strings.ReplaceAll(r.Attack, `\"`, `"`)
	}
	return r.Text
}

// TestSeedsAreDistinct: no seed nearly repeats another, and none a validation
// text, which would make validation easy.
func TestSeedsAreDistinct(t *testing.T) {
	seeds, validation := own(t)
	type key struct {
		band int
		hash uint64
	}
	seen := map[key]string{}
	find := func(text string) (twin string) {
		for b, h := range signature(text) {
			if was, ok := seen[key{b, h}]; ok && was != text {
				twin = was
			}
		}
		return twin
	}
	twins, n := 0, 0
	for i := range seeds {
		n++
		text := authored(&seeds[i])
		if twin := find(text); twin != "" {
			twins++
			t.Logf("%s: %.70q nearly repeats %.70q", seeds[i].Source, text, twin)
		}
		for b, h := range signature(text) {
			seen[key{b, h}] = text
		}
	}
	if twins > n/200 {
		t.Errorf("%d of %d seeds nearly repeat others", twins, n)
	}
	for i := range validation {
		if twin := find(authored(&validation[i])); twin != "" {
			t.Errorf("validation text %.70q nearly repeats %.70q", authored(&validation[i]), twin)
		}
	}
}

// TestSeedsAreNotInDev: neither seeds nor validation texts nearly repeat what the
// detector is measured on.
func TestSeedsAreNotInDev(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "corpus", "dev")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the corpus is not beside the project: %v", err)
	}
	seeds, validation := own(t)
	type key struct {
		band int
		hash uint64
	}
	ours := map[key]*Row{}
	for _, rows := range [][]Row{seeds, validation} {
		for i := range rows {
			if len(authored(&rows[i])) < 30 {
				continue // "thanks!" is nobody's
			}
			for b, h := range signature(authored(&rows[i])) {
				ours[key{b, h}] = &rows[i]
			}
		}
	}
	n := 0
	for row, err := range corpus.Dir(dir) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		for b, h := range signature(row.Text) {
			if r := ours[key{b, h}]; r != nil {
				t.Errorf("%s: %.80q nearly repeats %s of dev", r.Source, authored(r), row.Source)
				break
			}
		}
	}
	if n < 30000 {
		t.Errorf("compared with %d rows of dev, want at least 30000", n)
	}
}
