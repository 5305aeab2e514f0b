package learn

import (
	"cmp"
	"context"
	"math"
	"slices"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

// Settings of the solver, chosen on held-out sources of the training data.
const (
	learningRate = 0.1
	softening    = 10   // keeps early steps small: few texts of a feature teach little
	decay        = 2e-5 // of weights
	reweighing   = 1.0  // step of [solver.reweigh]
	smoothing    = 0.02 // of labels
	tooSmall     = 2e-3 // gradients below are skipped
	clipQuantile = 0.9999
	maxPush      = 3.0
)

// solver fits the four heads at once by stochastic gradient descent with
// AdaGrad's step sizes (Duchi, Hazan, Singer, "Adaptive subgradient methods",
// 2011).
type solver struct {
	idf  []float32
	w    [][heads]float32
	g2   [][heads]float32
	bias [parts][heads]float32
	b2   [parts][heads]float32
	// push is how much more, or less, than their weight the examples of a
	// cohort count; cost is what they cost in this epoch.
	push []float32
	cost []cost
}

// cost is a weighted sum of losses.
type cost struct{ sum, weight float64 }

// cohort numbers the examples of one group of sources with one answer of a head.
func (e *example) cohort(h int) int { return (e.group*heads+h)*2 + int(e.y[h]) }

// reweigh lets the cohorts that cost most count more in the next epoch, so that
// no source is left behind for the sake of larger ones (after Sagawa, Koh,
// Hashimoto, Liang, "Distributionally robust neural networks for group shifts",
// 2020), by a step that is 0 for none. Each is compared with the others of the
// same head and answer.
func (v *solver) reweigh(step float64) {
	for k := range 2 * heads {
		var mean, n float64
		for i := k; i < len(v.cost); i += 2 * heads {
			if c := v.cost[i]; c.weight > 0 {
				mean += c.sum / c.weight
				n++
			}
		}
		if n == 0 {
			continue
		}
		mean /= n
		for i := k; i < len(v.cost); i += 2 * heads {
			if c := v.cost[i]; c.weight > 0 {
				f := float64(v.push[i]) * math.Exp(step*(c.sum/c.weight-mean)/(mean+1e-9))
				v.push[i] = float32(max(1/maxPush, min(maxPush, f)))
			}
		}
	}
	clear(v.cost)
}

// solve fits the weights to all examples except those that are held out, which come
// in an order drawn by the seed.
func (s *set) solve(ctx context.Context, w without, seed uint64, cfg Config, step func()) (*solver, error) {
	v := &solver{idf: s.idf, w: make([][heads]float32, len(s.idf)), g2: make([][heads]float32, len(s.idf))}
	v.push, v.cost = make([]float32, s.groups*2*heads), make([]cost, s.groups*2*heads)
	for i := range v.push {
		v.push[i] = 1
	}
	var order []int32
	for i := range s.examples {
		if !w.holds(&s.examples[i]) {
			order = append(order, int32(i))
		}
	}
	rnd := random(seed, "order")
	for epoch := range cfg.Epochs {
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := learningRate * (1 - 0.8*float32(epoch)/float32(cfg.Epochs))
		if epoch > 0 {
			v.reweigh(cfg.reweighing())
		}
		for n, i := range order {
			if n%1024 == 0 {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
			}
			v.learn(&s.examples[i], rate)
		}
		step()
	}
	return v, nil
}

// learn makes one step. N-grams and concepts are two models that are fitted side
// by side and whose scores are added: fitted as one, n-grams, which know every
// training text by heart, would leave the concepts nothing to explain, and it is
// the concepts that carry over to texts of other sources.
func (v *solver) learn(e *example, rate float32) {
	var norm [kinds]float32
	var raw [parts][heads]float32
	for k, fs := range e.features {
		norm[k] = textmodel.Norm(k, len(fs))
		for h, x := range v.dot(fs) {
			raw[partOf[k]][h] += float32(x * norm[k])
		}
	}
	for p := range parts {
		grad, any := v.gradient(e, p, &raw[p], rate)
		for k, fs := range e.features {
			if any && partOf[k] == p {
				v.step(fs, &grad, norm[k], rate)
			}
		}
	}
}

// partOf says which part a kind of feature belongs to.
var partOf = [kinds]int{0, 0, 1, 1}

const parts = 2

// gradient returns the derivative of the loss of one part by its score, and
// moves the part's bias.
func (v *solver) gradient(e *example, p int, raw *[heads]float32, rate float32) (grad [heads]float32, any bool) {
	for h := range heads {
		if e.weight[h] == 0 {
			continue
		}
		y := float32(smoothing / 2)
		if e.y[h] == positive {
			y = 1 - smoothing/2
		}
		z := v.bias[p][h] + raw[h]
		g := logistic(z) - y
		at := e.cohort(h)
		c := &v.cost[at]
		c.sum += float64(e.weight[h]) * math.Abs(float64(g))
		c.weight += float64(e.weight[h])
		if g < tooSmall && g > -tooSmall {
			continue
		}
		grad[h] = float32(g * e.weight[h] * v.push[at])
		any = true
		v.b2[p][h] += float32(grad[h] * grad[h])
		v.bias[p][h] -= float32(rate * grad[h] / (1 + float32(math.Sqrt(float64(v.b2[p][h])))))
	}
	return grad, any
}

func (v *solver) dot(features []uint32) (sum [heads]float32) {
	for _, b := range features {
		idf, w := v.idf[b], &v.w[b]
		for h := range heads {
			sum[h] += float32(idf * w[h])
		}
	}
	return sum
}

func (v *solver) step(features []uint32, grad *[heads]float32, norm, rate float32) {
	for _, b := range features {
		x := float32(v.idf[b] * norm)
		if x == 0 {
			continue
		}
		w, g2 := &v.w[b], &v.g2[b]
		for h := range heads {
			if grad[h] == 0 {
				continue
			}
			g := float32(grad[h]*x) + float32(decay*w[h])
			g2[h] += float32(g * g)
			w[h] -= float32(rate * g / (float32(softening) + float32(math.Sqrt(float64(g2[h])))))
		}
	}
}

func logistic(z float32) float32 { return float32(1 / (1 + math.Exp(-float64(z)))) }

// model rounds the weights to a byte each. The few largest are clipped, so that
// the many small ones keep their precision.
func (v *solver) model(k textmodel.Knowledge, key string, cfg Config) (*textmodel.Model, error) {
	spec := textmodel.Spec{Name: "unit", Recipe: key, Features: textmodel.FeaturesName, Bits: cfg.Bits}
	weights := make([][textmodel.MaxHeads]int8, len(v.w))
	for h, name := range Heads {
		scale := v.clip(h) / 127
		for b := range v.w {
			q := math.RoundToEven(float64(v.w[b][h]*v.idf[b]) / scale)
			weights[b][h] = int8(max(-127, min(127, q)))
		}
		spec.Heads = append(spec.Heads, textmodel.Head{
			Name: name, Scale: scale, Bias: float64(v.bias[0][h]) + float64(v.bias[1][h]), Calibrations: []textmodel.Calibration{untuned},
		})
	}
	return textmodel.New(spec, weights, k)
}

// untuned stands in a unit's model until calibration replaces it.
var untuned = textmodel.Calibration{Origin: guard.OriginUnknown, Passage: 1, Thresholds: [len(textmodel.FalsePositiveRates)]float64{1, 1, 1}}

// clip returns the size above which weights of a head are cut.
func (v *solver) clip(h int) float64 {
	var all []float32
	for b := range v.w {
		if x := v.w[b][h] * v.idf[b]; x != 0 {
			all = append(all, max(x, -x))
		}
	}
	if len(all) == 0 {
		return 1
	}
	slices.SortFunc(all, cmp.Compare[float32])
	return max(1e-6, float64(all[int(clipQuantile*float64(len(all)-1))]))
}
