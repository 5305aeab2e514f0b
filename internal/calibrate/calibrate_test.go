package calibrate_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/guard/threshold"
	"warder.example/internal/calibrate"
	"warder.example/internal/corpus"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func options(budgets ...float64) calibrate.Options {
	return calibrate.Options{Budgets: budgets, Confidence: 0.95, Default: guard.OriginUser, Now: now, Valid: 90 * 24 * time.Hour}
}

// vocabulary gives sentences of all scores: some of its words are those of attacks.
var vocabulary = strings.Fields(`the a my your our this that card account invoice train ticket garden recipe answer question system prompt previous
 instructions ignore reveal secret admin mode developer pretend rules policy password message translate summarise explain please today tomorrow
 never always must print repeat above words story poem list delivery parcel refund order price holiday doctor music river mountain engine bread
 colour window teacher letter number history science please could would should have not and or but because when while into from with without`)

// sentence draws a text; no two are alike but by chance.
func sentence(rng *rand.Rand) string {
	var b strings.Builder
	for range 8 + rng.IntN(10) {
		b.WriteString(vocabulary[rng.IntN(len(vocabulary))])
		b.WriteByte(' ')
	}
	return b.String()
}

// rows yields texts as rows of a channel, with lines from 1.
func rows(channel string, texts ...string) iter.Seq2[corpus.Row, error] {
	return func(yield func(corpus.Row, error) bool) {
		for i, t := range texts {
			if !yield(corpus.Row{Text: t, Channel: channel, Line: i + 1}, nil) {
				return
			}
		}
	}
}

func sentences(seed uint64, n int) []string {
	rng := rand.New(rand.NewPCG(seed, 7))
	out := make([]string, n)
	for i := range out {
		out[i] = sentence(rng)
	}
	return out
}

// find returns the threshold for a category and a budget.
func find(t *testing.T, r *calibrate.Result, category string, budget float64) (threshold.Entry, calibrate.Chosen) {
	t.Helper()
	for i, e := range r.File.Thresholds {
		if e.Category == category && e.Budget == budget {
			return e, r.Chosen[i]
		}
	}
	t.Fatalf("no threshold for %s at %g in %+v", category, budget, r.File.Thresholds)
	return threshold.Entry{}, calibrate.Chosen{}
}

// TestTheBoundHolds draws samples over and over from a source whose scores are
// known, and counts how often the share of its texts that reach the threshold is
// above the budget: in no more draws than the confidence leaves, and in some, since
// thresholds are not to be higher than they need be.
func TestTheBoundHolds(t *testing.T) {
	const budget, confidence, truth = 0.02, 0.9, 60000
	d := detect.NewPromptAttack()
	var source []float64 // scores, ascending
	for _, text := range sentences(1, truth) {
		source = append(source, d.Scores(&guard.Text{Content: text, Origin: guard.OriginUser})["injection"])
	}
	slices.Sort(source)
	o := options(budget)
	o.Confidence = confidence
	for _, c := range []struct{ n, draws int }{{114, 600}, {400, 600}} { // none above, and some
		over, above := 0, 0
		for i := range c.draws {
			r, err := calibrate.Run(t.Context(), d, rows("user", sentences(uint64(1000+c.n+i), c.n)...), o)
			if err != nil {
				t.Fatal(err)
			}
			e, _ := find(t, r, "injection", budget)
			at, _ := slices.BinarySearch(source, e.Score)
			if share := float64(truth-at) / truth; share > budget {
				over++
			}
			above += e.Reached
		}
		got := float64(over) / float64(c.draws)
		t.Logf("%d texts: the share was above the budget in %.3f of draws; %.1f texts reach the threshold", c.n, got, float64(above)/float64(c.draws))
		if got > 1-confidence+0.04 {
			t.Errorf("%d texts: the share is above the budget in %g of draws; expected at most %g", c.n, got, 1-confidence)
		}
		if over == 0 {
			t.Errorf("%d texts: the share is never above the budget; the thresholds are higher than they need be", c.n)
		}
	}
}

