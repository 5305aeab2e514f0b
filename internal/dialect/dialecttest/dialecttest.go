// Package dialecttest is the one suite that every [dialect.Protocol] passes: what
// holds for one dialect holds for all of them.
//
// A package of a dialect describes its protocol by a [Suite], of examples as the
// API's reference has them and of a few facts that cannot be seen in them, and
// calls [Run] with it in a test, and [FuzzRequest] and its siblings in fuzz tests.
// What is special to a dialect stays a test of that package.
//
// The suite reads bodies with encoding/json and regular expressions, so that the
// walker of package dialect is never its own judge.
//
// # What holds
//
//   - Examples are known in full, whose each text is included; they leave byte for
//     byte, uncopied. The extension is read, and cut out.
//   - A text is seen wherever it is planted in a body that is accepted, under every
//     spelling and level of escapes.
//   - A mask changes its string and no other byte, and keeps the body JSON.
//   - Bodies that parsers may read differently are refused, and what exceeds limits.
//   - However bytes arrive, the events are the same; however a text is cut into
//     events, it is read, and masked, as the whole.
//   - What Warder says itself is read by the same tables, at every place where a
//     stream may be cut, and nothing breaks out of it.
//
// Cases are counted, and too few of them fail.
package dialecttest

import (
	"regexp"
	"testing"

	"warder.example/internal/dialect"
)

// An Example is a body as callers and model servers send it.
type Example struct {
	Name string
	Body []byte
	// Rough says that it holds, on purpose, what the table does not know.
	Rough bool
}

// A Suite is what a protocol is held to. Of a kind of message that it does not have
// there are no examples.
type Suite struct {
	Protocol dialect.Protocol
	Requests []Example
	Answers  []Example
	Errors   []Example // bodies of errors
	Events   []Example // payloads of events beside those of Streams
	Streams  []Example // whole streams, as their bytes come
	Seeds    [][]byte  // more bodies of any kind for fuzz tests to begin with

	// Texts are those that run through the events of a stream.
	Texts []Text
	// Call returns a request in which a tool is called with these arguments, which
	// are a JSON string with its quotes. Nil where arguments are no strings.
	Call func(arguments string) []byte
	// Extension matches the places of members that are cut from requests, and
	// Dropped those of members that become null when anything is masked. A place is
	// written as ".messages[].warder". Nil for none.
	Extension, Dropped *regexp.Regexp
	// Declared matches the places of names that say of which kind a file is: a body
	// in which one is masked may be refused.
	Declared *regexp.Regexp
	// Words are all words of the table that are structure. If there are none, any
	// short string without spaces may be one where another text would be seen.
	Words []string
	// Refusal says how an answer in place of the model's looks.
	Refusal Refusal
	// Least is how many planted bodies of each kind (request, answer, error, event)
	// are accepted, at least.
	Least map[string]int
}

// Refusal says how an answer in place of the model's looks.
type Refusal struct {
	None     bool   // there is none: answers are no text
	Wordless bool   // it has no place for words, nor for an id and a model
	ID       string // what its id begins with, before the request's
	Finish   string // why each of its choices ended
	Several  bool   // it has as many choices as were asked for; else one
	// Abrupt says that the end of a stream does not end its choices one by one.
	Abrupt bool
}

// Run runs the whole suite.
func Run(t *testing.T, s Suite) {
	ran := 0
	for _, c := range []struct {
		name string
		run  func(*testing.T, *Suite)
	}{
		{"examples", examples}, {"planted", planted}, {"arguments", plantedArguments}, {"masks", masks}, {"extension", extension},
		{"cap", capped}, {"differences", differences}, {"limits", limits}, {"no-answers", noAnswers}, {"chunking", chunking}, {"torn", torn},
		{"halves", halves}, {"torn-arguments", tornArguments}, {"refusals", refusals}, {"tails", tails}, {"failures", failures},
	} {
		ran++
		t.Run(c.name, func(t *testing.T) { c.run(t, &s) })
	}
	if ran < 16 {
		t.Errorf("ran %d tests; expected at least 16", ran)
	}
}

// kind is one kind of message.
type kind struct {
	name     string
	examples []Example
	parse    func([]byte, dialect.Limits) (*reading, error)
	// told says that texts are told and no body leaves that could be masked.
	told bool
}

// reading is a message that was read.
type reading struct {
	leaves    []dialect.Leaf
	out       func([]dialect.Edit) []byte
	answers   bool // it comes from a model server
	rewritten bool // half a character was moved to or from another event

	plain []any // outline of what leaves when nothing is masked
}

// kinds returns the kinds of messages that have examples.
func (s *Suite) kinds(t testing.TB) (out []kind) {
	t.Helper()
	p := s.Protocol
	events := append([]Example{}, s.Events...)
	for _, stream := range s.Streams {
		for _, e := range Events(t, stream.Body) {
			if !p.Chunks(dialect.Limits{}).Ends(e.Data) {
				events = append(events, Example{Name: stream.Name, Body: e.Data, Rough: stream.Rough})
			}
		}
	}
	for _, k := range []kind{
		{name: "request", examples: s.Requests, parse: s.request},
		{name: "answer", examples: s.Answers, parse: s.answer},
		{name: "error", examples: s.Errors, parse: s.answer},
		{name: "failure", examples: s.Errors, told: true, parse: func(b []byte, lim dialect.Limits) (*reading, error) {
			leaves, err := p.ParseError(b, lim)
			return &reading{leaves: leaves, out: func([]dialect.Edit) []byte { return b }}, err
		}},
		{name: "event", examples: events, parse: s.event},
	} {
		if len(k.examples) > 0 {
			out = append(out, k)
		}
	}
	return out
}

func (s *Suite) request(b []byte, lim dialect.Limits) (*reading, error) {
	r, err := s.Protocol.ParseRequest(b, lim)
	if err != nil {
		return nil, err
	}
	return &reading{leaves: r.Leaves, out: r.Body}, nil
}

func (s *Suite) answer(b []byte, lim dialect.Limits) (*reading, error) {
	a, err := s.Protocol.ParseAnswer(b, lim)
	if err != nil {
		return nil, err
	}
	return &reading{leaves: a.Leaves, out: a.Body, answers: true}, nil
}

func (s *Suite) event(b []byte, lim dialect.Limits) (*reading, error) {
	c, err := s.Protocol.Chunks(lim).Parse("", b)
	if err != nil {
		return nil, err
	}
	leaves := make([]dialect.Leaf, len(c.Leaves))
	for i := range c.Leaves {
		leaves[i] = c.Leaves[i].Leaf
	}
	return &reading{leaves: leaves, out: c.Data, answers: true, rewritten: c.Rewritten()}, nil
}
