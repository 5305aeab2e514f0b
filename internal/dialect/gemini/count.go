package gemini

import (
	"maps"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// CountTokens is the call POST /v1beta/models/{model}:countTokens: contents or a
// whole request as that of [Generate], since the model server gets the texts all
// the same, and an answer of numbers.
var CountTokens dialect.Protocol = countTokens{}

type countTokens struct{ generate }

func (countTokens) Name() string { return "gemini.count_tokens" }

func (countTokens) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return dialect.ReadRequest(body, countRequestSpec, lim)
}

func (countTokens) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, countSpec, lim, "totalTokens")
}

// Refusal returns a count of nothing: what is refused reaches no model, and the
// answer has no place for words.
func (countTokens) Refusal(dialect.Refusal) []byte { return []byte(`{"totalTokens":0}`) }

func countRequestTable() *rule {
	whole := generateFields()
	whole["model"] = namedModel()
	f := generateFields()
	maps.Copy(f, spelled(fields{"generateContentRequest": {Types: dialect.MaybeObject, Object: &object{Fields: whole}}}))
	return withOwn(f, closeCounted)
}

// closeCounted reads a request of which no answer is made that could be capped.
func closeCounted(s *dialect.Scope) error {
	err := closeRequest(s)
	s.State().(*dialect.Request).CapAt = dialect.Blank{}
	return err
}

var (
	countRequestSpec = dialect.NewSpec(countRequestTable(), dialect.SpecOptions{})
	countSpec        = dialect.NewSpec(countTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})
)

func countTable() *rule {
	details := usageTable().Object.Fields["promptTokensDetails"]
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeCount, Fields: fields{
		"totalTokens": {Tag: tagTotal, Types: dialect.NumberType}, "totalBillableCharacters": dialect.Plain(),
		"cachedContentTokenCount": dialect.Plain(), "promptTokensDetails": details, "cacheTokensDetails": details,
		"error": errorTable(),
	}}}
}

// closeCount takes the count for the one choice of the answer.
func closeCount(s *dialect.Scope) error {
	to := s.State().(dialect.Receiver)
	if v, ok := s.Value(tagTotal); ok {
		n, ok := v.Int()
		if !ok || n < 0 {
			return s.Fail(v, dialect.CodeInvalidValue, "count of tokens is not a whole number")
		}
		to.AddChoice(dialect.Choice{Finish: "counted"}, s)
	}
	_, isError := s.Value(tagError)
	to.About("", "", isError)
	return nil
}