// TestRefusesTooFew names what is needed, and counts texts that are nearly the same
// once.
func TestRefusesTooFew(t *testing.T) {
	d := detect.NewPromptAttack()
	few := sentences(2, 298)
	_, err := calibrate.Run(t.Context(), d, rows("tool", few...), options(0.01))
	if !errors.Is(err, calibrate.ErrTooFew) || !strings.Contains(err.Error(), "tool has 298 different texts (of 298); a budget of 1 % takes at least 299") {
		t.Errorf("error is %v", err)
	}
	_, err = calibrate.Run(t.Context(), d, rows("tool", few...), options(0.001))
	if !errors.Is(err, calibrate.ErrTooFew) || !strings.Contains(err.Error(), "at least 2995") {
		t.Errorf("error is %v", err)
	}
	for i := range 500 {
		few = append(few, fmt.Sprintf("Parcel number %d has left the depot and arrives at your door tomorrow morning.", 10000+i), few[3], strings.ToUpper(few[4]))
	}
	_, err = calibrate.Run(t.Context(), d, rows("tool", few[1:]...), options(0.01))
	if !errors.Is(err, calibrate.ErrTooFew) || !strings.Contains(err.Error(), "tool has 298 different texts (of 1797)") {
		t.Errorf("error is %v; expected near-duplicates to count once", err)
	}
	if r, err := calibrate.Run(t.Context(), d, rows("tool", few...), options(0.01)); err != nil || r.Sources[0].Clusters != 299 {
		t.Errorf("%v; expected 299 different texts to do", err)
	}
	if _, err = calibrate.Run(t.Context(), d, rows("operator", few...), options(0.01)); !errors.Is(err, calibrate.ErrTooFew) {
		t.Errorf("texts that the classifier does not read: %v", err)
	}
}

