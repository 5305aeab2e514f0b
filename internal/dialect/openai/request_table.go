package openai

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// operator describes tools and formats: the application's developer wrote them.
const operator = guard.OriginOperator

func functionTable() *rule {
	return dialect.Known(fields{
		"name": dialect.Name(operator), "description": dialect.Text(operator), "parameters": dialect.Schema(dialect.Text(operator)), "strict": dialect.Plain(),
	})
}

func toolTable() *rule {
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeTool, Fields: fields{
		"type":     dialect.Words(nobody, "function", "custom"),
		"function": functionTable(),
		"custom": dialect.Known(fields{
			"name": dialect.Name(operator), "description": dialect.Text(operator),
			"format": dialect.Known(fields{
				"type": dialect.Words(nobody, "text", "grammar"),
				"grammar": dialect.Known(fields{
					"definition": dialect.Text(operator), "syntax": dialect.Words(nobody, "lark", "regex"),
				}),
			}),
		}),
	}}}
}

func legacyFunction() *rule {
	r := functionTable()
	r.Types, r.Object.Close = dialect.ObjectType, closeTool
	return r
}

func choiceTable() *rule {
	named := dialect.Known(fields{"name": dialect.Name(operator)})
	one := fields{"type": dialect.Words(nobody, "function", "custom", "allowed_tools"), "function": named, "custom": named}
	allowed := dialect.Known(fields{"mode": dialect.Words(nobody, "auto", "required"), "tools": dialect.List(dialect.Known(one))})
	r := dialect.Words(nobody, "none", "auto", "required")
	r.Object = &object{Fields: fields{
		"type": one["type"], "function": named, "custom": named, "name": dialect.Name(operator),
		"allowed_tools": allowed, "mode": dialect.Words(nobody, "auto", "required"), "tools": dialect.List(dialect.Known(one)),
	}}
	return r
}

func formatTable() *rule {
	return dialect.Known(fields{
		"type": dialect.Words(nobody, "text", "json_object", "json_schema"),
		"json_schema": dialect.Known(fields{
			"name": dialect.Name(operator), "description": dialect.Text(operator), "schema": dialect.Schema(dialect.Text(operator)), "strict": dialect.Plain(),
		}),
		"schema": dialect.Schema(dialect.Text(operator)),
	})
}

func searchTable() *rule {
	user := guard.OriginUser
	return dialect.Known(fields{
		"search_context_size": dialect.Words(nobody, "low", "medium", "high"),
		"user_location": dialect.Known(fields{
			"type": dialect.Words(nobody, "approximate"),
			"approximate": dialect.Known(fields{
				"city": dialect.Name(user), "country": dialect.Name(user), "region": dialect.Name(user), "timezone": dialect.Name(user),
			}),
		}),
	})
}

func stopTable() *rule {
	r := dialect.Text(guard.OriginUser)
	r.Items = dialect.Text(guard.OriginUser)
	return r
}

func requestTable() *rule {
	user := guard.OriginUser
	m := maker{late: true, claims: true}
	message := &object{Fields: m.message(nil), Required: []string{"role"}, Close: closeMessage}
	f := fields{
		"model":                 dialect.Tagged(tagModel, dialect.StringType, dialect.Name(user)),
		"messages":              {Types: dialect.ArrayType, Turns: true, Items: &rule{Types: dialect.ObjectType, Object: message}},
		"stream":                dialect.Tagged(tagStream, dialect.MaybeBool, dialect.Plain()),
		"stream_options":        dialect.Tagged(tagStreamOptions, dialect.MaybeObject, dialect.Known(fields{"include_usage": dialect.Tagged(tagIncludeUsage, dialect.MaybeBool, dialect.Plain()), "include_obfuscation": dialect.Plain()})),
		"n":                     dialect.Tagged(tagN, dialect.MaybeNumber, dialect.Plain()),
		"max_tokens":            dialect.Tagged(tagMaxTokens, dialect.MaybeNumber, dialect.Plain()),
		"max_completion_tokens": dialect.Tagged(tagMaxCompletion, dialect.MaybeNumber, dialect.Plain()),
		"tools":                 dialect.Typed(dialect.MaybeArray, dialect.List(toolTable())),
		"functions":             dialect.Typed(dialect.MaybeArray, dialect.List(legacyFunction())),
		"tool_choice":           choiceTable(),
		"function_call":         choiceTable(),
		"response_format":       formatTable(),
		"prediction":            dialect.Known(fields{"type": dialect.Words(nobody, "content"), "content": maker{origin: user}.content()}),
		"web_search_options":    searchTable(),
		"audio":                 dialect.Known(fields{"voice": dialect.Name(user), "format": dialect.Words(nobody, "wav", "mp3", "aac", "flac", "opus", "pcm16")}),
		"modalities":            dialect.List(dialect.Words(nobody, "text", "audio")),
		"metadata":              dialect.Free(dialect.Name(user)),
		"stop":                  stopTable(),
		"user":                  dialect.Tagged(tagUser, dialect.MaybeString, dialect.Name(user)),
		"safety_identifier":     dialect.Name(user),
		"prompt_cache_key":      dialect.Name(user),
		"reasoning_effort":      dialect.Words(nobody, "none", "minimal", "low", "medium", "high", "xhigh"),
		"verbosity":             dialect.Words(nobody, "low", "medium", "high"),
		"service_tier":          dialect.Words(nobody, "auto", "default", "flex", "priority", "scale"),
		"logit_bias":            dialect.Free(dialect.Name(user)),
		"warder":                dialect.ExchangeClaim(tagSubject, tagSession),

		"prompt_cache_retention": dialect.Words(nobody, "in_memory", "in-memory", "24h"),
	}
	for _, name := range []string{"frequency_penalty", "presence_penalty", "temperature", "top_p", "top_k", "top_logprobs", "logprobs", "seed",
		"store", "parallel_tool_calls"} {
		f[name] = dialect.Plain()
	}
	return &rule{Types: dialect.ObjectType, Object: &object{Fields: f, Required: []string{"model", "messages"}, Close: closeRequest}}
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})
