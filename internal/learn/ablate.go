package learn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"warder.example/guard/textmodel"
)

// Side is how well a model ranks the texts of one side, users' or data.
type Side struct {
	Attacks int `json:"attacks"`
	Honest  int `json:"honest"`
	// AUC is the probability that an attack scores higher than an honest
	// text; TPR1 and TPR5 are the fractions of attacks that score above all
	// but 1 and 5 % of the honest texts.
	AUC  float64 `json:"auc"`
	TPR1 float64 `json:"tpr_1"`
	TPR5 float64 `json:"tpr_5"`
	// Worth is what the AUC of the whole model is above this one, with the
	// interval that holds 95 % of the differences over texts drawn anew. Zero
	// for the whole model.
	Worth    float64    `json:"worth"`
	Interval [2]float64 `json:"interval"`
}

// Ablation is a model that was trained without one block.
type Ablation struct {
	Block Block `json:"block"` // no name: the whole model
	// Rows is the number of texts that it learned from.
	Rows int  `json:"rows"`
	User Side `json:"user"`
	Data Side `json:"data"`
	// Failed says why there is no such model; empty if there is.
	Failed string `json:"failed,omitempty"`
}

// ablationFolds is the number of folds of which the features of trees are computed.
const ablationFolds = 2

// Ablate trains a model on everything and one without each of the blocks in turn,
// and measures how they rank texts that nothing was trained on. Only the final
// model of each is measured, and no threshold is set; two more are trained for the sake
// of its trees. With
// cfg.Resume, models that were finished before are found again.
//
// A block without which a head has nothing to learn from is reported as failed. An
// unknown block is an error, and so are texts of which one side has no attacks or
// no honest ones.
func Ablate(ctx context.Context, cfg Config, blocks []Block, texts []Row) ([]Ablation, error) {
	cfg = cfg.withDefaults()
	cfg.Folds = ablationFolds
	if err := usable(cfg.Rows, blocks, texts); err != nil {
		return nil, err
	}
	var out []Ablation
	var whole [2]ranked
	step := progress(cfg, "models", len(blocks)+1)
	for _, b := range append([]Block{{About: "everything"}}, blocks...) {
		a, sides, err := cfg.ablate(ctx, b, texts)
		if err != nil {
			var none *oneSidedError
			if !errors.As(err, &none) || b.Name == "" {
				return nil, fmt.Errorf("training without %q: %w", b.Name, err)
			}
			a.Failed = err.Error()
		}
		switch {
		case b.Name == "":
			whole = sides
		case err == nil:
			a.User.compare(&whole[0], &sides[0], cfg.Seed)
			a.Data.compare(&whole[1], &sides[1], cfg.Seed)
		}
		out = append(out, a)
		step()
	}
	return out, nil
}

// usable reports what of the arguments of Ablate is missing.
func usable(rows []Row, blocks []Block, texts []Row) error {
	for _, b := range blocks {
		if err := known(rows, b.Name); err != nil {
			return err
		}
	}
	for _, data := range []bool{false, true} {
		attacks, honest := 0, 0
		for i := range texts {
			if r := &texts[i]; r.data() == data {
				attacks += int(indicator(r.Label.Attack()))
				honest += int(indicator(r.Label.Ordinary()))
			}
		}
		if attacks == 0 || honest == 0 {
			return fmt.Errorf("measuring (data: %v): %d attacks and %d honest texts, expected some of both", data, attacks, honest)
		}
	}
	return nil
}

// ablate trains without one block, or on everything, and measures.
func (c Config) ablate(ctx context.Context, b Block, texts []Row) (a Ablation, sides [2]ranked, err error) {
	a.Block = b
	if err := ctx.Err(); err != nil {
		return a, sides, err
	}
	if b.Name != "" {
		c.Without = append(slices.Clone(c.Without), b.Name)
	}
	c.Progress = func(string, int, int) {}
	set, err := assemble(c)
	if err != nil {
		return a, sides, err
	}
	a.Rows = len(set.rows)
	m, err := set.alone(ctx, c)
	if err != nil {
		return a, sides, err
	}
	sides = [2]ranked{rank(m, texts, false), rank(m, texts, true)}
	a.User, a.Data = sides[0].side(), sides[1].side()
	return a, sides, nil
}

// alone trains the model on everything, and its trees. These need models without each
// fold, of which there are few.
func (s *set) alone(ctx context.Context, cfg Config) (*textmodel.Model, error) {
	var plan []without
	if !cfg.omits(blockTrees) {
		plan = s.plan()[:s.folds]
	}
	last := len(plan)
	plan = append(plan, without{-1, -1})
	units, err := s.units(ctx, plan, cfg)
	if err != nil {
		return nil, err
	}
	if cfg.omits(blockGrams) {
		for i := range units { // what stood in their buckets belongs to other features
			if units[i], err = units[i].Without("words", "letters"); err != nil {
				return nil, err
			}
		}
	}
	if cfg.omits(blockTrees) {
		return units[last], nil
	}
	f, err := s.forest(ctx, units, cfg)
	if err != nil {
		return nil, err
	}
	t, err := f.trees(ctx, plan[last], cfg)
	if err != nil {
		return nil, err
	}
	return units[last].WithTrees(t)
}

func (r *ranked) side() Side {
	return Side{
		Attacks: len(r.attacks), Honest: len(r.honest), AUC: auc(r.attacks, r.honest),
		TPR1: caught(r.attacks, r.honest, 0.01), TPR5: caught(r.attacks, r.honest, 0.05),
	}
}

// compare fills in what the whole model is above this one.
func (s *Side) compare(whole, own *ranked, seed uint64) {
	s.Worth = auc(whole.attacks, whole.honest) - s.AUC
	s.Interval = gain(whole, own, seed)
}
