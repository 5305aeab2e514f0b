package learn

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
)

// mineFactor is how often a text counts in the next round that a round has mined.
const mineFactor = 2

// mineRate is the published rate at whose threshold honest texts are mined: 5 %,
// where the built-in policy flags.
const mineRate = len(textmodel.FalsePositiveRates) - 1

// mine is one round of hard-negative mining (after Sung, Poggio, "Example-based
// learning for view-based human face detection", 1998). Honest texts that models
// which had not seen their source take for attacks, by thresholds of these models,
// hold the strongest words and concepts of attacks without being any: in the set
// that is returned they count mineFactor times as much as before, for the heads that
// were wrong. The others count less in turn, since [set.level] keeps what all
// counter-examples of a head weigh together. Attacks, texts that the trainer made,
// and folds stay as they are.
//
// On validation texts and unshipped corpora (seeds 1 and 2, without and with a round):
// true positives at 1 % false positives of users' texts .305, .321 and .293, .352, of
// data .303, .310 and .308, .331; of 272 short honest messages 30 and 31 flagged, and 20
// and 27, at the same recall. Four times the weight, texts written to resemble attacks,
// and the best window as an example of its own were tried: the first did as well, the
// others cost recall.
func (s *set) mine(ctx context.Context, round int, cfg Config) (*set, error) {
	plan := s.plan()
	units, err := s.units(ctx, plan[:len(plan)-1], cfg) // the last has seen every text
	if err != nil {
		return nil, err
	}
	held, err := s.heldOut(ctx, units, cfg)
	if err != nil {
		return nil, err
	}
	found, err := falseAlarms(held)
	if err != nil {
		return nil, err
	}
	tellMined(held, found, round, cfg)
	return s.heavier(held, found), nil
}

// falseAlarms says of each row which attack heads take it, an honest one, for an
// attack.
func falseAlarms(held []scored) ([][heads]bool, error) {
	out := make([][heads]bool, len(held))
	for _, g := range []*group{&groups[0], &groups[2]} { // users' texts, and data
		cal, err := g.calibrate(held)
		if err != nil {
			return nil, err
		}
		for i := range held {
			r := held[i].row
			if !r.ordinary() || !g.has(r) {
				continue
			}
			for _, h := range g.attacks {
				out[i][h] = r.is(h) == negative && cal[h].Probability(&held[i].ev[h]) >= cal[h].Thresholds[mineRate]
			}
		}
	}
	return out, nil
}

// ordinary reports whether a text may be mined. What was written to resemble attacks
// may not: see [hardWeight].
func (r *Row) ordinary() bool { return r.honest() && r.Label != corpus.BenignHard }

// heavier returns a set in which the rows that were found count more.
func (s *set) heavier(held []scored, found [][heads]bool) *set {
	out := *s
	out.examples = slices.Clone(s.examples)
	by := map[*Row][heads]bool{}
	for i := range held {
		by[held[i].row] = found[i]
	}
	for i := range out.examples {
		e := &out.examples[i]
		for h, more := range by[&s.rows[e.row]] {
			if more && e.y[h] == negative {
				e.weight[h] *= mineFactor
			}
		}
	}
	out.level()
	out.digest = out.hash()
	return &out
}

// maxTold is the most sources that a round of mining names.
const maxTold = 20

// tellMined reports how many honest texts were found, and of which sources.
func tellMined(held []scored, found [][heads]bool, round int, cfg Config) {
	type source struct {
		name         string
		found, texts int
	}
	by := map[string]*source{}
	var all source
	for i := range held {
		r := held[i].row
		if !r.ordinary() {
			continue
		}
		s := by[r.Source]
		if s == nil {
			s = &source{name: r.Source}
			by[r.Source] = s
		}
		s.texts++
		all.texts++
		if found[i] != ([heads]bool{}) {
			s.found++
			all.found++
		}
	}
	cfg.Progress(fmt.Sprintf("mined in round %d", round), all.found, all.texts)
	var list []*source
	for _, s := range by {
		if s.found > 0 {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *source) int {
		return cmp.Or(cmp.Compare(b.found, a.found), strings.Compare(a.name, b.name))
	})
	for _, s := range list[:min(len(list), maxTold)] {
		cfg.Progress(fmt.Sprintf("mined in round %d of %.60q", round, s.name), s.found, s.texts)
	}
}
