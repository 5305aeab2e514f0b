package anthropic

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// operator describes tools and formats: the application's developer wrote them.
const operator = guard.OriginOperator

var schemaTypes = []string{"object", "string", "number", "integer", "boolean", "array", "null"}

// schema reads a JSON schema with text as the rule for its strings. Its types are
// structure; all other strings, and names that could carry text, are inspected.
func schema(text *rule) *rule {
	o := &object{Rest: text}
	text.Items, text.Object = text, o
	kind := &rule{Use: dialect.Word, Words: schemaTypes, Origin: text.Origin, Late: text.Late, Object: o}
	kind.Items = kind
	names := &rule{Use: dialect.Label, Origin: text.Origin, Late: text.Late, Object: o}
	names.Items = &rule{Use: dialect.Label, Origin: text.Origin, Late: text.Late}
	o.Fields = fields{"type": kind, "required": names}
	return text
}

var callers = []string{"direct", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521"}

// toolTypes are the kinds of tools: the caller's own, and those that the provider
// defines by name and date.
var toolTypes = []string{
	"custom", "bash_20241022", "bash_20250124", "text_editor_20241022", "text_editor_20250124", "text_editor_20250429", "text_editor_20250728",
	"computer_20241022", "computer_20250124", "computer_20251124", "computer_toolset_20260801", "browser_toolset_20260801", "memory_20250818",
	"code_execution_20250522", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521",
	"web_search_20250305", "web_search_20260209", "web_search_20260318",
	"web_fetch_20250910", "web_fetch_20260209", "web_fetch_20260309", "web_fetch_20260318",
	"tool_search_tool_bm25_20251119", "tool_search_tool_bm25", "tool_search_tool_regex_20251119", "tool_search_tool_regex",
	"mcp_toolset", "advisor_20260301",
}

// toolTable reads tools of all types.
func toolTable() *rule {
	examples := prose(operator)
	examples.Items = examples
	examples.Object = &object{Rest: examples}
	switches := known(fields{"enabled": plain(), "defer_loading": plain()})
	named := list(known(fields{"type": words(operator, "tool_reference"), "name": label(operator)}))
	sources := known(fields{"type": words(operator, "all", "none", "only", "except"), "tools": named})
	f := fields{
		"type": words(operator, toolTypes...), "name": label(operator), "description": prose(operator), "input_schema": schema(prose(operator)),
		"input_examples": examples, "cache_control": cacheTable(), "allowed_callers": list(words(operator, callers...)),
		"allowed_domains": list(label(operator)), "blocked_domains": list(label(operator)), "citations": known(fields{"enabled": plain()}),
		"user_location": known(fields{
			"type": words(operator, "approximate"), "city": label(guard.OriginUser), "country": label(guard.OriginUser),
			"region": label(guard.OriginUser), "timezone": label(guard.OriginUser),
		}),
		"response_inclusion": words(operator, "full", "excluded"),
		"url_sources":        known(fields{"client_tool_results": sources, "server_tool_results": sources, "user_input": sources}),
		"mcp_server_name":    label(operator), "default_config": switches,
		"configs": {Object: &object{Rest: &rule{Use: dialect.Label, Origin: operator, Object: switches.Object}}},
		"tools":   list(known(fields{"name": label(operator), "description": prose(operator), "input_schema": schema(prose(operator))})),
		"model":   label(operator), "caching": cacheTable(),
	}
	for _, name := range []string{"strict", "defer_loading", "eager_input_streaming", "max_uses", "max_content_tokens", "max_characters", "max_tokens",
		"use_cache", "display_width_px", "display_height_px", "display_number", "enable_zoom"} {
		f[name] = plain()
	}
	return &rule{Types: anObject, Object: &object{Close: closeTool, Fields: f}}
}

func closeTool(s *dialect.Scope) error {
	s.State().(*dialect.Request).HasTools = true
	return nil
}

func choiceTable() *rule {
	return typed(anObject|orNull, known(fields{
		"type": words(operator, "auto", "any", "tool", "none"), "name": label(operator), "disable_parallel_tool_use": plain(),
	}))
}

// serverTable is an MCP server that the provider calls. Its token is a credential
// for somebody else, and judged as one.
func serverTable() *rule {
	return known(fields{
		"type": words(operator, "url"), "name": label(operator), "url": prose(operator), "authorization_token": label(operator),
		"tool_configuration": known(fields{"enabled": plain(), "allowed_tools": list(label(operator))}),
	})
}
