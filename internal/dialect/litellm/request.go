// Package litellm reads and writes the wire format of LiteLLM's generic guardrail
// API, POST /beta/litellm_basic_guardrail_api, by which a LiteLLM proxy asks a
// guard about each call (docs.litellm.ai, "Generic Guardrail API", as of 2026).
//
// # Request
//
// texts are the strings that the proxy took out of a call, in an order of its own
// and without saying who wrote them; structured_messages, if there, are the same
// as messages with roles. tools are definitions of tools, tool_calls what a model
// calls, images pictures or their addresses. input_type says which way all of it
// travels. What describes the call and not its content (request_data,
// request_headers, ids, the proxy's own parameters) is not read but for the end
// user. A string in a member that the contract does not name is inspected as text.
//
// # Answer
//
// The proxy puts texts of an answer in place of those it sent, one for one. There
// is no such place for the rest of a call: what must be masked there cannot be.
package litellm

import (
	"slices"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// A Request that was read. It refers to its body, which must not be changed as
// long as the Request is in use.
type Request struct {
	Response bool   // the texts are a model's answer, not on their way to one
	Subject  string // the end user: a claim of the proxy
	Messages bool   // it has messages with roles
	// Leaves are the strings to inspect. Leaf.Turn is the index of the text or
	// message that holds a leaf.
	Leaves []dialect.Leaf

	texts []string
	said  map[string]bool // texts of messages
	talk  openai.Conversation
}

var _ openai.Converser = (*Request)(nil)

// Conversation implements [openai.Converser].
func (r *Request) Conversation() *openai.Conversation { return &r.talk }

// ParseRequest reads a request. An error is a [*dialect.Problem].
func ParseRequest(body []byte, lim dialect.Limits) (*Request, error) {
	r := &Request{said: map[string]bool{}}
	doc, err := dialect.Parse(body, requestSpec, lim, r)
	if err != nil {
		return nil, err
	}
	r.Leaves = doc.Leaves
	for i := range r.Leaves {
		l := &r.Leaves[i]
		if r.Response && (r.Text(i) || named(l) == nameCall) {
			l.Origin = guard.OriginModel
		}
		if !r.Response && content(l) {
			r.said[l.Text] = true
		}
	}
	return r, nil
}

// Text reports whether leaf i is one of the texts.
func (r *Request) Text(i int) bool { return named(&r.Leaves[i]) == nameText }

// Again reports whether leaf i is a text that a message says as well, so that it
// is judged as that message.
func (r *Request) Again(i int) bool { return r.Text(i) && r.said[r.Leaves[i].Text] }

// Direction returns which way leaf i travels. Messages and tools are on their way
// to a model, also beside an answer.
func (r *Request) Direction(i int) guard.Direction {
	if name := named(&r.Leaves[i]); r.Response && (name == nameText || name == nameCall || name == nameImage) {
		return guard.Answer
	}
	return guard.Request
}

// Beside reports whether leaf i stands in a member that the contract does not
// name.
func (r *Request) Beside(i int) bool { return !r.Leaves[i].Known && r.Leaves[i].Turn < 0 }

// Masked returns the texts with the edits applied. It reports false when one of
// them is of a string that is none of the texts and is not said in one either.
func (r *Request) Masked(edits []dialect.Edit) ([]string, bool) {
	out := slices.Clone(r.texts)
	of := map[string][]guard.Mask{}
	for _, e := range edits {
		l := &r.Leaves[e.Leaf]
		if !r.Text(e.Leaf) && (!content(l) || !slices.Contains(r.texts, l.Text)) {
			return nil, false
		}
		of[l.Text] = append(of[l.Text], e.Masks...)
	}
	for i, text := range out {
		if ms := of[text]; len(ms) > 0 {
			out[i] = guard.Apply(text, guard.MergeMasks(ms))
		}
	}
	return out, true
}

// content reports whether a leaf is what a message says, or a part of it.
func content(l *dialect.Leaf) bool {
	return l.Known && !l.Inner && !l.IsKey() && named(l) == dialect.FieldContent
}

// named returns the name of a leaf's rule, empty if it has none.
func named(l *dialect.Leaf) string {
	if r := l.Rule(); r != nil {
		return r.Name
	}
	return ""
}
