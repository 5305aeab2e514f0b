// Package openai reads and writes the wire formats of OpenAI chat completions,
// [Chat], and of the older [Completions] and [Embeddings]: requests, answers, the
// chunks of streamed answers, lists of models, errors and refusals. What it does not know it hands to inspection as unknown
// text; see package dialect for what is refused.
//
// # Origins
//
// The role of a message gives its texts their origin: system and developer are
// the operator, user the user, assistant the model, tool and function a tool;
// any other role is unknown. Descriptions of tools and answer formats are the
// operator's. Nothing is exempt from inspection.
//
// # Extension
//
// A top-level member "warder" with "subject" and "session" names the end user
// and the conversation. A member "warder" with "origin" (document, tool, email,
// user) in a message or a content part says where its text comes from; it may
// claim less trust than the role gives, never more. Both are cut out of the body
// before it is forwarded, and a key in them that is not known is refused.
//
// # Streams
//
// Every text that continues over chunks has a [dialect.Key]. Names, ids and the
// like come whole in each chunk; as a client may put them together all the same,
// they have one, too. The event [DoneData] ends a stream; one that its server
// closes without it is complete when every choice has a finish.
package openai

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota
	tagModel
	tagID
	tagStream
	tagIncludeUsage
	tagStreamOptions
	tagN
	tagBestOf
	tagMaxTokens
	tagMaxCompletion
	tagUser
	tagRole
	tagOrigin
	tagSubject
	tagSession
	tagIndex
	tagToolIndex
	tagFinish
	tagPrompt
	tagCompletion
	tagTotal
	tagCached
	tagReasoning
	tagError
	tagChoices
	tagTexts
)

type (
	rule   = dialect.Rule
	object = dialect.Object
	fields = dialect.Fields
)

// nobody is the origin of words that the table does not know where it has no other.
const nobody = guard.OriginUnknown
