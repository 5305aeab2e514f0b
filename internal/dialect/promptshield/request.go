// Package promptshield reads and writes the wire format of Prompt Shields, the
// operation POST /contentsafety/text:shieldPrompt of Azure AI Content Safety, in
// its version 2024-09-01.
//
// userPrompt is a string, documents a list of strings; at least one of the two is
// there. The answer says of each of them whether it is an attack, and nothing
// else: neither of what kind, nor where, nor how sure. Members that the service
// does not know are not read. For what else is refused see package dialect.
//
// The bounds are those that the service documents: clients split their texts by
// them.
package promptshield

import (
	"strconv"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Bounds of a request. Characters are Unicode code points.
const (
	MaxPrompt       = 10000 // characters of the prompt
	MaxDocuments    = 5
	MaxDocumentText = 10000 // characters of all documents together
)

// A Request that was read. It refers to its body, which must not be changed as
// long as the Request is in use.
type Request struct {
	Prompt    bool // there is a prompt
	Documents int  // how many there are
	// Leaves are the strings of the body.
	Leaves []dialect.Leaf
}

// ParseRequest reads a request. An error is a [*dialect.Problem].
func ParseRequest(body []byte, lim dialect.Limits) (*Request, error) {
	r := &Request{}
	doc, err := dialect.Parse(body, requestSpec, lim, r)
	if err != nil {
		return nil, err
	}
	r.Leaves = doc.Leaves
	return r, nil
}

// Judged reports whether leaf i is the prompt or a document. Leaf.Turn is the
// index of the document, -1 for the prompt.
func (r *Request) Judged(i int) bool { return r.Leaves[i].Known }

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota
	tagPrompt
	tagDocuments
	tagDocument
)

func requestTable() *dialect.Rule {
	document := &dialect.Rule{Use: dialect.Prose, Origin: guard.OriginDocument, Types: dialect.StringType, Tag: tagDocument}
	return &dialect.Rule{Types: dialect.ObjectType, Object: &dialect.Object{Close: closeRequest, Fields: dialect.Fields{
		"userPrompt": {Use: dialect.Prose, Origin: guard.OriginUser, Types: dialect.MaybeString, Tag: tagPrompt},
		"documents":  {Types: dialect.MaybeArray, Turns: true, Items: document, Tag: tagDocuments},
	}}}
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})

func closeRequest(s *dialect.Scope) error {
	r := s.State().(*Request)
	prompt, ok := s.Value(tagPrompt)
	if r.Prompt = ok; utf8.RuneCountInString(prompt.Text) > MaxPrompt {
		return s.Fail(prompt, dialect.CodeTooLarge, "prompt is longer than "+strconv.Itoa(MaxPrompt)+" characters")
	}
	documents, ok := s.Value(tagDocuments)
	if !ok && !r.Prompt {
		return s.Fail(dialect.Value{}, dialect.CodeMissingField, "expected userPrompt, documents or both")
	}
	size := 0
	for v := range s.Values(tagDocument) {
		r.Documents++
		size += utf8.RuneCountInString(v.Text)
	}
	switch {
	case r.Documents > MaxDocuments:
		return s.Fail(documents, dialect.CodeTooManyTexts, "more than "+strconv.Itoa(MaxDocuments)+" documents")
	case size > MaxDocumentText:
		return s.Fail(documents, dialect.CodeTooLarge, "documents are longer than "+strconv.Itoa(MaxDocumentText)+" characters together")
	}
	return nil
}
