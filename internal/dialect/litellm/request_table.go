package litellm

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// Names of the rules of strings that are treated by themselves.
const (
	nameText  = "texts"
	nameImage = "images"
	nameCall  = "tool_calls"
)

// Tags of the fields whose values are read.
const (
	tagNone dialect.Tag = iota + 100 // above those of the messages' table
	tagText
	tagMessages
	tagInput
	tagEndUser
	tagUser
)

// note is the rule of what tells of the call and goes nowhere.
func note() *dialect.Rule {
	return dialect.Anything(&dialect.Rule{Use: dialect.Own})
}

// callTable reads what a model calls. It stands in the assistant's turns of a
// request and in answers.
func callTable() *dialect.Rule {
	label := &dialect.Rule{Use: dialect.Label, Origin: guard.OriginModel, Name: nameCall}
	arguments := dialect.Anything(&dialect.Rule{Use: dialect.Arguments, Origin: guard.OriginModel, Name: nameCall})
	return &dialect.Rule{Types: dialect.ObjectType, Object: &dialect.Object{Fields: dialect.Fields{
		"id":    label,
		"index": {},
		"type":  {Use: dialect.Word, Words: []string{"function", "custom"}, Origin: guard.OriginModel, Name: nameCall},
		"function": {Types: dialect.MaybeObject, Object: &dialect.Object{Fields: dialect.Fields{
			"name": label, "arguments": arguments,
		}}},
		"custom": {Types: dialect.MaybeObject, Object: &dialect.Object{Fields: dialect.Fields{
			"name": label, "input": arguments,
		}}},
	}}}
}

func requestTable() *dialect.Rule {
	own := func(t dialect.Tag) *dialect.Rule {
		return &dialect.Rule{Use: dialect.Own, Types: dialect.MaybeString, Tag: t}
	}
	text := &dialect.Rule{Use: dialect.Prose, Origin: guard.OriginUser, Types: dialect.StringType, Tag: tagText, Name: nameText}
	image := &dialect.Rule{Use: dialect.Media, Origin: guard.OriginUser, Types: dialect.StringType, Name: nameImage}
	messages := openai.Messages(tagMessages)
	messages.Types = dialect.MaybeArray
	about := note()
	about.Types = dialect.MaybeObject
	about.Object = &dialect.Object{Rest: note(), Fields: dialect.Fields{
		"user_api_key_end_user_id": own(tagEndUser),
		"user_api_key_user_id":     own(tagUser),
	}}
	return &dialect.Rule{Types: dialect.ObjectType, Object: &dialect.Object{Required: []string{"input_type"}, Close: closeRequest, Fields: dialect.Fields{
		"input_type":          {Use: dialect.Own, Types: dialect.StringType, Tag: tagInput},
		"texts":               {Types: dialect.MaybeArray, Turns: true, Items: text},
		"images":              {Types: dialect.MaybeArray, Items: image},
		"tools":               {Types: dialect.MaybeArray, Items: dialect.Schema(dialect.Text(guard.OriginOperator))},
		"tool_calls":          {Types: dialect.MaybeArray, Items: callTable()},
		"structured_messages": messages,
		"request_data":        about,
		"request_headers":     note(),
		"model":               own(0),
		"litellm_version":     own(0),
		"litellm_call_id":     own(0),
		"litellm_trace_id":    own(0),

		"additional_provider_specific_params": note(),
	}}}
}

var requestSpec = dialect.NewSpec(requestTable(), dialect.SpecOptions{})

func closeRequest(s *dialect.Scope) error {
	r := s.State().(*Request)
	switch v, _ := s.Value(tagInput); v.Text {
	case "request":
	case "response":
		r.Response = true
	default:
		return s.Fail(v, dialect.CodeInvalidValue, "unknown input_type; expected request or response")
	}
	for v := range s.Values(tagText) {
		r.texts = append(r.texts, strings.Clone(v.Text))
	}
	_, r.Messages = s.Value(tagMessages)
	for _, t := range []dialect.Tag{tagEndUser, tagUser} {
		if v, ok := s.Value(t); ok && r.Subject == "" {
			r.Subject = strings.Clone(v.Text)
		}
	}
	return nil
}
