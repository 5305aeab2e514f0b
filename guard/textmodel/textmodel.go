// Package textmodel holds Warder's trained text classifiers: their file format,
// loading, scoring and explanation. It is pure Go, needs no network and does
// the same arithmetic everywhere.
//
// # What a model is
//
// A linear model over hashed n-grams. One pass over a text yields features:
// words, pairs of neighbouring words, pairs with one word between, runs of 3
// to 5 characters inside words, and, where the model has a [Lexicon], the
// concepts of words and phrases and ordered pairs of them. Every feature is hashed to one bucket of a
// table. A bucket holds one signed byte per head; a head is one question asked
// of the text ("is this an injection?"). Since the heads lie side by side, all
// of them cost one pass and one memory access a feature.
//
// # Passages, windows, length
//
// A text is cut into segments, roughly sentences. The sum of a stretch's
// weights over the square root of its number of features is its raw score. Each
// head is scored on passages (whole texts of up to about PassageBytes; longer
// ones are split) and on windows of one to three segments. What counts is the
// best passage and the best window, so that one hostile sentence in a long
// document is not diluted. The more windows a text has, the higher its maximum
// by chance alone: the calibration takes the logarithm of the number of
// segments into account.
//
// # Trees
//
// A model may have a second member, [Trees]: it is asked once about a text, looks at
// the best passage and window of the linear member, and knows what concepts and style
// say together. What it says is one more number for the calibration.
//
// # Scores and thresholds
//
// A [Calibration], one for each head and origin, turns best passage, best
// window, what the trees say and length into a probability. It also carries thresholds: the score
// above which only a stated fraction of honest texts lay when the model was
// trained, measured on sources that the scoring model had not seen.
//
// # Limits
//
// Scoring is linear in the length of the text and allocates nothing. Files are
// bounded by [MaxFile]; the loader refuses every file that is not exactly what
// the format says, since a model comes from a file that somebody may have
// tampered with.
package textmodel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"warder.example/guard"
)

// Bounds of a model.
const (
	// MaxHeads is the number of heads that one model can have.
	MaxHeads = 4
	// MinBits and MaxBits bound the logarithm of the number of buckets.
	MinBits, MaxBits = 8, 22
	// MaxFile is the largest model file in bytes that is read.
	MaxFile = 32 << 20
)

// FalsePositiveRates are the published operating points, ascending.
var FalsePositiveRates = [...]float64{0.001, 0.01, 0.05}

// ErrFormat is wrapped by every error about the content of a model file.
var ErrFormat = errors.New("not a valid model file")

// Spec describes a model. It is stored in the file as JSON.
type Spec struct {
	// Name and Recipe identify what was trained and how.
	Name   string `json:"name"`
	Recipe string `json:"recipe"`
	// Features names the feature extractor. A model whose features this
	// program does not compute is refused.
	Features string `json:"features"`
	// Bits is the logarithm of the number of buckets.
	Bits  int    `json:"bits"`
	Heads []Head `json:"heads"`
	// Sources lists what the model was trained on.
	Sources []Source `json:"sources"`
}

// Head is one question a model answers.
type Head struct {
	Name string `json:"name"`
	// Scale is the value of one unit of the stored weights; Bias is added
	// to every raw score.
	Scale float64 `json:"scale"`
	Bias  float64 `json:"bias"`
	// Calibrations are by origin. "unknown" is required and stands for
	// every origin that is not listed.
	Calibrations []Calibration `json:"calibrations"`
}

// Calibration turns raw scores into a probability for texts of one origin:
// the logistic function of
//
//	Passage*passage + Window*window + Trees*trees + Length*ln(segments) + Brief*brief + Bias.
type Calibration struct {
	Origin  guard.Origin `json:"origin"`
	Passage float64      `json:"passage"` // not negative
	Window  float64      `json:"window"`  // not negative
	// Trees is not negative. A model without trees has none.
	Trees  float64 `json:"trees,omitempty"`
	Length float64 `json:"length"` // not positive
	// Brief is not positive: what is lost by a text of few words.
	Brief float64 `json:"brief,omitempty"`
	Bias  float64 `json:"bias"`
	// Thresholds holds for each of [FalsePositiveRates] the least score
	// that counts; it does not rise from one to the next. A threshold
	// above 1 is never reached.
	Thresholds [len(FalsePositiveRates)]float64 `json:"thresholds"`
	// Honest is the number of honest texts behind the thresholds.
	Honest int `json:"honest"`
}

