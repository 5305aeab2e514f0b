package anthropic

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// CountTokens is the call POST /v1/messages/count_tokens: a request as that of
// [Messages], since the model server gets the texts all the same, and an answer of
// numbers. Its answers are never streams.
var CountTokens dialect.Protocol = countTokens{}

type countTokens struct{ messages }

func (countTokens) Name() string { return "anthropic.count_tokens" }

// ParseRequest reads the request; there is nothing that it could stream.
func (countTokens) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	r, err := dialect.ReadRequest(body, requestSpec, lim)
	if err != nil {
		return nil, err
	}
	r.Stream, r.CapAt = false, dialect.Blank{} // it makes no tokens
	return r, nil
}

func (countTokens) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, countSpec, lim, "input_tokens")
}

// Refusal returns a count of nothing: what is refused reaches no model, and the
// answer has no place for words.
func (countTokens) Refusal(dialect.Refusal) []byte { return []byte(`{"input_tokens":0}`) }

var countSpec = dialect.NewSpec(&rule{Types: dialect.ObjectType, Object: &object{Close: closeCount, Fields: fields{
	"type":               dialect.Tagged(tagType, dialect.StringType, dialect.Words(guard.OriginModel, "error", "message_tokens_count")),
	"input_tokens":       {Tag: tagInput, Types: dialect.NumberType},
	"context_management": dialect.Known(fields{"original_input_tokens": dialect.Plain()}),
	"error":              errorTable(),
	"request_id":         dialect.Name(guard.OriginModel),
}}}, dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})

// closeCount takes the count for the one choice of the answer.
func closeCount(s *dialect.Scope) error {
	to := s.State().(dialect.Receiver)
	if v, ok := s.Value(tagInput); ok {
		n, ok := v.Int()
		if !ok || n < 0 {
			return s.Fail(v, dialect.CodeInvalidValue, "count of tokens is not a whole number")
		}
		to.AddChoice(dialect.Choice{}, s)
		to.SetUsage(dialect.Usage{Present: true}) // no tokens were used
	}
	_, isError := s.Value(tagError)
	to.About("", "", isError)
	return s.Resolve(guard.OriginModel)
}
