package threats_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"warder.example/guard/threat"
	"warder.example/internal/corpus"
	"warder.example/internal/threats"
)

func dryRun(t *testing.T, lines string) (threats.Outcome, error) {
	t.Helper()
	s, err := threat.Of(attack)
	if err != nil {
		t.Fatal(err)
	}
	return threats.DryRun(t.Context(), s, corpus.NewReader(strings.NewReader(lines), "rows"))
}

func TestDryRunCounts(t *testing.T) {
	twice := rows(1, attack, attack, inside)
	o, err := dryRun(t, rows(10)+twice+`{"text":"`+attack+`","channel":"output"}`+"\n"+`{"text":"`+attack+`!","channel":"operator"}`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	if o.Texts != 13 || o.Counted != 13 || o.Matched != 2 {
		t.Errorf("%d of %d of %d; expected 2 of 13 of 13: copies, answers and system prompts do not count", o.Matched, o.Counted, o.Texts)
	}
	for name, lines := range map[string]string{
		"an attack among the traffic": `{"text":"x","label":"injection"}`,
		"a broken line":               `{"text":`,
		"text that is none":           `{"text":5}`,
	} {
		if _, err := dryRun(t, rows(2)+lines+"\n"); !errors.Is(err, corpus.ErrRow) {
			t.Errorf("%s: error is %v; expected one about the row", name, err)
		}
	}
}

// TestBudget holds the bounds to values from tables of the binomial distribution.
func TestBudget(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      int
		more   []string
		low    float64
		high   float64
		budget float64
		want   error
	}{
		{"enough", 2995, nil, 0, 0.00099975, 0.001, nil},
		{"one too few", 2994, nil, 0, 0.0010001, 0.001, threats.ErrTooFew},
		{"none at all", 0, nil, 0, 1, 0.5, threats.ErrTooFew},
		{"too many", 98, []string{attack, inside}, 0.0035740, 0.0616190, 0.01, threats.ErrOverBudget},
		{"two in a hundred, within", 98, []string{attack, inside}, 0.0035740, 0.0616190, 0.07, nil},
		{"only attacks", 0, []string{attack}, 0.05, 1, 0.9, threats.ErrOverBudget},
	} {
		o, err := dryRun(t, rows(c.n, c.more...))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(o.Low-c.low) > 1e-5 || math.Abs(o.High-c.high) > 1e-5 {
			t.Errorf("%s: %v to %v; expected %v to %v", c.name, o.Low, o.High, c.low, c.high)
		}
		if err := o.Within(c.budget); !errors.Is(err, c.want) {
			t.Errorf("%s: error is %v; expected %v", c.name, err, c.want)
		}
	}
	o, err := dryRun(t, rows(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Within(0.001); err == nil || !strings.Contains(err.Error(), "at least 2995 different texts") {
		t.Errorf("error is %v; expected it to name the number of texts", err)
	}
}

// TestNearDuplicates: who fills the sample up with one text over and over has one
// text, and one that matches.
func TestNearDuplicates(t *testing.T) {
	var b strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&b, `{"text":"Honest question number %d about the delivery of order %d, thank you%s"}`+"\n", i, i*7, strings.Repeat("!", i%3))
	}
	o, err := dryRun(t, b.String())
	if err != nil {
		t.Fatal(err)
	}
	if o.Texts != 4000 || o.Counted != 1 || !errors.Is(o.Within(0.001), threats.ErrTooFew) {
		t.Errorf("%d texts count as %d: %v", o.Texts, o.Counted, o.Within(0.001))
	}
	if !strings.HasPrefix(o.String(), "0 of 1 different (of 4000) honest texts match") {
		t.Errorf("the outcome is %q", o)
	}
	if o, err = dryRun(t, rows(98, attack, like, attack+" ok")); err != nil || o.Texts != 101 || o.Counted != 99 || o.Matched != 1 {
		t.Errorf("%+v, %v; expected three variants of the attack to be one match", o, err)
	}
}
