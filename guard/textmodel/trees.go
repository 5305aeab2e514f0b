package textmodel

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"warder.example/guard"
)

// TreeFeaturesName names what trees ask about. It changes whenever a text would yield
// other features than before.
const TreeFeaturesName = "concepts-style-v1"

// Bounds of trees.
const (
	// TreeDepth is the depth of every tree. In one that was not to grow so deep, what
	// is below asks nothing.
	TreeDepth = 4
	// MaxTreeConcepts is the most concepts that trees ask about.
	MaxTreeConcepts = 256
	// MaxTrees is the most trees of one ensemble.
	MaxTrees = 1000

	treeNodes  = 1<<TreeDepth - 1
	treeLeaves = 1 << TreeDepth
	maxLeaf    = 100
	maxName    = 40 // bytes of a concept's name
)

// Node asks whether a feature is at least a threshold, which is above 0; infinity asks
// nothing.
type Node struct {
	Feature   uint16
	Threshold float32
}

// Tree is a complete binary tree: node i leads to node 2i+1 if its feature is less, to
// 2i+2 if it is not, and behind the nodes come the leaves, which are what the tree adds.
type Tree struct {
	Nodes  [treeNodes]Node
	Leaves [treeLeaves]float32
}

// Leaf returns what the tree says about a text with these features.
func (t *Tree) Leaf(x []float32) float32 {
	i := 0
	for range TreeDepth {
		n := &t.Nodes[i]
		i = 2*i + 1
		if x[n.Feature] >= n.Threshold {
			i++
		}
	}
	return t.Leaves[i-treeNodes]
}

// Ensemble is a sum of trees for texts of one side.
type Ensemble struct {
	// Heads are the model's heads whose best passage and best window are looked at:
	// those of the head that scores highest on both together.
	Heads []int
	Trees []Tree
}

func (e *Ensemble) sum(x []float32) float32 {
	sum := float32(0)
	for i := range e.Trees {
		sum += e.Trees[i].Leaf(x)
	}
	return sum
}

// Trees is the member of a model that takes features together (boosted decision trees;
// Friedman, "Greedy function approximation", 2001): which concepts stand in the best
// passage and in the best window of the linear member, which lead a sentence there, and
// of what style the two are. All features are 0 where there is nothing and else above.
// Trees are immutable and safe for concurrent use.
type Trees struct {
	concepts []string
	keys     [4 * MaxTreeConcepts]uint64 // open addressing by hash; 0 is free
	values   [4 * MaxTreeConcepts]uint8
	side     [2]Ensemble // what is said, and data
}

// NewTrees makes trees that ask about concepts: an ensemble for what users and
// assistants say, and one for data (see [Data]). Without trees in them they still say
// what the features of texts are.
func NewTrees(concepts []string, said, data Ensemble) (*Trees, error) {
	if len(concepts) > MaxTreeConcepts {
		return nil, fmt.Errorf("trees ask about %d concepts, expected at most %d", len(concepts), MaxTreeConcepts)
	}
	t := &Trees{concepts: slices.Clone(concepts), side: [2]Ensemble{said, data}}
	for i, name := range concepts {
		if name == "" || len(name) > maxName || !utf8.ValidString(name) || slices.Contains(concepts[:i], name) {
			return nil, fmt.Errorf("trees: concept %d has the name %.40q; expected one of its own, at most %d bytes", i, name, maxName)
		}
		h := conceptHash(name)
		at := t.slot(h)
		if t.keys[at] != 0 {
			return nil, fmt.Errorf("trees: concepts %.40q and %.40q cannot be told apart", name, concepts[t.values[at]])
		}
		t.keys[at], t.values[at] = h, uint8(i)
	}
	for i := range t.side {
		if err := t.side[i].check(t.Columns()); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// check refuses an ensemble that scoring could not rely on.
func (e *Ensemble) check(columns int) error {
	if len(e.Heads) == 0 || len(e.Trees) > MaxTrees {
		return fmt.Errorf("an ensemble of %d trees that looks where %d heads look; expected at most %d and at least 1", len(e.Trees), len(e.Heads), MaxTrees)
	}
	for i, h := range e.Heads {
		if h < 0 || h >= MaxHeads || slices.Contains(e.Heads[:i], h) {
			return fmt.Errorf("an ensemble looks where heads %v look", e.Heads)
		}
	}
	for i := range e.Trees {
		for _, n := range e.Trees[i].Nodes {
			if int(n.Feature) >= columns || !(n.Threshold > 0) {
				return fmt.Errorf("tree %d asks whether feature %d of %d is at least %v", i, n.Feature, columns, n.Threshold)
			}
		}
		for _, l := range e.Trees[i].Leaves {
			if !(math.Abs(float64(l)) <= maxLeaf) {
				return fmt.Errorf("tree %d adds %v, expected at most %d", i, l, maxLeaf)
			}
		}
	}
	return nil
}

// fits refuses trees that look where a head looks that there is not. t may be nil.
func (t *Trees) fits(heads int) error {
	if t == nil {
		return nil
	}
	for i := range t.side {
		if h := slices.Max(t.side[i].Heads); h >= heads {
			return fmt.Errorf("the trees look where head %d looks; the model has %d", h, heads)
		}
	}
	return nil
}

// slot returns where a concept is in the table, or where it would be.
func (t *Trees) slot(concept uint64) int {
	i := concept >> 20 % uint64(len(t.keys))
	for t.keys[i] != 0 && t.keys[i] != concept {
		i = (i + 1) % uint64(len(t.keys))
	}
	return int(i)
}

// see notes a concept in a look, if the trees ask about it.
func (t *Trees) see(l *look, concept uint64, lead bool) {
	if at := t.slot(concept); t.keys[at] != 0 {
		l.concept(int(t.values[at]), lead)
	}
}

// Data reports whether texts of an origin are judged as data rather than as what
// somebody says to the model.
func Data(o guard.Origin) bool { return channel(o) != 0 }

// of returns the ensemble that judges texts of an origin.
func (t *Trees) of(o guard.Origin) *Ensemble {
	if Data(o) {
		return &t.side[1]
	}
	return &t.side[0]
}
