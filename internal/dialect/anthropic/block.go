package anthropic

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// maker builds the part of the table that requests, answers and events share.
// Origins wait for the end of what holds a text.
type maker struct {
	delta  bool // texts continue in the next event
	claims bool // messages and blocks may hold the extension
	bare   bool // texts are known by their place alone: within blocks of a stream
}

func (m maker) use(u dialect.Use, name string) *rule {
	if m.bare {
		name = ""
	}
	return &rule{Use: u, Late: true, Name: name, Delta: m.delta && u != dialect.Label}
}

func (m maker) text(name string) *rule  { return m.use(dialect.Prose, name) }
func (m maker) label(name string) *rule { return m.use(dialect.Label, name) }

func (m maker) words(w ...string) *rule { return &rule{Use: dialect.Word, Words: w, Late: true} }

// blockTypes are the types of blocks, of what results hold, and of what these
// hold.
var blockTypes = []string{
	"text", "image", "document", "search_result", "thinking", "redacted_thinking", "container_upload", "compaction", "fallback",
	"tool_use", "server_tool_use", "mcp_tool_use", "tool_result", "mcp_tool_result", "mcp_tool_listing", "tool_reference",
	"tool_addition", "tool_removal", "browser_state",
	"web_search_tool_result", "web_search_result", "web_search_tool_result_error",
	"web_fetch_tool_result", "web_fetch_result", "web_fetch_tool_result_error",
	"code_execution_tool_result", "code_execution_result", "encrypted_code_execution_result", "code_execution_output",
	"code_execution_tool_result_error",
	"bash_code_execution_tool_result", "bash_code_execution_result", "bash_code_execution_output", "bash_code_execution_tool_result_error",
	"text_editor_code_execution_tool_result", "text_editor_code_execution_view_result", "text_editor_code_execution_create_result",
	"text_editor_code_execution_str_replace_result", "text_editor_code_execution_tool_result_error",
	"tool_search_tool_result", "tool_search_tool_search_result", "tool_search_tool_result_error",
	"advisor_tool_result", "advisor_result", "advisor_redacted_result", "advisor_tool_result_error",
	"download_completed", "download_failed", "download_started", "tab_opened",
}

// stopReasons are why an answer ended.
var stopReasons = []string{"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "compaction", "model_context_window_exceeded"}

// block returns the table of a block that stands in a message. Blocks within it are
// read by a second table, which holds itself: their texts are whole, and no part of
// what the message says.
func (m maker) block() *rule {
	within := &rule{Types: dialect.ObjectType, Object: &object{Close: closeBlock}}
	within.Object.Fields = maker{claims: m.claims, bare: m.delta}.members(within)
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeBlock, Fields: m.members(within)}}
}

// members returns the members of blocks of all types. within is the table of blocks
// that they hold.
func (m maker) members(within *rule) fields {
	content := m.text("content")
	content.Items, content.Object = within, within.Object
	whole := maker{}
	f := fields{
		"type":          dialect.Tagged(tagType, dialect.StringType, m.words(blockTypes...)),
		"text":          m.text(dialect.FieldContent),
		"citations":     whole.citations(),
		"cache_control": cacheTable(),
		"thinking":      m.text("thinking"),
		"signature":     m.label("signature"),
		"data":          m.label(""),
		"source":        whole.source(within),
		"title":         whole.text(""),
		"context":       whole.text(""),

		"id": m.label(""), "name": m.label(dialect.FieldTool), "input": m.input(),
		"caller":       dialect.Known(fields{"type": m.words(callers...), "tool_id": m.label("")}),
		"toolset_name": m.label(""), "server_name": m.label(""), "mcp_server_name": m.label(""),
		"tool_use_id": m.label(""), "content": content, "is_error": dialect.Plain(),
		"error_code": m.label(""), "error_message": whole.text(""),

		"url": whole.text(""), "page_age": whole.text(""), "retrieved_at": m.label(""), "encrypted_content": m.label(""),
		"stdout": whole.text(""), "stderr": whole.text(""), "encrypted_stdout": m.label(""), "return_code": dialect.Plain(),
		"file_id": dialect.Kept("file_id", m.label("")), "file_type": m.words("text", "image", "pdf"), "is_file_update": dialect.Plain(),
		"lines": dialect.List(whole.text("")), "num_lines": dialect.Plain(), "start_line": dialect.Plain(), "total_lines": dialect.Plain(),
		"new_lines": dialect.Plain(), "new_start": dialect.Plain(), "old_lines": dialect.Plain(), "old_start": dialect.Plain(),
		"tool_references": dialect.List(within), "tool_name": m.label(""), "tool_changes": dialect.List(within),
		"tools":       dialect.List(dialect.Known(fields{"name": m.label(""), "description": whole.text(""), "input_schema": dialect.Schema(whole.text(""))})),
		"stop_reason": m.words(stopReasons...),

		"tabs":            dialect.List(dialect.Known(fields{"tab_id": m.label(""), "title": whole.text(""), "url": whole.text(""), "active": dialect.Plain()})),
		"state_changes":   dialect.List(within),
		"tab_id":          m.label(""),
		"download_id":     m.label(""),
		"path":            whole.text(""),
		"error":           whole.text(""),
		"size_bytes":      dialect.Plain(),
		"transformations": dialect.Known(fields{"oversized_image": m.words("downsize", "error")}),
		"from":            dialect.Known(fields{"model": m.label("")}),
		"to":              dialect.Known(fields{"model": m.label("")}),
		"trigger":         dialect.Known(fields{"type": m.words("refusal"), "category": m.label("")}),
	}
	if m.claims {
		f["warder"] = dialect.OriginClaim(tagOrigin)
	}
	return f
}

