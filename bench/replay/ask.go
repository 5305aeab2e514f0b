package main

import (
	"strings"

	"github.com/openai/openai-go/v3"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// What stands around a row. It is plain, so that what is found is the row's.
const (
	askDocument = "What does the following say?"
	askLookup   = "Please look it up."
	askQuestion = "What do you think?"
	lookup      = "look_up"
	callID      = "call_1"
)

// question is a row as it is sent.
type question struct {
	params openai.ChatCompletionNewParams
	// answer is what the upstream is to say; needed says that the row has
	// one, and makes no sense with another.
	answer string
	needed bool
}

// ask makes the request of a row. Its place in the conversation follows its
// channel:
//
//	user      the user's turn
//	document  a part of the user's turn that says so: {"warder":{"origin":"document"}}
//	email     the same with "email"
//	tool      a tool message after the assistant's call of the tool
//	output    the answer of the upstream
//	operator  the system message
//	other     the user's turn
//
// A row's "system" is the system message, its "question" what the user asks
// about a document or before an output, and its "answer" what the upstream
// says. id is an integer that leads the upstream to the answer: it travels as
// the seed, since a number is nothing that a guard reads.
func ask(row *corpus.Row, model string, id int64) question {
	q := question{answer: row.Answer, needed: row.Answer != ""}
	p := &q.params
	p.Model, p.Seed = model, openai.Int(id)
	if row.System != "" {
		p.Messages = append(p.Messages, openai.SystemMessage(row.System))
	}
	switch o := row.Origin(); o {
	case guard.OriginDocument, guard.OriginEmail:
		p.Messages = append(p.Messages, pasted(or(row.Question, askDocument), row.Text, o))
	case guard.OriginTool:
		p.Messages = append(p.Messages, lookedUp(or(row.Question, askLookup), row.Text)...)
		p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
			Name: lookup, Parameters: openai.FunctionParameters{"type": "object", "properties": map[string]any{}}})}
	case guard.OriginOperator:
		p.Messages = append(p.Messages, openai.SystemMessage(row.Text), openai.UserMessage(or(row.Question, askQuestion)))
	default:
		if strings.EqualFold(row.Channel, "output") {
			q.answer, q.needed = row.Text, true
			p.Messages = append(p.Messages, openai.UserMessage(or(row.Question, askQuestion)))
			break
		}
		p.Messages = append(p.Messages, openai.UserMessage(row.Text))
	}
	return q
}

// pasted is a user's turn with a text of somebody else in it, marked with the
// extension of the gateway, which takes the mark out.
func pasted(question, text string, o guard.Origin) openai.ChatCompletionMessageParamUnion {
	part := openai.ChatCompletionContentPartTextParam{Text: text}
	part.SetExtraFields(map[string]any{"warder": map[string]string{"origin": o.String()}})
	return openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
		openai.TextContentPart(question), {OfText: &part}})
}

// lookedUp is a turn in which the model called a tool, and what it returned.
func lookedUp(question, text string) []openai.ChatCompletionMessageParamUnion {
	call := openai.ChatCompletionMessageFunctionToolCallParam{
		ID: callID, Function: openai.ChatCompletionMessageFunctionToolCallFunctionParam{Name: lookup, Arguments: "{}"}}
	return []openai.ChatCompletionMessageParamUnion{
		openai.UserMessage(question),
		{OfAssistant: &openai.ChatCompletionAssistantMessageParam{
			ToolCalls: []openai.ChatCompletionMessageToolCallUnionParam{{OfFunction: &call}}}},
		openai.ToolMessage(text, callID),
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
