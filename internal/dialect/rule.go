package dialect

import (
	"maps"
	"slices"

	"warder.example/guard"
)

// Use says what a string at one place of a dialect is.
type Use uint8

// The uses.
const (
	// Unknown strings are not in the table; see [Limits].Unknown.
	Unknown Use = iota
	// Prose is read by a model or a person.
	Prose
	// Label is a name or an identifier: a leaf of kind [guard.Name].
	Label
	// Arguments hold JSON for a tool, with escapes of their own.
	Arguments
	// Word is one of Rule.Words and then not inspected; any other string
	// is a Label.
	Word
	// Media is opaque when [IsMedia] says so; any other string is Prose.
	Media
	// Own is Warder's extension: read, never inspected nor forwarded. It
	// belongs below a rule with Cut.
	Own
	// Token is a piece of text below a rule with Drop: all such pieces
	// together are one leaf.
	Token
	// Candidate is like Token for texts that are not consecutive. As the rule for
	// the rest of an object it is for the keys.
	Candidate
	// MediaURL is opaque when [IsMediaURL] says so; any other string is
	// Prose.
	MediaURL
	// Octet is a number below a rule with Drop, one byte of a Token as it is
	// written a second time: all of them together are one leaf. A string is
	// unknown there.
	Octet
	// CandidateOctet is like Octet for a Candidate.
	CandidateOctet
	// Vector is opaque when [IsVector] says so; any other string is Prose.
	Vector
)

// Types is a set of JSON types.
type Types uint8

// The JSON types.
const (
	StringType Types = 1 << iota
	NumberType
	BoolType
	NullType
	ArrayType
	ObjectType
)

// What many fields may be: null says the same as leaving them out.
const (
	MaybeString = StringType | NullType
	MaybeNumber = NumberType | NullType
	MaybeBool   = BoolType | NullType
	MaybeArray  = ArrayType | NullType
	MaybeObject = ObjectType | NullType
)

var typeNames = [...]string{"a string", "a number", "true or false", "null", "an array", "an object"}

// String lists the types in words: "a string or null".
func (t Types) String() string {
	s := ""
	for i, name := range typeNames {
		if t&(1<<i) == 0 {
			continue
		}
		if s != "" {
			s += " or "
		}
		s += name
	}
	return s
}

// A Tag is a dialect's own number for a field whose value it wants to know.
type Tag uint8

// A Rule says what is known of the value at one place. The zero Rule knows
// nothing. Rules are built once, compiled by [NewSpec] and then read only.
type Rule struct {
	Use    Use
	Words  []string     // for Use Word: the closed set
	Origin guard.Origin // of leaves here
	// Late leaves get their origin from the enclosing object when it is
	// complete; see [Scope.Resolve].
	Late  bool
	Types Types // allowed types; zero allows all. Others are refused: wrong_type
	// Object and Items say how objects and the elements of arrays are read;
	// where nil, what they hold is unknown.
	Object *Object
	Items  *Rule
	Turns  bool // the elements are messages or choices: they number Leaf.Turn; what is no array is the only one
	Tag    Tag  // not zero: a Close function reads the value
	Cut    bool // the member never leaves Warder
	// Unasked is the usage of a stream, which may be there only because Warder asked
	// for it: as null, the member does not leave under [Limits].Unasked.
	Unasked bool
	// Drop turns the value into null when anything in the body is masked.
	Drop bool
	// Refers says that the string of a request names something that the provider
	// keeps, or fetches from an address, whose texts nobody reads here, and how records
	// call that. Empty for none. A data URL names nothing: it holds its file.
	Refers string
	// Delta says that the string continues in the next event of a stream.
	Delta bool
	Name  string // the dialect's name for the field in streams
}

// An Object says what is known of the members of one JSON object.
type Object struct {
	// Fields are the known members. Names that differ in case, dashes and
	// underscores alone are spellings of one member, which may be there once.
	Fields map[string]*Rule
	// Rest is the rule for all other members. With it the keys are the
	// sender's choice: they may have escapes, and those that could carry
	// text are leaves. Without it other members are unknown.
	Rest *Rule
	// Sealed refuses members that are not in Fields.
	Sealed   bool
	Required []string // names of Fields that must be there
	// Close is called when an object that was read by this table is
	// complete. It reads tagged values and decides origins.
	Close func(*Scope) error

	members map[string]member
	folds   map[string]bool // see fold
	ready   bool
}

type member struct {
	rule *Rule
	bit  uint8
}

// maxFields is how many known members an object may have.
const maxFields = 128

// A Spec is the compiled table of one kind of message. It is safe for
// concurrent use.
type Spec struct {
	root    *Rule
	unknown guard.Origin
	loose   bool
	pieces  bool
	sequels []string
}

// SpecOptions says how the strings of a kind of message are read.
type SpecOptions struct {
	// UnknownOrigin is the origin of strings outside the table.
	UnknownOrigin guard.Origin
	// Loose accepts surrogates that are not paired; they read as U+FFFD.
	Loose bool
	// Pieces says that strings may be parts of longer ones: half a
	// surrogate pair at either end is left out of Leaf.Text, and tool
	// arguments have no inner leaves. It implies Loose.
	Pieces bool
	// Sequels are, for whole answers, what [ChunkTable].Sequels are for streams:
	// names of texts of which a choice may have several, read one after another.
	Sequels []string
}

// NewSpec compiles a table. It panics when the table is wrong, since tables are
// written in the program.
func NewSpec(root *Rule, opt SpecOptions) *Spec {
	compile(root)
	return &Spec{root: root, unknown: opt.UnknownOrigin, loose: opt.Loose || opt.Pieces, pieces: opt.Pieces, sequels: opt.Sequels}
}

func compile(r *Rule) {
	if r == nil {
		return
	}
	if r.Items != nil && r.Items != r {
		compile(r.Items)
	}
	o := r.Object
	if o == nil || o.ready {
		return
	}
	o.ready = true
	if len(o.Fields) > maxFields {
		panic("dialect: an object of the table has too many fields")
	}
	o.members = make(map[string]member, len(o.Fields))
	o.folds = make(map[string]bool, len(o.Fields))
	bits := make(map[string]uint8, len(o.Fields))
	for name, f := range o.Fields {
		key := fold(name)
		if _, ok := bits[key]; !ok {
			bits[key] = uint8(len(bits))
		}
		o.members[name] = member{f, bits[key]}
		o.folds[key] = true
	}
	for _, name := range o.Required {
		if _, ok := o.members[name]; !ok {
			panic("dialect: required field " + name + " is not in the table")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Fields)) {
		compile(o.Fields[name])
	}
	compile(o.Rest)
}

// unknownRule reads everything as unknown.
var unknownRule = func() *Rule {
	r := &Rule{}
	r.Items = r
	r.Object = &Object{Rest: r}
	compile(r)
	return r
}()
