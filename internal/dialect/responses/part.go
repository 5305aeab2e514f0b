package responses

import (
	"warder.example/internal/dialect"
)

// partTypes are the types of parts of a message, of reasoning and of outputs.
var partTypes = []string{
	"input_text", "input_image", "input_file", "input_audio", "output_text", "output_audio", "refusal", "reasoning_text", "summary_text",
	"text", "computer_screenshot",
}

// content is a string or an array of parts.
func (m maker) content() *rule {
	r := m.said(dialect.Prose, dialect.FieldContent)
	r.Items = m.part(dialect.FieldContent)
	r.Types = dialect.StringType | dialect.MaybeArray
	return r
}

// part returns the table of one part of any type. name is that of its text.
func (m maker) part(name string) *rule {
	f := fields{
		"type":        dialect.Tagged(tagType, dialect.StringType, m.words(partTypes...)),
		"text":        m.said(dialect.Prose, name),
		"refusal":     m.said(dialect.Prose, dialect.FieldRefusal),
		"annotations": dialect.List(m.annotation()),
		"logprobs":    m.logprobs(false),

		"image_url": m.address("image_url"), "file_id": dialect.Kept("file_id", m.label("file_id")),
		"file_url": m.address("file_url"), "file_data": m.use(dialect.Media, "file_data"), "filename": m.label("filename"),
		"detail": m.words("auto", "low", "high", "original"),

		"input_audio": dialect.Known(fields{"data": m.use(dialect.Media, "input_audio.data"), "format": m.words("wav", "mp3")}),
		"data":        m.use(dialect.Media, "audio.data"),
		"transcript":  m.said(dialect.Prose, "audio.transcript"),

		"prompt_cache_breakpoint": dialect.Known(fields{"mode": m.words("explicit")}),
	}
	if m.claims {
		f["warder"] = dialect.OriginClaim(tagOrigin)
	}
	return &rule{Object: &object{Close: m.closePart, Fields: f}}
}

// closePart tells the text of reasoning from that of a message, and parts of one
// item from each other.
func (m maker) closePart(s *dialect.Scope) error {
	if m.claims {
		if err := s.ClaimOrigin(tagOrigin); err != nil {
			return err
		}
	}
	if v, ok := s.Value(tagType); ok && v.Text == "reasoning_text" {
		m.rename(s, dialect.FieldContent, fieldReasoning)
	}
	if c, ok := s.State().(*dialect.Chunk); ok && s.Index() >= 0 {
		c.Mark(s, dialect.Mark{Choice: -1, Tool: s.Index()})
	}
	return nil
}

// rename gives the texts of one name in an object another one.
func (m maker) rename(s *dialect.Scope, from, to string) {
	old, r := m.said(dialect.Prose, from).Name, m.said(dialect.Prose, to)
	for i := range s.Leaves() {
		if s.Leaves()[i].Rule().Name == old {
			s.As(i, r)
		}
	}
}

func (m maker) annotation() *rule {
	return dialect.Known(fields{
		"type": m.words("url_citation", "file_citation", "container_file_citation", "file_path"),
		"url":  m.text("annotation.url"), "title": m.text("annotation.title"),
		"file_id": m.label("annotation.file_id"), "filename": m.label("annotation.filename"), "container_id": m.label("annotation.container_id"),
		"index": dialect.Plain(), "start_index": dialect.Plain(), "end_index": dialect.Plain(),
	})
}

// logprobs are the tokens of a text, once more as their bytes, and the alternatives
// to them. They are dropped where anything is masked.
func (m maker) logprobs(delta bool) *rule {
	const name = "logprobs"
	token := func(text, octets dialect.Use, name string, top *rule) *rule {
		t, o := m.said(text, name), m.said(octets, name+".bytes")
		if delta {
			t, o = m.use(text, name), m.use(octets, name+".bytes")
			t.Delta, o.Delta = top != nil, top != nil
		}
		f := fields{"token": t, "logprob": dialect.Plain(), "bytes": dialect.List(o)}
		if top != nil {
			f["top_logprobs"] = top
		}
		return dialect.List(dialect.Known(f))
	}
	r := token(dialect.Token, dialect.Octet, name, token(dialect.Candidate, dialect.CandidateOctet, name+".candidates", nil))
	r.Drop = true
	return r
}
