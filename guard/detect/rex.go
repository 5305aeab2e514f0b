package detect

import (
	"encoding/binary"
	"errors"
	"regexp/syntax"
	"slices"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// maxRexStates bounds the automaton cached for one expression. Beyond it states
// are computed again each time: slower by a constant, equal in result.
const maxRexStates = 1024

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
	max   int        // longest match in bytes, its last look-ahead not counted
	// unbounded says that the expression itself sets no limit, and that max
	// is one that was given.
	unbounded bool

	ascii  [utf8.RuneSelf]uint8
	bounds []rune // first rune of each class at or above RuneSelf
	class  []uint8
	reps   []rune // one rune of each class

	mu     sync.Mutex
	states map[string]*rexState
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
	match  bool // a match ended before the last character read
	in     bool // a thread is inside the group
	past   bool // a thread has left the group
	dead   bool // no thread is left
	next   []atomic.Pointer[rexState]
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
	for b := range r.start {
		r.start[b] = r.state([]uint32{uint32(r.prog.Start)}, rexBefore(b), false)
	}
	return r, nil
}

// divide splits the runes into classes that no instruction tells apart.
func (r *rex) divide() error {
	cuts := []rune{0, '\n', '\n' + 1, '0', '9' + 1, 'A', 'Z' + 1, '_', '_' + 1, 'a', 'z' + 1, utf8.RuneSelf}
	for i := range r.prog.Inst {
		in := &r.prog.Inst[i]
		if in.Op != syntax.InstRune && in.Op != syntax.InstRune1 {
			continue
		}
		if len(in.Rune) == 1 {
			f := in.Rune[0]
			cuts = append(cuts, f, f+1)
			if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
				for g := unicode.SimpleFold(f); g != f; g = unicode.SimpleFold(g) {
					cuts = append(cuts, g, g+1)
				}
			}
			continue
		}
		for j := 0; j+1 < len(in.Rune); j += 2 {
			cuts = append(cuts, in.Rune[j], in.Rune[j+1]+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	// Classes with the same answers everywhere are one class.
	ids := map[string]uint8{}
	sig := make([]byte, len(r.prog.Inst)+1)
	for i, c := range cuts {
		if c > unicode.MaxRune {
			break
		}
		sig[len(sig)-1] = byte(rexBeforeOf(c))
		for j := range r.prog.Inst {
			sig[j] = 0
			if matchesRune(&r.prog.Inst[j], c) {
				sig[j] = 1
			}
		}
		id, ok := ids[string(sig)]
		if !ok {
			if len(r.reps) == 255 {
				return errors.New("tells too many kinds of character apart")
			}
			id = uint8(len(r.reps))
			ids[string(sig)] = id
			r.reps = append(r.reps, c)
		}
		upto := rune(unicode.MaxRune + 1)
		if i+1 < len(cuts) {
			upto = cuts[i+1]
		}
		for a := c; a < upto && a < utf8.RuneSelf; a++ {
			r.ascii[a] = id
		}
		if c >= utf8.RuneSelf {
			r.bounds, r.class = append(r.bounds, c), append(r.class, id)
		}
	}
	return nil
}

func matchesRune(in *syntax.Inst, c rune) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return in.MatchRune(c)
	}
	return false
}

// markPhases finds which instructions stand before, in and after the group.
// Without a group everything after the start is in it.
func (r *rex) markPhases() {
	r.phase = make([]rexPhase, len(r.prog.Inst))
	open, shut := -1, -1
	for i := range r.prog.Inst {
		if in := &r.prog.Inst[i]; in.Op == syntax.InstCapture && in.Arg == 2 {
			open = i
		} else if in.Op == syntax.InstCapture && in.Arg == 3 {
			shut = i
		}
	}
	if open < 0 || shut < 0 {
		for i := range r.phase {
			r.phase[i] = inGroup
		}
		return
	}
	r.flood(r.prog.Inst[open].Out, uint32(shut), inGroup)
	r.flood(r.prog.Inst[shut].Out, uint32(open), afterGroup)
	r.phase[shut] = inGroup
}

// flood marks what can be reached from pc without passing stop.
func (r *rex) flood(pc, stop uint32, p rexPhase) {
	if pc == stop || r.phase[pc] != beforeGroup {
		return
	}
	r.phase[pc] = p
	switch in := &r.prog.Inst[pc]; in.Op {
	case syntax.InstFail, syntax.InstMatch:
	case syntax.InstAlt, syntax.InstAltMatch:
		r.flood(in.Out, stop, p)
		r.flood(in.Arg, stop, p)
	default:
		r.flood(in.Out, stop, p)
	}
}

// state returns the state of these threads, from the cache while it has room.
func (r *rex) state(pcs []uint32, before rexBefore, match bool) *rexState {
	if len(pcs) == 0 {
		before = beforeOther
	}
	slices.Sort(pcs)
	pcs = slices.Compact(pcs)
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
	s := &rexState{pcs: pcs, before: before, match: match, dead: len(pcs) == 0}
	for _, pc := range pcs {
		s.in = s.in || r.phase[pc] == inGroup
		s.past = s.past || r.phase[pc] == afterGroup
	}
	if len(r.states) < maxRexStates {
		s.next = make([]atomic.Pointer[rexState], len(r.reps)+1)
		r.states[string(key)] = s
	}
	return s
}
