package boost_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"warder.example/guard/textmodel"
	"warder.example/internal/boost"
)

// drawn returns rows of ten features; a row is a case if exactly one of two holds.
func drawn(n int) (out []boost.Example, dense [][]float32) {
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		x := make([]float32, 10)
		e := boost.Example{Weight: 1}
		for f := range x {
			if r.IntN(2) == 0 {
				x[f] = float32(1+r.IntN(5)) / 5
				e.Cells = append(e.Cells, boost.Cell{Feature: uint16(f), Value: x[f]})
			}
		}
		e.Case = (x[2] > 0) != (x[7] > 0.4)
		out, dense = append(out, e), append(dense, x)
	}
	return out, dense
}

func margin(ts []textmodel.Tree, x []float32) (sum float32) {
	for i := range ts {
		sum += ts[i].Leaf(x)
	}
	return sum
}

// TestFitLearnsWhatOnlyTwoFeaturesTogetherSay: a linear model cannot.
func TestFitLearnsWhatOnlyTwoFeaturesTogetherSay(t *testing.T) {
	rows, dense := drawn(4000)
	trees, err := boost.Fit(context.Background(), rows[:3000], 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(trees) != boost.Trees {
		t.Errorf("%d trees", len(trees))
	}
	right := 0
	for i := 3000; i < 4000; i++ {
		if (margin(trees, dense[i]) > 0) == rows[i].Case {
			right++
		}
	}
	if right < 950 {
		t.Errorf("%d of 1000 right", right)
	}
}

func TestFitIsDeterministic(t *testing.T) {
	rows, _ := drawn(500)
	fit := func(seed uint64) []textmodel.Tree {
		trees, err := boost.Fit(context.Background(), rows, 10, seed)
		if err != nil {
			t.Fatal(err)
		}
		return trees
	}
	if a := fit(1); !slices.Equal(a, fit(1)) || slices.Equal(a, fit(2)) {
		t.Error("the same seed gives other trees, or another seed the same")
	}
}

// TestWeight: a row that weighs nothing teaches nothing.
func TestWeight(t *testing.T) {
	rows, dense := drawn(1000)
	for i := 500; i < 1000; i++ {
		rows[i].Weight, rows[i].Case = 0, !rows[i].Case
	}
	trees, err := boost.Fit(context.Background(), rows, 10, 3)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i := range 500 {
		if (margin(trees, dense[i]) > 0) == rows[i].Case {
			right++
		}
	}
	if right < 450 {
		t.Errorf("%d of 500 right", right)
	}
}

// TestFitOfNothing: where there is nothing to learn the trees add nothing.
func TestFitOfNothing(t *testing.T) {
	for name, rows := range map[string][]boost.Example{"no rows": nil, "no features": {{Case: true, Weight: 1}, {Weight: 1}}} {
		trees, err := boost.Fit(context.Background(), rows, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		if m := margin(trees, make([]float32, 3)); math.Abs(float64(m)) > 0.5 {
			t.Errorf("%s: margin %v", name, m)
		}
		if _, err := textmodel.NewTrees(nil, textmodel.Ensemble{Heads: []int{0}, Trees: trees}, textmodel.Ensemble{Heads: []int{0}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFitStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := boost.Fit(ctx, nil, 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
