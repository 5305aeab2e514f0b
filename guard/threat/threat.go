// Package threat remembers confirmed attacks and recognises them when they come
// again: exactly, and by similarity.
//
//	s, err := threat.Of(text)             // what is kept of an attack
//	m := threat.NewMemory(threat.MaxEntries)
//	err = m.Add(threat.Entry{ID: "thr_1", Category: "injection", State: threat.Active, Sketch: s})
//	found := m.Find("app_1", otherText)
//
// # What is kept
//
// Never the text. A [Sketch] holds a hash of the text's letters and digits, so
// that case, spacing and punctuation make no difference, and similarity sketches
// of 64 bytes: b-bit minwise hashes (Li and König 2010) with one-permutation
// hashing, densified (Shrivastava 2017), over the pieces of four letters of
// longer words and over pairs of words; in writing without spaces over pairs and
// triples of characters. Sketches are the same everywhere, so whoever holds one
// can check a guess at the text.
//
// A text of several sentences has a sketch of the whole and one of each sentence
// ([MaxParts] at most), so that it is recognised inside a longer document.
//
// # What is recognised
//
// The similarity of two texts is the share of their pieces that both have,
// estimated from 64 samples. Texts of 160 pieces or more (some 200 letters) match
// from 0.55, short ones of 24 or fewer from 0.80, others in between: short texts
// that differ in the one word that matters are still much alike. A text of
// several sentences also matches when half of it, by pieces, is found sentence by
// sentence. Texts of fewer than 12 pieces match exactly or not at all.
//
// The sketches are compared as they are given: undo obfuscation first, see
// package normal; [Of] does.
//
// # Cost
//
// Candidates come from 24 tables keyed by five samples each: similarity 0.6 is among
// them 86 times in 100, 0.7 98 times. A look-up compares at most
// [MaxCompared] of them for each sentence, so its work is bounded by the length of
// the text whatever is remembered.
package threat

import (
	"errors"
	"fmt"
	"time"
)

// Limits.
const (
	// MaxEntries is how many entries a memory holds at most.
	MaxEntries = 100_000
	// MaxParts is how many sentences of an attack have a sketch.
	MaxParts = 32
	// MaxText is the length in bytes of the longest text that [Of] takes.
	MaxText = 256 << 10
	// MaxCompared is how many candidates are compared for each sentence of a
	// text and for its whole.
	MaxCompared = 512
	// MaxMatches is how many entries [Memory.Find] reports at most.
	MaxMatches = 8
	// MaxCallers is how many callers' similar matches of an entry are told apart
	// until they are taken.
	MaxCallers = 256
	// MaxField is the length in bytes of the longest id, application,
	// category and source of an entry.
	MaxField = 128
)

// Errors that callers tell apart.
var (
	// ErrFull means that the memory holds as many entries as it may.
	ErrFull = errors.New("threat memory is full")
	// ErrShort means that a text has too few letters to stand for an attack.
	ErrShort = errors.New("text is too short to be remembered")
	// ErrSketch means that bytes are no sketch of a version known here.
	ErrSketch = errors.New("not a threat sketch")
)

// State says what happens when an entry matches.
type State uint8

// The states. The zero value is Observed: nothing acts that was not activated.
const (
	// Observed entries are counted and nothing else.
	Observed State = iota
	// Active entries are reported.
	Active
	// Suspended entries are reported where the text is an exact copy, else
	// counted.
	Suspended
)

var stateNames = [...]string{"observed", "active", "suspended"}

// String returns the lower-case name.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// ParseState returns the state with that name.
func ParseState(name string) (State, error) {
	for i, n := range stateNames {
		if n == name {
			return State(i), nil
		}
	}
	return Observed, fmt.Errorf("unknown state %.40q; expected observed, active or suspended", name)
}

// Entry is one remembered attack.
type Entry struct {
	ID       string // 1 to [MaxField] bytes
	App      string // id of the application it holds for; "" for all
	Category string // of the finding: "injection", "jailbreak"
	Source   string // where it comes from, in a word or two; shown in explanations
	State    State
	Expires  time.Time // from then on it matches nothing; zero for never
	Sketch   Sketch
}

func (e *Entry) check() error {
	switch {
	case e.ID == "" || len(e.ID) > MaxField || len(e.App) > MaxField || len(e.Category) > MaxField || len(e.Source) > MaxField:
		return fmt.Errorf("entry %.40q: id, application, category and source have %d, %d, %d and %d bytes; expected at most %d, and an id",
			e.ID, len(e.ID), len(e.App), len(e.Category), len(e.Source), MaxField)
	case int(e.State) >= len(stateNames):
		return fmt.Errorf("entry %.40q: %s; expected observed, active or suspended", e.ID, e.State)
	case e.Sketch.IsZero():
		return fmt.Errorf("entry %.40q: %w: it is empty", e.ID, ErrSketch)
	}
	return nil
}
