package dialect

import (
	"slices"
	"strconv"
)

// A Member is one member on the way to a value of a request: its name, and the tag
// of the table's rule for its value.
type Member struct {
	Name string
	Tag  Tag
}

// A Blank is a place in a request where Warder may write a number or a truth value:
// that of a member which the caller left out, or its own value. The zero Blank is
// nowhere.
type Blank struct {
	start, end int      // what is replaced; nothing where they are equal
	way        []Member // from there to the value
	member     bool     // the first of them is missing, not its value alone
	comma      bool     // another member follows
	somewhere  bool
}

// Blank returns the place of the member at the end of a way of objects that begins in
// the object that was read. The objects on the way must not have Close functions. way
// must not be changed afterwards.
func (s *Scope) Blank(way ...Member) Blank {
	in := s.begin
	for i := len(way) - 1; i >= 0; i-- {
		v, ok := s.tagged(way[i].Tag)
		if !ok {
			continue
		}
		if i == len(way)-1 || v.Type != ObjectType { // a null may stand in place of an object
			return Blank{start: int(v.start), end: int(v.end), way: way[i+1:], somewhere: true}
		}
		in, way = int(v.start), way[i+1:]
		break
	}
	return Blank{start: in + 1, end: in + 1, way: way, member: true, comma: !s.empty(in), somewhere: true}
}

// with returns what stands in the place once it has a value.
func (b *Blank) with(value string) string {
	var head, tail string
	for i, m := range b.way {
		name := strconv.Quote(m.Name) + ":"
		if i == 0 && b.member {
			head = name
			continue
		}
		head, tail = head+"{"+name, tail+"}"
	}
	if b.comma {
		tail += ","
	}
	return head + value + tail
}

// tagged returns the value with that tag, null included.
func (s *Scope) tagged(t Tag) (Value, bool) {
	i := slices.IndexFunc(s.values, func(v Value) bool { return v.Tag == t })
	if i < 0 {
		return Value{}, false
	}
	return s.values[i], true
}

// empty reports whether nothing will be left of the members of the object that
// begins at an offset.
func (s *Scope) empty(at int) bool {
	for at++; at < len(s.w.src); {
		switch s.w.src[at] {
		case ' ', '\t', '\r', '\n':
			at++
			continue
		case '}':
			return true
		}
		cut := slices.IndexFunc(s.w.doc.cuts, func(p patch) bool { return p.start == at })
		if cut < 0 {
			return false
		}
		at = s.w.doc.cuts[cut].end
	}
	return false
}

// fill writes a value into a place of the request, and reports whether it is one.
// Nothing else of the body changes.
func (r *Request) fill(b Blank, value string) bool {
	if b.somewhere {
		r.doc.cuts = append(r.doc.cuts, patch{start: b.start, end: b.end, with: b.with(value), added: b.member})
	}
	return b.somewhere
}

// Cap writes the most tokens that one answer may have into the request, which has no
// such cap, and reports whether its dialect has a place for it. older takes the older
// name of the cap where the dialect has two. Every Body from now on has it. It is
// called once at most, and not while others use the request.
func (r *Request) Cap(tokens int64, older bool) bool {
	b := r.CapAt
	if older && r.OlderCapAt.somewhere {
		b = r.OlderCapAt
	}
	return r.fill(b, strconv.FormatInt(tokens, 10))
}

// AskUsage has the answer's stream tell its usage, as Cap writes a cap.
func (r *Request) AskUsage() bool { return r.fill(r.UsageAt, "true") }

// Writes reports whether the model may write tokens for the request: one that has no
// cap nor a place for it asks for something else, such as a count.
func (r *Request) Writes() bool { return r.MaxTokens > 0 || r.CapAt.somewhere }

// Opaque returns how many files that are no text, or links to such, stand in the
// request, and how many bytes of its body they take.
func (r *Request) Opaque() (files, bytes int) { return r.doc.files, r.doc.opaque }
