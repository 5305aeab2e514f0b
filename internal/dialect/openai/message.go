package openai

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// maker builds the part of the table that requests, answers and chunks share.
type maker struct {
	origin guard.Origin
	late   bool // the role decides the origin
	delta  bool // texts continue in the next chunk
	claims bool // messages and parts may hold the extension
}

func (m maker) use(u dialect.Use, name string) *rule {
	return &rule{Use: u, Origin: m.origin, Late: m.late, Name: name, Delta: m.delta && u != dialect.Label}
}

func (m maker) text(name string) *rule  { return m.use(dialect.Prose, name) }
func (m maker) label(name string) *rule { return m.use(dialect.Label, name) }
func (m maker) media(name string) *rule { return m.use(dialect.Media, name) }

func (m maker) words(w ...string) *rule {
	return &rule{Use: dialect.Word, Words: w, Origin: m.origin, Late: m.late}
}

// arguments are a string that holds JSON, or with some servers JSON itself.
func (m maker) arguments(name string) *rule {
	return dialect.Anything(m.use(dialect.Arguments, name))
}

// mediaFile is an object that names or holds a file, or a URL.
func (m maker) mediaFile(name string) *rule {
	r := dialect.Kept("url", m.use(dialect.MediaURL, name))
	r.Object = &object{Fields: fields{
		"url":       dialect.Kept("url", m.use(dialect.MediaURL, name+".url")),
		"data":      m.media(name + ".data"),
		"file_data": m.media(name + ".file_data"),
		"file_id":   dialect.Kept("file_id", m.label(name+".file_id")),
		"filename":  m.label(name + ".filename"),
		"detail":    m.words("auto", "low", "high"),
		"format":    m.words("wav", "mp3", "aac", "flac", "opus", "pcm16"),
	}}
	return r
}

// content is a string or an array of parts.
func (m maker) content() *rule {
	r := m.text(dialect.FieldContent)
	part := fields{
		"type":          dialect.Typed(dialect.StringType, m.words("text", "image_url", "input_audio", "file", "refusal", "video_url", "audio_url")),
		"text":          m.text(dialect.FieldContent),
		"refusal":       m.text(dialect.FieldRefusal),
		"image_url":     m.mediaFile("image_url"),
		"input_audio":   m.mediaFile("input_audio"),
		"file":          m.mediaFile("file"),
		"video_url":     m.mediaFile("video_url"),
		"audio_url":     m.mediaFile("audio_url"),
		"cache_control": dialect.Known(fields{"type": m.words("ephemeral"), "ttl": m.words("5m", "1h")}),
	}
	o := &object{Fields: part}
	if m.claims {
		part["warder"] = dialect.OriginClaim(tagOrigin)
		o.Close = closePart
	}
	r.Items = &rule{Object: o}
	r.Types = dialect.StringType | dialect.MaybeArray
	return r
}

func (m maker) function() *rule {
	return dialect.Known(fields{
		"name":      m.label(dialect.FieldTool),
		"arguments": m.arguments(dialect.FieldArguments),
	})
}

func (m maker) toolCall(closed func(*dialect.Scope) error) *rule {
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closed, Fields: fields{
		"index":    {Tag: tagToolIndex, Types: dialect.MaybeNumber},
		"id":       m.label("delta.tool_calls.id"),
		"type":     m.words("function", "custom"),
		"function": m.function(),
		"custom": dialect.Known(fields{
			"name":  m.label("delta.tool_calls.custom.name"),
			"input": m.arguments("delta.tool_calls.custom.input"),
		}),
	}}}
}

func (m maker) annotations() *rule {
	return dialect.List(dialect.Known(fields{
		"type": m.words("url_citation", "file_citation", "file_path"),
		"url_citation": dialect.Known(fields{
			"start_index": dialect.Plain(), "end_index": dialect.Plain(),
			"url": m.text("delta.annotations.url"), "title": m.text("delta.annotations.title"),
		}),
	}))
}

// message returns the members of a message or a delta.
func (m maker) message(toolClosed func(*dialect.Scope) error) fields {
	f := fields{
		"role":              dialect.Tagged(tagRole, dialect.MaybeString, m.words("system", "developer", "user", "assistant", "tool", "function")),
		"content":           m.content(),
		"name":              m.label("delta.name"),
		"refusal":           m.text(dialect.FieldRefusal),
		"reasoning_content": m.text("delta.reasoning_content"),
		"reasoning":         m.text("delta.reasoning"),
		"tool_call_id":      m.label("delta.tool_call_id"),
		"tool_calls":        dialect.Typed(dialect.MaybeArray, dialect.List(m.toolCall(toolClosed))),
		"function_call": dialect.Known(fields{
			"name":      m.label("delta.function_call.name"),
			"arguments": m.arguments("delta.function_call.arguments"),
		}),
		"annotations": m.annotations(),
		"images":      dialect.List(dialect.Known(fields{"type": m.words("image_url"), "index": dialect.Plain(), "image_url": m.mediaFile("image_url")})),
		"audio": dialect.Known(fields{
			"id": dialect.Kept("audio", m.label("delta.audio.id")), "data": m.media("delta.audio.data"),
			"transcript": m.text("delta.audio.transcript"), "expires_at": dialect.Plain(),
		}),
	}
	if m.claims {
		f["warder"] = dialect.OriginClaim(tagOrigin)
	}
	return f
}
