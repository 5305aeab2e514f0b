package binomial_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"
	"warder.example/internal/binomial"
)

// TestQuantiles: from the tables of the distributions.
func TestQuantiles(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"I(0.5; 2, 3)", binomial.Beta(2, 3, 0.5), 0.6875},
		{"I(0.9; 10, 1/2)", binomial.Beta(10, 0.5, 0.9), 0.1516409096},
		{"I(0.3; 1/2, 1/2)", binomial.Beta(0.5, 0.5, 0.3), 0.3690101196}, // 2/π asin √0.3
		{"I(0.2; 3, 7)", binomial.Beta(3, 7, 0.2), 0.261802496},
		{"I(0; 3, 7)", binomial.Beta(3, 7, 0), 0},
		{"I(1; 3, 7)", binomial.Beta(3, 7, 1), 1},
		{"quantile of I(2, 3)", binomial.Quantile(2, 3, 0.6875), 0.5},
		{"normal 0.975", binomial.Normal(0.975), 1.959963985},
		{"normal 0.05", binomial.Normal(0.05), -1.644853627},
		{"Student 0.975, 1", binomial.Student(0.975, 1), 12.70620474},
		{"Student 0.975, 5", binomial.Student(0.975, 5), 2.570581836},
		{"Student 0.95, 10", binomial.Student(0.95, 10), 1.812461123},
		{"Student 0.025, 30", binomial.Student(0.025, 30), -2.042272456},
		{"McNemar of 10 and 20", binomial.McNemar(10, 20), 0.0987371},
		{"McNemar of none", binomial.McNemar(0, 0), 1},
	} {
		if math.Abs(c.got-c.want) > 1e-7 {
			t.Errorf("%s is %.9f; expected %.9f", c.what, c.got, c.want)
		}
	}
}

// TestAtMostIsASum: of the probabilities of each number, as counted by hand.
func TestAtMostIsASum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		sum, ways := 0.0, 1.0
		for i := 0; i <= k; i++ {
			sum += ways * math.Pow(p, float64(i)) * math.Pow(1-p, float64(n-i))
			ways *= float64(n-i) / float64(i+1)
		}
		if got := binomial.AtMost(k, n, p); math.Abs(got-sum) > 1e-10 {
			t.Fatalf("at most %d of %d at %v: %v; expected %v", k, n, p, got, sum)
		}
	})
	if binomial.AtMost(-1, 5, 0.5) != 0 || binomial.AtMost(5, 5, 1) != 1 || binomial.AtMost(4, 5, 1) != 0 || binomial.AtMost(0, 5, 0) != 1 {
		t.Error("the ends are wrong")
	}
}

// TestLargeCounts: Wilson's and the exact interval agree where counts are large.
func TestLargeCounts(t *testing.T) {
	for _, k := range []int{1000, 250000, 999000} {
		low, high := binomial.Interval(k, 1000000, 0.975)
		l, h := binomial.Wilson(float64(k), 1000000, 0.975)
		if math.Abs(low-l) > 3e-6 || math.Abs(high-h) > 3e-6 {
			t.Errorf("%d of a million: exact %v to %v, Wilson's %v to %v", k, low, high, l, h)
		}
	}
}
