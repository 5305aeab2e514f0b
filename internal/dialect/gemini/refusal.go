package gemini

import (
	"cmp"
	"strconv"

	"warder.example/internal/dialect"
)

// refusalAnswer returns an answer in which each of n candidates says text and ends
// as the provider's filter ends one. prompt says that the filter stopped the prompt.
// Streams have it as their one event.
func refusalAnswer(r *dialect.Refusal) []byte {
	b := []byte(`{"candidates":[`)
	for i := range max(r.N, 1) {
		if i > 0 {
			b = append(b, ',')
		}
		b = dialect.AppendString(append(b, `{"content":{"parts":[{"text":`...), r.Text)
		b = appendEnd(append(b, `}],"role":"model"},`...), i)
	}
	b = append(b, ']')
	if r.Prompt {
		b = dialect.AppendString(append(b, `,"promptFeedback":{"blockReason":"SAFETY","blockReasonMessage":`...), r.Text)
		b = append(b, '}')
	}
	return appendAbout(b, r.Model, r.Request)
}

// refusalEnd returns the event that ends the given candidates.
func refusalEnd(r *dialect.Refusal, told *dialect.Told) []byte {
	open := told.Open
	if len(open) == 0 {
		open = []int{0} // clients wait for one reason at least
	}
	b := []byte(`{"candidates":[`)
	for i, c := range open {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEnd(append(b, '{'), c)
	}
	return appendAbout(append(b, ']'), cmp.Or(told.Model, r.Model), cmp.Or(told.ID, r.Request))
}

// appendEnd appends the last members of a candidate.
func appendEnd(b []byte, index int) []byte {
	b = append(b, `"finishReason":"`+finishSafety+`","index":`...)
	return append(strconv.AppendInt(b, int64(index), 10), '}')
}

// appendAbout appends what an answer says of itself, and its end.
func appendAbout(b []byte, model, id string) []byte {
	b = append(b, `,"usageMetadata":{"promptTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0},"modelVersion":`...)
	b = dialect.AppendString(append(dialect.AppendString(b, model), `,"responseId":`...), id)
	return append(b, '}')
}
