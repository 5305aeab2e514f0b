package detect

import (
	"regexp/syntax"
	"slices"
	"sync/atomic"
	"unicode/utf8"
)

// stride is the length of a row: one edge for each class, one for the end.
func (r *rex) stride() int { return len(r.reps) + 1 }

// step returns the state after a character of class c; c == len(r.reps) is the
// end of the text.
func (r *rex) step(s *rexState, c int) *rexState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.follow(s, c)
}

// stepFrom is step for a run: its state is the one whose row e names or, where
// e names none, s. It returns the edges with what was added.
func (r *rex) stepFrom(e rexStep, s *rexState, c int) (*rexState, []uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !e.has(rexNoRow) {
		s = r.cached[e.row()/r.stride()]
	}
	t := r.follow(s, c)
	return t, r.table.read()
}

// follow is step with the lock held.
func (r *rex) follow(s *rexState, c int) *rexState {
	if !s.has(rexNoRow) {
		if e := edge(r.table.read(), s.row()+c); e != 0 {
			return r.cached[e.row()/r.stride()]
		}
	}
	char := rune(-1)
	if c < len(r.reps) {
		char = r.reps[c]
	}
	w := rexWalk{r: r, cond: syntax.EmptyOpContext(beforeRune[s.before], char), char: char, seen: make([]bool, len(r.prog.Inst))}
	for _, pc := range s.pcs {
		w.visit(pc)
	}
	t := r.state(w.out, rexBeforeOf(char), w.match)
	if !s.has(rexNoRow) && !t.has(rexNoRow) {
		r.table.set(s.row()+c, t.rexStep)
	}
	return t
}

// rexWalk follows the threads of a state over one character.
type rexWalk struct {
	r     *rex
	cond  syntax.EmptyOp
	char  rune
	seen  []bool
	out   []uint32
	match bool
}

func (w *rexWalk) visit(pc uint32) {
	if w.seen[pc] {
		return
	}
	w.seen[pc] = true
	switch in := &w.r.prog.Inst[pc]; in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		w.visit(in.Out)
		w.visit(in.Arg)
	case syntax.InstCapture, syntax.InstNop:
		w.visit(in.Out)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(in.Arg)&^w.cond == 0 {
			w.visit(in.Out)
		}
	case syntax.InstMatch:
		w.match = true
	case syntax.InstFail:
	default:
		if w.char >= 0 && in.MatchRune(w.char) {
			w.out = append(w.out, in.Out)
		}
	}
}

// rexRun is the answer of one try at one place.
type rexRun struct {
	end  int // end of the longest match; -1 without one
	live bool
	// capped says that the text went on matching up to the limit of an
	// unbounded expression: a finding in itself, [start, stop).
	capped bool
	// start and stop are the group: of the match, or with live the earliest
	// place where the group of a match to come may start (-1: not before
	// the end of the text).
	start, stop int
}

// classOf returns the class of the character at text[i] and its width.
func (r *rex) classOf(text string, i int) (c, width int) {
	if b := text[i]; b < utf8.RuneSelf {
		return int(r.ascii[b]), 1
	}
	char, w := utf8.DecodeRuneInString(text[i:])
	at, ok := slices.BinarySearch(r.bounds, char)
	if !ok {
		at--
	}
	return int(r.class[at]), w
}

// startAt returns the state in which a match at text[at] begins.
func (r *rex) startAt(text string, at int) *rexState {
	if at == 0 {
		return r.start[beforeNothing]
	}
	if b := text[at-1]; b < utf8.RuneSelf {
		return r.start[rexBeforeOf(rune(b))]
	}
	return r.start[beforeOther]
}

// glide follows edges over ASCII as long as they change nothing but the state:
// their flags are was. It returns the place and the edge where that ends. Most of
// what a run reads is read here, so it is a function of its own, whose few
// variables stay in registers.
//
//go:noinline
func glide(text string, i int, ascii *[utf8.RuneSelf]uint8, edges []uint32, now, was rexStep) (int, rexStep) {
	for i < len(text) {
		b := text[i]
		if b >= utf8.RuneSelf {
			break
		}
		at := now.row() + int(ascii[b])
		if at >= len(edges) {
			break
		}
		e := rexStep(atomic.LoadUint32(&edges[at]))
		if e != now { // the same again need not wait for this one
			if e&^rexNoRow != was {
				break
			}
			now = e
		}
		i++
	}
	return i, now
}

// run tries to match at text[at].
func (r *rex) run(text string, at int, end bool) rexRun {
	out := rexRun{end: -1, start: -1, stop: -1}
	s, first, last := r.startAt(text, at), -1, -1
	limit := len(text)
	if r.unbounded {
		limit = min(limit, at+r.max)
	}
	edges := r.table.read()
	i, now, was := at, s.rexStep, rexStep(0)
	for i < limit {
		c, w := 0, 1
		if b := text[i]; b < utf8.RuneSelf {
			c = int(r.ascii[b])
		} else {
			c, w = r.classOf(text, i)
		}
		e := edge(edges, now.row()+c)
		if e == 0 {
			s, edges = r.stepFrom(now, s, c)
			e = s.rexStep
		}
		if was.has(rexIn) {
			last = i
		}
		if e.has(rexMatch) {
			out.end, out.start, out.stop = i, first, last
		}
		if e.has(rexDead) {
			return out
		}
		switch was = e &^ (rexNoRow | rexMatch); {
		case e.has(rexIn) && first < 0:
			first = i
		case e&(rexIn|rexPast) == 0:
			first = -1
		}
		i, now = glide(text[:limit], i+w, &r.ascii, edges, e&^rexMatch, was)
	}
	if was.has(rexIn) {
		last = i
	}
	switch {
	case i < len(text) || r.unbounded && i >= at+r.max:
		if first >= 0 {
			out.capped, out.end, out.start, out.stop = true, i, first, last
		}
	case end:
		e := edge(edges, now.row()+len(r.reps))
		if e == 0 {
			s, _ = r.stepFrom(now, s, len(r.reps))
			e = s.rexStep
		}
		if e.has(rexMatch) {
			out.end, out.start, out.stop = i, first, last
		}
	default:
		if out.live = true; out.end < 0 || first >= 0 && first < out.start {
			out.start = first
		}
	}
	return out
}
