package detect

import (
	"encoding/binary"
	"errors"
	"regexp/syntax"
	"slices"
	"sync"
	"unicode/utf8"
)

// maxRexStates bounds the automaton cached for one expression. Beyond it states
// are computed again each time: slower by a constant, equal in result.
const maxRexStates = 2048

// A rex is an RE2 expression that is matched at a given place of a text of which
// more may come. It finds the longest match, says whether more text could still
// change the answer, and where the first capture group stands.
//
// It is a lazily built deterministic automaton over the program of
// regexp/syntax (R. Cox, "Regular Expression Matching in the Wild", 2010):
// states are sets of program counters, and a match is noticed one character
// late, so that assertions such as \b can look ahead. It is safe for concurrent
// use.
type rex struct {
	prog  *syntax.Prog
	phase []rexPhase // by program counter
	back  []bool     // by program counter: an assertion there may look back
	max   int        // longest match in bytes, its last look-ahead not counted
	// unbounded says that the expression itself sets no limit, and that max
	// is one that was given.
	unbounded bool

	ascii  [utf8.RuneSelf]uint8
	bounds []rune // first rune of each class at or above RuneSelf
	class  []uint8
	reps   []rune // one rune of each class

	table rexTable

	mu     sync.Mutex
	states map[string]*rexState
	cached []*rexState  // the states that have a row, in order
	start  [4]*rexState // by rexBefore
}

// rexPhase says where a thread stands relative to the first capture group.
type rexPhase uint8

const (
	beforeGroup rexPhase = iota
	inGroup
	afterGroup
)

// rexBefore is what a state must know of the character before it.
type rexBefore uint8

const (
	beforeNothing rexBefore = iota // the text begins here
	beforeNewline
	beforeWord
	beforeOther
)

var beforeRune = [...]rune{-1, '\n', 'a', ' '}

func rexBeforeOf(r rune) rexBefore {
	switch {
	case r == '\n':
		return beforeNewline
	case syntax.IsWordChar(r):
		return beforeWord
	}
	return beforeOther
}

// rexState is a set of threads between two characters.
type rexState struct {
	pcs    []uint32 // before assertions are looked at
	before rexBefore
	dead   bool // no thread is left
	rexStep
}

// errRexEmpty and errRexUnbounded are what callers explain to people.
var (
	errRexEmpty     = errors.New("matches the empty text")
	errRexUnbounded = errors.New("has no longest match")
)

// newRex compiles expr. A limit above 0 bounds the match where the expression
// does not; without it such an expression is refused.
func newRex(expr string, limit int) (*rex, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	low, high := matchLengths(re)
	if low == 0 {
		return nil, errRexEmpty
	}
	r := &rex{max: high, unbounded: high < 0, states: map[string]*rexState{}}
	switch {
	case r.unbounded && limit <= 0:
		return nil, errRexUnbounded
	case r.unbounded:
		r.max = limit
	}
	if r.prog, err = syntax.Compile(re.Simplify()); err != nil {
		return nil, err
	}
	if err := r.divide(); err != nil {
		return nil, err
	}
	r.markPhases()
	r.markBack()
	for b := range r.start {
		r.start[b] = r.state([]uint32{uint32(r.prog.Start)}, rexBefore(b), false)
	}
	return r, nil
}

// state returns the state of these threads, from the cache while it has room.
func (r *rex) state(pcs []uint32, before rexBefore, match bool) *rexState {
	slices.Sort(pcs)
	pcs = slices.Compact(pcs)
	if !slices.ContainsFunc(pcs, func(pc uint32) bool { return r.back[pc] }) {
		before = beforeOther // nobody asks: a counted repetition needs half the states
	}
	key := make([]byte, 0, 2+4*len(pcs))
	key = append(key, byte(before), 0)
	if match {
		key[1] = 1
	}
	for _, pc := range pcs {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	if s := r.states[string(key)]; s != nil {
		return s
	}
	s := &rexState{pcs: pcs, before: before, dead: len(pcs) == 0, rexStep: rexKnown | rexNoRow}
	if match {
		s.rexStep |= rexMatch
	}
	if s.dead {
		s.rexStep |= rexDead
	}
	for _, pc := range pcs {
		switch r.phase[pc] {
		case inGroup:
			s.rexStep |= rexIn
		case afterGroup:
			s.rexStep |= rexPast
		}
	}
	if len(r.cached) < maxRexStates {
		s.rexStep = s.rexStep&^rexNoRow | rexStep(len(r.cached)*r.stride())
		r.states[string(key)] = s
		r.cached = append(r.cached, s)
		r.table.grow(len(r.cached) * r.stride())
	}
	return s
}
