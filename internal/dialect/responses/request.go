package responses

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

func closeInput(s *dialect.Scope) error {
	base, err := resolveItem(s)
	if err == nil {
		s.State().(*dialect.Request).AddTurn(base == guard.OriginModel)
	}
	return err
}

func closeRequest(s *dialect.Scope) (err error) {
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
	if v, ok := s.Value(tagText); ok && v.Type == aString {
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
	if r.Subject, err = s.ClaimText(tagSubject); err != nil {
		return err
	}
	r.Session, err = s.ClaimText(tagSession)
	return err
}

// includable are what an answer may hold on request.
var includable = []string{
	"file_search_call.results", "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
	"computer_call_output.output.image_url", "code_interpreter_call.outputs", "reasoning.encrypted_content", "message.output_text.logprobs",
}

// textTable is the format of the answer.
func textTable() *rule {
	return known(fields{
		"format": known(fields{
			"type": words(operator, "text", "json_object", "json_schema"), "name": label(operator), "description": prose(operator),
			"schema": openai.Schema(operator), "strict": plain(),
		}),
		"verbosity": words(operator, "low", "medium", "high"),
	})
}

func reasoningTable() *rule {
	summary := words(operator, "auto", "concise", "detailed")
	return known(fields{
		"effort": words(operator, "none", "minimal", "low", "medium", "high", "xhigh", "max"), "summary": summary, "generate_summary": summary,
		"context": words(operator, "auto", "current_turn", "all_turns"), "mode": words(operator, "standard", "pro"),
	})
}

// promptTable names a prompt that is kept at the provider, and what stands in its
// places.
func promptTable(o guard.Origin) *rule {
	value := maker{}.part("prompt.variables")
	value.Use, value.Origin, value.Name = dialect.Prose, o, "prompt.variables"
	return known(fields{"id": label(operator), "version": label(operator), "variables": {Object: &object{Rest: value, Close: func(s *dialect.Scope) error { return s.Resolve(o) }}}})
}

// shared are the members that a request has and its answer repeats.
func shared() fields {
	user := guard.OriginUser
	f := fields{
		"instructions":         {Use: dialect.Prose, Origin: operator, Name: dialect.FieldInstructions, Types: aString | orNull},
		"metadata":             {Object: &object{Rest: label(user)}},
		"prompt":               promptTable(user),
		"reasoning":            reasoningTable(),
		"text":                 textTable(),
		"tools":                tools(operator),
		"tool_choice":          choice(),
		"truncation":           words(operator, "auto", "disabled"),
		"conversation":         named(),
		"previous_response_id": label(user),
		"prompt_cache_key":     label(user),
		"safety_identifier":    label(user),
		"service_tier":         words(user, "auto", "default", "flex", "priority", "scale"),
		"prompt_cache_options": known(fields{"mode": words(operator, "implicit", "explicit"), "ttl": words(operator, "30m")}),

		"prompt_cache_retention": words(operator, "in_memory", "in-memory", "24h"),
	}
	for _, name := range []string{"temperature", "top_p", "top_logprobs", "parallel_tool_calls", "max_tool_calls", "store",
		"frequency_penalty", "presence_penalty"} {
		f[name] = plain()
	}
	return f
}

// named is a conversation: its id, or an object with that.
func named() *rule {
	r := label(guard.OriginUser)
	r.Object = &object{Fields: fields{"id": label(guard.OriginUser)}}
	return r
}

func requestTable() *rule {
	user := guard.OriginUser
	f := shared()
	for name, r := range (fields{
		"model": tagged(tagModel, aString, label(user)),
		"input": {Use: dialect.Prose, Origin: user, Name: dialect.FieldContent, Turns: true, Tag: tagText, Types: aString | anArray | orNull,
			Items: maker{claims: true}.item(closeInput)},
		"stream":             tagged(tagStream, aBool|orNull, plain()),
		"stream_options":     typed(anObject|orNull, known(fields{"include_obfuscation": plain()})),
		"background":         tagged(tagBackground, aBool|orNull, plain()),
		"max_output_tokens":  tagged(tagMaxTokens, aNumber|orNull, plain()),
		"include":            list(words(user, includable...)),
		"user":               tagged(tagUser, aString|orNull, label(user)),
		"context_management": list(known(fields{"type": words(operator, "compaction"), "compact_threshold": plain()})),
		"moderation":         moderationTable(),
		"warder":             dialect.ExchangeClaim(tagSubject, tagSession),
	}) {
		f[name] = r
	}
	return &rule{Types: anObject, Object: &object{Fields: f, Required: []string{"model"}, Close: closeRequest}}
}

func moderationTable() *rule {
	mode := known(fields{"mode": words(operator, "score", "block")})
	return known(fields{"model": label(operator), "policy": known(fields{"input": mode, "output": mode})})
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})
