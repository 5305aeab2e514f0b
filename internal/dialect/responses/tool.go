package responses

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// toolTypes are the types of tools, and of the choice between them.
var toolTypes = []string{
	"function", "custom", "namespace", "file_search", "web_search", "web_search_2025_08_26", "web_search_preview",
	"web_search_preview_2025_03_11", "computer", "computer_use", "computer_use_preview", "mcp", "code_interpreter", "image_generation",
	"local_shell", "shell", "apply_patch", "tool_search", "programmatic_tool_calling", "allowed_tools",
}

// tools is a list of descriptions of tools, which o wrote.
func tools(o guard.Origin) *rule {
	one := &rule{Types: dialect.ObjectType}
	one.Object = &object{Fields: toolFields(o, one), Close: closeTool}
	return dialect.Typed(dialect.MaybeArray, dialect.List(one))
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
	names := func() *rule { return dialect.List(dialect.Name(o)) }
	filter := func() *rule { return dialect.Known(fields{"read_only": dialect.Plain(), "tool_names": names()}) }
	choice := func(w ...string) *rule {
		r := dialect.Words(o, w...)
		r.Items = dialect.Name(o)
		return r
	}
	allowed := choice()
	allowed.Object = filter().Object
	approval := dialect.Words(o, "always", "never")
	approval.Object = &object{Fields: fields{"always": filter(), "never": filter()}}
	skills := dialect.List(dialect.Known(fields{
		"type": dialect.Words(o, "skill_reference", "inline"), "skill_id": dialect.Kept("skill", dialect.Name(o)), "version": dialect.Name(o), "name": dialect.Name(o), "description": dialect.Text(o),
		"path": dialect.Text(o), "source": dialect.Known(fields{"type": dialect.Words(o, "base64"), "media_type": dialect.Words(o, "application/zip"), "data": dialect.Text(o)}),
	}))
	container := dialect.Kept("container", dialect.Name(o))
	container.Object = &object{Fields: fields{
		"type": dialect.Words(o, "auto", "container_auto", "container_reference", "local"), "container_id": dialect.Kept("container", dialect.Name(o)),
		"file_ids":     dialect.List(dialect.Kept("file_id", dialect.Name(o))),
		"memory_limit": dialect.Words(o, "1g", "4g", "16g", "64g"), "skills": skills,
		"network_policy": dialect.Known(fields{
			"type": dialect.Words(o, "allowlist", "disabled"), "allowed_domains": names(),
			"domain_secrets": dialect.List(dialect.Known(fields{"domain": dialect.Name(o), "name": dialect.Name(o), "value": dialect.Text(o)})),
		}),
	}}
	environment := *container // or a word for the computer that is used
	environment.Refers = ""
	f := fields{
		"type": dialect.Words(o, toolTypes...), "name": dialect.Name(o), "description": dialect.Text(o), "parameters": dialect.Schema(dialect.Text(o)), "output_schema": dialect.Schema(dialect.Text(o)),
		"strict": dialect.Plain(), "defer_loading": dialect.Plain(), "allowed_callers": choice("direct", "programmatic"), "tools": dialect.List(one),
		"format": dialect.Known(fields{"type": dialect.Words(o, "text", "grammar"), "definition": dialect.Text(o), "syntax": dialect.Words(o, "lark", "regex")}),
		"mode":   dialect.Words(o, "auto", "required"),

		"vector_store_ids": dialect.List(dialect.Kept("vector_store", dialect.Name(o))), "filters": filters(o), "max_num_results": dialect.Plain(),
		"ranking_options": dialect.Known(fields{
			"ranker": dialect.Words(o, "auto", "default-2024-11-15"), "score_threshold": dialect.Plain(),
			"hybrid_search": dialect.Known(fields{"embedding_weight": dialect.Plain(), "text_weight": dialect.Plain()}),
		}),
		"search_context_size": dialect.Words(o, "low", "medium", "high"), "search_content_types": dialect.List(dialect.Words(o, "text", "image")),
		"user_location": dialect.Known(fields{
			"type": dialect.Words(o, "approximate"), "city": dialect.Name(o), "country": dialect.Name(o), "region": dialect.Name(o), "timezone": dialect.Name(o),
		}),
		"external_web_access": dialect.Plain(),

		"display_height": dialect.Plain(), "display_width": dialect.Plain(), "environment": &environment, "container": container, "execution": dialect.Words(o, "server", "client"),

		"server_label": dialect.Name(o), "server_url": dialect.Text(o), "server_description": dialect.Text(o), "connector_id": dialect.Name(o), "tunnel_id": dialect.Name(o),
		"authorization": dialect.Name(o), "headers": dialect.Free(dialect.Text(o)), "allowed_tools": allowed, "require_approval": approval,
		"input_schema": dialect.Schema(dialect.Text(o)), "annotations": dialect.Schema(dialect.Text(o)),

		"action": dialect.Words(o, "generate", "edit", "auto"), "background": dialect.Words(o, "transparent", "opaque", "auto"),
		"input_fidelity":   dialect.Words(o, "high", "low"),
		"input_image_mask": dialect.Known(fields{"file_id": dialect.Kept("file_id", dialect.Name(o)), "image_url": dialect.Kept("url", &rule{Use: dialect.MediaURL, Origin: o})}),
		"model":            dialect.Name(o), "moderation": dialect.Words(o, "auto", "low"), "output_compression": dialect.Plain(),
		"output_format": dialect.Words(o, "png", "webp", "jpeg"), "partial_images": dialect.Plain(),
		"quality": dialect.Words(o, "low", "medium", "high", "auto"), "size": dialect.Name(o),
	}
	return f
}

// environment is where the commands of a shell run.
func (m maker) environment() *rule {
	return dialect.Known(fields{
		"type": m.words("local", "container_reference"), "container_id": dialect.Kept("container", m.label("")),
		"skills": dialect.List(dialect.Known(fields{"name": m.label(""), "description": m.text(""), "path": m.text("")})),
	})
}

// filters compare or combine attributes of files, or name domains.
func filters(o guard.Origin) *rule {
	value := dialect.Text(o)
	value.Items = value
	r := &rule{}
	r.Object = &object{Fields: fields{
		"type": dialect.Words(o, "eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "and", "or"), "key": dialect.Name(o), "value": value,
		"filters": dialect.List(r), "allowed_domains": dialect.List(dialect.Name(o)), "blocked_domains": dialect.List(dialect.Name(o)),
	}}
	return r
}

// choice says which tools the model may call, or must.
func choice() *rule {
	named := fields{"type": dialect.Words(operator, toolTypes...), "name": dialect.Name(operator), "server_label": dialect.Name(operator)}
	r := dialect.Words(operator, "none", "auto", "required")
	r.Object = &object{Fields: fields{
		"type": named["type"], "name": named["name"], "server_label": named["server_label"],
		"mode": dialect.Words(operator, "auto", "required"), "tools": dialect.List(dialect.Known(named)),
	}}
	return r
}
