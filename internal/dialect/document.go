package dialect

import (
	"bytes"
	"strconv"
	"sync"
	"unicode/utf8"
	"unsafe"
)

// A Document is a body that was read. It is safe for concurrent reading.
type Document struct {
	// Leaves are the strings to inspect, in the order of the body.
	Leaves []Leaf

	body   []byte
	src    string // body
	steps  []step
	cuts   []patch // what never leaves, and what Warder adds
	drops  []patch // what leaves only when nothing is masked
	files  int     // that are no text, or may be links to such
	opaque int     // bytes of those that are here
	pieces bool    // strings may be parts of longer ones, see [SpecOptions]
	moved  bool    // a piece begins with a character whose first half came before
}

// walker is the state of one reading.
type walker struct {
	body   []byte
	src    string
	at     int
	doc    *Document
	lim    Limits
	spec   *Spec
	state  any
	turn   int
	alien  int // open containers that the table does not know
	found  int // unknown strings seen and not cut
	frames []frame
	keys   []string
	values []Value
	scope  Scope
	gather *gathered
}

var walkers = sync.Pool{New: func() any {
	return &walker{frames: make([]frame, 0, 16), keys: make([]string, 0, 64), values: make([]Value, 0, 32)}
}}

// maxKept bounds what a walker keeps for its next use.
const maxKept = 4096

// smallBody is a body that a walker in the pool may go on referring to: to let
// go of it costs more than to keep it.
const smallBody = 4 << 10

func (w *walker) recycle() {
	if len(w.body) > smallBody {
		clear(w.keys[:cap(w.keys)])
		clear(w.values[:cap(w.values)])
	}
	if cap(w.keys) > maxKept || cap(w.values) > maxKept {
		return
	}
	*w = walker{frames: w.frames[:0], keys: w.keys[:0], values: w.values[:0]}
	walkers.Put(w)
}

// Parse reads a body by a table. state is handed to the table's Close functions.
// An error is a [*Problem], or what a Close function returned. The body must not
// be changed as long as the document or one of its leaves is in use.
func Parse(body []byte, spec *Spec, lim Limits, state any) (*Document, error) {
	d := &Document{}
	if err := ParseInto(d, body, spec, lim, state); err != nil {
		return nil, err
	}
	return d, nil
}

// ParseInto is [Parse] into a document whose storage is used again: what was
// read into it before, leaves included, must not be in use any more. After an
// error the document is empty.
func ParseInto(d *Document, body []byte, spec *Spec, lim Limits, state any) (err error) {
	d.reset()
	defer func() {
		if err != nil {
			d.reset()
		}
	}()
	lim = lim.orDefaults()
	if p := checkBytes(body, lim.MaxBytes); p != nil {
		return p
	}
	d.body, d.src, d.pieces = body, unsafe.String(unsafe.SliceData(body), len(body)), spec.pieces
	if d.Leaves == nil {
		guess := 6 + min(len(body)/512, 58)
		d.Leaves = make([]Leaf, 0, guess)
		d.steps = make([]step, 0, 2*guess)
	}

	w := walkers.Get().(*walker)
	defer w.recycle()
	w.body, w.src, w.doc, w.lim, w.spec, w.state, w.turn = body, d.src, d, lim, spec, state, -1
	w.space()
	if err := w.value(spec.root); err != nil {
		return err
	}
	w.space()
	if w.at != len(w.src) {
		return w.fail(CodeTrailingData, "bytes after the value")
	}
	return nil
}

// reset empties a document and keeps its storage, but nothing of its body.
func (d *Document) reset() {
	clear(d.Leaves)
	clear(d.cuts)
	clear(d.drops)
	*d = Document{Leaves: d.Leaves[:0], steps: d.steps[:0], cuts: d.cuts[:0], drops: d.drops[:0]}
}

// checkBytes refuses what is not a text that can be read at all.
func checkBytes(body []byte, most int) *Problem {
	switch {
	case len(body) > most:
		return &Problem{Code: CodeTooLarge, Reason: "body is larger than " + strconv.Itoa(most) + " bytes", Offset: most}
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")), bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		return &Problem{Code: CodeByteOrderMark, Reason: "body begins with a byte order mark; expected JSON in UTF-8"}
	case !utf8.Valid(body):
		return &Problem{Code: CodeInvalidUTF8, Reason: "body is not valid UTF-8", Offset: firstInvalid(body)}
	}
	return nil
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

func (w *walker) fail(code, reason string) error { return w.failAt(w.at, code, reason) }

func (w *walker) failAt(at int, code, reason string) error {
	return &Problem{Code: code, Path: w.path(), Reason: reason, Offset: min(at, len(w.src))}
}