// Source is one data set behind a model.
type Source struct {
	Name string `json:"name"`
	Rows int    `json:"rows"`
}

// Model is a loaded model. It is immutable and safe for concurrent use.
type Model struct {
	spec    Spec
	digest  string
	knows   Knowledge
	shift   uint
	weights [][MaxHeads]int8
	scale   [MaxHeads]float32
	bias    [MaxHeads]float32
	cal     [MaxHeads][originCount]Calibration
	deaf    [kinds]bool // kinds of feature that do not count; see [Model.Without]
	anyDeaf bool
}

const originCount = int(guard.OriginModel) + 1

// New builds a model. weights has one entry for each bucket, heads in the order
// of spec.Heads; New keeps it. The digest is that of the file
// which [Model.Bytes] returns.
func New(spec Spec, weights [][MaxHeads]int8, k Knowledge) (*Model, error) {
	m, err := build(spec, weights, k)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(m.Bytes())
	m.digest = hex.EncodeToString(sum[:])
	return m, nil
}

func build(spec Spec, weights [][MaxHeads]int8, k Knowledge) (*Model, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	if len(weights) != 1<<spec.Bits {
		return nil, fmt.Errorf("%w: %d buckets, expected %d", ErrFormat, len(weights), 1<<spec.Bits)
	}
	if err := k.Trees.fits(len(spec.Heads)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	m := &Model{spec: spec, knows: k, weights: weights, shift: uint(64 - spec.Bits)}
	for h, head := range spec.Heads {
		m.scale[h], m.bias[h] = float32(head.Scale), float32(head.Bias)
		m.cal[h] = head.byOrigin()
	}
	return m, nil
}

// byOrigin spreads the calibrations, filling gaps with that of unknown.
func (h *Head) byOrigin() (out [originCount]Calibration) {
	for _, c := range h.Calibrations {
		if c.Origin == guard.OriginUnknown {
			for i := range out {
				out[i] = c
			}
		}
	}
	for _, c := range h.Calibrations {
		out[c.Origin] = c
	}
	return out
}

// Spec returns the model's description. The caller does not change it.
func (m *Model) Spec() *Spec { return &m.spec }

// Digest returns the SHA-256 of the model's file in hex: the model's version.
func (m *Model) Digest() string { return m.digest }

// Head returns the index of the head with that name, or -1.
func (m *Model) Head(name string) int {
	for i, h := range m.spec.Heads {
		if h.Name == name {
			return i
		}
	}
	return -1
}

// calibration returns what applies to texts of an origin.
func (m *Model) calibration(head int, o guard.Origin) *Calibration {
	if int(o) >= originCount {
		o = guard.OriginUnknown
	}
	return &m.cal[head][o]
}

// Threshold returns the least score of a head that counts for texts of an origin at
// one of [FalsePositiveRates]; above 1, so never reached, for other rates.
func (m *Model) Threshold(head int, o guard.Origin, rate float64) float64 {
	for i, r := range FalsePositiveRates {
		if r == rate {
			return m.calibration(head, o).Thresholds[i]
		}
	}
	return 2
}

// Logit returns the logarithm of the odds.
func (c *Calibration) Logit(e *Evidence) float64 {
	return c.Passage*float64(e.Passage) + c.Window*float64(e.Window) + c.Trees*float64(e.Trees) + c.Length*math.Log(float64(max(e.Segments, 1))) + c.Brief*float64(e.Brief) + c.Bias
}

// Probability applies the calibration.
func (c *Calibration) Probability(e *Evidence) float64 {
	return 1 / (1 + math.Exp(-c.Logit(e)))
}

// FalsePositiveRate returns the smallest published rate whose threshold the
// score reaches, 1 if it reaches none.
func (c *Calibration) FalsePositiveRate(score float64) float64 {
	for i, t := range c.Thresholds {
		if score >= t {
			return FalsePositiveRates[i]
		}
	}
	return 1
}

// Weights returns the table. The caller does not change it.
func (m *Model) Weights() [][MaxHeads]int8 { return m.weights }

// Knows returns what the model knows beside its weights.
func (m *Model) Knows() Knowledge { return m.knows }
