package dialect

import (
	"slices"

	"warder.example/guard"
)

// A Request is a request to a model that was read. The Close functions of its
// table fill the exported fields. It refers to its body, which must not be
// changed as long as the Request is in use.
type Request struct {
	// Model and Stream are zero where the dialect says them in the URL: then
	// whoever serves the route sets them.
	Model        string
	Stream       bool
	IncludeUsage bool   // a stream shall end with its usage
	HasTools     bool   // tools are offered to the model
	N            int    // answers asked for, at least 1
	MaxTokens    int    // the most tokens of one answer; 0 if the request sets no limit
	Turns        int    // messages; see AddTurn
	User         string // whom the request is for in the dialect's own field: a claim of the caller
	Subject      string // the same, and the conversation, in Warder's extension
	Session      string
	// Drafts is how many answers the model writes, where that may be more than N
	// come back; else 0.
	Drafts int
	// CapAt is where a cap of an answer's tokens belongs if the request has none,
	// OlderCapAt the same under the name that servers took before, and UsageAt where
	// a stream's usage is asked for. They are left zero where there is none: see
	// [Scope.Blank].
	CapAt, OlderCapAt, UsageAt Blank
	// References are the kinds of what the request only names, each once: the provider
	// keeps or fetches it, and its texts are not in the request. See [Rule].Refers.
	References []string
	// Leaves are the texts to inspect.
	Leaves []Leaf
	// Together are lists of leaves, as ascending indices, that are read as one text
	// though no message holds them.
	Together [][]int

	doc   *Document
	last  int  // see LastTurn
	model bool // the message before this one is the model's
}

// ReadRequest reads a request by a table whose Close functions find the *Request
// in [Scope.State]. An error is a [*Problem].
func ReadRequest(body []byte, spec *Spec, lim Limits) (*Request, error) {
	r := &Request{N: 1}
	doc, err := Parse(body, spec, lim, r)
	if err != nil {
		return nil, err
	}
	r.doc, r.Leaves = doc, doc.Leaves
	for i := range r.Leaves {
		if l := &r.Leaves[i]; l.Known && l.Text != "" && l.rule.Refers != "" && !(l.rule.Use == MediaURL && isDataURL(l.Text)) {
			r.Refer(l.rule.Refers)
		}
	}
	return r, nil
}

// Refer notes that the request names something that the provider keeps, where only a
// Close function can tell.
func (r *Request) Refer(kind string) {
	if !slices.Contains(r.References, kind) {
		r.References = append(r.References, kind)
	}
}

// AddTurn counts a message, in their order: each element of the array whose rule
// has Turns must be counted. model says that the model is said to have written it.
func (r *Request) AddTurn(model bool) {
	if r.model && !model {
		r.last = r.Turns
	}
	r.model = model
	r.Turns++
}

// LastTurn returns the index of the first message that is new: the one after the
// last message of the model that something follows. A message of the model at the
// very end was written by the caller to be continued, so it is new too.
func (r *Request) LastTurn() int { return r.last }

// Operator returns the texts by which the operator instructs the model.
func (r *Request) Operator() []string { return Operator(r.Leaves) }

// Body returns the bytes to forward: the body with the edits and without the
// extension. It is the original slice when nothing changes.
func (r *Request) Body(edits []Edit) []byte { return r.doc.Splice(edits) }

// Instructs reports whether the operator instructs the model by the leaf: it is
// text of a message of the operator's, or of a field of its own for that (see
// [FieldInstructions]). Descriptions of tools are none.
func (l *Leaf) Instructs() bool {
	return l.Origin == guard.OriginOperator && l.Kind == guard.Prose && !l.Inner &&
		(l.Turn >= 0 || l.rule != nil && l.rule.Name == FieldInstructions)
}

// Operator returns the texts by which the operator instructs the model, of the
// leaves of a body, as a model reads them: those outside of the messages come first.
func Operator(leaves []Leaf) []string {
	var out, within []string
	for i := range leaves {
		switch l := &leaves[i]; {
		case !l.Instructs():
		case l.Turn < 0:
			out = append(out, l.Text)
		default:
			within = append(within, l.Text)
		}
	}
	return append(out, within...)
}
