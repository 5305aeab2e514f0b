package anthropic

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// messageFields returns the members of an answer: a whole one, and the one that a
// stream begins with.
func messageFields() fields {
	m := maker{}
	return fields{
		"id":                 tagged(tagID, aString|orNull, m.label(dialect.FieldID)),
		"role":               m.words("assistant"),
		"model":              tagged(tagModel, aString|orNull, m.label(dialect.FieldModel)),
		"content":            {Tag: tagMessage, Types: anArray | orNull, Items: m.block()},
		"stop_reason":        tagged(tagStop, aString|orNull, m.words(stopReasons...)),
		"stop_sequence":      m.text(""),
		"stop_details":       detailsTable(),
		"usage":              usageTable(),
		"container":          leftContainer(),
		"context_management": appliedTable(),
		"diagnostics":        known(fields{"cache_miss_reason": known(fields{"type": m.label(""), "cache_missed_input_tokens": plain()})}),
	}
}

// detailsTable says why the model refused.
func detailsTable() *rule {
	m := maker{}
	return known(fields{"type": m.words("refusal"), "category": m.label(""), "explanation": m.text(dialect.FieldRefusal)})
}

// leftContainer is where code ran, for the next request.
func leftContainer() *rule {
	m := maker{}
	return known(fields{"id": m.label(""), "expires_at": m.label(""), "skills": list(known(fields{
		"type": m.words("anthropic", "custom"), "skill_id": m.label(""), "version": m.label(""),
	}))})
}

// appliedTable is what was left out of the conversation.
func appliedTable() *rule {
	return known(fields{"original_input_tokens": plain(), "applied_edits": list(known(fields{
		"type":                 maker{}.words("clear_tool_uses_20250919", "clear_thinking_20251015", "compact_20260112"),
		"cleared_input_tokens": plain(), "cleared_tool_uses": plain(), "cleared_thinking_turns": plain(),
	}))})
}

func usageTable() *rule {
	m := maker{}
	count := func(t dialect.Tag) *rule { return &rule{Tag: t} }
	created := known(fields{"ephemeral_1h_input_tokens": plain(), "ephemeral_5m_input_tokens": plain()})
	return &rule{Object: &object{Close: closeUsage, Fields: fields{
		"input_tokens": count(tagInput), "output_tokens": count(tagOutput),
		"cache_read_input_tokens": count(tagCacheRead), "cache_creation_input_tokens": count(tagCacheWrite), "cache_creation": created,
		"output_tokens_details": known(fields{"thinking_tokens": count(tagThinking)}),
		"server_tool_use":       known(fields{"web_search_requests": plain(), "web_fetch_requests": plain()}),
		"service_tier":          m.words("standard", "priority", "batch"),
		"speed":                 m.words("standard", "fast"),
		"inference_geo":         m.label(""),
		"iterations": list(known(fields{
			"type": m.words("message", "compaction", "advisor_message"), "model": m.label(""), "input_tokens": plain(), "output_tokens": plain(),
			"cache_read_input_tokens": plain(), "cache_creation_input_tokens": plain(), "cache_creation": created,
		})),
	}}}
}

func errorTable() *rule {
	m := maker{}
	return &rule{Use: dialect.Prose, Origin: guard.OriginModel, Tag: tagError, Object: &object{Fields: fields{
		"type":    m.label("error.type"),
		"message": m.text("error.message"),
		"details": {Use: dialect.Prose, Late: true, Object: &object{Fields: fields{"error_code": m.label(""), "error_visibility": m.label("")}}},
	}}}
}

func answerTable() *rule {
	f := messageFields()
	f["type"] = maker{}.words("message", "error")
	f["error"] = errorTable()
	f["request_id"] = maker{}.label("")
	// All blocks are of the one turn that the answer is.
	return &rule{Types: anObject, Turns: true, Object: &object{Fields: f, Close: closeAnswer}}
}

var answerSpec = dialect.NewSpec(answerTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})

func closeAnswer(s *dialect.Scope) error {
	to := s.State().(dialect.Receiver)
	if _, ok := s.Value(tagMessage); ok {
		stop, _ := s.Value(tagStop)
		to.AddChoice(dialect.Choice{Finish: strings.Clone(stop.Text)}, s)
	}
	id, _ := s.Value(tagID)
	model, _ := s.Value(tagModel)
	_, isError := s.Value(tagError)
	to.About(id.Text, model.Text, isError)
	return s.Resolve(guard.OriginModel)
}

// closeUsage sums up what an answer cost: what was read from and written to the
// cache is input, too. A stream tells it twice, the second time not all of it: of
// each figure the larger one counts.
func closeUsage(s *dialect.Scope) error {
	var u dialect.Usage
	u.Prompt, _ = s.Count(tagInput)
	u.Cached, _ = s.Count(tagCacheRead)
	u.Written, _ = s.Count(tagCacheWrite)
	u.Prompt += u.Cached + u.Written
	u.Completion, u.Present = s.Count(tagOutput)
	u.Reasoning, _ = s.Count(tagThinking)
	u.Total = u.Prompt + u.Completion
	s.State().(dialect.Receiver).SetUsage(u)
	return nil
}
