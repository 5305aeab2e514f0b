package responses

import (
	"cmp"
	"strconv"

	"warder.example/internal/dialect"
)

// told is what a stream has told its caller.
type told struct {
	created  bool // the event that begins it
	sequence int  // number of the last event
}

// tell keeps it; see [dialect.ChunkTable].
func tell(t *dialect.Told, c *dialect.Chunk, _ []byte) {
	s, ok := t.State.(*told)
	if !ok {
		s = &told{sequence: -1}
		t.State = s
	}
	s.created = s.created || c.Kind == kindCreated
	s.sequence = max(s.sequence, min(c.Sequence, 1<<31))
}

// writer writes the events of one stream, numbered.
type writer struct {
	out      []byte
	sequence int
}

func resume(t *dialect.Told) (w writer, created bool) {
	if t != nil {
		if s, ok := t.State.(*told); ok {
			return writer{sequence: s.sequence + 1}, s.created
		}
	}
	return writer{}, false
}

// event appends one event. more are its members behind type and number.
func (w *writer) event(kind, more string) {
	b := append(append([]byte(`{"type":"`), kind...), `","sequence_number":`...)
	b = strconv.AppendInt(b, int64(w.sequence), 10)
	if more != "" {
		b = append(append(b, ','), more...)
	}
	w.out = dialect.AppendEvent(w.out, kind, append(b, '}'))
	w.sequence++
}

func quoted(s string) string { return string(dialect.AppendString(nil, s)) }

// answer is an answer of Warder's own.
type answer struct {
	id, model string
	created   int64
}

func answerOf(r *dialect.Refusal, t *dialect.Told) answer {
	if t == nil {
		t = &dialect.Told{}
	}
	return answer{cmp.Or(t.ID, "resp_"+r.Request), cmp.Or(t.Model, r.Model), r.Created}
}

// body returns the response object with this output. One that is incomplete ended
// as a content filter ends one.
func (a answer) body(status, output string) string {
	details, usage := "null", "null"
	if status == "incomplete" {
		details = `{"reason":"content_filter"}`
		usage = `{"input_tokens":0,"input_tokens_details":{"cached_tokens":0},"output_tokens":0,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":0}`
	}
	return `{"id":` + quoted(a.id) + `,"object":"response","created_at":` + strconv.FormatInt(a.created, 10) + `,"status":"` + status +
		`","background":false,"error":null,"incomplete_details":` + details + `,"instructions":null,"max_output_tokens":null,"model":` + quoted(a.model) +
		`,"output":[` + output + `],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false,` +
		`"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":null,"truncation":"disabled","usage":` + usage +
		`,"user":null,"metadata":{}}`
}

func textPart(text string) string {
	return `{"type":"output_text","annotations":[],"logprobs":[],"text":` + quoted(text) + `}`
}

func message(id, status, parts string) string {
	return `{"id":` + quoted(id) + `,"type":"message","status":"` + status + `","content":[` + parts + `],"role":"assistant"}`
}

func (responses) Refusal(r dialect.Refusal) []byte {
	return []byte(answerOf(&r, nil).body("incomplete", message("msg_"+r.Request, "incomplete", textPart(r.Text))))
}

func (responses) RefusalStream(r dialect.Refusal) []byte {
	a, id, w := answerOf(&r, nil), "msg_"+r.Request, writer{}
	item := `"output_index":0,`
	part := `"item_id":` + quoted(id) + `,` + item + `"content_index":0,`
	begun := `"response":` + a.body("in_progress", "")
	said := message(id, "incomplete", textPart(r.Text))
	w.event("response.created", begun)
	w.event("response.in_progress", begun)
	w.event("response.output_item.added", item+`"item":`+message(id, "in_progress", ""))
	w.event("response.content_part.added", part+`"part":`+textPart(""))
	w.event("response.output_text.delta", part+`"delta":`+quoted(r.Text)+`,"logprobs":[]`)
	w.event("response.output_text.done", part+`"text":`+quoted(r.Text)+`,"logprobs":[]`)
	w.event("response.content_part.done", part+`"part":`+textPart(r.Text))
	w.event("response.output_item.done", item+`"item":`+said)
	w.event("response.incomplete", `"response":`+a.body("incomplete", said))
	return w.out
}

// RefusalTail ends the stream with an answer without output: what was said stands in
// the events that have left.
func (responses) RefusalTail(r dialect.Refusal, t *dialect.Told) []byte {
	a := answerOf(&r, t)
	w, created := resume(t)
	if !created {
		w.event("response.created", `"response":`+a.body("in_progress", ""))
	}
	w.event("response.incomplete", `"response":`+a.body("incomplete", ""))
	return w.out
}

// FailureEvent says the error at the top of the event, as the reference has it, and
// in an object, as the provider sends it and official clients look for it.
func (p responses) FailureEvent(f dialect.Failure, t *dialect.Told) []byte {
	w, _ := resume(t)
	param := "null"
	if f.Param != "" {
		param = quoted(f.Param)
	}
	within := string(p.Failure(f))
	w.event("error", `"code":`+quoted(f.Code)+`,"message":`+quoted(f.Message)+`,"param":`+param+`,`+within[1:len(within)-1])
	return w.out
}
