package dialect

import (
	"iter"
	"strconv"

	"warder.example/guard"
)

// A Value is a tagged value of the body.
type Value struct {
	Tag  Tag
	Type Types
	Raw  string // as it stands in the body
	Text string // decoded, of strings

	start, end int32
}

// maxInt is the largest integer that every parser reads alike.
const maxInt = 1 << 53

// Int returns an integer that is written without point and exponent. Other
// forms are read differently by different parsers.
func (v *Value) Int() (int, bool) {
	n, err := strconv.ParseInt(v.Raw, 10, 64)
	return int(n), err == nil && v.Type == NumberType && n <= maxInt && n >= -maxInt
}

// Bool reports whether the value is true.
func (v *Value) Bool() bool { return v.Type == BoolType && v.Raw == "true" }

// A Scope is an object that has been read, as its Close function sees it. It is
// valid during that call only.
type Scope struct {
	w      *walker
	from   int
	begin  int
	values []Value
}

// Limits returns those of the reading.
func (s *Scope) Limits() Limits { return s.w.lim }

// State returns what was given to [Parse].
func (s *Scope) State() any { return s.w.state }

// First returns the index of the object's first leaf; Leaves returns them all.
func (s *Scope) First() int { return s.from }

// Leaves returns the leaves of the object.
func (s *Scope) Leaves() []Leaf { return s.w.doc.Leaves[s.from:] }

// Index returns the object's place in the array that holds it, else -1.
func (s *Scope) Index() int {
	if n := len(s.w.frames); n > 0 && s.w.frames[n-1].end < 0 {
		return int(s.w.frames[n-1].start)
	}
	return -1
}

// Raw returns the object as it stands in the body.
func (s *Scope) Raw() []byte { return s.w.body[s.begin:s.w.at:s.w.at] }

// Around returns the object as it stands in the body before and behind a value of it.
func (s *Scope) Around(v Value) (before, behind []byte) {
	return s.w.body[s.begin:v.start:v.start], s.w.body[v.end:s.w.at:s.w.at]
}

// Value returns the value with that tag, which must be the dialect's. Null and
// absent values are not there.
func (s *Scope) Value(t Tag) (Value, bool) {
	for i := range s.values {
		if s.values[i].Tag == t && s.values[i].Type != NullType {
			return s.values[i], true
		}
	}
	return Value{}, false
}

// Fail returns a problem with the object, or with v if it is given.
func (s *Scope) Fail(v Value, code, reason string) error {
	at := s.begin
	if v.end > 0 {
		at = int(v.start)
	}
	return s.w.failAt(at, code, reason)
}

// trust ranks origins: a claim may only lower it. Assistant turns in a request
// were written by the caller.
func trust(o guard.Origin) int {
	switch o {
	case guard.OriginOperator:
		return 3
	case guard.OriginUser, guard.OriginModel:
		return 2
	case guard.OriginDocument, guard.OriginTool, guard.OriginEmail:
		return 1
	}
	return 0
}

// Claim notes that late leaves of the object are said to be of this origin,
// unless an object within said so. Resolve judges the claim.
func (s *Scope) Claim(o guard.Origin) {
	for i := s.from; i < len(s.w.doc.Leaves); i++ {
		if l := &s.w.doc.Leaves[i]; l.late && l.Origin == guard.OriginUnknown {
			l.Origin = o
		}
	}
}

// Resolve gives late leaves their origin: base, or what was claimed for them. A
// claim of more trust than base is refused.
func (s *Scope) Resolve(base guard.Origin) error {
	for i := s.from; i < len(s.w.doc.Leaves); i++ {
		l := &s.w.doc.Leaves[i]
		if !l.late {
			continue
		}
		l.late = false
		if l.Origin == guard.OriginUnknown {
			l.Origin = base
		} else if trust(l.Origin) > trust(base) {
			return s.w.failAt(int(l.start), CodeInvalidValue, "origin that claims more trust than the role gives")
		}
	}
	return nil
}

// Values returns every value with that tag, null included, in the order of the
// body.
func (s *Scope) Values(t Tag) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for i := range s.values {
			if s.values[i].Tag == t && !yield(s.values[i]) {
				return
			}
		}
	}
}

// Arguments makes tool arguments of leaf i of the document, which must be one of
// the object's: the strings of the JSON in it become inner leaves. It is for
// dialects in which another member says what a text is used for.
func (s *Scope) Arguments(i int) error {
	s.w.doc.Leaves[i].Kind = guard.ToolArguments
	return s.w.inner(i)
}

// As reads leaf i of the object, which must be a text that the table knows, by
// another rule: its use (text, name or tool arguments), its name and whether it
// goes on. It is for dialects in which another member says what a text is. Its
// origin stays.
func (s *Scope) As(i int, r *Rule) {
	l := &s.w.doc.Leaves[s.from+i]
	l.rule = r
	switch r.Use {
	case Arguments:
		l.Kind = guard.ToolArguments
	case Label, Word:
		l.Kind = guard.Name
	default:
		l.Kind = guard.Prose
	}
}
