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
		"id":                 dialect.Tagged(tagID, dialect.MaybeString, m.label(dialect.FieldID)),
		"role":               m.words("assistant"),
		"model":              dialect.Tagged(tagModel, dialect.MaybeString, m.label(dialect.FieldModel)),
		"content":            {Tag: tagMessage, Types: dialect.MaybeArray, Items: m.block()},
		"stop_reason":        dialect.Tagged(tagStop, dialect.MaybeString, m.words(stopReasons...)),
		"stop_sequence":      m.text(""),
		"stop_details":       detailsTable(),
		"usage":              usageTable(),
		"container":          leftContainer(),
		"context_management": appliedTable(),
		"diagnostics":        dialect.Known(fields{"cache_miss_reason": dialect.Known(fields{"type": m.label(""), "cache_missed_input_tokens": dialect.Plain()})}),
	}
}

// detailsTable says why the model refused.
func detailsTable() *rule {
	m := maker{}
	return dialect.Known(fields{"type": m.words("refusal"), "category": m.label(""), "explanation": m.text(dialect.FieldRefusal)})
}

// leftContainer is where code ran, for the next request.
func leftContainer() *rule {
	m := maker{}
	return dialect.Known(fields{"id": m.label(""), "expires_at": m.label(""), "skills": dialect.List(dialect.Known(fields{
		"type": m.words("anthropic", "custom"), "skill_id": m.label(""), "version": m.label(""),
	}))})
}

// appliedTable is what was left out of the conversation.
func appliedTable() *rule {
	return dialect.Known(fields{"original_input_tokens": dialect.Plain(), "applied_edits": dialect.List(dialect.Known(fields{
		"type":                 maker{}.words("clear_tool_uses_20250919", "clear_thinking_20251015", "compact_20260112"),
		"cleared_input_tokens": dialect.Plain(), "cleared_tool_uses": dialect.Plain(), "cleared_thinking_turns": dialect.Plain(),
	}))})
}

func usageTable() *rule {
	m := maker{}
	created := dialect.Known(fields{"ephemeral_1h_input_tokens": dialect.Plain(), "ephemeral_5m_input_tokens": dialect.Plain()})
	return &rule{Object: &object{Close: closeUsage, Fields: fields{
		"input_tokens": dialect.Counted(tagInput), "output_tokens": dialect.Counted(tagOutput),
		"cache_read_input_tokens": dialect.Counted(tagCacheRead), "cache_creation_input_tokens": dialect.Counted(tagCacheWrite), "cache_creation": created,
		"output_tokens_details": dialect.Known(fields{"thinking_tokens": dialect.Counted(tagThinking)}),
		"server_tool_use":       dialect.Known(fields{"web_search_requests": dialect.Plain(), "web_fetch_requests": dialect.Plain()}),
		"service_tier":          m.words("standard", "priority", "batch"),
		"speed":                 m.words("standard", "fast"),
		"inference_geo":         m.label(""),
		"iterations": dialect.List(dialect.Known(fields{
			"type": m.words("message", "compaction", "advisor_message"), "model": m.label(""), "input_tokens": dialect.Plain(), "output_tokens": dialect.Plain(),
			"cache_read_input_tokens": dialect.Plain(), "cache_creation_input_tokens": dialect.Plain(), "cache_creation": created,
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
	return &rule{Types: dialect.ObjectType, Turns: true, Object: &object{Fields: f, Close: closeAnswer}}
}

var answerSpec = dialect.NewSpec(answerTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true, Sequels: sequels})

func closeAnswer(s *dialect.Scope) error {
	if _, ok := s.Value(tagMessage); ok {
		stop, _ := s.Value(tagStop)
		s.State().(dialect.Receiver).AddChoice(dialect.Choice{Finish: strings.Clone(stop.Text)}, s)
	}
	dialect.TellAbout(s, tagID, tagModel, tagError)
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
