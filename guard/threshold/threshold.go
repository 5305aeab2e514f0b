// Package threshold holds thresholds of the prompt-attack classifiers that an
// operator had chosen on honest texts of their own, in place of those that were
// published with the model.
//
// The file that [Load] reads is written by warder calibrate; docs/thresholds.md
// is its manual. It is for one model, named by its digest, and expires: texts
// change, and a bound holds for texts like those it was made from.
//
// # What it changes
//
// Scores stay; what changes is the false-positive rate that a finding reports
// ([guard.Finding.FPR]), which policies decide on. Each threshold stands for a
// budget: the largest share of honest texts that may reach it. A score has the
// smallest budget whose threshold it reaches. Between budgets the published rates
// go on to count, with one exception: a published rate stricter than a budget
// counts only from that budget's threshold on. What the operator's own texts show
// to be too frequent at 1 % is not taken for rarer than 0.1 %.
//
// Origins and categories that the file does not speak of keep what was published.
package threshold

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

// MaxBudget is the largest budget of a threshold: findings above it are not
// reported at all.
const MaxBudget = 0.05

// MaxValid is the longest time for which thresholds may be used.
const MaxValid = 2 * 365 * 24 * time.Hour

// Categories are the categories that have thresholds.
var Categories = [...]string{"injection", "jailbreak", "harmful_request"}

// Errors of [Set.Usable].
var (
	ErrModel   = errors.New("thresholds are for another model")
	ErrExpired = errors.New("thresholds have expired")
)

// Entry is one threshold and what it rests on.
type Entry struct {
	Origin   guard.Origin `yaml:"origin" json:"origin"`
	Category string       `yaml:"category" json:"category" enum:"injection,jailbreak,harmful_request"`
	// Budget is the share of honest texts, between 0 and MaxBudget, that may
	// reach the threshold.
	Budget float64 `yaml:"budget" json:"budget"`
	// Score is the least score that counts. Above 1 it is never reached.
	Score float64 `yaml:"score" json:"score"`
	// Texts is how many honest texts, near-duplicates counted once, it was
	// chosen on, Reached how many of them reach it.
	Texts   int `yaml:"texts" json:"texts"`
	Reached int `yaml:"reached" json:"reached"`
	// Low and High bound the share of such texts that reach it, each by itself
	// with the confidence of the file.
	Low  float64 `yaml:"low" json:"low"`
	High float64 `yaml:"high" json:"high"`
}

// File is what a thresholds file says.
type File struct {
	Version    int       `yaml:"version" json:"version"` // 1
	Model      string    `yaml:"model" json:"model"`     // digest, hex
	Made       time.Time `yaml:"made" json:"made"`
	Expires    time.Time `yaml:"expires" json:"expires"`
	Confidence float64   `yaml:"confidence" json:"confidence"` // of each bound, between 0 and 1
	// Thresholds are by origin and category; the score does not rise from a
	// budget to a larger one.
	Thresholds []Entry `yaml:"thresholds" json:"thresholds"`
}

// Set is a checked thresholds file in use. Beside the file it only holds counts,
// so it is safe for concurrent use. A nil Set changes nothing.
type Set struct {
	file   File
	digest string
	at     [origins][len(Categories)][]int // entries by rising budget
	counts []count                         // by entry
}

// origins is how many there are, the unknown one included.
const origins = int(guard.OriginModel) + 1

// count is how often one threshold was met.
type count struct{ texts, reached atomic.Int64 }

// Count is how often a threshold was met since its file was loaded.
type Count struct {
	Entry
	Seen int64 // texts of its origin that the classifier read
	Hits int64 // of them, those that reached the threshold
}

// New checks a file and takes it in use. Its error is a strictyaml.Problems
// about the file called name.
func New(name string, f *File) (*Set, error) { return Parse(name, f.Bytes()) }

// index sorts what [Parse] has checked.
func index(f *File, data []byte) *Set {
	sum := sha256.Sum256(data)
	s := &Set{file: *f, digest: "sha256:" + hex.EncodeToString(sum[:]), counts: make([]count, len(f.Thresholds))}
	for i := range f.Thresholds {
		e := &f.Thresholds[i]
		list := &s.at[e.Origin][category(e.Category)]
		at := len(*list)
		for at > 0 && f.Thresholds[(*list)[at-1]].Budget > e.Budget {
			at--
		}
		*list = append(*list, 0)
		copy((*list)[at+1:], (*list)[at:])
		(*list)[at] = i
	}
	return s
}

// category returns the place of a category, -1 if it has no thresholds.
func category(name string) int {
	for i, c := range Categories {
		if c == name {
			return i
		}
	}
	return -1
}

// File returns what the file says. The caller does not change it.
func (s *Set) File() *File { return &s.file }

// Digest returns "sha256:" and the SHA-256 of the file in hex; empty for nil.
func (s *Set) Digest() string {
	if s == nil {
		return ""
	}
	return s.digest
}

// Usable returns an error that wraps [ErrModel] or [ErrExpired] when the set must
// not be taken in use at that time with the model of that digest.
func (s *Set) Usable(model string, now time.Time) error {
	switch {
	case s.file.Model != model:
		return fmt.Errorf("%w: they are for %.12s…, in use is %.12s…; calibrate again", ErrModel, s.file.Model, model)
	case s.Expired(now):
		return fmt.Errorf("%w: on %s; calibrate again on recent texts", ErrExpired, s.file.Expires.Format(time.DateOnly))
	}
	return nil
}

// Expired reports whether the bounds are too old to be relied on.
func (s *Set) Expired(now time.Time) bool { return !now.Before(s.file.Expires) }

// entries returns the places of the thresholds for texts of an origin.
func (s *Set) entries(o guard.Origin, cat string) []int {
	c := category(cat)
	if s == nil || c < 0 {
		return nil
	}
	if int(o) >= len(s.at) {
		o = guard.OriginUnknown
	}
	return s.at[o][c]
}

// Rate returns the false-positive rate of a score: published is the smallest
// published rate that it reaches, 1 if none. The result is a budget of the file, a
// published rate or 1; own tells whether it is a budget.
func (s *Set) Rate(o guard.Origin, category string, score, published float64) (rate float64, own bool) {
	list := s.entries(o, category)
	if len(list) == 0 {
		return published, false
	}
	missed, rate := 0.0, 1.0 // the largest budget not reached, the smallest reached
	for _, i := range list {
		e := &s.file.Thresholds[i]
		if score >= e.Score {
			rate, own = e.Budget, true
			break
		}
		missed = e.Budget
	}
	for _, r := range textmodel.FalsePositiveRates {
		if r >= published && r > missed && r < rate {
			return r, false
		}
	}
	return rate, own
}

// Observe counts a text of an origin that was read, and its score. It takes some
// nanoseconds.
func (s *Set) Observe(o guard.Origin, category string, score float64) {
	for _, i := range s.entries(o, category) {
		c := &s.counts[i]
		c.texts.Add(1)
		if score >= s.file.Thresholds[i].Score {
			c.reached.Add(1)
		}
	}
}

// Counts returns how often each threshold was met, in the order of the file. A
// text that is read meanwhile may be in a count already and not yet in another.
func (s *Set) Counts() []Count {
	if s == nil {
		return nil
	}
	out := make([]Count, len(s.counts))
	for i := range out {
		// Reached first: there are never more of them than texts.
		hits := s.counts[i].reached.Load()
		out[i] = Count{Entry: s.file.Thresholds[i], Hits: hits, Seen: s.counts[i].texts.Load()}
	}
	return out
}
