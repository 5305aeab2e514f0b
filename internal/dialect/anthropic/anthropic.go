// Package anthropic reads and writes the wire format of Anthropic's Messages API:
// [Messages] and [CountTokens]. Requests, answers, the events of streamed answers,
// errors and refusals. What it does not know it hands to inspection as unknown
// text; see package dialect for what is refused.
//
// # Origins
//
// The role of a message gives its texts their origin: user the user, assistant the
// model, system the operator; any other role is unknown. So it is with "system",
// the descriptions of tools and the format of answers: they are the operator's.
// Within a message the type of a block says more: results of tools are a tool's;
// documents, what a search or a fetch brought, and what a citation quotes are a
// document's, also where they stand in a result.
//
// # Blocks
//
// One table reads blocks of all types, on all levels: the types share their
// members' names, and a block that says one type and has the members of another is
// read in full. Signatures and encrypted parts are labels: they are looked through
// for credentials and leave byte for byte.
//
// # Extension
//
// A top-level member "warder" with "subject" and "session" names the end user and
// the conversation. A member "warder" with "origin" (document, tool, email, user)
// in a message or a block says where its text comes from; it may claim less trust
// than the role, or the result of a tool that holds the block, gives, never more.
// Both are cut out of the body before it is forwarded.
//
// # Streams
//
// The kind of an event is the "type" of its payload. An event whose name says
// something else is refused, since official clients go by the name for some kinds
// and by the type for others. A choice ([dialect.Choice]) is a content block. Only
// message_stop or an error ends a stream.
package anthropic

import "warder.example/internal/dialect"

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota
	tagModel
	tagID
	tagStream
	tagMaxTokens
	tagUser
	tagRole
	tagOrigin
	tagSubject
	tagSession
	tagType
	tagData
	tagIndex
	tagStop
	tagInput
	tagOutput
	tagCacheRead
	tagCacheWrite
	tagThinking
	tagError
	tagMessage
)

type (
	rule   = dialect.Rule
	object = dialect.Object
	fields = dialect.Fields
)

// cacheTable marks where a prompt may be cached.
func cacheTable() *rule {
	return dialect.Known(fields{"type": dialect.Words(operator, "ephemeral"), "ttl": dialect.Words(operator, "5m", "1h")})
}
