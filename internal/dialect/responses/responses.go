// Package responses reads and writes the wire format of OpenAI's Responses API:
// [Responses]. Requests, answers, the events of streamed answers, errors and
// refusals. What it does not know it hands to inspection as unknown text; see
// package dialect for what is refused.
//
// # Origins
//
// A message's role gives its texts their origin, as in package openai; a request
// whose input is a string is the user's. Of other items the type does: calls and
// reasoning are the model's, outputs of calls a tool's, what a search in files
// brought a document's, approvals the user's; a type that is not known is unknown.
// Instructions, descriptions of tools and formats are the operator's, and so are
// they where an answer repeats them.
//
// # Items
//
// One table reads items of all types: the types share their members' names, and an
// item that says one type and has the members of another is read in full. Encrypted
// reasoning is a label: it is looked through for credentials and leaves byte for
// byte.
//
// # History elsewhere
//
// An earlier answer, a conversation, a prompt, an item or a file that a request only
// names (previous_response_id, conversation, prompt, item_reference, file_id) is kept
// at the provider and cannot be read here: [dialect.Request].References tells. What came through Warder was judged when
// it was new. An answer in the background is refused: it is fetched by another call,
// which Warder does not serve.
//
// # Extension
//
// A top-level member "warder" with "subject" and "session" names the end user and
// the conversation. A member "warder" with "origin" (document, tool, email, user) in
// an item or a part says where its text comes from; it may claim less trust than the
// item gives, never more. Both are cut out of the body before it is forwarded.
//
// # Streams
//
// The kind of an event is the "type" of its payload; an event whose name says
// something else is refused, since clients differ in which of them they go by. A
// choice ([dialect.Choice]) is an output item. Texts grow in deltas and are said
// again, whole, up to four times; each repetition is read and changed like the first.
// Only response.completed, response.incomplete and response.failed end a stream.
package responses

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// Responses is the call POST /v1/responses.
var Responses dialect.Protocol = responses{}

type responses struct{}

func (responses) Name() string { return "openai.responses" }

func (responses) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return dialect.ReadRequest(body, requestSpec, lim)
}

func (responses) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, answerSpec, lim, "output")
}

func (responses) ParseError(body []byte, lim dialect.Limits) ([]dialect.Leaf, error) {
	return dialect.ReadError(body, answerSpec, lim)
}

func (responses) Chunks(lim dialect.Limits) *dialect.ChunkReader {
	return dialect.NewChunkReader(events, lim)
}

func (responses) Failure(f dialect.Failure) []byte {
	return openai.ErrorBody(f.Status, f.Code, f.Message, f.Request, f.Param)
}

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota
	tagModel
	tagID
	tagStream
	tagBackground
	tagMaxTokens
	tagUser
	tagText
	tagRole
	tagType
	tagOrigin
	tagSubject
	tagSession
	tagOutput
	tagStatus
	tagReason
	tagError
	tagInput
	tagCompletion
	tagTotal
	tagCached
	tagReasoning
	tagItem
	tagItemID
	tagHeld
	tagPart
	tagSequence
)

type (
	rule   = dialect.Rule
	object = dialect.Object
	fields = dialect.Fields
)

const operator = guard.OriginOperator
