package gateway

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// How many further events of its choice a text may hold back that could still
// become part of something, when they say no more of it. Then it is judged as if
// it ended there. Should it go on, what comes next is judged together with its
// end, and masked or cut at the latest then.
//
// A delta that may have begun a credential, or what is on the policy's own lists,
// waits as long as it takes: see [relay.begins]. For others it is a word that
// could become an address, as every word could.
const (
	// longWait is for texts that the table knows to go on: a client reads the
	// answer behind a model's thoughts, the call of a tool behind its words.
	longWait = 8
	// shortWait is for fields, most of which never change, and for deltas
	// of unknown meaning.
	shortWait = 1
	// A piece waits for so many events though its text goes on, since values
	// that change with each event may look like one endless word.
	fieldMost = 2
	deltaMost = 8
	// noHurry is for texts that nobody reads before they are whole, and where
	// the policy holds texts to their end.
	noHurry = -1
)

// count notes of which choices an event speaks.
func (r *relay) count(c *dialect.Chunk) {
	r.turn(-1)
	if len(c.Choices) == 0 {
		r.idle++
	}
	for i := range c.Choices {
		r.turn(c.Choices[i].Index)
	}
}

// turn counts an event of a choice, or with -1 any event.
func (r *relay) turn(choice int) {
	for len(r.turns) < choice+2 {
		r.turns = append(r.turns, 0)
	}
	r.turns[choice+1]++
}

// turnsOf returns what was counted.
func (r *relay) turnsOf(choice int) int {
	n := 0
	if choice >= 0 {
		n = r.idle
	}
	if choice+1 < len(r.turns) {
		n += r.turns[choice+1]
	}
	return n
}

// hurry settles texts that have held back other events for long enough. Of an
// answer that is cut nothing more leaves.
func (r *relay) hurry() error {
	if r.cut != nil {
		return nil
	}
	rest := r.pending[:0]
	for _, t := range r.pending {
		if t.stream != nil && t.upto < t.size && r.turnsOf(t.key.Choice)-t.turn >= t.wait && !r.begins(t) {
			if err := r.settle(t); err != nil || r.cut != nil {
				return err
			}
		}
		if t.waiting = t.stream != nil && t.upto < t.size; t.waiting {
			rest = append(rest, t)
		}
	}
	clear(r.pending[len(rest):])
	r.pending = rest
	if len(r.strands) > 0 {
		if err := r.hasten(); err != nil || r.cut != nil {
			return err
		}
	}
	for i := range r.queue {
		overdue := false
		for _, p := range r.queue[i].pieces {
			t := p.text
			most := t.most
			if t.copies > 1 {
				most = shortWait // the same with each event: a mark rather than a text
			}
			if most > 0 && t.upto < p.end && r.turnsOf(t.key.Choice)-p.turn >= most && !r.begins(t) {
				overdue = true
				if err := r.dismiss(t, p.end); err != nil || r.cut != nil {
					return err
				}
			}
		}
		if !overdue {
			break
		}
	}
	return nil
}

// dismiss lets a text go up to an offset, unless something is found in it as it
// stands. What follows is still judged with it.
func (r *relay) dismiss(t *running, upto int) error {
	tail := t.stream.Tail()
	if r.acts(t, t.about.Kind, tail, max(0, len(tail)-(t.size-t.upto))) {
		return r.settle(t)
	}
	t.upto = upto
	return nil
}

// telltale is how many bytes of something tell that it has begun.
const telltale = 4

// begins reports whether the end of a delta may be the beginning of something
// that has a form of its own: whatever is looked for in names, too.
func (r *relay) begins(t *running) bool {
	return r.telling(t.about.Origin, t.stream.Tail())
}

// telling reports that for the end of some text.
func (r *relay) telling(o guard.Origin, tail string) bool {
	for sc := range r.scanners(o, guard.Name) {
		if _, safe := sc.Scan(tail, false); safe <= len(tail)-telltale {
			return true
		}
	}
	return false
}
