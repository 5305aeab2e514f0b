package textmodel

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// The section "trees": the name of the features and those of the concepts, each behind
// a byte with its length, the concepts behind their number; then for what is said and
// for data a byte with a bit for each head, the number of trees, and the trees: feature
// and threshold of each node, then the leaves. Numbers are of two bytes, thresholds and
// leaves of four.

// Bytes returns the trees as they are stored in a file.
func (t *Trees) Bytes() []byte {
	out := text8(nil, TreeFeaturesName)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(t.concepts)))
	for _, c := range t.concepts {
		out = text8(out, c)
	}
	for i := range t.side {
		e := &t.side[i]
		mask := byte(0)
		for _, h := range e.Heads {
			mask |= 1 << h
		}
		out = append(out, mask)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(e.Trees)))
		out, _ = binary.Append(out, binary.LittleEndian, e.Trees) // of fixed size: it cannot fail
	}
	return out
}

func text8(to []byte, s string) []byte { return append(append(to, byte(len(s))), s...) }

// ParseTrees reads what [Trees.Bytes] returned.
func ParseTrees(data []byte) (*Trees, error) {
	r := &treeReader{rest: data}
	if name := r.text(); r.failed || name != TreeFeaturesName {
		return nil, fmt.Errorf("trees ask about %.40q, this program computes %q", name, TreeFeaturesName)
	}
	n := r.number()
	if n > MaxTreeConcepts {
		return nil, fmt.Errorf("trees ask about %d concepts, expected at most %d", n, MaxTreeConcepts)
	}
	concepts := make([]string, n)
	for i := range concepts {
		concepts[i] = r.text()
	}
	var side [2]Ensemble
	for i := range side {
		if err := r.ensemble(&side[i]); err != nil {
			return nil, err
		}
	}
	if r.failed || len(r.rest) > 0 {
		return nil, fmt.Errorf("trees: they end %d bytes before their section, or behind it", len(r.rest))
	}
	return NewTrees(concepts, side[0], side[1])
}

// treeReader takes a section apart. What is read behind the end is 0 and empty.
type treeReader struct {
	rest   []byte
	failed bool
}

func (r *treeReader) take(n int) []byte {
	if n > len(r.rest) {
		r.failed, r.rest = true, nil
		return make([]byte, n)
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *treeReader) number() int  { return int(binary.LittleEndian.Uint16(r.take(2))) }
func (r *treeReader) text() string { return string(r.take(int(r.take(1)[0]))) }

func (r *treeReader) ensemble(e *Ensemble) error {
	for mask := r.take(1)[0]; mask != 0; mask &= mask - 1 {
		e.Heads = append(e.Heads, bits.TrailingZeros8(mask))
	}
	n := r.number()
	size := n * binary.Size(Tree{})
	if n > MaxTrees || size > len(r.rest) {
		return fmt.Errorf("%d trees of an ensemble, in %d bytes; expected at most %d", n, len(r.rest), MaxTrees)
	}
	e.Trees = make([]Tree, n)
	_, err := binary.Decode(r.take(size), binary.LittleEndian, e.Trees)
	return err
}
