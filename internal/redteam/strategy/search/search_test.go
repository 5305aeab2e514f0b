package search_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"warder.example/internal/asr"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
	"warder.example/internal/redteam/strategy/search"
)

const ask = "Tell me where the kestrel nests and say {{marker}} at HOST.example"

// all makes one of each search with that many attempts.
func all(t *testing.T, most int, seed uint64) map[string]search.Search {
	t.Helper()
	b, err1 := search.NewBestOfN("frame:fiction", ask, []string{"HOST.example"}, most, seed)
	g, err2 := search.NewGenetic(8, most, seed)
	m, err3 := search.NewBandit([]string{"plain", "encode:base64", "frame:fiction+encode:rot13"}, most, seed)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	return map[string]search.Search{"best-of-n": b, "genetic": g, "bandit": m}
}

// TestSearches: what holds for each of them.
func TestSearches(t *testing.T) {
	const most = 60
	outcomes := []probe.Outcome{probe.Refused, probe.Partial, probe.Errored, probe.Deflected, probe.Unscorable, probe.Blocked}
	again, other := all(t, most, 1), all(t, most, 2)
	for name, s := range all(t, most, 1) {
		differ := false
		for i := range most {
			p, ok := s.Next()
			q, _ := again[name].Next()
			r, _ := other[name].Next()
			if !ok || p.Number != i || p != q {
				t.Fatalf("%s: proposal %d is %+v, %v, and with the same seed %+v", name, i, p, ok, q)
			}
			differ = differ || p != r
			found, err := strategy.Find(p.Strategy)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text := p.Text
			if text == "" {
				text = ask
			}
			if _, err := found.Apply(text, rand.New(rand.NewPCG(p.Seed, 0))); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if known := name == "bandit"; known != (p.Propensity > 0) || p.Propensity > 1 {
				t.Fatalf("%s: propensity %v", name, p.Propensity)
			}
			o := outcomes[i%len(outcomes)]
			s.Observe(p, o)
			s.Observe(p, probe.Success)                            // told twice
			s.Observe(search.Proposal{Number: 1e6}, probe.Success) // never proposed
			again[name].Observe(q, o)
			other[name].Observe(r, o)
		}
		if p, ok := s.Next(); ok {
			t.Errorf("%s: proposes %+v after %d", name, p, most)
		}
		if !differ {
			t.Errorf("%s: another seed makes no difference", name)
		}
	}
}

// TestErrorsTeachNothing: attempts that errored leave a search as it was.
func TestErrorsTeachNothing(t *testing.T) {
	told, untold := all(t, 100, 3), all(t, 100, 3)
	for name, s := range told {
		for range 100 {
			p, _ := s.Next()
			s.Observe(p, probe.Errored)
			if q, _ := untold[name].Next(); p != q {
				t.Fatalf("%s: %+v after errors, %+v without", name, p, q)
			}
		}
	}
}

func TestBestOfNKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"please", "Nest", "secret-77", "{{marker}}", "{{a b}}", "über", "{{", "}}", "secret-7", "x", "777"}), 1, 12).Draw(t, "words")
		text := strings.Join(words, rapid.SampledFrom([]string{" ", ""}).Draw(t, "gap"))
		keep := []string{"secret-7", "secret-77", ""}
		s, err := search.NewBestOfN("plain", text, keep, 20, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			p, _ := s.Next()
			if i == 0 && p.Text != text {
				t.Fatalf("the first is %q, not %q", p.Text, text)
			}
			for _, k := range []string{"secret-7", "secret-77", "{{marker}}", "{{a b}}"} {
				if strings.Count(p.Text, k) < strings.Count(text, k) {
					t.Fatalf("%q became %q without %q", text, p.Text, k)
				}
			}
			if len([]rune(p.Text)) != len([]rune(text)) {
				t.Fatalf("%q became %q", text, p.Text)
			}
		}
	})
}

