package openai

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// operator describes tools and formats: the application's developer wrote them.
const operator = guard.OriginOperator

var schemaTypes = []string{"object", "string", "number", "integer", "boolean", "array", "null"}

// Schema returns the table of a JSON schema that o wrote. Its types are structure;
// all other strings, and names that could carry text, are inspected.
func Schema(o guard.Origin) *dialect.Rule {
	r := prose(o)
	within := &object{Rest: r}
	r.Items, r.Object = r, within
	kind := &rule{Use: dialect.Word, Words: schemaTypes, Origin: o, Object: within}
	kind.Items = kind
	names := label(o)
	names.Items, names.Object = label(o), within
	within.Fields = fields{"type": kind, "required": names}
	return r
}

func functionTable() *rule {
	return known(fields{
		"name": label(operator), "description": prose(operator), "parameters": Schema(operator), "strict": plain(),
	})
}

func toolTable() *rule {
	return &rule{Types: anObject, Object: &object{Close: closeTool, Fields: fields{
		"type":     words("function", "custom"),
		"function": functionTable(),
		"custom": known(fields{
			"name": label(operator), "description": prose(operator),
			"format": known(fields{
				"type": words("text", "grammar"),
				"grammar": known(fields{
					"definition": prose(operator), "syntax": words("lark", "regex"),
				}),
			}),
		}),
	}}}
}

func legacyFunction() *rule {
	r := functionTable()
	r.Types, r.Object.Close = anObject, closeTool
	return r
}

func choiceTable() *rule {
	named := known(fields{"name": label(operator)})
	one := fields{"type": words("function", "custom", "allowed_tools"), "function": named, "custom": named}
	allowed := known(fields{"mode": words("auto", "required"), "tools": list(known(one))})
	r := words("none", "auto", "required")
	r.Object = &object{Fields: fields{
		"type": one["type"], "function": named, "custom": named, "name": label(operator),
		"allowed_tools": allowed, "mode": words("auto", "required"), "tools": list(known(one)),
	}}
	return r
}

func formatTable() *rule {
	return known(fields{
		"type": words("text", "json_object", "json_schema"),
		"json_schema": known(fields{
			"name": label(operator), "description": prose(operator), "schema": Schema(operator), "strict": plain(),
		}),
		"schema": Schema(operator),
	})
}

func searchTable() *rule {
	user := guard.OriginUser
	return known(fields{
		"search_context_size": words("low", "medium", "high"),
		"user_location": known(fields{
			"type": words("approximate"),
			"approximate": known(fields{
				"city": label(user), "country": label(user), "region": label(user), "timezone": label(user),
			}),
		}),
	})
}

func stopTable() *rule {
	r := prose(guard.OriginUser)
	r.Items = prose(guard.OriginUser)
	return r
}

func requestTable() *rule {
	user := guard.OriginUser
	m := maker{late: true, claims: true}
	message := &object{Fields: m.message(nil), Required: []string{"role"}, Close: closeMessage}
	const maybeNumber, maybeBool, maybeArray = dialect.NumberType | orNull, dialect.BoolType | orNull, dialect.ArrayType | orNull
	f := fields{
		"model":                 tagged(tagModel, aString, label(user)),
		"messages":              {Types: dialect.ArrayType, Turns: true, Items: &rule{Types: anObject, Object: message}},
		"stream":                tagged(tagStream, maybeBool, plain()),
		"stream_options":        tagged(tagStreamOptions, anObject|orNull, known(fields{"include_usage": tagged(tagIncludeUsage, maybeBool, plain()), "include_obfuscation": plain()})),
		"n":                     tagged(tagN, maybeNumber, plain()),
		"max_tokens":            tagged(tagMaxTokens, maybeNumber, plain()),
		"max_completion_tokens": tagged(tagMaxCompletion, maybeNumber, plain()),
		"tools":                 typed(maybeArray, list(toolTable())),
		"functions":             typed(maybeArray, list(legacyFunction())),
		"tool_choice":           choiceTable(),
		"function_call":         choiceTable(),
		"response_format":       formatTable(),
		"prediction":            known(fields{"type": words("content"), "content": maker{origin: user}.content()}),
		"web_search_options":    searchTable(),
		"audio":                 known(fields{"voice": label(user), "format": words("wav", "mp3", "aac", "flac", "opus", "pcm16")}),
		"modalities":            list(words("text", "audio")),
		"metadata":              {Object: &object{Rest: label(user)}},
		"stop":                  stopTable(),
		"user":                  tagged(tagUser, aString|orNull, label(user)),
		"safety_identifier":     label(user),
		"prompt_cache_key":      label(user),
		"reasoning_effort":      words("none", "minimal", "low", "medium", "high", "xhigh"),
		"verbosity":             words("low", "medium", "high"),
		"service_tier":          words("auto", "default", "flex", "priority", "scale"),
		"logit_bias":            {Object: &object{Rest: label(user)}},
		"warder":                dialect.ExchangeClaim(tagSubject, tagSession),

		"prompt_cache_retention": words("in_memory", "in-memory", "24h"),
	}
	for _, name := range []string{"frequency_penalty", "presence_penalty", "temperature", "top_p", "top_k", "top_logprobs", "logprobs", "seed",
		"store", "parallel_tool_calls"} {
		f[name] = plain()
	}
	return &rule{Types: anObject, Object: &object{Fields: f, Required: []string{"model", "messages"}, Close: closeRequest}}
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})