// TestRowsOfOneTemplateCountOnce: what the rows say of themselves counts, too.
func TestRowsOfOneTemplateCountOnce(t *testing.T) {
	texts := sentences(3, 400)
	templated := func(yield func(corpus.Row, error) bool) {
		for row := range rows("user", texts...) {
			if row.Source = "s"; row.Line > 300 {
				row.Template = "t" + fmt.Sprint(row.Line%2)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	r, err := calibrate.Run(t.Context(), detect.NewPromptAttack(), templated, options(0.01))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Sources[0]; got.Clusters != 302 || got.Texts != 400 {
		t.Errorf("%+v; expected 302 of 400", got)
	}
}

// TestChoosesByOrigin: each origin by its own texts, and pasted parts as what they
// look like, without being asked for them.
func TestChoosesByOrigin(t *testing.T) {
	var all []corpus.Row
	for i, text := range sentences(4, 640) {
		row := corpus.Row{Text: text, Line: i + 1, Label: corpus.Benign}
		switch {
		case i%2 == 1:
			row.Channel = "document"
		case i%64 == 0:
			row.Text = "Summarise this.\n<document>\n" + text + "\n</document>\n"
		}
		all = append(all, row)
	}
	seq := func(yield func(corpus.Row, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
	r, err := calibrate.Run(t.Context(), detect.NewPromptAttack(), seq, options(0.01))
	if err != nil {
		t.Fatal(err)
	}
	want := []calibrate.Source{{Origin: guard.OriginUser, Texts: 320, Clusters: 320}, {Origin: guard.OriginDocument, Texts: 330, Clusters: 330}}
	if d := cmp.Diff(want, r.Sources); d != "" {
		t.Error(d)
	}
	for _, e := range r.File.Thresholds {
		if e.High > e.Budget || e.Low > e.High || e.Texts < 320 {
			t.Errorf("%+v", e)
		}
	}
	o := options(0.01)
	o.Origins = []guard.Origin{guard.OriginDocument}
	if r, err = calibrate.Run(t.Context(), detect.NewPromptAttack(), seq, o); err != nil || len(r.Sources) != 1 || len(r.File.Thresholds) != 3 {
		t.Errorf("asked for documents: %+v, %v", r.Sources, err)
	}
	o.Origins = []guard.Origin{guard.OriginEmail}
	if _, err = calibrate.Run(t.Context(), detect.NewPromptAttack(), seq, o); !errors.Is(err, calibrate.ErrTooFew) || !strings.Contains(err.Error(), "email has none") {
		t.Errorf("asked for mail: %v", err)
	}
	// Only pasted documents: they are left out, and refuse nothing.
	var users []corpus.Row
	for _, row := range all {
		if row.Channel == "" {
			users = append(users, row)
		}
	}
	all = users
	r, err = calibrate.Run(t.Context(), detect.NewPromptAttack(), seq, options(0.01))
	if err != nil || len(r.Sources) != 2 || !r.Sources[1].Left || len(r.File.Thresholds) != 3 {
		t.Errorf("pasted documents: %+v, %v", r, err)
	}
}

func TestRefusesRows(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		row  corpus.Row
		err  error
		want error
	}{
		"an attack among them": {corpus.Row{Text: "x", Label: corpus.Injection, Line: 3}, nil, calibrate.ErrNotHonest},
		"a row that is none":   {corpus.Row{}, broken, broken},
	} {
		_, err := calibrate.Run(t.Context(), detect.NewPromptAttack(), func(yield func(corpus.Row, error) bool) { yield(c.row, c.err) }, options(0.01))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*calibrate.Options){
		"no budget":          func(o *calibrate.Options) { o.Budgets = nil },
		"a budget of 0":      func(o *calibrate.Options) { o.Budgets = []float64{0} },
		"a budget of a half": func(o *calibrate.Options) { o.Budgets = []float64{0.5} },
		"a budget twice":     func(o *calibrate.Options) { o.Budgets = []float64{0.01, 0.01} },
		"certainty":          func(o *calibrate.Options) { o.Confidence = 1 },
		"no time":            func(o *calibrate.Options) { o.Valid = 0 },
	} {
		o := options(0.01)
		change(&o)
		if _, err := calibrate.Run(t.Context(), detect.NewPromptAttack(), rows("user", sentences(5, 300)...), o); err == nil || errors.Is(err, calibrate.ErrTooFew) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTakesEffect: with thresholds chosen on milder texts, the guard stops texts that
// it let pass, and as few of the source's further texts as the budget says.
func TestTakesEffect(t *testing.T) {
	d := detect.NewPromptAttack()
	texts := sentences(6, 4000)
	r, err := calibrate.Run(t.Context(), d, rows("user", texts...), options(0.01, 0.001))
	if err != nil {
		t.Fatal(err)
	}
	e, why := find(t, r, "injection", 0.001)
	top := texts[why.Lines[0]-1]
	highest := d.Scores(&guard.Text{Content: top, Origin: guard.OriginUser})["injection"]
	for i, text := range texts {
		if got := d.Scores(&guard.Text{Content: text, Origin: guard.OriginUser})["injection"]; got > highest {
			t.Errorf("line %d has the score %g, and line %d, said to be the highest, %g", i+1, got, why.Lines[0], highest)
		}
	}
	if e.Reached != 0 || e.Score <= highest || e.Score > highest+1e-9 { // 4000 texts: none may be above
		t.Errorf("%d reach the threshold %g; expected none, just above %g", e.Reached, e.Score, highest)
	}
	own, err := threshold.New("t.yaml", &r.File)
	if err != nil {
		t.Fatal(err)
	}
	g, err := standard.NewWith(policy.Default(), own)
	if err != nil {
		t.Fatal(err)
	}
	stopped := 0
	for _, text := range sentences(7, 1000) {
		found, err := g.Find(t.Context(), []guard.Text{{Content: text, Origin: guard.OriginUser}})
		if err != nil {
			t.Fatal(err)
		}
		score := d.Scores(&guard.Text{Content: text, Origin: guard.OriginUser})["injection"]
		reached := slices.ContainsFunc(found, func(f guard.Finding) bool {
			return f.Detector == "promptattack" && f.Category == "injection" && f.FPR <= 0.001
		})
		if reached != (score >= e.Score) {
			t.Errorf("score %g, threshold %g: reached is %v", score, e.Score, reached)
		}
		if reached {
			stopped++
		}
	}
	if stopped > 5 { // of 1000 at 0.001: more than 5 have a probability of 0.0006
		t.Errorf("%d of 1000 further texts reach the threshold of 0.001", stopped)
	}
	other := r.File
	other.Model = strings.Repeat("0", 64)
	if own, err = threshold.New("t.yaml", &other); err != nil {
		t.Fatal(err)
	}
	if _, err := standard.NewWith(policy.Default(), own); !errors.Is(err, threshold.ErrModel) {
		t.Errorf("thresholds for another model: %v", err)
	}
}

func TestLines(t *testing.T) {
	var got []string
	for row, err := range calibrate.Lines(strings.NewReader("one\n\n  \ntwo {\nthree")) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d:%s", row.Line, row.Text))
	}
	if d := cmp.Diff([]string{"1:one", "4:two {", "5:three"}, got); d != "" {
		t.Error(d)
	}
	for _, text := range []string{"a\n\xff\n", "a\n" + strings.Repeat("x", corpus.MaxLine+1)} {
		var last error
		for _, last = range calibrate.Lines(strings.NewReader(text)) {
		}
		if !errors.Is(last, corpus.ErrRow) || !strings.Contains(last.Error(), "line 2") {
			t.Errorf("error is %v", last)
		}
	}
}
