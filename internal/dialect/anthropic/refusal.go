package anthropic

import (
	"strconv"

	"warder.example/internal/dialect"
)

// refusalMessage returns a whole answer that says text and ends as a refusal does.
func refusalMessage(id, model, text string) []byte {
	b := messageHead(nil, id, model)
	b = dialect.AppendString(append(b, `{"type":"text","text":`...), text)
	b = append(b, `,"citations":null}],"stop_reason":"refusal","stop_sequence":null,"stop_details":`...)
	return append(appendDetails(b, text), `,"usage":{"input_tokens":0,"output_tokens":0}}`...)
}

// messageHead begins a message, up to its content.
func messageHead(b []byte, id, model string) []byte {
	b = dialect.AppendString(append(b, `{"id":`...), id)
	b = dialect.AppendString(append(b, `,"type":"message","role":"assistant","model":`...), model)
	return append(b, `,"content":[`...)
}

// appendDetails appends why an answer ended.
func appendDetails(b []byte, text string) []byte {
	b = append(b, `{"type":"refusal","category":null,"explanation":`...)
	if text == "" {
		return append(b, "null}"...)
	}
	return append(dialect.AppendString(b, text), '}')
}

// startEvent appends the event that begins a stream.
func startEvent(out []byte, id, model string) []byte {
	b := messageHead([]byte(`{"type":"message_start","message":`), id, model)
	b = append(b, `],"stop_reason":null,"stop_sequence":null,"stop_details":null,"usage":{"input_tokens":0,"output_tokens":0}}}`...)
	return dialect.AppendEvent(out, eventStart, b)
}

// textBlock appends the events of one block that says text.
func textBlock(out []byte, index int, text string) []byte {
	start := append(aboutBlock(eventBlockStart, index), `,"content_block":{"type":"text","text":"","citations":null}}`...)
	delta := append(aboutBlock(eventBlockDelta, index), `,"delta":{"type":"text_delta","text":`...)
	delta = append(dialect.AppendString(delta, text), "}}"...)
	out = dialect.AppendEvent(dialect.AppendEvent(out, eventBlockStart, start), eventBlockDelta, delta)
	return stopBlock(out, index)
}

func stopBlock(out []byte, index int) []byte {
	return dialect.AppendEvent(out, eventBlockStop, append(aboutBlock(eventBlockStop, index), '}'))
}

// aboutBlock begins the payload of an event of a block.
func aboutBlock(event string, index int) []byte {
	return strconv.AppendInt([]byte(`{"type":"`+event+`","index":`), int64(index), 10)
}

// endEvents appends the events that end a stream as a refusal does: of the blocks
// that are open, and of the message. text is why, output the tokens that were said
// to be used.
func endEvents(out []byte, open []int, text string, output int) []byte {
	for _, i := range open {
		out = stopBlock(out, i)
	}
	b := append(make([]byte, 0, 192+len(text)), `{"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null,"stop_details":`...)
	b = append(appendDetails(b, text), `},"usage":{"output_tokens":`...)
	b = append(strconv.AppendInt(b, int64(output), 10), "}}"...)
	out = dialect.AppendEvent(out, eventDelta, b)
	return dialect.AppendEvent(out, eventStop, []byte(`{"type":"message_stop"}`))
}