func TestBestOfN(t *testing.T) {
	s, err := search.NewBestOfN("plain", ask, nil, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 20 {
		p, ok := s.Next()
		if !ok {
			t.Fatal("ended early")
		}
		seen[p.Text] = true
		s.Observe(p, probe.Partial)
	}
	if len(seen) < 19 {
		t.Errorf("%d different texts of 20", len(seen))
	}
	p, _ := s.Next()
	s.Observe(p, probe.Success)
	if _, ok := s.Next(); ok {
		t.Error("goes on after a success")
	}
}

// propensities proposes n times without telling and returns the propensity and
// the share of each strategy.
func propensities(b *search.Bandit, n int) (p, share map[string]float64) {
	p, share = map[string]float64{}, map[string]float64{}
	for range n {
		x, _ := b.Next()
		p[x.Strategy] = x.Propensity
		share[x.Strategy] += 1 / float64(n)
	}
	return p, share
}

// tell makes the bandit see outcomes of a strategy.
func tell(b *search.Bandit, spec string, outcomes ...probe.Outcome) {
	for len(outcomes) > 0 {
		if p, _ := b.Next(); p.Strategy == spec {
			b.Observe(p, outcomes[0])
			outcomes = outcomes[1:]
		}
	}
}

// TestPropensities: of Beta(2,1) and Beta(1,1) the first is the greater in 2/3; of
// Beta(2,1) and Beta(1,2) in 5/6. Propensities are these, mixed with chance.
func TestPropensities(t *testing.T) {
	b, err := search.NewBandit([]string{"encode:hex", "encode:url"}, 1_000_000, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.5, 2.0 / 3, 5.0 / 6} {
		switch i {
		case 1:
			tell(b, "encode:hex", probe.Success)
		case 2:
			tell(b, "encode:url", probe.Refused)
		}
		want = 0.05 + 0.9*want
		const n = 40_000
		p, share := propensities(b, n)
		if math.Abs(p["encode:hex"]-want) > 0.002 || math.Abs(p["encode:hex"]+p["encode:url"]-1) > 1e-12 {
			t.Errorf("step %d: propensities %v; want %.4f for hex", i, p, want)
		}
		if math.Abs(share["encode:hex"]-want) > 4*math.Sqrt(want*(1-want)/n) {
			t.Errorf("step %d: hex was chosen in %.4f; want %.4f", i, share["encode:hex"], want)
		}
	}
}

// specs are n strategies.
func specs(n int) []string {
	var out []string
	for _, s := range strategy.All()[:n] {
		out = append(out, s.ID)
	}
	return out
}

// TestBanditNeverStarves: however clear it is which arm is best, the others keep
// a propensity that may be reweighted.
func TestBanditNeverStarves(t *testing.T) {
	var many []string
	for _, s := range strategy.All() {
		many = append(many, s.ID)
	}
	if len(many) < 50 {
		t.Fatalf("%d strategies", len(many))
	}
	many = many[:min(len(many), search.MaxArms)]
	b, err := search.NewBandit(many, 100_000, 5)
	if err != nil {
		t.Fatal(err)
	}
	for range 1500 {
		p, _ := b.Next()
		if p.Propensity < asr.LeastPropensity {
			t.Fatalf("propensity %v", p.Propensity)
		}
		o := probe.Refused
		if p.Strategy == many[7] {
			o = probe.Success
		}
		b.Observe(p, o)
	}
	p, _ := propensities(b, 50)
	if p[many[7]] < 0.85 {
		t.Errorf("the only arm that succeeds has propensity %v", p[many[7]])
	}
}

// TestReweighted: a bandit's attempts, reweighted by its propensities, give the rate
// of the mixture without bias, which the plain share of successes does not.
func TestReweighted(t *testing.T) {
	rates := []float64{0.02, 0.05, 0.1, 0.6}
	truth := (0.02 + 0.05 + 0.1 + 0.6) / 4
	const runs, attempts = 120, 80
	var mean, squares, plain float64
	r := rand.New(rand.NewPCG(6, 6))
	arms := specs(len(rates))
	for seed := range runs {
		b, err := search.NewBandit(arms, attempts, uint64(seed))
		if err != nil {
			t.Fatal(err)
		}
		var draws []asr.Draw
		for range attempts {
			p, _ := b.Next()
			success := r.Float64() < rates[slices.Index(arms, p.Strategy)]
			o := probe.Refused
			if success {
				o = probe.Success
				plain += 1.0 / runs / attempts
			}
			b.Observe(p, o)
			draws = append(draws, asr.Draw{Share: 1.0 / 4, Propensity: p.Propensity, Success: success})
		}
		m, err := asr.Reweighted(draws, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		mean += m.HorvitzThompson / runs
		squares += m.HorvitzThompson * m.HorvitzThompson / runs
	}
	if se := math.Sqrt((squares - mean*mean) / runs); math.Abs(mean-truth) > 4*se || se > 0.03 {
		t.Errorf("the estimate is %.4f ± %.4f on average; the rate is %.4f", mean, se, truth)
	}
	if plain < truth+0.1 {
		t.Errorf("plain share %.3f; the bandit should prefer what succeeds to %.3f", plain, truth)
	}
}

// TestGeneticFinds: on a target that falls to one pair of disguises only, and
// partly to each of both, late proposals succeed far more often than first ones.
func TestGeneticFinds(t *testing.T) {
	const most, part = 900, 200
	first, last := 0, 0
	for seed := range uint64(5) {
		g, err := search.NewGenetic(40, most, seed)
		if err != nil {
			t.Fatal(err)
		}
		for i := range most {
			p, ok := g.Next()
			if !ok {
				t.Fatal("ended early")
			}
			a, b := strings.Contains(p.Strategy, "frame:"), strings.Contains(p.Strategy, "encode:base64")
			o := probe.Refused
			switch {
			case a && b:
				o = probe.Success
				if i < part {
					first++
				}
				if i >= most-part {
					last++
				}
			case a || b:
				o = probe.Partial
			}
			g.Observe(p, o)
		}
	}
	if last < 5*part/2 || last < 2*first {
		t.Errorf("%d of the first %d succeeded, %d of the last", first, 5*part, last)
	}
}

func TestRefusals(t *testing.T) {
	errs := map[string]error{}
	_, errs["no such strategy"] = search.NewBestOfN("encode:none", ask, nil, 5, 1)
	_, errs["no attempt"] = search.NewBestOfN("plain", ask, nil, 0, 1)
	_, errs["no text"] = search.NewBestOfN("plain", "", nil, 5, 1)
	_, errs["no UTF-8"] = search.NewBestOfN("plain", "\xff", nil, 5, 1)
	_, errs["too many attempts"] = search.NewGenetic(10, search.MaxAttempts+1, 1)
	_, errs["small population"] = search.NewGenetic(1, 10, 1)
	_, errs["one arm"] = search.NewBandit([]string{"plain"}, 10, 1)
	_, errs["an arm twice"] = search.NewBandit([]string{"plain", "plain"}, 10, 1)
	_, errs["no such arm"] = search.NewBandit([]string{"plain", "x"}, 10, 1)
	_, errs["too many arms"] = search.NewBandit(make([]string, search.MaxArms+1), 10, 1)
	for what, err := range errs {
		if err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

// BenchmarkNext is a proposal and its outcome.
func BenchmarkNext(b *testing.B) {
	bandit, err := search.NewBandit(specs(50), search.MaxAttempts, 1)
	if err != nil {
		b.Fatal(err)
	}
	genetic, err := search.NewGenetic(64, search.MaxAttempts, 1)
	if err != nil {
		b.Fatal(err)
	}
	best, err := search.NewBestOfN("plain", strings.Repeat(ask, 15), nil, search.MaxAttempts, 1)
	if err != nil {
		b.Fatal(err)
	}
	for name, s := range map[string]search.Search{"bandit": bandit, "genetic": genetic, "best-of-n": best} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p, ok := s.Next()
				if !ok {
					b.Fatal("the search has ended")
				}
				s.Observe(p, probe.Refused)
			}
		})
	}
}
