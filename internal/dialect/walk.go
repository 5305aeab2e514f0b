package dialect

import "strconv"

// value reads one value by a rule.
func (w *walker) value(r *Rule) error {
	if w.at >= len(w.src) {
		return w.fail(CodeInvalidJSON, "unexpected end; expected a value")
	}
	start := w.at
	t := NumberType
	switch w.src[start] {
	case '"':
		t = StringType
	case '{':
		t = ObjectType
	case '[':
		t = ArrayType
	case 't', 'f':
		t = BoolType
	case 'n':
		t = NullType
	}
	if r.Types != 0 && r.Types&t == 0 && w.wellFormedStart(t) {
		return w.fail(CodeWrongType, "is "+t.String()+"; expected "+r.Types.String())
	}
	if r.Drop && (t == ObjectType || t == ArrayType) {
		return w.gathering(r, t)
	}
	if r.Turns && t != ArrayType {
		w.turn = 0
	}
	text, err := w.typed(r, t)
	if err != nil {
		return err
	}
	if r.Turns {
		w.turn = -1
	}
	if r.Tag != 0 && w.alien == 0 {
		w.values = append(w.values, Value{Tag: r.Tag, Type: t, Raw: w.src[start:w.at], Text: text, start: int32(start), end: int32(w.at)})
	}
	return nil
}

// wellFormedStart keeps the report of broken syntax ahead of that of a wrong
// type: what does not begin like a number is no number.
func (w *walker) wellFormedStart(t Types) bool {
	c := w.src[w.at]
	return t != NumberType || c == '-' || c >= '0' && c <= '9'
}

func (w *walker) typed(r *Rule, t Types) (string, error) {
	switch t {
	case StringType:
		return w.text(r)
	case ObjectType:
		return "", w.object(r)
	case ArrayType:
		return "", w.array(r)
	case NullType:
		return "", w.literal("null")
	case BoolType:
		if w.src[w.at] == 't' {
			return "", w.literal("true")
		}
		return "", w.literal("false")
	}
	start := w.at
	if err := w.number(); err != nil {
		return "", err
	}
	return "", w.figure(r, start)
}

// open enters a container. know says that the table knows it.
func (w *walker) open(know bool, f frame) error {
	w.frames = append(w.frames, f)
	if len(w.frames) > w.lim.MaxDepth {
		return w.fail(CodeTooDeep, "containers nested deeper than "+strconv.Itoa(w.lim.MaxDepth))
	}
	if !know {
		w.alien++
	}
	w.at++
	w.space()
	return nil
}

func (w *walker) close(know bool) {
	w.frames = w.frames[:len(w.frames)-1]
	if !know {
		w.alien--
	}
}

// element remembers where in its container a member stands, so that it can be
// cut out with one comma.
type element struct {
	kept   bool // a member before it stays
	comma  int  // the comma before it
	start  int
	leaves int // leaves and unknown strings before it
	found  int
}

func (w *walker) begin(e *element) { e.start, e.leaves, e.found = w.at, len(w.doc.Leaves), w.found }

// finish ends a member: it cuts it if it must go, and moves on to the next
// member or behind the container's end.
func (w *walker) finish(e *element, closing byte, cut bool) (more bool, err error) {
	end := w.at
	if w.found > e.found && w.lim.Unknown == StripUnknown && w.alien == 0 {
		cut = true
	}
	if cut {
		w.doc.Leaves = w.doc.Leaves[:e.leaves]
		w.found = e.found
	}
	w.space()
	comma := w.at
	switch {
	case w.at < len(w.src) && w.src[w.at] == ',':
		more = true
		w.at++
		w.space()
	case w.at < len(w.src) && w.src[w.at] == closing:
		w.at++
	default:
		return false, w.fail(CodeInvalidJSON, "expected a comma or "+string(closing))
	}
	switch {
	case cut && e.kept:
		w.doc.cuts = append(w.doc.cuts, patch{start: e.comma, end: end})
	case cut && more:
		w.doc.cuts = append(w.doc.cuts, patch{start: e.start, end: w.at})
	case cut:
		w.doc.cuts = append(w.doc.cuts, patch{start: e.start, end: end})
	default:
		e.kept = true
	}
	e.comma = comma
	return more, nil
}

func (w *walker) array(r *Rule) error {
	items := r.Items
	know := items != nil && r != unknownRule
	if items == nil {
		items = unknownRule
	}
	if err := w.open(know, frame{start: -1, end: -1, step: -1}); err != nil {
		return err
	}
	if w.at < len(w.src) && w.src[w.at] == ']' {
		w.at++
		w.close(know)
		return nil
	}
	var e element
	top := len(w.frames) - 1
	for i, more := 0, true; more; i++ {
		w.frames[top] = frame{start: int32(i), end: -1, step: -1}
		if r.Turns {
			w.turn = i
		}
		w.begin(&e)
		if err := w.value(items); err != nil {
			return err
		}
		var err error
		if more, err = w.finish(&e, ']', items.Cut); err != nil {
			return err
		}
	}
	w.close(know)
	return nil
}

func (w *walker) object(r *Rule) error {
	obj := r.Object
	know := obj != nil && r != unknownRule
	if obj == nil {
		obj = unknownRule.Object
	}
	begin, leaves, values := w.at, len(w.doc.Leaves), len(w.values)
	if err := w.open(know, frame{start: -1, end: -1, step: -1}); err != nil {
		return err
	}
	m := members{obj: obj, keys: keySet{w: w, base: len(w.keys)}}
	if w.at < len(w.src) && w.src[w.at] == '}' {
		w.at++
	} else if err := w.members(&m); err != nil {
		return err
	}
	m.keys.drop()
	w.close(know)
	return w.complete(&m, begin, leaves, values)
}

// complete checks required members and calls the table's Close.
func (w *walker) complete(m *members, begin, leaves, values int) error {
	for _, name := range m.obj.Required {
		if bit := m.obj.members[name].bit; m.seen[bit/64]&(1<<(bit%64)) == 0 {
			return w.failAt(begin, CodeMissingField, "object without "+strconv.Quote(name))
		}
	}
	if m.obj.Close == nil || w.alien > 0 {
		return nil
	}
	w.scope = Scope{w: w, from: leaves, values: w.values[values:], begin: begin}
	err := m.obj.Close(&w.scope)
	w.values = w.values[:values]
	return err
}
