package anthropic_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
	"warder.example/internal/dialect/dialecttest"
)

// said is what one text of a stream says, by its key.
type said map[string]string

// hear reads a stream event by event and returns the texts that run through it and
// the values that come whole, and the ends of blocks.
func hear(t testing.TB, stream []byte) (texts said, finished []int, done, failed bool) {
	t.Helper()
	texts = said{}
	r := anthropic.Messages.Chunks(dialect.Limits{Unknown: dialect.RefuseUnknown})
	for _, ev := range dialecttest.Events(t, stream) {
		c, err := r.Parse(ev.Name, ev.Data)
		if err != nil {
			t.Fatalf("%s: %v", ev.Data, err)
		}
		if ev.Name != "" && !r.Names(ev.Name) {
			t.Fatalf("name %q is not structure", ev.Name)
		}
		for _, l := range c.Leaves {
			key := fmt.Sprintf("%d %s", l.Key.Choice, l.Key.Field)
			if !l.Delta && texts[key] != "" {
				texts[key] += "|"
			}
			texts[key] += l.Text
		}
		for _, ch := range c.Choices {
			if ch.Finish != "" {
				finished = append(finished, ch.Index)
			}
		}
		done, failed = done || c.Done, failed || c.Error
	}
	return texts, finished, done, failed
}

func TestStreams(t *testing.T) {
	for _, c := range []struct {
		file     string
		texts    said // that must be there
		finished []int
		failed   bool
	}{
		{"stream_text.txt", said{"0 delta.content": "Hello!", "-1 id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY", "-1 model": "claude-sonnet-4-5"}, []int{0, 0}, false},
		{"stream_tool.txt", said{"0 delta.content": "Okay, let's check", "1 " + dialect.FieldTool: "get_weather",
			"1 " + dialect.FieldArguments: `{"location": "San Francisco, CA", "unit": "fahrenheit"}`}, []int{0, 1, 0}, false},
		{"stream_thinking.txt", said{"0 thinking": "Let me solve this step by step:\n\n1. First break down 27 * 453\n2. 453 = 400 + 50 + 3",
			"2 delta.content": "27 * 453 = 12,231"}, []int{0, 1, 2, 0}, false},
		{"stream_search.txt", said{"0 " + dialect.FieldArguments: `{"query":"weather"}`, "1 content_block.content[0].title": "Weather today",
			"2 delta.content": "It is warm.", "2 delta.citation.cited_text": "Warm and dry"}, []int{0, 1, 2, 0}, false},
		{"stream_error.txt", said{"0 delta.content": "Hel", "-1 error.message": "Overloaded"}, nil, true},
		{"stream_refusal.txt", said{"0 delta.content": "I"}, []int{0, 0}, false},
		{"stream_compaction.txt", said{"0 content": "The user asked for hours."}, []int{0, 0}, false},
	} {
		texts, finished, done, failed := hear(t, dialecttest.Read(t, c.file))
		for key, want := range c.texts {
			if texts[key] != want {
				t.Errorf("%s: %s is %q, want %q", c.file, key, texts[key], want)
			}
		}
		if diff := cmp.Diff(c.finished, finished); diff != "" {
			t.Errorf("%s: blocks that ended (-want +got):\n%s", c.file, diff)
		}
		if failed != c.failed || done == c.failed {
			t.Errorf("%s: done %v, failed %v", c.file, done, failed)
		}
	}
}

// TestBeginningAndDeltasAreOneText: clients put the text at a block's beginning
// before its deltas.
func TestBeginningAndDeltasAreOneText(t *testing.T) {
	stream := "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"AKIA\"}}\n\n" +
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Q3EG\"}}\n\n" +
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"one\"}}\n\n" +
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"two\"}}\n\n"
	texts, _, _, _ := hear(t, []byte(stream))
	if texts["1 delta.content"] != "AKIAQ3EG" || texts["1 signature"] != "one|two" {
		t.Errorf("read %v", texts)
	}
}

// TestEventsRefused: events that clients read differently, and what a block's index
// may not be.
func TestEventsRefused(t *testing.T) {
	for _, c := range []struct{ name, event, data string }{
		{"name and type differ", "ping", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}`},
		{"an error by name alone", "error", `{"type":"ping"}`},
		{"an error by type alone", "ping", `{"type":"error","error":{"type":"api_error","message":"x"}}`},
		{"a name that nobody knows", "message", `{"type":"message_stop"}`},
		{"no type", "message_stop", `{}`},
		{"no type and no name", "", `{"index":0}`},
		{"type is null", "", `{"type":null}`},
		{"type twice", "", `{"type":"ping","type":"message_stop"}`},
		{"type in another case", "", `{"type":"ping","Type":"message_stop"}`},
		{"no index", "content_block_stop", `{"type":"content_block_stop"}`},
		{"index below zero", "content_block_stop", `{"type":"content_block_stop","index":-1}`},
		{"index is large", "content_block_stop", `{"type":"content_block_stop","index":1024}`},
		{"index with a point", "content_block_stop", `{"type":"content_block_stop","index":1.0}`},
		{"index is text", "content_block_stop", `{"type":"content_block_stop","index":"0"}`},
		{"delta is text", "content_block_delta", `{"type":"content_block_delta","index":0,"delta":"x"}`},
		{"OpenAI's end", "", `[DONE]`},
		{"no JSON", "message_stop", `stop`},
		{"empty", "message_stop", ``},
	} {
		if _, err := anthropic.Messages.Chunks(dialect.Limits{}).Parse(c.event, []byte(c.data)); err == nil {
			t.Errorf("%s: accepted", c.name)
		} else {
			dialecttest.Problem(t, err)
		}
	}
	for _, c := range []struct{ event, data string }{
		{"", `{"type":"message_stop"}`}, {"message_stop", `{"type":"message_stop"}`}, {"future_event", `{"type":"future_event","text":"x"}`},
	} {
		if _, err := anthropic.Messages.Chunks(dialect.Limits{}).Parse(c.event, []byte(c.data)); err != nil {
			t.Errorf("%s %s: %v", c.event, c.data, err)
		}
	}
}

// TestUsageInStreams: at the beginning and at the end.
func TestUsageInStreams(t *testing.T) {
	r := anthropic.Messages.Chunks(dialect.Limits{})
	var got []dialect.Usage
	for _, e := range dialecttest.Events(t, dialecttest.Read(t, "stream_thinking.txt")) {
		c, err := r.Parse(e.Name, e.Data)
		if err != nil {
			t.Fatal(err)
		}
		if c.Usage.Present {
			got = append(got, c.Usage)
		}
	}
	want := []dialect.Usage{{Prompt: 128, Completion: 1, Total: 129, Cached: 100, Written: 3, Present: true, Partial: true}, {Completion: 15, Total: 15, Present: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTextsWithinBlocksAreApart: what stands within a block at its beginning is no
// part of what the block says, whatever its members are called.
func TestTextsWithinBlocksAreApart(t *testing.T) {
	const stream = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\"," +
		"\"content\":{\"type\":\"advisor_result\",\"text\":\"b\",\"thinking\":\"c\",\"name\":\"d\",\"signature\":\"e\",\"input\":{\"q\":\"f\"},\"content\":[{\"type\":\"text\",\"text\":\"g\"}]}}}\n\n"
	texts, _, _, _ := hear(t, []byte(stream))
	want := said{"0 delta.content": "a", "0 content_block.content.text": "b", "0 content_block.content.thinking": "c", "0 content_block.content.name": "d",
		"0 content_block.content.signature": "e", `0 content_block.content.input."q"`: "f", "0 content_block.content.content[0].text": "g"}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
