package responses

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

const model = guard.OriginModel

func errorTable() *rule {
	return &rule{Use: dialect.Prose, Origin: model, Tag: tagError, Object: &object{Fields: fields{
		"message": dialect.Text(model), "type": dialect.Name(model), "param": dialect.Name(model), "code": dialect.Name(model),
	}}}
}

func usageTable() *rule {
	return &rule{Object: &object{Close: closeUsage, Fields: fields{
		"input_tokens": dialect.Counted(tagInput), "output_tokens": dialect.Counted(tagCompletion), "total_tokens": dialect.Counted(tagTotal),
		"input_tokens_details":  dialect.Known(fields{"cached_tokens": dialect.Counted(tagCached), "cache_write_tokens": dialect.Plain()}),
		"output_tokens_details": dialect.Known(fields{"reasoning_tokens": dialect.Counted(tagReasoning)}),
	}}}
}

// verdictTable is what the provider's own moderation says.
func verdictTable() *rule {
	side := dialect.Known(fields{
		"type": dialect.Words(model, "moderation_result", "error"), "model": dialect.Name(model), "code": dialect.Name(model), "message": dialect.Text(model), "flagged": dialect.Plain(),
		"categories": dialect.Free(dialect.Name(model)), "category_scores": dialect.Free(dialect.Name(model)),
		"category_applied_input_types": dialect.Free(dialect.List(dialect.Words(model, "text", "image"))),
	})
	return dialect.Known(fields{"input": side, "output": side})
}

// responseFields are the members of an answer, which the first and the last event of
// a stream hold as well.
func responseFields(m maker) fields {
	f := shared()
	f["instructions"].Types |= dialect.ArrayType
	f["instructions"].Items = m.item(closeItem)
	for name, r := range (fields{
		"id":                 dialect.Tagged(tagID, dialect.MaybeString, own(dialect.FieldID)),
		"object":             dialect.Words(model, "response"),
		"created_at":         dialect.Plain(),
		"completed_at":       dialect.Plain(),
		"model":              dialect.Tagged(tagModel, dialect.MaybeString, own(dialect.FieldModel)),
		"status":             dialect.Tagged(tagStatus, dialect.MaybeString, dialect.Words(model, statuses...)),
		"background":         dialect.Plain(),
		"max_output_tokens":  dialect.Plain(),
		"output":             {Types: dialect.MaybeArray, Tag: tagOutput, Turns: true, Items: m.item(closeOutput)},
		"output_text":        m.said(dialect.Prose, dialect.FieldContent),
		"error":              errorTable(),
		"incomplete_details": dialect.Known(fields{"reason": dialect.Tagged(tagReason, dialect.MaybeString, dialect.Words(model, "max_output_tokens", "content_filter"))}),
		"usage":              usageTable(),
		"user":               dialect.Name(guard.OriginUser),
		"moderation":         verdictTable(),
		"billing":            dialect.Known(fields{"payer": dialect.Name(model)}),
	}) {
		f[name] = r
	}
	return f
}

// own returns the rule for a label of the answer itself.
func own(name string) *rule { return &rule{Use: dialect.Label, Origin: model, Name: name} }

func answerTable() *rule {
	return &rule{Types: dialect.ObjectType, Object: &object{Fields: responseFields(maker{}), Close: closeAnswer}}
}

var answerSpec = dialect.NewSpec(answerTable(), dialect.SpecOptions{UnknownOrigin: model, Loose: true, Sequels: sequels})

// closeOutput gives an item of an answer its origins; its place is its choice.
func closeOutput(s *dialect.Scope) error {
	if c, ok := s.State().(*dialect.Chunk); ok {
		i, err := bounded(s, dialect.Value{}, s.Index())
		if err != nil {
			return err
		}
		c.Mark(s, dialect.Mark{Choice: i, Tool: -1})
	}
	return closeItem(s)
}

// maxItems is the most items that an answer may have, and the most parts of one.
const maxItems = 1024

func bounded(s *dialect.Scope, v dialect.Value, n int) (int, error) {
	if n < 0 || n >= maxItems {
		return 0, s.Fail(v, dialect.CodeInvalidValue, "index out of range; expected an integer from 0 to 1023")
	}
	return n, nil
}

func closeUsage(s *dialect.Scope) error {
	var u dialect.Usage
	var in, out bool
	u.Prompt, in = s.Count(tagInput)
	u.Completion, out = s.Count(tagCompletion)
	u.Total, _ = s.Count(tagTotal)
	u.Cached, _ = s.Count(tagCached)
	u.Reasoning, _ = s.Count(tagReasoning)
	u.Present = in && out
	s.State().(dialect.Receiver).SetUsage(u)
	return nil
}

// about tells whose answer it is, and returns how it ended.
func about(s *dialect.Scope) (finish string) {
	dialect.TellAbout(s, tagID, tagModel, tagError)
	v, ok := s.Value(tagReason)
	if !ok {
		v, _ = s.Value(tagStatus)
	}
	return strings.Clone(v.Text)
}

// closeAnswer enters the answer as the one choice that it is.
func closeAnswer(s *dialect.Scope) error {
	finish := about(s)
	if _, ok := s.Value(tagOutput); ok {
		s.State().(dialect.Receiver).AddChoice(dialect.Choice{Finish: finish}, s)
	}
	return s.Resolve(model)
}
