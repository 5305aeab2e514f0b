package openai

import (
	"cmp"

	"warder.example/internal/dialect"
)

// Chat is the call POST /v1/chat/completions.
var Chat dialect.Protocol = chat{}

type chat struct{}

func (chat) Name() string { return "openai.chat" }

func (chat) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return ParseRequest(body, lim)
}

func (chat) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return ParseAnswer(body, lim)
}

func (chat) ParseError(body []byte, lim dialect.Limits) ([]dialect.Leaf, error) {
	return ParseError(body, lim)
}

func (chat) Chunks(lim dialect.Limits) *dialect.ChunkReader {
	return dialect.NewChunkReader(chunks, lim)
}

func (chat) Failure(f dialect.Failure) []byte {
	return ErrorBody(f.Status, f.Code, f.Message, f.Request, f.Param)
}

func (c chat) FailureEvent(f dialect.Failure, _ *dialect.Told) []byte {
	return dialect.AppendEvent(nil, "", c.Failure(f))
}

// completionID returns the id of an answer that Warder makes.
func completionID(r *dialect.Refusal) string { return "chatcmpl-" + r.Request }

func (chat) Refusal(r dialect.Refusal) []byte {
	return RefusalAnswer(completionID(&r), r.Model, r.Text, r.Created, r.N)
}

func (chat) RefusalStream(r dialect.Refusal) []byte {
	return RefusalStream(completionID(&r), r.Model, r.Text, r.Created, r.N)
}

func (chat) RefusalTail(r dialect.Refusal, told *dialect.Told) []byte {
	open := told.Open
	if len(open) == 0 {
		open = []int{0} // clients wait for one finish at least
	}
	return RefusalTail(cmp.Or(told.ID, completionID(&r)), cmp.Or(told.Model, r.Model), r.Created, open)
}
