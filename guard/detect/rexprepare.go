package detect

import (
	"errors"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// What newRex finds out about a program before it is run.

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

// markBack finds the instructions from which an assertion about the character
// before is reached without reading one.
func (r *rex) markBack() {
	const looks = syntax.EmptyBeginLine | syntax.EmptyBeginText | syntax.EmptyWordBoundary | syntax.EmptyNoWordBoundary
	r.back = make([]bool, len(r.prog.Inst))
	for changed := true; changed; {
		changed = false
		for pc := range r.prog.Inst {
			back := false
			switch in := &r.prog.Inst[pc]; in.Op {
			case syntax.InstAlt, syntax.InstAltMatch:
				back = r.back[in.Out] || r.back[in.Arg]
			case syntax.InstCapture, syntax.InstNop:
				back = r.back[in.Out]
			case syntax.InstEmptyWidth:
				back = syntax.EmptyOp(in.Arg)&looks != 0 || r.back[in.Out]
			}
			if back && !r.back[pc] {
				r.back[pc], changed = true, true
			}
		}
	}
}
