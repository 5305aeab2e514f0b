package detect

import (
	"strings"

	"warder.example/guard"
)

// candidate is what one rule says at one keyword.
type candidate struct {
	guard.Span
	rule int // of the engine, or pemRule
	kind secretKind
	ok   bool // a certain match
	live bool // more text could make one that begins at Start
}

func (c *candidate) beats(best *candidate) bool {
	switch {
	case !best.ok || c.Start != best.Start:
		return !best.ok || c.Start < best.Start
	case c.kind != best.kind:
		return c.kind < best.kind
	}
	return c.End > best.End
}

// tail returns where the end of text may be the beginning of a keyword that is
// part of a secret; one that began before from counts from there. Without a word
// boundary before it the secret's mask begins two bytes late (see try), so less
// is held.
func (e *secretEngine) tail(text string, from int) int {
	start := max(0, from-e.words.longest)
	boundary := func(i int) bool { return !inWord(text, i) }
	at := min(e.bound.partial(text, start, boundary), e.free.partial(text, start, boundary))
	if i := e.free.partial(text, start, func(i int) bool { return inWord(text, i) && i+2 < len(text) }); i < len(text) {
		at = min(at, i+2)
	}
	return max(at, from)
}

// inWord reports whether no word boundary stands before text[i].
func inWord(text string, i int) bool {
	return i > 0 && is(text[i-1], classWord) && is(text[i], classWord)
}

// try matches rule id at the keyword text[at:after]. A secret that ends at or
// before from was settled earlier.
func (e *secretEngine) try(id int, text string, at, after, from int, end bool) (c candidate) {
	if id == pemRule {
		c = tryPEM(text, at, end)
		c.rule = id
		c.ok = c.ok && c.End > from
		return c
	}
	r := e.rules[id]
	c.rule, c.kind = id, r.kind
	if (r.kind == secretNamed || r.kind == secretGeneric) && (!assigns(text, after) || insideRun(text, at)) {
		return c
	}
	res := r.rex().run(text, at, end)
	late := 0
	if r.kind == secretFormat && inWord(text, at) {
		late = 2
	}
	switch {
	case res.start < 0 || res.start-at > secretReach:
		return c
	case res.live:
		c.live, c.Start = true, res.start
		if res.start == at {
			c.Start = min(at+late, len(text))
		}
		return c
	case res.end < 0 || res.stop <= res.start:
		return c
	}
	stop := res.stop
	if r.kind >= secretStated {
		for stop > res.start && endsClause(text[stop-1]) {
			stop--
		}
	}
	if stop <= from || !r.accepts(text[res.start:stop], text, at, res.stop) {
		return c
	}
	c.ok, c.Start, c.End = true, res.start, stop
	if res.start == at {
		c.Start += late
	}
	return c
}

// found returns the match that a certain candidate is.
func (e *secretEngine) found(c *candidate) match {
	m := match{category: "secret.private-key", rule: "private-key", score: 1, why: "a private key block"}
	if c.rule != pemRule {
		m = e.rules[c.rule].report
	}
	m.Span = c.Span
	return m
}

// describe returns what a finding of the rule says.
func (r *secretRule) describe() match {
	m := match{category: "secret." + r.id, rule: r.id}
	words := strings.ReplaceAll(r.id, "-", " ")
	switch r.kind {
	case secretFormat:
		m.score, m.why = 1, "has the form of a credential: "+words
	case secretNamed:
		m.score, m.why = 0.95, "a value of the right form is assigned to the name of a service: "+words
	case secretStated:
		m.score, m.why = 0.9, "a text states a credential: "+words
	case secretGeneric:
		m.category, m.score, m.why = "secret.generic", 0.8, "a random-looking value is assigned to a name that secrets have"
	}
	return m
}

// endsClause reports whether b is punctuation that ends what a value stands in.
func endsClause(b byte) bool {
	switch b {
	case '.', ',', ':', ';', '!', '?', ')':
		return true
	}
	return false
}

// insideRun reports whether a name stands in the middle of a long run of
// characters that values have: an address, an encoded block. There every few
// bytes may look like a name, each with a long value behind it.
func insideRun(text string, at int) bool {
	i := at
	for i > 0 && at-i < secretBefore && inValue(text[i-1]) {
		i--
	}
	return at-i == secretBefore
}

// inValue reports whether b is one of the characters of encoded values.
func inValue(b byte) bool {
	return is(b, classWord) || b == '.' || b == '=' || b == '+' || b == '/' || b == '-'
}

// assignReach is the most that may stand between a service's name and the
// operator that assigns: the rest of the name, and the gap of the rules.
const assignReach = 48

// assigns reports whether an assignment may follow at text[after:]: it looks for
// the operator, so that most prose never reaches an automaton. At the end of the
// text the answer is yes.
func assigns(text string, after int) bool {
	for i := after; i < len(text) && i < after+assignReach; i++ {
		switch c := text[i]; {
		case is(c, classWord|classSpace), c == '.', c == '-', c == '\'', c == '"':
		case c == '=', c == ':', c == '>', c == '|', c == '?', c == ',':
			return true
		default:
			return c >= 0x80 // a letter that folds to ASCII
		}
	}
	return len(text) < after+assignReach
}
