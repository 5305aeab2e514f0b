package anthropic

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// operator describes tools and formats: the application's developer wrote them.
const operator = guard.OriginOperator

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
	switches := dialect.Known(fields{"enabled": dialect.Plain(), "defer_loading": dialect.Plain()})
	named := dialect.List(dialect.Known(fields{"type": dialect.Words(operator, "tool_reference"), "name": dialect.Name(operator)}))
	sources := dialect.Known(fields{"type": dialect.Words(operator, "all", "none", "only", "except"), "tools": named})
	f := fields{
		"type": dialect.Words(operator, toolTypes...), "name": dialect.Name(operator), "description": dialect.Text(operator), "input_schema": dialect.Schema(dialect.Text(operator)),
		"input_examples": dialect.Anything(dialect.Text(operator)), "cache_control": cacheTable(), "allowed_callers": dialect.List(dialect.Words(operator, callers...)),
		"allowed_domains": dialect.List(dialect.Name(operator)), "blocked_domains": dialect.List(dialect.Name(operator)), "citations": dialect.Known(fields{"enabled": dialect.Plain()}),
		"user_location": dialect.Known(fields{
			"type": dialect.Words(operator, "approximate"), "city": dialect.Name(guard.OriginUser), "country": dialect.Name(guard.OriginUser),
			"region": dialect.Name(guard.OriginUser), "timezone": dialect.Name(guard.OriginUser),
		}),
		"response_inclusion": dialect.Words(operator, "full", "excluded"),
		"url_sources":        dialect.Known(fields{"client_tool_results": sources, "server_tool_results": sources, "user_input": sources}),
		"mcp_server_name":    dialect.Name(operator), "default_config": switches,
		"configs": dialect.Free(&rule{Use: dialect.Label, Origin: operator, Object: switches.Object}),
		"tools":   dialect.List(dialect.Known(fields{"name": dialect.Name(operator), "description": dialect.Text(operator), "input_schema": dialect.Schema(dialect.Text(operator))})),
		"model":   dialect.Name(operator), "caching": cacheTable(),
	}
	for _, name := range []string{"strict", "defer_loading", "eager_input_streaming", "max_uses", "max_content_tokens", "max_characters", "max_tokens",
		"use_cache", "display_width_px", "display_height_px", "display_number", "enable_zoom"} {
		f[name] = dialect.Plain()
	}
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeTool, Fields: f}}
}

func closeTool(s *dialect.Scope) error {
	s.State().(*dialect.Request).HasTools = true
	return nil
}

func choiceTable() *rule {
	return dialect.Typed(dialect.MaybeObject, dialect.Known(fields{
		"type": dialect.Words(operator, "auto", "any", "tool", "none"), "name": dialect.Name(operator), "disable_parallel_tool_use": dialect.Plain(),
	}))
}

// serverTable is an MCP server that the provider calls. Its token is a credential
// for somebody else, and judged as one.
func serverTable() *rule {
	return dialect.Known(fields{
		"type": dialect.Words(operator, "url"), "name": dialect.Name(operator), "url": dialect.Text(operator), "authorization_token": dialect.Name(operator),
		"tool_configuration": dialect.Known(fields{"enabled": dialect.Plain(), "allowed_tools": dialect.List(dialect.Name(operator))}),
	})
}
