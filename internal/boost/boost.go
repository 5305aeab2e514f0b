// Package boost fits boosted decision trees: what features say together that they do
// not say one by one.
//
// It is Newton boosting on the logistic loss (Friedman, "Greedy function
// approximation", 2001; Chen, Guestrin, "XGBoost", 2016) over values in bins, with a
// ridge on leaves. A fit is one goroutine's, in a fixed order: the same inputs give the
// same trees whatever the number of cores.
package boost

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"warder.example/guard/textmodel"
)

// Settings of a fit, chosen on sources held out.
const (
	Trees   = 100  // trees of a fit
	rate    = 0.1  // shrinkage of a tree
	ridge   = 20.0 // on leaves
	leastH  = 5.0  // least sum of second derivatives of a leaf
	rowPart = 0.7  // of the rows that a tree sees
	colPart = 0.3  // of the features that a tree sees
	bins    = 16   // of the values above 0
	minGain = 1e-9 // least gain of a question
)

// Settings lists them, for names of what depends on them.
var Settings = [...]float64{Trees, rate, ridge, leastH, rowPart, colPart, bins, textmodel.TreeDepth}

// Cell is a feature of a row that is not 0.
type Cell struct {
	Feature uint16
	Value   float32 // above 0
}

// Example is a row to learn from.
type Example struct {
	Cells  []Cell // ascending by feature
	Case   bool
	Weight float64
}

// fitter is the state of a fit.
type fitter struct {
	examples []Example
	cuts     [][]float32 // of each feature: where bins from the second on begin
	bins     [][]uint8   // of each cell of each example, from 1
	gradient []sum
	margin   []float64
	node     []int8 // of the tree that grows
	columns  []bool // that it may ask about
	hist     [][bins + 1]sum
	limit    [1<<textmodel.TreeDepth - 1]uint8 // least bin that goes right, of each node
}

// sum is a sum of first and second derivatives of the loss.
type sum struct{ g, h float64 }

func (s sum) plus(o sum) sum  { return sum{s.g + o.g, s.h + o.h} }
func (s sum) gain() float64   { return float64(s.g*s.g) / (s.h + ridge) }
func (s sum) leaf() float32   { return float32(-rate * s.g / (s.h + ridge)) }
func (s sum) minus(o sum) sum { return sum{s.g - o.g, s.h - o.h} }

// Fit returns [Trees] trees that tell cases from others by features 0 to columns-1. Its
// error is that of ctx.
func Fit(ctx context.Context, examples []Example, columns int, seed uint64) ([]textmodel.Tree, error) {
	f := &fitter{
		examples: examples, cuts: cuts(examples, columns), columns: make([]bool, columns),
		gradient: make([]sum, len(examples)), margin: make([]float64, len(examples)), node: make([]int8, len(examples)),
		hist: make([][bins + 1]sum, columns<<(textmodel.TreeDepth-1)),
	}
	f.sort()
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]textmodel.Tree, 0, Trees)
	for range Trees {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out = append(out, f.tree(f.draw(r)))
		for i := range examples {
			f.margin[i] += float64(f.leaf(&out[len(out)-1], i))
		}
	}
	return out, nil
}

// cuts returns the quantiles of each feature's values above 0 but for the least one.
func cuts(examples []Example, columns int) [][]float32 {
	values := make([][]float32, columns)
	for i := range examples {
		for _, c := range examples[i].Cells {
			values[c.Feature] = append(values[c.Feature], c.Value)
		}
	}
	out := make([][]float32, columns)
	for f, v := range values {
		slices.Sort(v)
		for q := 1; q < bins && len(v) > 0; q++ {
			if cut := v[q*len(v)/bins]; cut > v[0] && (len(out[f]) == 0 || cut > out[f][len(out[f])-1]) {
				out[f] = append(out[f], cut)
			}
		}
	}
	return out
}

// sort puts the cells into bins.
func (f *fitter) sort() {
	f.bins = make([][]uint8, len(f.examples))
	for i := range f.examples {
		cells := f.examples[i].Cells
		f.bins[i] = make([]uint8, len(cells))
		for k, c := range cells {
			n, found := slices.BinarySearch(f.cuts[c.Feature], c.Value)
			if found {
				n++
			}
			f.bins[i][k] = uint8(n + 1)
		}
	}
}

// draw computes the derivatives and draws which rows, and which features, the next tree
// sees.
func (f *fitter) draw(r *rand.Rand) (rows []int) {
	for i := range f.examples {
		e := &f.examples[i]
		p := 1 / (1 + math.Exp(-f.margin[i]))
		y := 0.0
		if e.Case {
			y = 1
		}
		f.gradient[i] = sum{e.Weight * (p - y), e.Weight * p * (1 - p)}
		f.node[i] = 0
		if r.Float64() < rowPart {
			rows = append(rows, i)
		}
	}
	for c := range f.columns {
		f.columns[c] = r.Float64() < colPart
	}
	return rows
}
