package asr_test

import (
	"math/rand/v2"
	"testing"

	"warder.example/internal/asr"
)

var (
	design = asr.Design{Confidence: 0.95, Power: 0.8}
	judged = asr.Judge{TruePositives: 900, FalseNegatives: 100, TrueNegatives: 950, FalsePositives: 50}
)

// TestPlan: textbook numbers. Half-width: z²/(4h²) - z² at a rate of a half. Upper
// bound: 59, 93 and 299 (the numbers of success-run testing). Paired: 234 of Connor's
// formula at 10 and 20 %.
func TestPlan(t *testing.T) {
	sure := asr.Design{Confidence: 0.95, Power: 0.999}
	halfSure := asr.Design{Confidence: 0.95, Power: 0.5}
	for _, tt := range []struct {
		what string
		plan func() (asr.Need, error)
		want int
	}{
		{"half-width 5 %", func() (asr.Need, error) { return design.HalfWidth(0.5, 0.05) }, 381},
		{"0 to show 5 %", func() (asr.Need, error) { return sure.UpperBelow(0, 0.05) }, 59},
		{"0 to show 1 %", func() (asr.Need, error) { return sure.UpperBelow(0, 0.01) }, 299},
		{"paired", func() (asr.Need, error) { return design.PairedChange(0, 0.1, 0.2) }, 234},
		{"1 of 93 to show 5 %", func() (asr.Need, error) { return halfSure.UpperBelow(0.012, 0.05) }, 93},
	} {
		got, err := tt.plan()
		if err != nil || got.Attempts != tt.want || got.Seeds != tt.want {
			t.Errorf("%s: %+v, %v; expected %d", tt.what, got, err, tt.want)
		}
	}
}

// TestPlanPays: errors of the judge and shared seeds cost attempts, in whole seeds; a
// judge with few labels makes some claims impossible.
func TestPlanPays(t *testing.T) {
	plain, j := design, judged
	withJudge := asr.Design{Confidence: 0.95, Power: 0.8, Judge: &j}
	shared := asr.Design{Confidence: 0.95, Power: 0.8, PerSeed: 5, Correlation: 0.5}
	near(t, "design effect", shared.Effect(), 3, 0)
	plans := map[string]func(d asr.Design) (asr.Need, error){
		"half-width": func(d asr.Design) (asr.Need, error) { return d.HalfWidth(0.2, 0.05) },
		"upper":      func(d asr.Design) (asr.Need, error) { return d.UpperBelow(0.02, 0.1) },
		"paired":     func(d asr.Design) (asr.Need, error) { return d.PairedChange(0.1, 0.2, 0.1) },
	}
	for what, plan := range plans {
		a, errA := plan(plain)
		b, errB := plan(withJudge)
		c, errC := plan(shared)
		if errA != nil || errB != nil || errC != nil || b.Attempts <= a.Attempts || c.Attempts < 2*a.Attempts || c.Attempts != 5*c.Seeds {
			t.Errorf("%s: %+v, with a judge %+v, with seeds %+v; %v, %v, %v", what, a, b, c, errA, errB, errC)
		}
	}
	poor := asr.Judge{TruePositives: 18, FalseNegatives: 2, TrueNegatives: 19, FalsePositives: 1}
	if need, err := (asr.Design{Confidence: 0.95, Power: 0.8, Judge: &poor}).HalfWidth(0.2, 0.01); err == nil {
		t.Errorf("40 labels give an interval of 1 %% with %+v", need)
	}
}

func TestPlanRefuses(t *testing.T) {
	for what, plan := range map[string]func() (asr.Need, error){
		"the rate at the limit": func() (asr.Need, error) { return design.UpperBelow(0.05, 0.05) },
		"the rate above":        func() (asr.Need, error) { return design.UpperBelow(0.1, 0.05) },
		"a limit of 0":          func() (asr.Need, error) { return design.UpperBelow(0, 0) },
		"a width of 0":          func() (asr.Need, error) { return design.HalfWidth(0.5, 0) },
		"no change":             func() (asr.Need, error) { return design.PairedChange(0.1, 0.1, 0.1) },
		"shares above 1":        func() (asr.Need, error) { return design.PairedChange(0.5, 0.4, 0.3) },
		"a rate below 0":        func() (asr.Need, error) { return design.HalfWidth(-0.1, 0.1) },
		"no design":             func() (asr.Need, error) { return asr.Design{}.HalfWidth(0.1, 0.1) },
		"a judge not validated": func() (asr.Need, error) {
			return asr.Design{Confidence: 0.95, Power: 0.8, Judge: &asr.Judge{}}.HalfWidth(0.1, 0.1)
		},
		"a correlation above one": func() (asr.Need, error) {
			return asr.Design{Confidence: 0.95, Power: 0.8, Correlation: 2}.HalfWidth(0.1, 0.1)
		},
	} {
		if got, err := plan(); err == nil {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

// TestPlansSuffice: as many attempts as planned show the claim about as often as the
// power says.
func TestPlansSuffice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	j := judged
	for _, d := range []asr.Design{design, {Confidence: 0.95, Power: 0.8, Judge: &j}} {
		need, err := d.UpperBelow(0.02, 0.08)
		if err != nil {
			t.Fatal(err)
		}
		shown := 0
		const runs = 500
		for range runs {
			k := draw(rng, need.Attempts, 0.02, d.Judge)
			high := cell(t, k, need.Attempts).Upper(0.95)
			if d.Judge != nil {
				if high, err = d.Judge.Upper(cell(t, k, need.Attempts), 0.95); err != nil {
					t.Fatal(err)
				}
			}
			if high <= 0.08 {
				shown++
			}
		}
		if got := float64(shown) / runs; got < 0.75 {
			t.Errorf("%d attempts show the bound in %v of runs; expected 0.8", need.Attempts, got)
		}
	}
}

// TestPairedPlanSuffices: the planned pairs show the change about as often as planned.
func TestPairedPlanSuffices(t *testing.T) {
	need, err := design.PairedChange(0.3, 0.15, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 2))
	shown := 0
	const runs = 500
	for range runs {
		var pairs []asr.Pairs
		for range need.Attempts {
			switch u := rng.Float64(); {
			case u < 0.15:
				pairs = append(pairs, asr.Pairs{OnlyBase: 1})
			case u < 0.2:
				pairs = append(pairs, asr.Pairs{OnlyOther: 1})
			default:
				pairs = append(pairs, asr.Pairs{Neither: 1})
			}
		}
		got, err := asr.Compare(pairs, 0.95, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got.High < 0 {
			shown++
		}
	}
	if got := float64(shown) / runs; got < 0.75 || got > 0.87 {
		t.Errorf("%d pairs show the change in %v of runs; expected 0.8", need.Attempts, got)
	}
}
