package openai

import (
	"strconv"

	"warder.example/internal/dialect"
)

// noUsage is the usage of an answer that no model made.
const noUsage = `{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`

// RefusalAnswer returns a whole answer that says text in each of n choices and
// ends them as a content filter does. created is in seconds since 1970.
func RefusalAnswer(id, model, text string, created int64, n int) []byte {
	b := head(nil, "chat.completion", id, model, created)
	for i := range max(n, 1) {
		b = comma(b, i)
		b = append(strconv.AppendInt(append(b, `{"index":`...), int64(i), 10), `,"message":{"role":"assistant","content":`...)
		b = append(dialect.AppendString(b, text), `,"refusal":null},"logprobs":null,"finish_reason":"content_filter"}`...)
	}
	return append(b, `],"usage":`+noUsage+`}`...)
}

// RefusalStream returns the events of a stream that says text in each of n
// choices and ends as a content filter does.
func RefusalStream(id, model, text string, created int64, n int) []byte {
	var out []byte
	choices := make([]int, max(n, 1))
	for i := range choices {
		choices[i] = i
		out = appendChunk(out, id, model, created, []int{i}, `{"role":"assistant","content":"","refusal":null}`, "")
		said := append(dialect.AppendString([]byte(`{"content":`), text), '}')
		out = appendChunk(out, id, model, created, []int{i}, string(said), "")
	}
	return append(out, RefusalTail(id, model, created, choices)...)
}

// RefusalTail returns the events that end a stream which is cut after it began,
// wherever it stands: the given choices, which are those that have no finish
// yet, end as a content filter ends them. Without choices it is [DONE] alone.
func RefusalTail(id, model string, created int64, choices []int) []byte {
	var out []byte
	for _, c := range choices {
		out = appendChunk(out, id, model, created, []int{c}, "{}", "content_filter")
	}
	return dialect.AppendEvent(out, "", []byte(DoneData))
}

// appendChunk appends the event of one chunk in which each choice has the delta.
func appendChunk(out []byte, id, model string, created int64, choices []int, delta, finish string) []byte {
	b := head(nil, "chat.completion.chunk", id, model, created)
	for i, c := range choices {
		b = comma(b, i)
		b = append(strconv.AppendInt(append(b, `{"index":`...), int64(c), 10), `,"delta":`...)
		b = append(append(b, delta...), `,"logprobs":null,"finish_reason":`...)
		if finish == "" {
			b = append(b, "null}"...)
		} else {
			b = append(dialect.AppendString(b, finish), '}')
		}
	}
	return dialect.AppendEvent(out, "", append(b, "]}"...))
}

func head(b []byte, kind, id, model string, created int64) []byte {
	b = dialect.AppendString(append(b, `{"id":`...), id)
	b = dialect.AppendString(append(b, `,"object":`...), kind)
	b = strconv.AppendInt(append(b, `,"created":`...), created, 10)
	b = dialect.AppendString(append(b, `,"model":`...), model)
	return append(b, `,"choices":[`...)
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}
