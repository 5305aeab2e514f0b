// Package dialect finds the text in the wire formats of language model APIs and
// changes nothing but what must change.
//
// A body is walked once, over its raw bytes. A [Spec] (one per message kind of a
// dialect, see the sibling packages) is a table that names the known fields;
// every other string is found too. What is found is a list of [Leaf]; a verdict
// comes back as a list of [Edit], and [Document.Splice] writes the masked bytes
// and leaves every other byte as it was: number formats, white space, key order
// and unknown fields survive.
//
// # What is refused
//
// A body that two parsers may read differently is a way around the guard, so it
// is refused with a [Problem]: anything that is not RFC 8259 JSON in valid UTF-8;
// a byte order mark; text after the value; a key twice in one object, whatever
// its spelling; in objects of the table, a key with escapes or one that differs
// from a known key only in case, dashes or underscores; in requests, a surrogate
// that is not paired; and what exceeds [Limits].
//
// # Strings
//
// A known string is text, a closed word (structure, such as a role: any other
// value is a Leaf), media (opaque when it is base64 that begins as a file of a
// known kind does, else a Leaf), or Warder's own. Keys of objects that the table does not close are
// leaves when they could carry text. Tool arguments are a string that holds
// JSON: besides the string itself each string within is a Leaf of its own, with
// [Leaf.Inner] set, and masks on it map back through both levels of escapes.
//
// # Numbers
//
// A number of nine digits or more before its point is a Leaf with [Leaf.Number]
// set where the table says nothing of it: below unknown keys, and in tool
// arguments that are JSON and not a string. Where a mask touches it, a string
// takes its place, so that the number is gone though its reader may refuse it.
//
// # What is not looked into
//
// Pictures, recordings and PDFs, when base64 begins as such a file does: what
// they show or say, and what stands deeper in their bytes, even if it is text.
// Numbers in fields that the table knows as numbers, short numbers, fractions,
// true, false, null, and how often they come. Keys that look like a name.
//
// # Streams
//
// [EventReader] splits a server-sent event stream exactly as the WHATWG standard
// does; [ChunkReader] reads its events by a [ChunkTable] and says which text each
// string continues; [Unescaper] undoes the inner escapes of tool arguments that
// arrive in pieces.
//
// # Protocols
//
// What a gateway needs of a dialect is a [Protocol]: its tables fill a [Request],
// an [Answer] and the [Chunk] of each event, and it writes errors and refusals.
package dialect

import "warder.example/guard"

// A Leaf is one string of a body that must be inspected. Leaves are in the order
// in which they stand in the body. A Leaf refers to its body, which must not be
// changed as long as the Leaf is in use.
type Leaf struct {
	// Text is the decoded string, valid UTF-8 and never empty. It aliases
	// the body when the raw string has no escapes.
	Text string
	// Turn is the index of the message or choice that holds the leaf; -1
	// elsewhere.
	Turn   int
	Origin guard.Origin
	Kind   guard.Kind
	// Known is false for a string that is not in the dialect's table.
	Known bool
	// Inner is set when the leaf is a second reading of the nearest earlier
	// leaf that has it unset: a string of the JSON in tool arguments.
	Inner bool
	// Number is set when the leaf is a number, written out without an
	// exponent. Masked it becomes a string.
	Number bool

	late  bool   // Origin waits for the end of the message
	key   bool   // a key, not a value
	half  uint16 // high surrogate of the piece before that Text begins with
	tail  uint16 // high surrogate that ends the piece, outside the raw span
	head  uint16 // low surrogate that begins it, outside the raw span
	whole bool   // gathered from many strings: masks drop the value
	rank  int32  // whole: of candidates, which of them in each place, from 1
	step  int32  // path, -1 for none
	start int32  // raw bytes between the quotes
	end   int32
	outer int32 // Inner: the leaf read before
	from  int32 // Inner: bytes of the outer text
	to    int32
	rule  *Rule
	doc   *Document
}

// An Edit masks spans of one leaf. Spans are byte ranges of Leaf.Text; one that
// begins or ends inside an escape or a character takes the whole of it. For escapes
// of JSON that the text is itself see [Leaf.WholeEscapes].
type Edit struct {
	Leaf  int // index in the list of leaves
	Masks []guard.Mask
}

// UnknownAction says what happens to strings outside the table.
type UnknownAction uint8

// The actions.
const (
	InspectUnknown UnknownAction = iota // they are leaves with Known unset
	StripUnknown                        // the members that hold them are cut out of the body
	RefuseUnknown                       // the body is refused: unknown_field
)

// Defaults of [Limits].
const (
	DefaultMaxDepth  = 64       // containers inside each other
	DefaultMaxLeaves = 16384    // strings to inspect
	DefaultMaxBytes  = 16 << 20 // 16 MiB of body
)

// Limits bounds one body. A field that is zero or negative means its default.
type Limits struct {
	MaxDepth  int // containers inside each other
	MaxLeaves int // strings to inspect
	MaxBytes  int // length of the body; at most 1 GiB
	Unknown   UnknownAction
	Tokens    bool // text may come as numbers of a tokenizer's, which nobody reads
	// Unasked says that the caller did not ask for a stream's usage, but Warder did:
	// what tells it does not leave, see [Rule].Unasked.
	Unasked bool
}

func (l Limits) orDefaults() Limits {
	if l.MaxDepth <= 0 {
		l.MaxDepth = DefaultMaxDepth
	}
	if l.MaxLeaves <= 0 {
		l.MaxLeaves = DefaultMaxLeaves
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = DefaultMaxBytes
	}
	l.MaxBytes = min(l.MaxBytes, 1<<30)
	return l
}
