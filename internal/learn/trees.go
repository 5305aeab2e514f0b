package learn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"warder.example/guard/textmodel"
	"warder.example/internal/boost"
	"warder.example/internal/corpus"
)

// hardInTrees is how often texts that resemble attacks count in trees.
const hardInTrees = 3

// Heads whose best passage and best window the trees look at, of what is said and of
// data.
var (
	saidHeads = []int{0, 1}
	dataHeads = []int{2}
)

// forest is what trees are fitted to: the features of each text, computed from the model
// that had not seen its source.
type forest struct {
	concepts []string
	columns  int
	sides    [2]side // what is said, and data
}

// side is the part of it that one ensemble learns from.
type side struct {
	examples []boost.Example
	at       []without // the fold and the part of each
	digest   [32]byte
}

// bare returns trees that say nothing yet.
func bare(concepts []string) (*textmodel.Trees, error) {
	return textmodel.NewTrees(concepts, textmodel.Ensemble{Heads: saidHeads}, textmodel.Ensemble{Heads: dataHeads})
}

// forest reads the features of all rows; units begins with the models without each fold.
func (s *set) forest(ctx context.Context, units []*textmodel.Model, cfg Config) (*forest, error) {
	f := &forest{}
	if s.knows.Lexicon != nil {
		f.concepts = slices.Sorted(slices.Values(s.knows.Lexicon.Concepts()))
		f.concepts = f.concepts[:min(len(f.concepts), textmodel.MaxTreeConcepts)]
	}
	none, err := bare(f.concepts)
	if err != nil {
		return nil, err
	}
	f.columns = none.Columns()
	eyes := make([]*textmodel.Model, s.folds)
	for i := range eyes {
		if eyes[i], err = units[i].WithTrees(none); err != nil {
			return nil, err
		}
	}
	cells, err := s.cells(ctx, eyes, f.columns, cfg)
	if err != nil {
		return nil, err
	}
	for i := range f.sides {
		f.sides[i] = s.side(i == 1, cells)
	}
	return f, nil
}

// cells returns the features of each row that are not 0.
func (s *set) cells(ctx context.Context, eyes []*textmodel.Model, columns int, cfg Config) ([][]boost.Cell, error) {
	out := make([][]boost.Cell, len(s.rows))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(cfg.Workers)
	const part = 2000
	step := progress(cfg, "features of trees", (len(out)+part-1)/part)
	for from := 0; from < len(out); from += part {
		g.Go(func() error {
			x := make([]float32, columns)
			for i := from; i < min(from+part, len(out)); i++ {
				eyes[s.fold[i]].Features(x, s.rows[i].Text, s.rows[i].Origin)
				for c, v := range x {
					if v > 0 {
						out[i] = append(out[i], boost.Cell{Feature: uint16(c), Value: v})
					}
				}
			}
			step()
			return ctx.Err()
		})
	}
	return out, g.Wait()
}

// side picks the rows of one side, weighs and digests them. Attacks of any kind are
// cases; requests for harm are not.
func (s *set) side(data bool, cells [][]boost.Cell) (out side) {
	head := saidHeads[0]
	if data {
		head = dataHeads[0]
	}
	var sum [2]float64
	for i := range s.rows {
		r := &s.rows[i]
		t := r.targets()[head]
		if textmodel.Data(r.Origin) != data || !r.Label.Attack() && t.y != negative {
			continue
		}
		e := boost.Example{Cells: cells[i], Case: r.Label.Attack(), Weight: r.Weight}
		if !e.Case {
			e.Weight *= t.weight
		}
		if r.Label == corpus.BenignHard {
			e.Weight *= hardInTrees
		}
		sum[int(indicator(e.Case))] += e.Weight
		out.examples, out.at = append(out.examples, e), append(out.at, without{s.fold[i], r.part})
	}
	// The others together weigh negPerPos times what the cases do, the mean weight is one.
	n := float64(len(out.examples)) / (1 + negPerPos)
	for i := range out.examples {
		e := &out.examples[i]
		share := negPerPos * e.Weight / sum[0]
		if e.Case {
			share = e.Weight / sum[1]
		}
		e.Weight = min(maxWeight, n*share)
	}
	out.digest = out.hash()
	return out
}

// hash digests all that a fit reads.
func (s *side) hash() (out [32]byte) {
	d := sha256.New()
	for i := range s.examples {
		e := &s.examples[i]
		number(d, uint64(len(e.Cells)), uint64(indicator(e.Case)), math.Float64bits(e.Weight), uint64(s.at[i].fold), uint64(s.at[i].part))
		for _, c := range e.Cells {
			number(d, uint64(c.Feature)<<32|uint64(math.Float32bits(c.Value)))
		}
	}
	d.Sum(out[:0])
	return out
}

// trees fits both ensembles without what a unit of work is trained without, or finds
// them where they were kept.
func (f *forest) trees(ctx context.Context, w without, cfg Config) (*textmodel.Trees, error) {
	name := f.key(w, cfg) + ".trees"
	if b := recalled(cfg.Resume, name); b != nil {
		if t, err := textmodel.ParseTrees(b); err == nil {
			return t, nil
		}
	}
	said, data := textmodel.Ensemble{Heads: saidHeads}, textmodel.Ensemble{Heads: dataHeads}
	for i, e := range []*textmodel.Ensemble{&said, &data} {
		s := &f.sides[i]
		var rows []boost.Example
		for k, at := range s.at {
			if at.fold != w.fold && at.part != w.part {
				rows = append(rows, s.examples[k])
			}
		}
		var err error
		if e.Trees, err = boost.Fit(ctx, rows, f.columns, cfg.Seed); err != nil {
			return nil, err
		}
	}
	t, err := textmodel.NewTrees(f.concepts, said, data)
	if err != nil {
		return nil, err
	}
	return t, store(cfg.Resume, name, t.Bytes())
}

// key names a fit by everything that its result depends on.
func (f *forest) key(w without, cfg Config) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %q %x %x %d %v %v", Recipe, textmodel.TreeFeaturesName, f.concepts,
		f.sides[0].digest, f.sides[1].digest, cfg.Seed, w, boost.Settings))
	return hex.EncodeToString(sum[:])
}

// grow gives each unit the trees that were fitted without the same texts.
func (s *set) grow(ctx context.Context, plan []without, units []*textmodel.Model, cfg Config) ([]*textmodel.Model, error) {
	if cfg.omits(blockTrees) {
		return units, nil
	}
	f, err := s.forest(ctx, units, cfg)
	if err != nil {
		return nil, err
	}
	out := make([]*textmodel.Model, len(units))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(cfg.Workers)
	step := progress(cfg, "trees", len(out))
	for i, w := range plan {
		g.Go(func() error {
			t, err := f.trees(ctx, w, cfg)
			if err != nil {
				return err
			}
			step()
			out[i], err = units[i].WithTrees(t)
			return err
		})
	}
	return out, g.Wait()
}
