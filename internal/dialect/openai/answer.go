package openai

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// finishes are the reasons to stop that the standard names.
var finishes = []string{"stop", "length", "tool_calls", "content_filter", "function_call"}

// ParseAnswer reads a whole chat completion. An error is a [*dialect.Problem]. An
// answer with neither choices nor an error object is refused.
func ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, answerSpec, lim, "choices")
}

// logprobsTable reads the tokens as one text and the alternatives to them as
// another, and each once more as the bytes that are said to spell them.
func logprobsTable(m maker) *rule {
	token := func(text, octets dialect.Use, name string, top *rule) *rule {
		t, o := m.use(text, name), m.use(octets, name+".bytes")
		t.Delta, o.Delta = m.delta && top != nil, m.delta && top != nil
		f := fields{"token": t, "logprob": dialect.Plain(), "bytes": dialect.List(o)}
		if top != nil {
			f["top_logprobs"] = top
		}
		return dialect.List(dialect.Known(f))
	}
	tokens := token(dialect.Token, dialect.Octet, "logprobs", token(dialect.Candidate, dialect.CandidateOctet, "logprobs.candidates", nil))
	r := dialect.Known(fields{"content": tokens, "refusal": tokens})
	r.Drop = true
	return r
}

func usageTable() *rule {
	return &rule{Unasked: true, Object: &object{Close: closeUsage, Fields: fields{
		"prompt_tokens": dialect.Counted(tagPrompt), "completion_tokens": dialect.Counted(tagCompletion), "total_tokens": dialect.Counted(tagTotal),
		"prompt_tokens_details":     dialect.Known(fields{"cached_tokens": dialect.Counted(tagCached)}),
		"completion_tokens_details": dialect.Known(fields{"reasoning_tokens": dialect.Counted(tagReasoning)}),
	}}}
}

func errorTable(m maker) *rule {
	return &rule{Use: dialect.Prose, Origin: m.origin, Tag: tagError, Object: &object{Fields: fields{
		"message": m.text("error.message"), "type": m.label("error.type"),
		"param": m.label("error.param"), "code": m.label("error.code"),
	}}}
}

// completion is the table of answers and chunks, which differ in one member of
// their choices and in how they tell the tokens of its text.
func completion(objectName, member string, body, logprobs *rule, m maker) *rule {
	whole := maker{origin: m.origin}
	choice := &object{Close: closeChoice, Fields: fields{
		"index":         {Tag: tagIndex, Types: dialect.MaybeNumber},
		member:          body,
		"logprobs":      logprobs,
		"finish_reason": dialect.Tagged(tagFinish, dialect.MaybeString, &rule{Use: dialect.Word, Words: finishes, Origin: m.origin, Name: "finish_reason"}),
	}}
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeCompletion, Fields: fields{
		"id":                 dialect.Tagged(tagID, dialect.MaybeString, whole.label(dialect.FieldID)),
		"object":             &rule{Use: dialect.Word, Words: []string{objectName}, Origin: m.origin, Name: "object"},
		"created":            dialect.Plain(),
		"model":              dialect.Tagged(tagModel, dialect.MaybeString, whole.label(dialect.FieldModel)),
		"system_fingerprint": whole.label("system_fingerprint"),
		"service_tier":       &rule{Use: dialect.Word, Words: []string{"auto", "default", "flex", "priority", "scale"}, Origin: m.origin, Name: "service_tier"},
		"choices":            {Types: dialect.MaybeArray, Turns: true, Items: &rule{Types: dialect.ObjectType, Object: choice}},
		"usage":              usageTable(),
		"error":              errorTable(whole),
		"obfuscation":        whole.label("obfuscation"),
	}}}
}

func answerTable() *rule {
	m := maker{origin: guard.OriginModel}
	return completion("chat.completion", "message", dialect.Known(m.message(nil)), logprobsTable(m), m)
}

var answerSpec = dialect.NewSpec(answerTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})

func closeChoice(s *dialect.Scope) error {
	c := dialect.Choice{Index: s.Index()}
	if v, ok := s.Value(tagIndex); ok {
		n, ok := v.Int()
		if !ok || n < 0 || n >= MaxChoices {
			return s.Fail(v, dialect.CodeInvalidValue, "choice index out of range; expected an integer from 0 to 127")
		}
		c.Index = n
	}
	if v, ok := s.Value(tagFinish); ok {
		c.Finish = strings.Clone(v.Text)
	}
	s.State().(dialect.Receiver).AddChoice(c, s)
	return nil
}

func closeUsage(s *dialect.Scope) error {
	var u dialect.Usage
	var prompt, completion bool
	u.Prompt, prompt = s.Count(tagPrompt)
	u.Completion, completion = s.Count(tagCompletion)
	u.Total, _ = s.Count(tagTotal)
	u.Cached, _ = s.Count(tagCached)
	u.Reasoning, _ = s.Count(tagReasoning)
	u.Present = prompt && completion
	s.State().(dialect.Receiver).SetUsage(u)
	return nil
}

func closeCompletion(s *dialect.Scope) error {
	dialect.TellAbout(s, tagID, tagModel, tagError)
	return nil
}
