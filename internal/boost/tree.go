package boost

import (
	"math"
	"slices"

	"warder.example/guard/textmodel"
)

// tree grows a tree on rows, level by level.
func (f *fitter) tree(rows []int) (t textmodel.Tree) {
	for level := range textmodel.TreeDepth {
		first, count := 1<<level-1, 1<<level
		total := f.count(rows, first, count)
		for k := range count {
			t.Nodes[first+k], f.limit[first+k] = f.split(total[k], f.hist[k*len(f.cuts):(k+1)*len(f.cuts)])
		}
		for _, i := range rows {
			f.node[i] = f.next(&t, i, f.node[i])
		}
	}
	leaves := make([]sum, len(t.Leaves))
	for _, i := range rows {
		k := int(f.node[i]) - len(t.Nodes)
		leaves[k] = leaves[k].plus(f.gradient[i])
	}
	for k, s := range leaves {
		t.Leaves[k] = s.leaf()
	}
	return t
}

// count sums the derivatives of the rows in each node of a level, in all and by feature
// and bin.
func (f *fitter) count(rows []int, first, count int) []sum {
	total := make([]sum, count)
	clear(f.hist[:count*len(f.cuts)])
	for _, i := range rows {
		k, g := int(f.node[i])-first, f.gradient[i]
		total[k] = total[k].plus(g)
		h := f.hist[k*len(f.cuts) : (k+1)*len(f.cuts)]
		for n, c := range f.examples[i].Cells {
			if f.columns[c.Feature] {
				b := &h[c.Feature][f.bins[i][n]]
				b.g, b.h = b.g+g.g, b.h+g.h
			}
		}
	}
	return total
}

// split returns the best question for a node, and the least bin that goes right; if none
// helps, one that nothing passes.
func (f *fitter) split(total sum, hist [][bins + 1]sum) (textmodel.Node, uint8) {
	best, node, limit := minGain, textmodel.Node{Threshold: float32(math.Inf(1))}, uint8(math.MaxUint8)
	for c := range hist {
		if !f.columns[c] {
			continue
		}
		right := sum{}
		for b := len(f.cuts[c]) + 1; b >= 1; b-- {
			right = right.plus(hist[c][b])
			left := total.minus(right)
			if right.h < leastH || left.h < leastH {
				continue
			}
			if gain := left.gain() + right.gain() - total.gain(); gain > best {
				best, node, limit = gain, textmodel.Node{Feature: uint16(c), Threshold: f.edge(c, b)}, uint8(b)
			}
		}
	}
	return node, limit
}

// edge is the least value of a bin: of the first, anything above 0.
func (f *fitter) edge(column, bin int) float32 {
	if bin == 1 {
		return math.SmallestNonzeroFloat32
	}
	return f.cuts[column][bin-2]
}

// next returns the node that a row goes on to.
func (f *fitter) next(t *textmodel.Tree, row int, at int8) int8 {
	cells := f.examples[row].Cells
	k, has := slices.BinarySearchFunc(cells, t.Nodes[at].Feature, func(c Cell, want uint16) int { return int(c.Feature) - int(want) })
	if has && f.bins[row][k] >= f.limit[at] {
		return 2*at + 2
	}
	return 2*at + 1
}

// leaf returns what a tree that has grown says about a row.
func (f *fitter) leaf(t *textmodel.Tree, row int) float32 {
	at := int8(0)
	for range textmodel.TreeDepth {
		at = f.next(t, row, at)
	}
	return t.Leaves[int(at)-len(t.Nodes)]
}
