package gemini_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/gemini"
)

// drain calls f for each event of a stream.
func drain(t testing.TB, r io.Reader, f func(dialect.Event)) {
	t.Helper()
	events := dialect.NewEventReader(r, 0)
	for {
		ev, err := events.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(ev)
	}
}

// hear reads a stream event by event and returns the texts that run through it and
// the values that come whole, how candidates ended, and whether the stream is
// complete.
func hear(t testing.TB, stream []byte) (texts map[string]string, finished []string, complete, failed bool) {
	t.Helper()
	texts = map[string]string{}
	open := map[int]bool{}
	r := gemini.Generate.Chunks(dialect.Limits{Unknown: dialect.RefuseUnknown})
	drain(t, bytes.NewReader(stream), func(ev dialect.Event) {
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
	})
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
		texts, finished, complete, failed := hear(t, read(t, c.file))
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

// TestStreamsAtAnyChunking: how bytes arrive changes nothing.
func TestStreamsAtAnyChunking(t *testing.T) {
	for _, name := range files(t, "stream_*.txt") {
		stream := read(t, name)
		var whole, single bytes.Buffer
		r := gemini.Generate.Chunks(dialect.Limits{})
		drain(t, bytes.NewReader(stream), func(ev dialect.Event) { whole.Write(ev.Raw) })
		drain(t, iotest.OneByteReader(bytes.NewReader(stream)), func(ev dialect.Event) {
			single.Write(ev.Raw)
			if ev.Data == nil {
				return
			}
			if c, err := r.Parse(ev.Name, ev.Data); err != nil || c.Rewritten() || !bytes.Equal(c.Data(nil), ev.Data) {
				t.Errorf("%s: %q is not what it was: %v", name, ev.Data, err)
			}
		})
		if !bytes.Equal(whole.Bytes(), stream) || !bytes.Equal(single.Bytes(), stream) {
			t.Errorf("%s changed", name)
		}
	}
}

// cut writes a text as parts of a candidate, cut anywhere between characters.
func cut(rnd *rand.Rand, text, more string) (out []string) {
	for text != "" {
		parts := ""
		for i := 0; text != "" && i <= rnd.IntN(2); i++ {
			n := min(1+rnd.IntN(5), len(text))
			for n < len(text) && text[n]&0xc0 == 0x80 {
				n++
			}
			piece, _ := json.Marshal(text[:n])
			if i > 0 {
				parts += ","
			}
			parts, text = parts+`{"text":`+string(piece)+more+`}`, text[n:]
		}
		out = append(out, `{"candidates":[{"index":4,"content":{"role":"model","parts":[`+parts+`]}}]}`)
	}
	return out
}

// TestMasksOverEvents: what is masked in a text of a stream is what a client that
// puts it together misses, also where an event has several parts.
func TestMasksOverEvents(t *testing.T) {
	const text = `é anna@museum.example 漢 and so on`
	rnd := rand.New(rand.NewPCG(9, 9))
	from := strings.Index(text, "anna@")
	to := from + len("anna@museum.example")
	for _, kind := range []struct{ more, field string }{{"", dialect.FieldContent}, {`,"thought":true`, "thought"}} {
		for range 100 {
			r := gemini.Generate.Chunks(dialect.Limits{})
			var got strings.Builder
			at := 0
			for _, data := range cut(rnd, text, kind.more) {
				c, err := r.Parse("", []byte(data))
				if err != nil {
					t.Fatal(err)
				}
				var edits []dialect.Edit
				for i := range c.Leaves {
					l := &c.Leaves[i]
					if l.Key != (dialect.Key{Choice: 4, Tool: -1, Field: kind.field}) || !l.Delta || l.Inner {
						t.Fatalf("leaf %+v", l)
					}
					m := guard.Mask{Span: guard.Span{Start: max(from, at) - at, End: min(to, at+len(l.Text)) - at}, With: "[E]"}
					if from < at {
						m.With = ""
					}
					if m.Start < m.End {
						edits = append(edits, dialect.Edit{Leaf: i, Masks: []guard.Mask{m}})
					}
					at += len(l.Text)
				}
				var back struct {
					Candidates []struct {
						Content struct{ Parts []struct{ Text string } }
					}
				}
				if err := json.Unmarshal(c.Data(edits), &back); err != nil {
					t.Fatalf("%s: %v", c.Data(edits), err)
				}
				for _, p := range back.Candidates[0].Content.Parts {
					got.WriteString(p.Text)
				}
			}
			if want := text[:from] + "[E]" + text[to:]; got.String() != want {
				t.Fatalf("a client reads %q, want %q", got.String(), want)
			}
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
			problem(t, err)
		}
	}
}

// TestSurrogatesOverEvents: a character whose halves stand in different events is
// read whole.
func TestSurrogatesOverEvents(t *testing.T) {
	r := gemini.Generate.Chunks(dialect.Limits{})
	text := ""
	for _, half := range []string{`\ud83d`, `\ude00`} {
		c, err := r.Parse("", []byte(`{"candidates":[{"content":{"parts":[{"text":"`+half+`"}]}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range c.Leaves {
			text += l.Text
		}
	}
	if text != "😀" {
		t.Errorf("read %q", text)
	}
}
