// Package moderation reads and writes the wire format of OpenAI's endpoint POST
// /v1/moderations.
//
// input is a string, a list of strings (one result each), or a list of parts
// (one result together). Images are refused: nothing here looks at them, and an
// answer that says "not flagged" would say that something did. For what else is
// refused see package dialect.
package moderation

import (
	"strconv"
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// MaxInputs is the most inputs, and so results, of one request.
const MaxInputs = 1024

// A Request that was read. It refers to its body, which must not be changed as
// long as the Request is in use.
type Request struct {
	Model   string // as asked for; empty if none
	Results int    // how many results the answer has
	// Leaves are the strings of the body.
	Leaves []dialect.Leaf

	parts bool
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

// Result returns the index of the result that leaf i belongs to, -1 for one
// outside of the input.
func (r *Request) Result(i int) int {
	rule := r.Leaves[i].Rule()
	switch {
	case rule == nil || rule.Use != dialect.Prose:
		return -1
	case r.parts || r.Leaves[i].Turn < 0:
		return 0
	}
	return r.Leaves[i].Turn
}

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota
	tagModel
	tagInput
	tagItem
	tagPart
	tagType
	tagText
)

func requestTable() *dialect.Rule {
	prose := func(t dialect.Tag) *dialect.Rule {
		return &dialect.Rule{Use: dialect.Prose, Origin: guard.OriginUser, Tag: t}
	}
	text := prose(tagText)
	text.Types = dialect.StringType
	item := prose(tagItem)
	item.Types = dialect.StringType | dialect.ObjectType
	item.Object = &dialect.Object{Sealed: true, Required: []string{"type"}, Close: closePart, Fields: dialect.Fields{
		"type":      {Use: dialect.Own, Types: dialect.StringType, Tag: tagType},
		"text":      text,
		"image_url": image(),
	}}
	input := prose(tagInput)
	input.Types, input.Turns, input.Items = dialect.StringType|dialect.ArrayType, true, item
	return &dialect.Rule{Types: dialect.ObjectType, Object: &dialect.Object{Required: []string{"input"}, Close: closeRequest, Fields: dialect.Fields{
		"model": {Use: dialect.Own, Types: dialect.MaybeString, Tag: tagModel},
		"input": input,
	}}}
}

// image reads what will be refused, so that the refusal says why.
func image() *dialect.Rule {
	r := &dialect.Rule{Use: dialect.Own}
	r.Items, r.Object = r, &dialect.Object{Rest: r}
	return r
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})

func closePart(s *dialect.Scope) error {
	kind, _ := s.Value(tagType)
	switch _, ok := s.Value(tagText); {
	case kind.Text == "image_url":
		return s.Fail(kind, dialect.CodeInvalidValue, "images are not assessed here; expected parts of type text")
	case kind.Text != "text":
		return s.Fail(kind, dialect.CodeInvalidValue, "unknown type of part; expected text")
	case !ok:
		return s.Fail(kind, dialect.CodeMissingField, "part without text")
	}
	return nil
}

func closeRequest(s *dialect.Scope) error {
	r := s.State().(*Request)
	if v, ok := s.Value(tagModel); ok {
		r.Model = strings.Clone(v.Text)
	}
	input, _ := s.Value(tagInput)
	if input.Type == dialect.StringType {
		r.Results = 1
		return nil
	}
	objects, items := 0, 0
	for v := range s.Values(tagItem) {
		items++
		if v.Type == dialect.ObjectType {
			objects++
		}
	}
	switch {
	case items > MaxInputs:
		return s.Fail(input, dialect.CodeTooManyTexts, "more than "+strconv.Itoa(MaxInputs)+" inputs")
	case items == 0:
		return s.Fail(input, dialect.CodeInvalidValue, "input is empty; expected at least one text")
	case objects != 0 && objects != items:
		return s.Fail(input, dialect.CodeInvalidValue, "input mixes strings and parts; expected one or the other")
	}
	r.parts, r.Results = objects > 0, items
	if r.parts {
		r.Results = 1
	}
	return nil
}
