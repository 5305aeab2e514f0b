package learn

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
)

// scored is a row with what models make of it that had not seen its source, and
// that had seen its source but not the row.
type scored struct {
	row       *Row
	ev, known [textmodel.MaxHeads]textmodel.Evidence
}

// heldOut scores every row with the units that were trained without it.
func (s *set) heldOut(ctx context.Context, units []*textmodel.Model, cfg Config) ([]scored, error) {
	var out []scored
	var by []int
	for i := range s.rows {
		if !s.rows[i].Made {
			out = append(out, scored{row: &s.rows[i]})
			by = append(by, s.fold[i])
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(cfg.Workers)
	const part = 2000
	step := progress(cfg, "held-out scores", (len(out)+part-1)/part)
	for from := 0; from < len(out); from += part {
		g.Go(func() error {
			for i := from; i < min(from+part, len(out)); i++ {
				r := out[i].row
				out[i].ev = units[by[i]].Evidence(r.Text, r.Origin)
				out[i].known = units[s.folds+r.part].Evidence(r.Text, r.Origin)
			}
			step()
			return ctx.Err()
		})
	}
	return out, g.Wait()
}

// group is a set of origins that are calibrated together.
type group struct {
	name    string
	origins []guard.Origin
	shape   shape
	attacks []int // heads that can find an attack there
	has     func(*Row) bool
}

// shape says how the scores of the best passage and of the best window make one:
// passage + window*w - length*log(segments). It was chosen on the validation texts
// and unshipped corpora and is not fitted: in the training corpora long texts of
// users are mostly attacks, and a fit would take length for one. The more segments
// there are, the higher the best of them scores by chance: the length term keeps the
// false positives of long honest texts (source files, manuals, licences) at those of
// short ones.
type shape struct{ window, length float64 }

var (
	spoken  = shape{0.3, 1.3} // the whole counts, a window little
	written = shape{3, 4}     // a command stands anywhere, but the longer, the likelier by chance
)

// unlike is the part of traffic that thresholds expect to come from sources unlike
// any that the model knows.
const unlike = 0.25

func (s shape) score(e *textmodel.Evidence) float64 {
	return float64(e.Passage) + s.window*float64(e.Window) - s.length*logOf(e.Segments)
}

// groups are calibrated in turn. Texts of unknown origin are judged as data,
// with thresholds that hold for every kind of text.
var groups = []group{
	{"user", []guard.Origin{guard.OriginUser}, spoken, []int{0, 1}, func(r *Row) bool { return !r.data() }},
	{"model", []guard.Origin{guard.OriginModel}, spoken, []int{0, 1}, func(r *Row) bool { return !r.data() }},
	{"data", []guard.Origin{guard.OriginDocument, guard.OriginTool}, written, []int{0, 2}, (*Row).data},
	{"email", []guard.Origin{guard.OriginEmail}, written, []int{0, 2}, (*Row).data},
	{"unknown", []guard.Origin{guard.OriginUnknown, guard.OriginOperator}, spoken, []int{0, 1, 2}, func(*Row) bool { return true }},
}

// calibrate fits probabilities and thresholds for a group and returns those of
// each head.
func (g *group) calibrate(all []scored) ([heads]textmodel.Calibration, error) {
	var out [heads]textmodel.Calibration
	for h := range heads {
		ps := g.points(all, h)
		if len(ps) == 0 {
			return out, fmt.Errorf("calibrating head %q for %s texts: no held-out texts", Heads[h], g.name)
		}
		c, b := fitLogit(ps)
		if Heads[h] == HeadJailbreak {
			b += jailbreakOdds
		}
		out[h] = textmodel.Calibration{Passage: c, Window: c * g.shape.window, Length: -c * g.shape.length, Bias: b}
	}
	g.combine(all, &out)
	for h := range heads {
		if slices.Contains(g.attacks, h) || g.shape == spoken {
			out[h].Brief = briefOdds
		}
	}
	honest := g.honest(all)
	attack := thresholds(honest, &out, g.attacks)
	harm := thresholds(honest, &out, []int{3})
	for h := range heads {
		out[h].Thresholds, out[h].Honest = attack, len(honest)
		switch {
		case Heads[h] == HeadHarmful:
			out[h].Thresholds = harm
		case Heads[h] == HeadJailbreak && !slices.Contains(g.attacks, h):
			out[h].Thresholds = never
			out[h].Passage, out[h].Window, out[h].Length, out[h].Brief, out[h].Bias = 0, 0, 0, 0, silence
		}
	}
	return out, nil
}

// never is reached by no score. The jailbreak head learns from users' texts only, and
// what it takes for a jailbreak in data are lists of steps.
var never = [len(textmodel.FalsePositiveRates)]float64{1, 1, 1}

// silence is the logarithm of the odds that a head gives where it has no say.
const silence = -20

// briefOdds are the logarithm of the odds that a text of few words loses. It was chosen
// on the validation texts of users: of ordinary ones of six to eleven words 3 % were
// blocked and 16 % flagged without it, of longer ones 2 and 6 %.
const briefOdds = -1.8

// jailbreakOdds are the logarithm of the odds at which the jailbreak head is
// calibrated; those of the other heads are even. Most attacks are injections, and
// the injection head knows most jailbreaks too: at even odds, what the jailbreak
// head alone takes for an attack was mostly honest. On validation texts and
// unshipped corpora, true positives at 1 % false positives rose from .31 to .37 by it.
const jailbreakOdds = -1.5

// top returns the highest probability among some heads.
func top(cal *[heads]textmodel.Calibration, ev *[textmodel.MaxHeads]textmodel.Evidence, which []int) float64 {
	p := 0.0
	for _, h := range which {
		p = max(p, cal[h].Probability(&ev[h]))
	}
	return p
}

// enoughCases is how many texts for and against a head a group needs of its
// own; below, those of other origins are added.
const enoughCases = 50

// points returns the observations for one head: rows weighted as in training,
// both classes the same in total, so that one half means equally likely at even
// odds.
func (g *group) points(all []scored, h int) []point {
	cases, others := g.collect(all, h, positive), g.collect(all, h, negative)
	if len(cases) == 0 || len(others) == 0 {
		return nil
	}
	even(cases)
	even(others)
	return append(cases, others...)
}

// collect returns the observations of one class.
func (g *group) collect(all []scored, h int, y int8) []point {
	var own, foreign []point
	for i := range all {
		r := all[i].row
		if r.is(h) != y {
			continue
		}
		e := &all[i].ev[h]
		p := point{x: g.shape.score(e), y: y == positive, weight: r.Weight}
		if g.has(r) {
			own = append(own, p)
		} else {
			foreign = append(foreign, p)
		}
	}
	if len(own) < enoughCases {
		own = append(own, foreign...)
	}
	return own
}

// is says what a whole text is for a head when it is judged rather than learned
// from: an injected document is an example of both injection heads.
func (r *Row) is(h int) int8 {
	if r.Label == corpus.Injection && (Heads[h] == HeadIndirect || Heads[h] == HeadInjection) {
		return positive
	}
	return r.targets()[h].y
}

// even scales weights to a sum of the number that makes the ridge negligible.
func even(ps []point) {
	sum := 0.0
	for i := range ps {
		sum += ps[i].weight
	}
	for i := range ps {
		ps[i].weight *= 1000 / sum
	}
}

// honest returns the ordinary texts that thresholds are set on.
func (g *group) honest(all []scored) (out []scored) {
	for i := range all {
		if r := all[i].row; r.honest() && g.has(r) {
			out = append(out, all[i])
		}
	}
	return out
}

// smallSource is the number of honest texts below which sources are put
// together.
const smallSource = 100

// leastBallot is the number of texts below which a source has no say: one text
// of a dozen says nothing about a rate of 5 %.
const leastBallot = 30

// worst is the largest false-positive rate of a single source that the model knows
// at each published rate: no source is lost to a threshold that suits the others.
// A source that is held out may exceed it: where it is the only one of its kind,
// nothing like it is left to learn from, as is the case for no kind that the model
// is shipped with.
var worst = [len(textmodel.FalsePositiveRates)]float64{0.01, 0.03, 0.15}

// worstHard is the same for sources that resemble attacks, which are rarer in
// traffic than among the seeds: questions about attacks, quotations, role prompts.
var worstHard = [len(textmodel.FalsePositiveRates)]float64{0.01, 0.04, 0.2}

// ballot returns the source as which a text votes on thresholds: the project's
// own texts are two, whatever their family, and small sources are one.
func ballot(r *Row, count map[string]int) string {
	switch {
	case strings.HasPrefix(r.Source, "seeds/"):
		return "seeds " + string(r.Label)
	case count[r.Source] < smallSource:
		return "(small)"
	}
	return r.Source
}

// honestSource holds the sorted scores of the honest texts of one source by
// models that had not seen the source (fresh) and that had (known).
type honestSource struct {
	fresh, known []float64
	hard         bool // resembles attacks
}

// rates returns the false-positive rates of a threshold.
func (s *honestSource) rates(t float64) (fresh, known float64) {
	above := func(xs []float64) float64 {
		n, _ := slices.BinarySearch(xs, t)
		return float64(len(xs)-n) / float64(len(xs))
	}
	return above(s.fresh), above(s.known)
}

// thresholds returns for each published rate the least score that fewer honest
// texts reach: the mean over ordinary sources is within the rate, [unlike] of
// it taken from fresh scores, the rest from known ones; and no known source exceeds
// [worst] or, where its texts resemble attacks, [worstHard]. The mean gives every
// source the same say (see [ballot]), since the easy ones are large.
func thresholds(honest []scored, cal *[heads]textmodel.Calibration, which []int) (out [len(textmodel.FalsePositiveRates)]float64) {
	by := map[string]*honestSource{}
	count := map[string]int{}
	for i := range honest {
		count[honest[i].row.Source]++
	}
	var all []float64
	for i := range honest {
		name := ballot(honest[i].row, count)
		s := by[name]
		if s == nil {
			s = &honestSource{hard: honest[i].row.Label == corpus.BenignHard}
			by[name] = s
		}
		fresh, known := top(cal, &honest[i].ev, which), top(cal, &honest[i].known, which)
		s.fresh, s.known = append(s.fresh, fresh), append(s.known, known)
		all = append(all, fresh, known)
	}
	slices.Sort(all)
	sources := make([]*honestSource, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		slices.Sort(by[name].fresh)
		slices.Sort(by[name].known)
		if len(by[name].known) >= leastBallot || len(by) == 1 {
			sources = append(sources, by[name])
		}
	}
	for i := range textmodel.FalsePositiveRates {
		out[i] = least(all, sources, i)
		if i > 0 {
			out[i] = min(out[i], out[i-1])
		}
	}
	return out
}

// leastThreshold is the lowest threshold that is set: where the honest texts at
// hand are too easy, what is more likely honest than not is still let through.
const leastThreshold = 0.5

// least finds the threshold for one rate by bisection over the sorted scores.
func least(all []float64, sources []*honestSource, at int) float64 {
	rate := textmodel.FalsePositiveRates[at]
	holds := func(t float64) bool {
		sum, n := 0.0, 0.0
		for _, s := range sources {
			fresh, known := s.rates(t)
			bound := worst[at]
			if s.hard {
				bound = worstHard[at]
			}
			if known > max(bound, 1/float64(len(s.known))) {
				return false
			}
			if s.hard {
				continue
			}
			n++
			sum += float64(unlike*fresh) + float64((1-unlike)*known)
		}
		return sum <= rate*n
	}
	lo, hi := 0, len(all)
	for lo < hi {
		mid := (lo + hi) / 2
		if holds(above(all[mid])) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return max(above(all[min(lo, len(all)-1)]), leastThreshold)
}
