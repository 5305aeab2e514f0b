// Package learn trains Warder's text models.
//
// # What it does
//
// [Train] reads labelled texts ([Gather]: the project's own seeds and the
// folders of a corpus that may train shipped weights), removes near-duplicates,
// balances sources, adds disturbed copies of both classes, and fits one linear
// model with four heads (see package textmodel for the model).
//
// # Honest thresholds
//
// A model knows the sources that it was trained on. What it does on others is
// measured by holding sources out: the sources are dealt into folds, a model is
// trained without each fold, and the texts of the fold are scored by it.
// Calibration is fitted on those scores only. A text's own source, copies of it
// under other names, and sources assembled from it are always held out together
// ([kin]). Thresholds are set for traffic that is half of this unknown kind and
// half of sources that the model knows: for the second half, models are trained
// without a third of the rows of every source. See [thresholds].
//
// # Trees
//
// To the linear model come boosted trees over concepts and style (see textmodel.Trees).
// They look where the linear member looks, so the features of each text are computed
// with the model that had not seen its source, and trees are fitted without the same
// texts as each model. The linear member alone decides what is mined.
//
// # Mining and averaging
//
// Two further means are there and off, since neither gained more than another seed
// does: rounds after which ordinary texts that were taken for attacks count more
// ([Config.Mine]), and the mean of models of several seeds ([Config.Average]).
//
// # Determinism
//
// The same inputs, seed and program give the same bytes on the same
// architecture, whatever the number of cores: every unit of work has its own
// random generator, seeded by name, and runs in one goroutine.
package learn

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"warder.example/guard/textmodel"
)

// Recipe names what this package does; it changes when the result would.
const Recipe = "linear-trees-2026-11"

// Names of the heads, in the order in which they are stored.
const (
	HeadInjection = "injection"       // takes over the instructions, said to the model
	HeadJailbreak = "jailbreak"       // talks the model out of its rules
	HeadIndirect  = "indirect"        // commands inside data
	HeadHarmful   = "harmful_request" // asks for something harmful
)

// Heads lists the heads in their order.
var Heads = [...]string{HeadInjection, HeadJailbreak, HeadIndirect, HeadHarmful}

const heads = len(Heads)

// Config says how to train.
type Config struct {
	Rows []Row // what [Gather] returned
	// Lexicon gives words and phrases their concepts; nil: none. See
	// [DefaultLexicon].
	Lexicon *textmodel.Lexicon
	// Without names blocks to leave out; see [Blocks]. An unknown name is an
	// error.
	Without []string
	Seed    uint64
	// Resume is a folder where finished units of work are kept and found
	// again. Empty: none.
	Resume string
	// Bits is the logarithm of the number of buckets; 0 means DefaultBits.
	Bits int
	// Folds is the number of folds; 0 means DefaultFolds. Fewer sources
	// than folds give fewer folds.
	Folds int
	// Epochs is the number of passes over the examples; 0 means
	// DefaultEpochs.
	Epochs int
	// Average is the number of models that are averaged into one: of seeds
	// Seed, Seed+1 and so on, from the same texts. Fewer than 2 mean one;
	// training takes as many times as long.
	Average int
	// Mine is the number of rounds, each as long as a training, after which
	// honest texts that were taken for attacks count more. Fewer than 1 mean
	// none, and so does [Ablate].
	Mine int
	// Workers bounds the goroutines; 0 means one a core. It does not
	// change the result.
	Workers int
	// Progress, if not nil, is told what is done. It is called from one
	// goroutine at a time.
	Progress func(stage string, done, total int)
}

// Defaults of [Config].
const (
	DefaultBits   = 19
	DefaultFolds  = 6
	DefaultEpochs = 5
)

// Bounds of [Config] that callers hold: a round of mining at most doubles what a
// text counts.
const (
	MaxAverage = 16
	MaxMine    = 3
)

func (c Config) withDefaults() Config {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	def(&c.Bits, DefaultBits)
	def(&c.Folds, DefaultFolds)
	def(&c.Epochs, DefaultEpochs)
	c.Average = max(c.Average, 1)
	def(&c.Workers, runtime.GOMAXPROCS(0))
	if c.Progress == nil {
		c.Progress = func(string, int, int) {}
	}
	return c
}

// Result is what training gives.
type Result struct {
	Model *textmodel.Model
	// Held describes how the sources fared while they were held out.
	Held []HeldOut
}

// Train trains a model. An error says which input is missing or wrong.
func Train(ctx context.Context, cfg Config) (*Result, error) {
	cfg = cfg.withDefaults()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	set, err := assemble(cfg)
	if err != nil {
		return nil, err
	}
	for round := range cfg.Mine {
		if set, err = set.mine(ctx, round+1, cfg); err != nil {
			return nil, err
		}
	}
	plan := set.plan()
	units, err := set.units(ctx, plan, cfg)
	if err != nil {
		return nil, err
	}
	if units, err = set.grow(ctx, plan, units, cfg); err != nil {
		return nil, err
	}
	held, err := set.heldOut(ctx, units, cfg)
	if err != nil {
		return nil, err
	}
	return finish(set.rows, units[len(units)-1], held, cfg)
}

// assemble makes of the rows what is learned from.
func assemble(cfg Config) (*set, error) {
	for _, b := range cfg.Without {
		if err := known(cfg.Rows, b); err != nil {
			return nil, err
		}
	}
	cfg.Progress("near-duplicates", 0, 1)
	rows := dedup(cfg.kept(cfg.Rows))
	rows = balance(rows, cfg.Seed)
	rows = append(rows, cfg.kept(synthesise(rows, cfg.Seed))...)
	if err := enough(rows); err != nil {
		return nil, err
	}
	folds := deal(rows, cfg.Folds)
	cfg.Progress("features", 0, 1)
	return prepare(rows, folds, cfg)
}

// oneSidedError says that a head has no texts for it, or none against it.
type oneSidedError struct {
	head     string
	pos, neg int
}

func (e *oneSidedError) Error() string {
	return fmt.Sprintf("training head %q: %d texts for it and %d against it, expected some of both", e.head, e.pos, e.neg)
}

// enough reports what is missing to train every head.
func enough(rows []Row) error {
	var pos, neg [heads]int
	for i := range rows {
		for h, t := range rows[i].targets() {
			switch t.y {
			case positive:
				pos[h]++
			case negative:
				neg[h]++
			}
		}
	}
	for h, name := range Heads {
		if pos[h] == 0 || neg[h] == 0 {
			return &oneSidedError{name, pos[h], neg[h]}
		}
	}
	return nil
}

// units trains the models of a plan.
func (s *set) units(ctx context.Context, plan []without, cfg Config) ([]*textmodel.Model, error) {
	out := make([]*textmodel.Model, len(plan))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(cfg.Workers)
	step := progress(cfg, "training", len(out)*cfg.Epochs*cfg.Average)
	for i, w := range plan {
		g.Go(func() (err error) {
			out[i], err = s.unit(ctx, w, cfg, step)
			return err
		})
	}
	return out, g.Wait()
}

// unit trains a model, or finds it where it was kept.
func (s *set) unit(ctx context.Context, w without, cfg Config, step func()) (*textmodel.Model, error) {
	key := s.key(w, cfg)
	if m := recall(cfg.Resume, key); m != nil {
		for range cfg.Epochs * cfg.Average {
			step()
		}
		return m, nil
	}
	m, err := s.fit(ctx, w, key, cfg, step)
	if err != nil {
		return nil, err
	}
	return m, keep(cfg.Resume, key, m)
}
