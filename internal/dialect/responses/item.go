package responses

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// maker builds the part of the table that requests, answers and events share.
// Origins wait for the end of the item that holds a text.
type maker struct {
	claims bool // items and parts may hold the extension
	stream bool // events: texts come whole what deltas told before
}

// Names of texts that have none in every dialect.
const (
	fieldReasoning = "reasoning"
	fieldSummary   = "reasoning.summary"
	fieldInput     = "custom_tool_call.input"
	fieldCode      = "code"
	fieldOutput    = "output"
)

// whole is added to the name of a text that an event repeats whole.
const whole = ".done"

// said returns the rule for a text that deltas tell in a stream. There its
// repetition is a text of its own.
func (m maker) said(u dialect.Use, name string) *rule {
	if m.stream {
		name += whole
	}
	return m.use(u, name)
}

func (m maker) use(u dialect.Use, name string) *rule { return &rule{Use: u, Late: true, Name: name} }
func (m maker) text(name string) *rule               { return m.use(dialect.Prose, name) }
func (m maker) label(name string) *rule              { return m.use(dialect.Label, name) }

// address is where a picture or file is fetched, or a data URL with it.
func (m maker) address(name string) *rule {
	return dialect.Kept("url", m.use(dialect.MediaURL, name))
}

// tagged returns r, of any type of JSON, for Close functions to read.
func tagged(t dialect.Tag, r *rule) *rule {
	r.Tag = t
	return r
}

func (m maker) words(w ...string) *rule { return &rule{Use: dialect.Word, Words: w, Late: true} }

// arguments are a string that holds JSON, or with some items JSON itself.
func (m maker) arguments(name string) *rule {
	return dialect.Anything(m.said(dialect.Arguments, name))
}

// itemTypes are the types of items.
var itemTypes = []string{
	"message", "reasoning", "compaction", "compaction_trigger", "item_reference", "additional_tools",
	"function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
	"file_search_call", "web_search_call", "computer_call", "computer_call_output", "image_generation_call",
	"code_interpreter_call", "local_shell_call", "local_shell_call_output", "shell_call", "shell_call_output",
	"apply_patch_call", "apply_patch_call_output", "tool_search_call", "tool_search_output",
	"mcp_call", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "program", "program_output",
}

var statuses = []string{"in_progress", "completed", "incomplete", "searching", "interpreting", "generating", "calling", "failed", "queued", "cancelled"}

// item returns the table of one item of any type.
func (m maker) item(closed func(*dialect.Scope) error) *rule {
	f := fields{
		"type":    dialect.Tagged(tagType, dialect.MaybeString, m.words(itemTypes...)),
		"id":      tagged(tagItemID, m.label("item.id")),
		"call_id": m.label("call_id"),
		"role":    dialect.Tagged(tagRole, dialect.MaybeString, m.words("system", "developer", "user", "assistant", "tool")),
		"status":  dialect.Tagged(tagStatus, dialect.MaybeString, m.words(statuses...)),
		"phase":   m.words("commentary", "final_answer"),
		"content": m.content(),

		"summary":           dialect.List(dialect.Typed(dialect.ObjectType, m.part(fieldSummary))),
		"encrypted_content": tagged(tagHeld, m.label("encrypted_content")),
		"created_by":        m.label("created_by"),

		"name": m.label(dialect.FieldTool), "namespace": m.label("namespace"),
		"arguments": m.arguments(dialect.FieldArguments), "input": m.arguments(fieldInput), "output": m.output(),
		"caller":    dialect.Known(fields{"type": m.words("direct", "program"), "caller_id": m.label("caller_id")}),
		"execution": m.words("server", "client"),
		"tools":     tools(guard.OriginTool), // a server of tools may have written them

		"queries": dialect.List(m.text("")), "results": m.results(), "action": m.action(), "actions": dialect.List(m.action()),
		"pending_safety_checks": m.checks(), "acknowledged_safety_checks": m.checks(),

		"result": tagged(tagHeld, m.use(dialect.Media, "")), "revised_prompt": m.text(""), "background": m.words("transparent", "opaque", "auto"),
		"output_format": m.words("png", "webp", "jpeg"), "quality": m.words("low", "medium", "high", "auto"), "size": m.label(""),

		"code": m.said(dialect.Prose, fieldCode), "container_id": m.label(""), "fingerprint": m.label(""),
		"outputs":           dialect.List(dialect.Known(fields{"type": m.words("logs", "image"), "logs": m.tool(), "url": m.address("")})),
		"operation":         dialect.Known(fields{"type": m.words("create_file", "delete_file", "update_file"), "path": m.text(""), "diff": m.text("")}),
		"environment":       m.environment(),
		"max_output_length": dialect.Plain(),

		"server_label": m.label(""), "error": m.failure(), "approval_request_id": m.label(""), "approve": dialect.Plain(), "reason": m.text(""),
	}
	if m.claims {
		f["warder"] = dialect.OriginClaim(tagOrigin)
	}
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closed, Fields: f}}
}

