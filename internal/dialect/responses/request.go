package responses

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

func closeInput(s *dialect.Scope) error {
	base, err := resolveItem(s)
	if isReference(s) {
		s.State().(*dialect.Request).Refer("item_reference")
	}
	if err == nil {
		s.State().(*dialect.Request).AddTurn(base == guard.OriginModel)
	}
	return err
}

// isReference reports whether an item is the id of one that the provider keeps, which
// may leave out its type; or has an id in place of what the model thought or drew: a
// summary is not the thoughts.
func isReference(s *dialect.Scope) bool {
	kind, _ := s.Value(tagType)
	role, _ := s.Value(tagRole)
	switch kind.Text {
	case "item_reference":
		return true
	case "":
		return role.Text == ""
	case "reasoning", "compaction", "image_generation_call":
		id, _ := s.Value(tagItemID)
		held, _ := s.Value(tagHeld)
		return id.Text != "" && held.Text == ""
	}
	return false
}

func closeRequest(s *dialect.Scope) error {
	r := s.State().(*dialect.Request)
	r.IncludeUsage = true // a stream ends with it always
	r.CapAt = s.Blank(dialect.Member{Name: "max_output_tokens", Tag: tagMaxTokens})
	if v, ok := s.Value(tagModel); ok {
		r.Model = strings.Clone(v.Text)
	}
	if v, ok := s.Value(tagUser); ok {
		r.User = strings.Clone(v.Text)
	}
	if v, ok := s.Value(tagStream); ok {
		r.Stream = v.Bool()
	}
	if v, ok := s.Value(tagText); ok && v.Type == dialect.StringType {
		r.AddTurn(false)
	}
	if v, ok := s.Value(tagBackground); ok && v.Bool() {
		return s.Fail(v, dialect.CodeInvalidValue, "background answers are not served, since they are fetched by another call; expected false")
	}
	if v, ok := s.Value(tagMaxTokens); ok {
		if r.MaxTokens, ok = v.Int(); !ok {
			return s.Fail(v, dialect.CodeInvalidValue, "token limit is not an integer")
		}
		r.MaxTokens = max(r.MaxTokens, 0)
	}
	return r.Claims(s, tagSubject, tagSession)
}

// includable are what an answer may hold on request.
var includable = []string{
	"file_search_call.results", "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
	"computer_call_output.output.image_url", "code_interpreter_call.outputs", "reasoning.encrypted_content", "message.output_text.logprobs",
}

// textTable is the format of the answer.
func textTable() *rule {
	return dialect.Known(fields{
		"format": dialect.Known(fields{
			"type": dialect.Words(operator, "text", "json_object", "json_schema"), "name": dialect.Name(operator), "description": dialect.Text(operator),
			"schema": dialect.Schema(dialect.Text(operator)), "strict": dialect.Plain(),
		}),
		"verbosity": dialect.Words(operator, "low", "medium", "high"),
	})
}

func reasoningTable() *rule {
	summary := dialect.Words(operator, "auto", "concise", "detailed")
	return dialect.Known(fields{
		"effort": dialect.Words(operator, "none", "minimal", "low", "medium", "high", "xhigh", "max"), "summary": summary, "generate_summary": summary,
		"context": dialect.Words(operator, "auto", "current_turn", "all_turns"), "mode": dialect.Words(operator, "standard", "pro"),
	})
}

// promptTable names a prompt that is kept at the provider, and what stands in its
// places.
func promptTable(o guard.Origin) *rule {
	value := maker{}.part("prompt.variables")
	value.Use, value.Origin, value.Name = dialect.Prose, o, "prompt.variables"
	return dialect.Known(fields{"id": dialect.Kept("prompt", dialect.Name(operator)), "version": dialect.Name(operator), "variables": {Object: &object{Rest: value, Close: func(s *dialect.Scope) error { return s.Resolve(o) }}}})
}

// shared are the members that a request has and its answer repeats.
func shared() fields {
	user := guard.OriginUser
	f := fields{
		"instructions":         {Use: dialect.Prose, Origin: operator, Name: dialect.FieldInstructions, Types: dialect.MaybeString},
		"metadata":             dialect.Free(dialect.Name(user)),
		"prompt":               promptTable(user),
		"reasoning":            reasoningTable(),
		"text":                 textTable(),
		"tools":                tools(operator),
		"tool_choice":          choice(),
		"truncation":           dialect.Words(operator, "auto", "disabled"),
		"conversation":         named(),
		"previous_response_id": dialect.Kept("previous_response_id", dialect.Name(user)),
		"prompt_cache_key":     dialect.Name(user),
		"safety_identifier":    dialect.Name(user),
		"service_tier":         dialect.Words(user, "auto", "default", "flex", "priority", "scale"),
		"prompt_cache_options": dialect.Known(fields{"mode": dialect.Words(operator, "implicit", "explicit"), "ttl": dialect.Words(operator, "30m")}),

		"prompt_cache_retention": dialect.Words(operator, "in_memory", "in-memory", "24h"),
	}
	for _, name := range []string{"temperature", "top_p", "top_logprobs", "parallel_tool_calls", "max_tool_calls", "store",
		"frequency_penalty", "presence_penalty"} {
		f[name] = dialect.Plain()
	}
	return f
}

// named is a conversation: its id, or an object with that.
func named() *rule {
	id := func() *rule { return dialect.Kept("conversation", dialect.Name(guard.OriginUser)) }
	r := id()
	r.Object = &object{Fields: fields{"id": id()}}
	return r
}

func requestTable() *rule {
	user := guard.OriginUser
	f := shared()
	for name, r := range (fields{
		"model": dialect.Tagged(tagModel, dialect.StringType, dialect.Name(user)),
		"input": {Use: dialect.Prose, Origin: user, Name: dialect.FieldContent, Turns: true, Tag: tagText, Types: dialect.StringType | dialect.MaybeArray,
			Items: maker{claims: true}.item(closeInput)},
		"stream":             dialect.Tagged(tagStream, dialect.MaybeBool, dialect.Plain()),
		"stream_options":     dialect.Typed(dialect.MaybeObject, dialect.Known(fields{"include_obfuscation": dialect.Plain()})),
		"background":         dialect.Tagged(tagBackground, dialect.MaybeBool, dialect.Plain()),
		"max_output_tokens":  dialect.Tagged(tagMaxTokens, dialect.MaybeNumber, dialect.Plain()),
		"include":            dialect.List(dialect.Words(user, includable...)),
		"user":               dialect.Tagged(tagUser, dialect.MaybeString, dialect.Name(user)),
		"context_management": dialect.List(dialect.Known(fields{"type": dialect.Words(operator, "compaction"), "compact_threshold": dialect.Plain()})),
		"moderation":         moderationTable(),
		"warder":             dialect.ExchangeClaim(tagSubject, tagSession),
	}) {
		f[name] = r
	}
	return &rule{Types: dialect.ObjectType, Object: &object{Fields: f, Required: []string{"model"}, Close: closeRequest}}
}

func moderationTable() *rule {
	mode := dialect.Known(fields{"mode": dialect.Words(operator, "score", "block")})
	return dialect.Known(fields{"model": dialect.Name(operator), "policy": dialect.Known(fields{"input": mode, "output": mode})})
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})