// input is what a tool is called with: JSON itself. In a stream it comes as text
// in the deltas of its block, and what stands at the beginning is whole.
func (m maker) input() *rule {
	return dialect.Anything(maker{bare: m.bare}.use(dialect.Arguments, dialect.FieldArguments))
}

// source is where a picture or a document comes from; of a search result a link.
func (m maker) source(within *rule) *rule {
	r := m.text("")
	content := m.text("")
	content.Items = within
	r.Object = &object{Close: closeSource, Fields: fields{
		"type":       dialect.Tagged(tagType, dialect.StringType, m.words("base64", "text", "url", "content", "file")),
		"media_type": m.words("image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf", "text/plain"),
		"data":       dialect.Tagged(tagData, dialect.StringType, m.use(dialect.Media, "")),
		"url":        dialect.Kept("url", m.use(dialect.MediaURL, "")),
		"file_id":    dialect.Kept("file_id", m.label("")),
		"content":    content,
	}}
	return r
}

// citations are a list in a text, and a setting in a document.
func (m maker) citations() *rule {
	return &rule{Items: m.citation(), Object: &object{Fields: fields{"enabled": dialect.Plain()}}}
}

// citation says where a sentence of the model comes from, and quotes it.
func (m maker) citation() *rule {
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeQuoted, Fields: fields{
		"type":       m.words("char_location", "page_location", "content_block_location", "search_result_location", "web_search_result_location"),
		"cited_text": m.text(""), "document_title": m.text(""), "title": m.text(""), "source": m.text(""), "url": m.text(""),
		"encrypted_index": m.label(""), "file_id": m.label(""),
		"document_index": dialect.Plain(), "search_result_index": dialect.Plain(), "start_char_index": dialect.Plain(), "end_char_index": dialect.Plain(),
		"start_page_number": dialect.Plain(), "end_page_number": dialect.Plain(), "start_block_index": dialect.Plain(), "end_block_index": dialect.Plain(),
	}}}
}

func closeQuoted(s *dialect.Scope) error { return s.Resolve(guard.OriginDocument) }

// closeSource refuses a text that would pass for a picture: a model reads it as it
// is written.
func closeSource(s *dialect.Scope) error {
	kind, _ := s.Value(tagType)
	if data, ok := s.Value(tagData); ok && kind.Text != "base64" && dialect.IsMedia(data.Text) {
		return s.Fail(data, dialect.CodeInvalidValue, "a file in a source that is not base64; expected text")
	}
	return nil
}

// closeBlock gives the texts of a block the origin that its type means, if any. A
// claim of more trust is refused.
func closeBlock(s *dialect.Scope) error {
	if err := s.ClaimOrigin(tagOrigin); err != nil {
		return err
	}
	kind, _ := s.Value(tagType)
	if o := blockOrigin(kind.Text); o != guard.OriginUnknown {
		return s.Resolve(o)
	}
	return nil
}

// blockOrigin returns whose the texts of a block are by its type; unknown: whose the
// message is.
func blockOrigin(kind string) guard.Origin {
	switch kind {
	case "document", "search_result", "web_search_result", "web_fetch_result":
		return guard.OriginDocument
	case "tool_reference", "mcp_tool_listing", "browser_state":
		return guard.OriginTool
	}
	if strings.HasSuffix(kind, "_result") || strings.HasSuffix(kind, "_result_error") {
		return guard.OriginTool
	}
	return guard.OriginUnknown
}
