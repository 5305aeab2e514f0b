package gateway

import (
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Bounds of what is judged of messages that one side sent in a row.
const (
	// nearSeam is how many bytes of text on either side of a seam between two
	// messages are certain to be read together.
	nearSeam = 4 << 10
	// maxRun is how long a joined text grows before the next one begins. Those
	// that are full stay the same when more messages come, and are remembered:
	// a request costs what is new in it.
	maxRun = 16 << 10
)

// runs joins messages that a user sent in a row, near their seams, and those that the
// operator did: many models are given such messages as one. The instructions that
// stand outside of the messages come before the first one, wherever the body has them.
// What another side says ends a run, and so does what the caller says somebody else
// wrote.
func (j *joints) runs(leaves []dialect.Leaf, texts []guard.Text) {
	j.run(leaves, texts, guard.OriginUser)
	j.run(leaves, texts, guard.OriginOperator)
}

// run joins the messages of one origin.
func (j *joints) run(leaves []dialect.Leaf, texts []guard.Text, of guard.Origin) {
	r := run{joints: j, texts: texts}
	if of == guard.OriginOperator {
		for i := range leaves {
			if outside(&leaves[i]) {
				r.take(i, -1)
			}
		}
	}
	for i := range leaves {
		switch l := &leaves[i]; {
		case l.Turn < 0 || !l.Known:
		case l.Origin != of:
			r.close()
			r.pieces, r.size, r.turns, r.last = nil, 0, 0, 0
		case joinable(l) && l.Rule().Name == dialect.FieldContent:
			r.take(i, l.Turn)
		}
	}
	r.close()
}

// outside reports whether a leaf instructs the model outside of the messages.
func outside(l *dialect.Leaf) bool { return l.Turn < 0 && l.Known && l.Instructs() }

// run is the joined text that is being gathered.
type run struct {
	joints *joints
	texts  []guard.Text
	pieces joint
	size   int // bytes of pieces
	turns  int // seams between messages so far
	last   int // turn of the last piece
}

// take adds a text of a turn.
func (r *run) take(text, turn int) {
	if len(r.pieces) > 0 && turn != r.last {
		r.turns++
	}
	r.last = turn
	s := r.texts[text].Content
	if len(s) <= 2*nearSeam {
		r.add(text, 0, len(s))
		if r.size > maxRun {
			r.next()
		}
		return
	}
	r.add(text, 0, runeStart(s, nearSeam))
	r.close()
	r.pieces, r.size, r.turns = nil, 0, 0
	r.add(text, runeStart(s, len(s)-nearSeam), len(s))
}

func (r *run) add(text, from, to int) {
	r.pieces = append(r.pieces, stretch{text: text, from: from, end: to - from})
	r.size += to - from
}

// close hands on what was gathered, if it has a seam.
func (r *run) close() {
	if r.turns > 0 {
		r.joints.add(r.texts, r.pieces)
	}
}

// next closes a text that is full and begins another with its end, so that what
// stands across the two is whole in the second.
func (r *run) next() {
	r.close()
	full := r.pieces
	r.pieces, r.size, r.turns = nil, 0, 0
	first, left := len(full), nearSeam
	for first > 0 && left > 0 {
		first--
		left -= full[first].end
	}
	for i, p := range full[first:] {
		to := p.from + p.end
		if i == 0 && left < 0 {
			p.from = runeStart(r.texts[p.text].Content, p.from-left)
		}
		r.add(p.text, p.from, to)
	}
}

// runeStart returns the last beginning of a character in s that is not behind at.
func runeStart(s string, at int) int {
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}
