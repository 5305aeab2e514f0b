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
	fields = map[string]*dialect.Rule
)

// Types that several fields share.
const (
	aString  = dialect.StringType
	anObject = dialect.ObjectType
	orNull   = dialect.NullType
)

func plain() *rule               { return &rule{} } // numbers, booleans; a string here is unknown
func words(w ...string) *rule    { return &rule{Use: dialect.Word, Words: w} }
func known(f fields) *rule       { return &rule{Object: &object{Fields: f}} }
func list(items *rule) *rule     { return &rule{Items: items} }
func label(o guard.Origin) *rule { return &rule{Use: dialect.Label, Origin: o} }
func prose(o guard.Origin) *rule { return &rule{Use: dialect.Prose, Origin: o} }
func typed(t dialect.Types, r *rule) *rule {
	r.Types = t
	return r
}

func tagged(t dialect.Tag, types dialect.Types, r *rule) *rule {
	r.Tag, r.Types = t, types
	return r
}
