package anthropic

import (
	"cmp"

	"warder.example/internal/dialect"
)

// Messages is the call POST /v1/messages.
var Messages dialect.Protocol = messages{}

type messages struct{}

func (messages) Name() string { return "anthropic.messages" }

func (messages) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return dialect.ReadRequest(body, requestSpec, lim)
}

func (messages) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, answerSpec, lim, "content")
}

func (messages) ParseError(body []byte, lim dialect.Limits) ([]dialect.Leaf, error) {
	return dialect.ReadError(body, answerSpec, lim)
}

func (messages) Chunks(lim dialect.Limits) *dialect.ChunkReader {
	return dialect.NewChunkReader(events, lim)
}

func (messages) Failure(f dialect.Failure) []byte { return failureBody(&f) }

func (messages) FailureEvent(f dialect.Failure, _ *dialect.Told) []byte {
	return dialect.AppendEvent(nil, eventError, failureBody(&f))
}

// messageID returns the id of an answer that Warder makes.
func messageID(r *dialect.Refusal) string { return "msg_" + r.Request }

func (messages) Refusal(r dialect.Refusal) []byte {
	return refusalMessage(messageID(&r), r.Model, r.Text)
}

func (messages) RefusalStream(r dialect.Refusal) []byte {
	out := startEvent(nil, messageID(&r), r.Model)
	out = textBlock(out, 0, r.Text)
	return endEvents(out, nil, r.Text, 0)
}

func (messages) RefusalTail(r dialect.Refusal, told *dialect.Told) []byte {
	p, _ := told.State.(*progress)
	if p == nil {
		out := startEvent(nil, cmp.Or(told.ID, messageID(&r)), cmp.Or(told.Model, r.Model))
		return endEvents(out, nil, "", 0)
	}
	return endEvents(nil, p.open, "", p.output)
}
