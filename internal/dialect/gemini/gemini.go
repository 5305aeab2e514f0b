// Package gemini reads and writes the wire format of Google's Gemini API:
// [Generate], whole and streamed, [CountTokens], [Embed] and [EmbedBatch]. Requests, answers, the events
// of streamed answers, errors and refusals. What it does not know it hands to
// inspection as unknown text; see package dialect for what is refused.
//
// # Model and stream
//
// The API names the model in the path and streams by the name of the method, so
// both are the route's to set. A member "model" of a request must name the same
// model ([dialect.Request].Model has it) and is not forwarded.
//
// # Spellings
//
// Google's servers read each member of a request under two names: lowerCamelCase,
// and the snake_case of its protocol definition (https://protobuf.dev/programming-guides/json).
// Both are known here. One member under both names is refused, since only one of
// them would count, and so is any other spelling. Where a list belongs these
// servers also take its one element, which is read the same way. Numbers that
// limits depend on must be numbers: in a string Google's servers would read them too.
// Answers are in lowerCamelCase alone.
//
// # Origins
//
// The role of a content gives its texts their origin: user the user, model the
// model, function a tool; without a role it is the user's, and with any other
// unknown. The system instruction, tools and the format of answers are the
// operator's. Within a content, results of functions, of code and of the
// provider's own tools are a tool's; so is what a search brought to an answer.
//
// # Extension
//
// A top-level member "warder" with "subject" and "session" names the end user and
// the conversation. A member "warder" with "origin" (document, tool, email, user)
// in a content or a part says where its text comes from; it may claim less trust
// than the role, or the result that the part is, gives, never more. Both are cut
// out of the body before it is forwarded.
//
// # Streams
//
// Events have no names, and no event ends a stream: it is complete when every
// candidate has a reason to have finished, or the prompt was blocked. The texts of
// a candidate's parts continue one text, those marked as thoughts another. What a
// function is called with comes whole. Signatures of thoughts are labels: they are
// looked through for credentials and leave byte for byte.
package gemini

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota
	tagModel
	tagContents
	tagRole
	tagOrigin
	tagSubject
	tagSession
	tagConfig
	tagMaxTokens
	tagCandidates
	tagText
	tagData
	tagCall
	tagResult
	tagThought
	tagMime
	tagBlob
	tagIndex
	tagFinish
	tagBlock
	tagID
	tagPrompt
	tagTools
	tagAnswered
	tagThoughts
	tagCached
	tagTotal
	tagVectors
	tagError
)

type (
	rule   = dialect.Rule
	object = dialect.Object
	fields = dialect.Fields
)

// operator describes tools and formats: the application's developer wrote them.
const operator = guard.OriginOperator

// repeated is a list of objects, or its one element; or texts likewise.
func repeated(item *rule) *rule {
	r := *item
	r.Items = item
	if r.Types != 0 {
		r.Types |= dialect.MaybeArray
	}
	return &r
}

// spelled adds to members of a request the names that they have in the protocol's
// definition.
func spelled(f fields) fields {
	both := make(fields, 2*len(f))
	for name, r := range f {
		both[name] = r
		both[snake(name)] = r
	}
	return both
}

// snake returns lowerCamelCase as snake_case.
func snake(name string) string {
	var b strings.Builder
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
