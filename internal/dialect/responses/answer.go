package responses

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

const model = guard.OriginModel

func errorTable() *rule {
	return &rule{Use: dialect.Prose, Origin: model, Tag: tagError, Object: &object{Fields: fields{
		"message": prose(model), "type": label(model), "param": label(model), "code": label(model),
	}}}
}

func usageTable() *rule {
	count := func(t dialect.Tag) *rule { return &rule{Tag: t} }
	return &rule{Object: &object{Close: closeUsage, Fields: fields{
		"input_tokens": count(tagInput), "output_tokens": count(tagCompletion), "total_tokens": count(tagTotal),
		"input_tokens_details":  known(fields{"cached_tokens": count(tagCached), "cache_write_tokens": plain()}),
		"output_tokens_details": known(fields{"reasoning_tokens": count(tagReasoning)}),
	}}}
}

// verdictTable is what the provider's own moderation says.
func verdictTable() *rule {
	side := known(fields{
		"type": words(model, "moderation_result", "error"), "model": label(model), "code": label(model), "message": prose(model), "flagged": plain(),
		"categories": {Object: &object{Rest: label(model)}}, "category_scores": {Object: &object{Rest: label(model)}},
		"category_applied_input_types": {Object: &object{Rest: list(words(model, "text", "image"))}},
	})
	return known(fields{"input": side, "output": side})
}

// responseFields are the members of an answer, which the first and the last event of
// a stream hold as well.
func responseFields(m maker) fields {
	f := shared()
	f["instructions"].Types |= anArray
	f["instructions"].Items = m.item(closeItem)
	for name, r := range (fields{
		"id":                 tagged(tagID, aString|orNull, own(dialect.FieldID)),
		"object":             words(model, "response"),
		"created_at":         plain(),
		"completed_at":       plain(),
		"model":              tagged(tagModel, aString|orNull, own(dialect.FieldModel)),
		"status":             tagged(tagStatus, aString|orNull, words(model, statuses...)),
		"background":         plain(),
		"max_output_tokens":  plain(),
		"output":             {Types: anArray | orNull, Tag: tagOutput, Turns: true, Items: m.item(closeOutput)},
		"output_text":        prose(model),
		"error":              errorTable(),
		"incomplete_details": known(fields{"reason": tagged(tagReason, aString|orNull, words(model, "max_output_tokens", "content_filter"))}),
		"usage":              usageTable(),
		"user":               label(guard.OriginUser),
		"moderation":         verdictTable(),
		"billing":            known(fields{"payer": label(model)}),
	}) {
		f[name] = r
	}
	return f
}

// own returns the rule for a label of the answer itself.
func own(name string) *rule { return &rule{Use: dialect.Label, Origin: model, Name: name} }

func answerTable() *rule {
	return &rule{Types: anObject, Object: &object{Fields: responseFields(maker{}), Close: closeAnswer}}
}

var answerSpec = dialect.NewSpec(answerTable(), dialect.SpecOptions{UnknownOrigin: model, Loose: true})

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
	id, _ := s.Value(tagID)
	name, _ := s.Value(tagModel)
	_, isError := s.Value(tagError)
	s.State().(dialect.Receiver).About(id.Text, name.Text, isError)
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
