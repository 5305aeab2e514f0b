package gemini_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/gemini"
)

// hear reads a stream event by event and returns the texts that run through it and
// the values that come whole, how candidates ended, and whether the stream is
// complete.
func hear(t testing.TB, stream []byte) (texts map[string]string, finished []string, complete, failed bool) {
	t.Helper()
	texts = map[string]string{}
	open := map[int]bool{}
	r := gemini.Generate.Chunks(dialect.Limits{Unknown: dialect.RefuseUnknown})
	for _, ev := range dialecttest.Events(t, stream) {
		c, err := r.Parse(ev.Name, ev.Data)
		if err != nil {
			t.Fatalf("%s: %v", ev.Data, err)
		}
		for _, l := range c.Leaves {
			key := fmt.Sprintf("%d %s", l.Key.Choice, l.Key.Field)
			if l.Key.Tool >= 0 {
				key = fmt.Sprintf("%d/%d %s", l.Key.Choice, l.Key.Tool, l.Key.Field)
			}
			if !l.Delta && l.Repeats > 0 {
				continue
			}
			if !l.Delta && texts[key] != "" {
				texts[key] += "|"
			}
			texts[key] += l.Text
		}
		for _, ch := range c.Choices {
			if open[ch.Index] = true; ch.Finish != "" {
				finished = append(finished, fmt.Sprint(ch.Index, " ", ch.Finish))
				delete(open, ch.Index)
			}
		}
		if c.Done {
			t.Errorf("%s ends the stream", ev.Data)
		}
		failed = failed || c.Error
	}
	return texts, finished, r.Complete(len(finished) > 0, len(open)), failed
}

func TestStreams(t *testing.T) {
	for _, c := range []struct {
		file     string
		texts    map[string]string // that must be there
		finished []string
		failed   bool
	}{
		{"stream_text.txt", map[string]string{"0 delta.content": "AI learns patterns from data.", "-1 id": "Fk5CaNqXJ4-xvdIP", "-1 model": "gemini-2.5-flash"}, []string{"0 STOP"}, false},
		{"stream_thinking.txt", map[string]string{"0 thought": "**Counting** paws", "0 delta.content": "Eight paws."}, []string{"0 STOP"}, false},
		{"stream_tool.txt", map[string]string{"0 delta.content": "I turn the lights down.", "0/0 " + dialect.FieldTool: "set_light_values", "0/1 " + dialect.FieldTool: "get_news",
			`0/0 content.parts.functionCall.args."color_temp"`: "warm", `0/1 content.parts.functionCall.args."topic"`: "lamps"}, []string{"0 STOP"}, false},
		{"stream_grounded.txt", map[string]string{"0 delta.content": "Spain won Euro 2024.", "0 groundingMetadata.groundingChunks[0].web.title": "news.example"}, []string{"0 STOP"}, false},
		{"stream_blocked.txt", nil, []string{"0 PROHIBITED_CONTENT"}, false},
		{"stream_error.txt", map[string]string{"0 delta.content": "Hel", "-1 error.message": "The model is overloaded."}, nil, true},
		{"stream_two.txt", map[string]string{"0 delta.content": "One first.", "1 delta.content": "A second."}, []string{"0 STOP", "1 MAX_TOKENS"}, false},
		{"stream_code.txt", map[string]string{"0 content.parts.codeExecutionResult.output": "10\n", "0 executableCode.code": "print(2+3+5)"}, []string{"0 STOP"}, false},
		{"stream_pieces.txt", map[string]string{"0/0 partialArgs": "New Delhi"}, []string{"0 STOP"}, false},
	} {
		texts, finished, complete, failed := hear(t, dialecttest.Read(t, c.file))
		for key, want := range c.texts {
			if texts[key] != want {
				t.Errorf("%s: %s is %q, want %q of %q", c.file, key, texts[key], want, texts)
			}
		}
		if diff := cmp.Diff(c.finished, finished); diff != "" {
			t.Errorf("%s: candidates that ended (-want +got):\n%s", c.file, diff)
		}
		if failed != c.failed || complete == c.failed {
			t.Errorf("%s: complete %v, failed %v", c.file, complete, failed)
		}
	}
}

// TestEventsRefused: what is no event of a stream, and what has no bound.
func TestEventsRefused(t *testing.T) {
	for _, data := range []string{
		`[DONE]`, `stop`, ``, `[{"candidates":[]}]`, `{"candidates":[{"index":8}]}`, `{"candidates":[{"index":-1}]}`, `{"candidates":[{"index":1.0}]}`,
		`{"candidates":[{"index":"0"}]}`, `{"candidates":[{"content":"x"}]}`, `{"candidates":[{"content":{"parts":[{"text":1}]}}]}`,
		`{"candidates":[{"finishReason":"STOP","finish_reason":"STOP"}]}`, `{"candidates":[],"candidates":[]}`,
	} {
		if _, err := gemini.Generate.Chunks(dialect.Limits{}).Parse("", []byte(data)); err == nil {
			t.Errorf("%s: accepted", data)
		} else {
			dialecttest.Problem(t, err)
		}
	}
}
