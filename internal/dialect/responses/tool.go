package responses

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// toolTypes are the types of tools, and of the choice between them.
var toolTypes = []string{
	"function", "custom", "namespace", "file_search", "web_search", "web_search_2025_08_26", "web_search_preview",
	"web_search_preview_2025_03_11", "computer", "computer_use", "computer_use_preview", "mcp", "code_interpreter", "image_generation",
	"local_shell", "shell", "apply_patch", "tool_search", "programmatic_tool_calling", "allowed_tools",
}

// tools is a list of descriptions of tools, which o wrote.
func tools(o guard.Origin) *rule {
	one := &rule{Types: anObject}
	one.Object = &object{Fields: toolFields(o, one), Close: closeTool}
	return typed(anArray|orNull, list(one))
}

func closeTool(s *dialect.Scope) error {
	if r, ok := s.State().(*dialect.Request); ok {
		r.HasTools = true
	}
	return nil
}

// toolFields are the members of a tool of any type; one is the table of the tools
// that a namespace holds.
func toolFields(o guard.Origin, one *rule) fields {
	names := func() *rule { return list(label(o)) }
	filter := func() *rule { return known(fields{"read_only": plain(), "tool_names": names()}) }
	choice := func(w ...string) *rule {
		r := words(o, w...)
		r.Items = label(o)
		return r
	}
	allowed := choice()
	allowed.Object = filter().Object
	approval := words(o, "always", "never")
	approval.Object = &object{Fields: fields{"always": filter(), "never": filter()}}
	skills := list(known(fields{
		"type": words(o, "skill_reference", "inline"), "skill_id": label(o), "version": label(o), "name": label(o), "description": prose(o),
		"path": prose(o), "source": known(fields{"type": words(o, "base64"), "media_type": words(o, "application/zip"), "data": prose(o)}),
	}))
	container := label(o)
	container.Object = &object{Fields: fields{
		"type": words(o, "auto", "container_auto", "container_reference", "local"), "container_id": label(o), "file_ids": names(),
		"memory_limit": words(o, "1g", "4g", "16g", "64g"), "skills": skills,
		"network_policy": known(fields{
			"type": words(o, "allowlist", "disabled"), "allowed_domains": names(),
			"domain_secrets": list(known(fields{"domain": label(o), "name": label(o), "value": prose(o)})),
		}),
	}}
	f := fields{
		"type": words(o, toolTypes...), "name": label(o), "description": prose(o), "parameters": openai.Schema(o), "output_schema": openai.Schema(o),
		"strict": plain(), "defer_loading": plain(), "allowed_callers": choice("direct", "programmatic"), "tools": list(one),
		"format": known(fields{"type": words(o, "text", "grammar"), "definition": prose(o), "syntax": words(o, "lark", "regex")}),
		"mode":   words(o, "auto", "required"),

		"vector_store_ids": names(), "filters": filters(o), "max_num_results": plain(),
		"ranking_options": known(fields{
			"ranker": words(o, "auto", "default-2024-11-15"), "score_threshold": plain(),
			"hybrid_search": known(fields{"embedding_weight": plain(), "text_weight": plain()}),
		}),
		"search_context_size": words(o, "low", "medium", "high"), "search_content_types": list(words(o, "text", "image")),
		"user_location": known(fields{
			"type": words(o, "approximate"), "city": label(o), "country": label(o), "region": label(o), "timezone": label(o),
		}),
		"external_web_access": plain(),

		"display_height": plain(), "display_width": plain(), "environment": container, "container": container, "execution": words(o, "server", "client"),

		"server_label": label(o), "server_url": prose(o), "server_description": prose(o), "connector_id": label(o), "tunnel_id": label(o),
		"authorization": label(o), "headers": {Object: &object{Rest: prose(o)}}, "allowed_tools": allowed, "require_approval": approval,
		"input_schema": openai.Schema(o), "annotations": openai.Schema(o),

		"action": words(o, "generate", "edit", "auto"), "background": words(o, "transparent", "opaque", "auto"),
		"input_fidelity":   words(o, "high", "low"),
		"input_image_mask": known(fields{"file_id": label(o), "image_url": {Use: dialect.MediaURL, Origin: o}}),
		"model":            label(o), "moderation": words(o, "auto", "low"), "output_compression": plain(),
		"output_format": words(o, "png", "webp", "jpeg"), "partial_images": plain(),
		"quality": words(o, "low", "medium", "high", "auto"), "size": label(o),
	}
	return f
}

// environment is where the commands of a shell run.
func (m maker) environment() *rule {
	return known(fields{
		"type": m.words("local", "container_reference"), "container_id": m.label(""),
		"skills": list(known(fields{"name": m.label(""), "description": m.text(""), "path": m.text("")})),
	})
}

// filters compare or combine attributes of files, or name domains.
func filters(o guard.Origin) *rule {
	value := prose(o)
	value.Items = value
	r := &rule{}
	r.Object = &object{Fields: fields{
		"type": words(o, "eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "and", "or"), "key": label(o), "value": value,
		"filters": list(r), "allowed_domains": list(label(o)), "blocked_domains": list(label(o)),
	}}
	return r
}

// choice says which tools the model may call, or must.
func choice() *rule {
	named := fields{"type": words(operator, toolTypes...), "name": label(operator), "server_label": label(operator)}
	r := words(operator, "none", "auto", "required")
	r.Object = &object{Fields: fields{
		"type": named["type"], "name": named["name"], "server_label": named["server_label"],
		"mode": words(operator, "auto", "required"), "tools": list(known(named)),
	}}
	return r
}
