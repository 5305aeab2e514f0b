package anthropic

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// systemTable is what the operator tells the model: a string or blocks of text.
func systemTable() *rule {
	text := func() *rule { return &rule{Use: dialect.Prose, Origin: operator, Name: dialect.FieldInstructions} }
	r := text()
	r.Types = dialect.StringType | dialect.ArrayType
	r.Items = &rule{Types: dialect.ObjectType, Object: &object{Fields: fields{
		"type": dialect.Words(operator, "text"), "text": text(), "cache_control": cacheTable(), "citations": dialect.List(dialect.Plain()),
	}}}
	return r
}

func messageTable() *rule {
	m := maker{claims: true}
	content := m.text(dialect.FieldContent)
	content.Types, content.Items = dialect.StringType|dialect.ArrayType, m.block()
	return &rule{Types: dialect.ObjectType, Object: &object{Required: []string{"role"}, Close: closeMessage, Fields: fields{
		"role":    dialect.Tagged(tagRole, dialect.StringType, m.words("user", "assistant", "system")),
		"content": content,
		"warder":  dialect.OriginClaim(tagOrigin),
	}}}
}

// contextTable says what the provider may leave out of a long conversation.
func contextTable() *rule {
	amount := dialect.Words(operator, "all")
	amount.Object = &object{Fields: fields{"type": dialect.Words(operator, "input_tokens", "tool_uses", "thinking_turns", "all"), "value": dialect.Plain()}}
	names := dialect.Name(operator)
	names.Items = dialect.Name(operator)
	return dialect.Known(fields{"edits": dialect.List(dialect.Known(fields{
		"type":    dialect.Words(operator, "clear_tool_uses_20250919", "clear_thinking_20251015", "compact_20260112"),
		"trigger": amount, "keep": amount, "clear_at_least": amount, "exclude_tools": names, "clear_tool_inputs": names,
		"instructions": dialect.Text(operator), "pause_after_compaction": dialect.Plain(),
	}))})
}

func formatTable() *rule {
	return dialect.Known(fields{"type": dialect.Words(operator, "json_schema"), "schema": dialect.Schema(dialect.Text(operator))})
}

// containerTable is where code runs: its id, or what it is made of. Skills are
// instructions that the provider keeps, its own ones too.
func containerTable() *rule {
	r := dialect.Kept("container", dialect.Name(operator))
	r.Object = &object{Fields: fields{
		"id": dialect.Kept("container", dialect.Name(operator)),
		"skills": dialect.List(dialect.Known(fields{
			"type": dialect.Words(operator, "anthropic", "custom"), "skill_id": dialect.Kept("skill", dialect.Name(operator)), "version": dialect.Name(operator),
		})),
	}}
	return r
}

func requestTable() *rule {
	user := guard.OriginUser
	f := fields{
		"model":          dialect.Tagged(tagModel, dialect.StringType, dialect.Name(user)),
		"messages":       {Types: dialect.ArrayType, Turns: true, Items: messageTable()},
		"system":         systemTable(),
		"max_tokens":     dialect.Tagged(tagMaxTokens, dialect.NumberType, dialect.Plain()),
		"stream":         dialect.Tagged(tagStream, dialect.MaybeBool, dialect.Plain()),
		"tools":          dialect.Typed(dialect.MaybeArray, dialect.List(toolTable())),
		"tool_choice":    choiceTable(),
		"metadata":       dialect.Typed(dialect.MaybeObject, dialect.Known(fields{"user_id": dialect.Tagged(tagUser, dialect.MaybeString, dialect.Name(user))})),
		"stop_sequences": dialect.List(dialect.Text(user)),
		"thinking": dialect.Known(fields{
			"type": dialect.Words(operator, "enabled", "disabled", "adaptive", "between_tools"), "budget_tokens": dialect.Plain(),
			"display": dialect.Words(operator, "summarized", "omitted"),
		}),
		"output_config": dialect.Known(fields{
			"effort": dialect.Words(operator, "low", "medium", "high", "xhigh", "max"), "format": formatTable(),
			"task_budget": dialect.Known(fields{"type": dialect.Words(operator, "tokens"), "total": dialect.Plain(), "remaining": dialect.Plain()}),
		}),
		"output_format":      formatTable(),
		"context_management": contextTable(),
		"container":          containerTable(),
		"mcp_servers":        dialect.List(serverTable()),
		"cache_control":      cacheTable(),
		"diagnostics":        dialect.Known(fields{"previous_message_id": dialect.Name(user)}),
		"service_tier":       dialect.Words(user, "auto", "standard_only"),
		"speed":              dialect.Words(user, "standard", "fast"),
		"inference_geo":      dialect.Name(user),
		"user_profile_id":    dialect.Name(user),
		"workspace_id":       dialect.Name(user),
		"temperature":        dialect.Plain(),
		"top_p":              dialect.Plain(),
		"top_k":              dialect.Plain(),
		"warder":             dialect.ExchangeClaim(tagSubject, tagSession),
	}
	return &rule{Types: dialect.ObjectType, Object: &object{Fields: f, Required: []string{"model", "messages"}, Close: closeRequest}}
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})
