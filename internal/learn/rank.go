package learn

import (
	"math"
	"math/rand/v2"
	"slices"

	"warder.example/guard/textmodel"
)

// ranked holds the scores of texts of one side, users' or data: attacks and honest
// texts, each in the order of the rows.
type ranked struct {
	attacks, honest []float64
	// Texts with the same payload are one cluster: they rise and fall together.
	attackKeys, honestKeys []string
}

// rank scores rows of one side with a model whose heads are not calibrated. Heads
// are trained at the same odds, so their scores can be compared as they are; how
// passage, window and length make one is fixed (see shape), and so are the odds of
// jailbreaks and what the trees count, beside the spread of these scores.
func rank(m *textmodel.Model, rows []Row, data bool) (out ranked) {
	s, which := spoken, []int{0, 1}
	if data {
		s, which = written, []int{0, 1, 2}
	}
	var linear, trees []float64
	var texts []*Row
	for i := range rows {
		r := &rows[i]
		if r.data() != data || !r.Label.Attack() && !r.Label.Ordinary() {
			continue
		}
		ev := m.Evidence(r.Text, r.Origin)
		best := rankOf(s, &ev, which[0])
		for _, h := range which[1:] {
			best = max(best, rankOf(s, &ev, h))
		}
		linear, trees, texts = append(linear, best), append(trees, float64(ev[0].Trees)), append(texts, r)
	}
	scale := treeScale(linear, trees)
	for i, r := range texts {
		z := linear[i] + float64(scale*trees[i])
		key := r.Text
		if r.Attack != "" {
			key = r.Attack
		}
		if r.Label.Attack() {
			out.attacks, out.attackKeys = append(out.attacks, z), append(out.attackKeys, key)
		} else {
			out.honest, out.honestKeys = append(out.honest, z), append(out.honestKeys, key)
		}
	}
	return out
}

func rankOf(s shape, ev *[textmodel.MaxHeads]textmodel.Evidence, h int) float64 {
	z := s.score(&ev[h])
	if Heads[h] == HeadJailbreak {
		z += jailbreakOdds
	}
	return z
}

// auc returns the probability that an attack scores higher than an honest text,
// ties counting half (the area under the ROC curve).
func auc(attacks, honest []float64) float64 {
	sorted := slices.Sorted(slices.Values(honest))
	sum := 0.0
	for _, p := range attacks {
		lo, _ := slices.BinarySearch(sorted, p)
		hi, _ := slices.BinarySearch(sorted, math.Nextafter(p, math.Inf(1)))
		sum += float64(lo+hi) / 2
	}
	return sum / float64(len(attacks)*len(honest))
}

// caught returns the fraction of attacks that score above all but at most a
// fraction rate of the honest texts.
func caught(attacks, honest []float64, rate float64) float64 {
	sorted := slices.Sorted(slices.Values(honest))
	allowed := int(rate * float64(len(sorted)))
	bar := sorted[len(sorted)-1-allowed]
	n := 0
	for _, p := range attacks {
		if p > bar {
			n++
		}
	}
	return float64(n) / float64(len(attacks))
}

// rounds of the bootstrap.
const rounds = 400

// gain returns the interval that holds 95 % of the differences between the areas
// of two models over texts drawn anew by cluster (paired bootstrap, Efron).
func gain(a, b *ranked, seed uint64) [2]float64 {
	r := random(seed, "bootstrap")
	attacks, honest := clusters(a.attackKeys), clusters(a.honestKeys)
	var diff []float64
	for range rounds {
		x, y := redraw(r, attacks), redraw(r, honest)
		diff = append(diff, auc(at(a.attacks, x), at(a.honest, y))-auc(at(b.attacks, x), at(b.honest, y)))
	}
	slices.Sort(diff)
	return [2]float64{diff[rounds/40], diff[rounds-1-rounds/40]}
}

// clusters returns the indices of equal keys, in the order in which they come.
func clusters(keys []string) (out [][]int) {
	number := map[string]int{}
	for i, k := range keys {
		n, ok := number[k]
		if !ok {
			n = len(out)
			number[k] = n
			out = append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}

func redraw(r *rand.Rand, from [][]int) (out []int) {
	for range from {
		out = append(out, from[r.IntN(len(from))]...)
	}
	return out
}

func at(xs []float64, which []int) []float64 {
	out := make([]float64, len(which))
	for i, k := range which {
		out[i] = xs[k]
	}
	return out
}
