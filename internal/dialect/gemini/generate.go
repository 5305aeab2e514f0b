package gemini

import "warder.example/internal/dialect"

// Generate is the calls POST /v1beta/models/{model}:generateContent and, of which
// each event is such an answer, :streamGenerateContent with alt=sse.
var Generate dialect.Protocol = generate{}

type generate struct{}

func (generate) Name() string { return "gemini.generate" }

func (generate) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return dialect.ReadRequest(body, requestSpec, lim)
}

func (generate) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, answerSpec, lim, "candidates")
}

func (generate) ParseError(body []byte, lim dialect.Limits) ([]dialect.Leaf, error) {
	return dialect.ReadError(body, answerSpec, lim)
}

func (generate) Chunks(lim dialect.Limits) *dialect.ChunkReader {
	return dialect.NewChunkReader(events, lim)
}

func (generate) Failure(f dialect.Failure) []byte { return failureBody(&f) }

func (generate) FailureEvent(f dialect.Failure, _ *dialect.Told) []byte {
	return dialect.AppendEvent(nil, "", failureBody(&f))
}

func (generate) Refusal(r dialect.Refusal) []byte { return refusalAnswer(&r) }

func (generate) RefusalStream(r dialect.Refusal) []byte {
	return dialect.AppendEvent(nil, "", refusalAnswer(&r))
}

func (generate) RefusalTail(r dialect.Refusal, told *dialect.Told) []byte {
	return dialect.AppendEvent(nil, "", refusalEnd(&r, told))
}
