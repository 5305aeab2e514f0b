package anthropic

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// systemTable is what the operator tells the model: a string or blocks of text.
func systemTable() *rule {
	text := func() *rule { return &rule{Use: dialect.Prose, Origin: operator, Name: dialect.FieldInstructions} }
	r := text()
	r.Types = aString | anArray
	r.Items = &rule{Types: anObject, Object: &object{Fields: fields{
		"type": words(operator, "text"), "text": text(), "cache_control": cacheTable(), "citations": list(plain()),
	}}}
	return r
}

func messageTable() *rule {
	m := maker{claims: true}
	content := m.text(dialect.FieldContent)
	content.Types, content.Items = aString|anArray, m.block()
	return &rule{Types: anObject, Object: &object{Required: []string{"role"}, Close: closeMessage, Fields: fields{
		"role":    tagged(tagRole, aString, m.words("user", "assistant", "system")),
		"content": content,
		"warder":  dialect.OriginClaim(tagOrigin),
	}}}
}

// contextTable says what the provider may leave out of a long conversation.
func contextTable() *rule {
	amount := words(operator, "all")
	amount.Object = &object{Fields: fields{"type": words(operator, "input_tokens", "tool_uses", "thinking_turns", "all"), "value": plain()}}
	names := label(operator)
	names.Items = label(operator)
	return known(fields{"edits": list(known(fields{
		"type":    words(operator, "clear_tool_uses_20250919", "clear_thinking_20251015", "compact_20260112"),
		"trigger": amount, "keep": amount, "clear_at_least": amount, "exclude_tools": names, "clear_tool_inputs": names,
		"instructions": prose(operator), "pause_after_compaction": plain(),
	}))})
}

func formatTable() *rule {
	return known(fields{"type": words(operator, "json_schema"), "schema": schema(prose(operator))})
}

// containerTable is where code runs: its id, or what it is made of.
func containerTable() *rule {
	r := label(operator)
	r.Object = &object{Fields: fields{
		"id": label(operator),
		"skills": list(known(fields{
			"type": words(operator, "anthropic", "custom"), "skill_id": label(operator), "version": label(operator),
		})),
	}}
	return r
}

func requestTable() *rule {
	user := guard.OriginUser
	f := fields{
		"model":          tagged(tagModel, aString, label(user)),
		"messages":       {Types: anArray, Turns: true, Items: messageTable()},
		"system":         systemTable(),
		"max_tokens":     tagged(tagMaxTokens, dialect.NumberType, plain()),
		"stream":         tagged(tagStream, dialect.BoolType|orNull, plain()),
		"tools":          typed(anArray|orNull, list(toolTable())),
		"tool_choice":    choiceTable(),
		"metadata":       typed(anObject|orNull, known(fields{"user_id": tagged(tagUser, aString|orNull, label(user))})),
		"stop_sequences": list(prose(user)),
		"thinking": known(fields{
			"type": words(operator, "enabled", "disabled", "adaptive", "between_tools"), "budget_tokens": plain(),
			"display": words(operator, "summarized", "omitted"),
		}),
		"output_config": known(fields{
			"effort": words(operator, "low", "medium", "high", "xhigh", "max"), "format": formatTable(),
			"task_budget": known(fields{"type": words(operator, "tokens"), "total": plain(), "remaining": plain()}),
		}),
		"output_format":      formatTable(),
		"context_management": contextTable(),
		"container":          containerTable(),
		"mcp_servers":        list(serverTable()),
		"cache_control":      cacheTable(),
		"diagnostics":        known(fields{"previous_message_id": label(user)}),
		"service_tier":       words(user, "auto", "standard_only"),
		"speed":              words(user, "standard", "fast"),
		"inference_geo":      label(user),
		"user_profile_id":    label(user),
		"workspace_id":       label(user),
		"temperature":        plain(),
		"top_p":              plain(),
		"top_k":              plain(),
		"warder":             dialect.ExchangeClaim(tagSubject, tagSession),
	}
	return &rule{Types: anObject, Object: &object{Fields: f, Required: []string{"model", "messages"}, Close: closeRequest}}
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})
