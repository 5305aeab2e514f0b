package detect

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warder.example/guard"
)

// corpusRow is one row of the evaluation corpora.
type corpusRow struct {
	Text, Label, Channel, Lang, Sub string
	Spans                           []struct{ Type, Value string }
}

// corpusRows reads a file of the training corpora; it skips the test where they
// are not present.
func corpusRows(t testing.TB, name string) []corpusRow {
	t.Helper()
	dir := os.Getenv("WARDER_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	f, err := os.Open(filepath.Join(dir, "train", name+".jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the corpora are not here; set WARDER_CORPUS to their folder")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []corpusRow
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var r corpusRow
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestPIIReport measures recall on labelled spans, each with a floor.
func TestPIIReport(t *testing.T) {
	category := map[string]string{"CREDIT_CARD": "pii.credit_card", "PHONE_NUMBER": "pii.phone", "US_SSN": "pii.us_ssn",
		"EMAIL_ADDRESS": "pii.email", "IBAN_CODE": "pii.iban", "IP_ADDRESS": "pii.ip_address"}
	floor := map[string]float64{"pii.credit_card": 0.95, "pii.phone": 0.6, "pii.us_ssn": 0.95, "pii.email": 1, "pii.iban": 1, "pii.ip_address": 0.9}
	want, got := map[string]int{}, map[string]int{}
	extra := map[string]int{}
	for _, name := range []string{"presidio_generated_large", "presidio_synth_v2"} {
		for _, row := range corpusRows(t, name) {
			found := labels(row.Text, scanAll(NewPII(), row.Text, guard.OriginDocument, guard.Prose))
			for _, sp := range row.Spans {
				c := category[sp.Type]
				if c == "" {
					continue
				}
				want[c]++
				hit := false
				for i, l := range found {
					lc, lv, _ := strings.Cut(l, "=")
					if lc == c && (strings.Contains(lv, sp.Value) || strings.Contains(sp.Value, lv)) {
						hit = true
						found[i] = ""
						break
					}
				}
				if hit {
					got[c]++
				} else if testing.Verbose() {
					t.Logf("missed %s %q in %.90q", c, sp.Value, row.Text)
				}
			}
			for _, l := range found {
				if l != "" {
					c, _, _ := strings.Cut(l, "=")
					extra[c]++
					if testing.Verbose() {
						t.Logf("extra %q in %.120q", l, row.Text)
					}
				}
			}
		}
	}
	for c, n := range want {
		recall := float64(got[c]) / float64(n)
		t.Logf("%-16s recall %.3f (%d of %d), extra %d", c, recall, got[c], n, extra[c])
		if recall < floor[c] {
			t.Errorf("%s: recall %.3f, want at least %.2f", c, recall, floor[c])
		}
	}
}

// TestPIIFalsePositives measures how many rows of texts without personal data
// are reported, each source with a ceiling.
func TestPIIFalsePositives(t *testing.T) {
	for name, most := range map[string]float64{"clinc150": 0.0005, "banking77": 0.0005, "nlupp": 0.0005, "awesome_prompts": 0.01, "code_docs": 0.05,
		"cse_instruct": 0.001, "selfinstruct_seed175": 0.02} {
		rows := corpusRows(t, name)
		n := 0
		for _, row := range rows {
			if found := labels(row.Text, scanAll(NewPII(), row.Text, guard.OriginDocument, guard.Prose)); len(found) > 0 {
				n++
				if testing.Verbose() {
					t.Logf("%s: %q", name, found)
				}
			}
		}
		rate := float64(n) / float64(len(rows))
		t.Logf("%-20s %d of %d rows (%.4f)", name, n, len(rows), rate)
		if rate > most {
			t.Errorf("%s: %.4f of rows reported, at most %.4f expected", name, rate, most)
		}
	}
}
