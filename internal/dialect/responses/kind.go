package responses

import (
	"strings"

	"warder.example/internal/dialect"
)

// Kinds of events, see [dialect.Chunk].Kind.
const (
	kindOther uint8 = iota
	kindCreated
)

// deltas are the events that tell a text piece by piece, with the rule for it.
var deltas = func() map[string]*rule {
	goesOn := func(u dialect.Use, name string) *rule { return &rule{Use: u, Origin: model, Name: name, Delta: true} }
	return map[string]*rule{
		"response.output_text.delta":                goesOn(dialect.Prose, dialect.FieldContent),
		"response.refusal.delta":                    goesOn(dialect.Prose, dialect.FieldRefusal),
		"response.reasoning_text.delta":             goesOn(dialect.Prose, fieldReasoning),
		"response.reasoning_summary_text.delta":     goesOn(dialect.Prose, fieldSummary),
		"response.function_call_arguments.delta":    goesOn(dialect.Arguments, dialect.FieldArguments),
		"response.mcp_call_arguments.delta":         goesOn(dialect.Arguments, dialect.FieldArguments),
		"response.custom_tool_call_input.delta":     goesOn(dialect.Arguments, fieldInput),
		"response.code_interpreter_call_code.delta": goesOn(dialect.Prose, fieldCode),
		"response.audio.delta":                      goesOn(dialect.Prose, "audio"),
		"response.audio.transcript.delta":           goesOn(dialect.Prose, "audio.transcript"),
	}
}()

// begun are the rules of texts that stand in an item or a part when it begins: what
// deltas say next continues them. By the name of their repetition.
var begun = func() map[string]*rule {
	out := map[string]*rule{}
	for _, r := range deltas {
		out[r.Name+whole] = r
	}
	return out
}()

// eventTypes are all kinds of events.
var eventTypes = func() []string {
	out := []string{"error"}
	for kind, ends := range map[string]string{
		"response":                            "created in_progress completed failed incomplete queued",
		"response.output_item":                "added done",
		"response.content_part":               "added done",
		"response.output_text":                "done",
		"response.output_text.annotation":     "added",
		"response.refusal":                    "done",
		"response.reasoning":                  "delta done",
		"response.reasoning_text":             "done",
		"response.reasoning_summary":          "delta done",
		"response.reasoning_summary_part":     "added done",
		"response.reasoning_summary_text":     "done",
		"response.function_call_arguments":    "done",
		"response.mcp_call_arguments":         "done",
		"response.custom_tool_call_input":     "done",
		"response.code_interpreter_call_code": "done",
		"response.audio":                      "done",
		"response.audio.transcript":           "done",
		"response.file_search_call":           "in_progress searching completed",
		"response.web_search_call":            "in_progress searching completed",
		"response.code_interpreter_call":      "in_progress interpreting completed",
		"response.image_generation_call":      "in_progress generating partial_image completed",
		"response.mcp_call":                   "in_progress completed failed",
		"response.mcp_list_tools":             "in_progress completed failed",
	} {
		for _, end := range strings.Fields(ends) {
			out = append(out, kind+"."+end)
		}
	}
	for kind := range deltas {
		out = append(out, kind)
	}
	return out
}()