// tool is a text that a tool wrote, in an item that has texts of others, too.
func (m maker) tool() *rule { return &rule{Use: dialect.Prose, Origin: guard.OriginTool} }

// output is what came of a call: a text, parts, what a shell wrote, or a picture of
// a screen.
func (m maker) output() *rule {
	r := m.text(fieldOutput)
	if m.claims {
		r.Name = dialect.FieldContent
	}
	part := m.part(r.Name)
	for name, f := range map[string]*rule{
		"stdout": m.text(""), "stderr": m.text(""), "created_by": m.label(""),
		"outcome": dialect.Known(fields{"type": m.words("exit", "timeout"), "exit_code": dialect.Plain()}),
	} {
		part.Object.Fields[name] = f
	}
	r.Items, r.Object = part, part.Object
	return r
}

// failure is what a server of tools said of a call that failed.
func (m maker) failure() *rule {
	return dialect.Anything(m.tool())
}

func (m maker) results() *rule {
	text := dialect.Text(guard.OriginDocument)
	return dialect.List(dialect.Known(fields{
		"file_id": dialect.Name(guard.OriginDocument), "filename": dialect.Name(guard.OriginDocument), "score": dialect.Plain(), "text": text,
		"attributes": dialect.Free(text), "type": dialect.Name(guard.OriginDocument), "url": text, "title": text,
	}))
}

// action is what a search, a computer or a shell shall do.
func (m maker) action() *rule {
	return dialect.Known(fields{
		"type": m.words("search", "open_page", "find_in_page", "find", "click", "double_click", "drag", "keypress", "move", "screenshot",
			"scroll", "type", "wait", "exec"),
		"query": m.text(""), "queries": dialect.List(m.text("")), "url": m.text(""), "pattern": m.text(""),
		"sources": dialect.List(dialect.Known(fields{"type": m.words("url", "api"), "url": dialect.Text(guard.OriginDocument), "name": dialect.Name(guard.OriginDocument)})),

		"button": m.words("left", "right", "wheel", "back", "forward"), "keys": dialect.List(m.label("")), "text": m.text(""),
		"path": dialect.List(dialect.Known(fields{"x": dialect.Plain(), "y": dialect.Plain()})), "x": dialect.Plain(), "y": dialect.Plain(), "scroll_x": dialect.Plain(), "scroll_y": dialect.Plain(),

		"command": dialect.List(m.text("")), "commands": dialect.List(m.text("")), "env": dialect.Free(m.text("")), "user": m.label(""),
		"working_directory": m.text(""), "timeout_ms": dialect.Plain(), "max_output_length": dialect.Plain(),
	})
}

func (m maker) checks() *rule {
	return dialect.List(dialect.Known(fields{"id": m.label(""), "code": m.label(""), "message": m.text("")}))
}
