package detect

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// step returns the state after a character of class c; c == len(r.reps) is the
// end of the text.
func (r *rex) step(s *rexState, c int) *rexState {
	if s.next != nil {
		if t := s.next[c].Load(); t != nil {
			return t
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	char := rune(-1)
	if c < len(r.reps) {
		char = r.reps[c]
	}
	w := rexWalk{r: r, cond: syntax.EmptyOpContext(beforeRune[s.before], char), char: char, seen: make([]bool, len(r.prog.Inst))}
	for _, pc := range s.pcs {
		w.visit(pc)
	}
	t := r.state(w.out, rexBeforeOf(char), w.match)
	if s.next != nil {
		s.next[c].Store(t)
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

// run tries to match at text[at].
func (r *rex) run(text string, at int, end bool) rexRun {
	out := rexRun{end: -1, start: -1, stop: -1}
	s, first, last := r.startAt(text, at), -1, -1
	limit := len(text)
	if r.unbounded {
		limit = min(limit, at+r.max)
	}
	i := at
	for i < limit {
		c, w := 0, 1
		if b := text[i]; b < utf8.RuneSelf {
			c = int(r.ascii[b])
		} else {
			c, w = r.classOf(text, i)
		}
		var t *rexState
		if c < len(s.next) {
			t = s.next[c].Load()
		}
		if t == nil {
			t = r.step(s, c)
		}
		if t.match {
			out.end, out.start, out.stop = i, first, last
		}
		if t.dead {
			return out
		}
		i += w
		if t.in {
			if first < 0 {
				first = i - w
			}
			last = i
		} else if !t.past {
			first = -1
		}
		s = t
	}
	switch {
	case i < len(text) || r.unbounded && i >= at+r.max:
		if first >= 0 {
			out.capped, out.end, out.start, out.stop = true, i, first, last
		}
	case end:
		if r.step(s, len(r.reps)).match {
			out.end, out.start, out.stop = i, first, last
		}
	default:
		if out.live = true; out.end < 0 || first >= 0 && first < out.start {
			out.start = first
		}
	}
	return out
}
