package openai_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/openai"
)

type chunkLeaf struct {
	Choice, Tool int
	Field, Text  string
	Delta        bool
}

func TestChunkVectors(t *testing.T) {
	var vectors []struct {
		Name   string
		Data   string
		Done   bool
		Error  bool
		Finish []dialect.Choice
		Usage  dialect.Usage
		Leaves []chunkLeaf
	}
	load(t, "chunks.json", &vectors)
	ran := 0
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			ran++
			c, err := openai.ParseChunk([]byte(v.Data), dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got []chunkLeaf
			for _, l := range c.Leaves {
				got = append(got, chunkLeaf{l.Key.Choice, l.Key.Tool, l.Key.Field, l.Text, l.Delta})
				if l.Origin != guard.OriginModel || l.Inner {
					t.Errorf("leaf %+v is not the model's", l)
				}
			}
			if diff := cmp.Diff(v.Leaves, got); diff != "" {
				t.Errorf("leaves (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(v.Finish, c.Choices); diff != "" {
				t.Errorf("choices (-want +got):\n%s", diff)
			}
			if c.Done != v.Done || c.Error != v.Error || c.Usage != v.Usage {
				t.Errorf("done %v, error %v, usage %+v; want %v, %v, %+v", c.Done, c.Error, c.Usage, v.Done, v.Error, v.Usage)
			}
			if string(c.Data(nil)) != v.Data || c.Rewritten() {
				t.Errorf("data changed to %s", c.Data(nil))
			}
		})
	}
	if ran < 15 {
		t.Errorf("ran %d vectors, want at least 15", ran)
	}
}

func TestChunksRefused(t *testing.T) {
	for name, data := range map[string]string{
		"empty":                 ``,
		"done with more":        `[DONE] and more`,
		"done in lower case":    `[done]`,
		"done in white space":   ` [DONE]`,
		"two values":            "{}\n{}",
		"text":                  `busy`,
		"delta twice":           `{"choices":[{"delta":{"content":"a"},"delta":{"content":"b"}}]}`,
		"delta is text":         `{"choices":[{"delta":"a"}]}`,
		"tool index is large":   `{"choices":[{"delta":{"tool_calls":[{"index":1024}]}}]}`,
		"tool index is text":    `{"choices":[{"delta":{"tool_calls":[{"index":"1"}]}}]}`,
		"choice index is large": `{"choices":[{"index":1e9}]}`,
	} {
		if _, err := openai.ParseChunk([]byte(data), dialect.Limits{}); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			dialecttest.Problem(t, err)
		}
	}
}

func TestMaskedChunkLosesLogprobs(t *testing.T) {
	const data = `{"choices":[{"index":0,"delta":{"content":" \u0035\u00355"},"logprobs":{"content":[{"token":" 555","logprob":-1}]},"finish_reason":null}],"created":1.0}`
	c, err := openai.ParseChunk([]byte(data), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(c.Leaves, func(l dialect.ChunkLeaf) bool { return l.Key.Field == "delta.content" })
	want := `{"choices":[{"index":0,"delta":{"content":" \u00355[\"]"},"logprobs":null,"finish_reason":null}],"created":1.0}`
	want = strings.Replace(want, `\u00355`, ``, 1)
	if got := string(c.Data([]dialect.Edit{{Leaf: at, Masks: mask(1, 4, `["]`)}})); got != want {
		t.Errorf("masked %s, want %s", got, want)
	}
}

func TestReaderCountsRepeats(t *testing.T) {
	r := openai.Chat.Chunks(dialect.Limits{})
	for i, c := range []struct {
		data    string
		repeats []int32
	}{
		{`{"id":"a","model":"m","choices":[]}`, []int32{0, 0}},
		{`{"id":"a","model":"m","choices":[]}`, []int32{1, 1}},
		{`{"id":"b","model":"m","choices":[]}`, []int32{0, 2}},
		{`{"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}`, []int32{0, 3, 0}},
		{`{"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}`, []int32{1, 4, 0}},
	} {
		ch, err := r.Parse("", []byte(c.data))
		if err != nil {
			t.Fatal(err)
		}
		var repeats []int32
		for _, l := range ch.Leaves {
			repeats = append(repeats, l.Repeats)
		}
		if diff := cmp.Diff(c.repeats, repeats); diff != "" {
			t.Errorf("chunk %d (-want +got):\n%s", i, diff)
		}
	}
	if c, err := r.Parse("", []byte("[DONE]")); err != nil || !c.Done || string(c.Data(nil)) != "[DONE]" {
		t.Errorf("done = %+v, %v", c, err)
	}
}

// TestRereadKnowsNews: a chunk that is read into the memory of an older one is no
// repetition of it when another value came between them.
func TestRereadKnowsNews(t *testing.T) {
	r := openai.Chat.Chunks(dialect.Limits{})
	chunk := func(id, text string) []byte {
		return []byte(`{"id":"` + id + `","choices":[{"index":0,"delta":{"content":"` + text + `"}}]}`)
	}
	parse := func(id, text string) *dialect.Chunk {
		c, err := r.Parse("", chunk(id, text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := parse("a", "x")
	between := parse("b", "x")
	r.Recycle(first)
	if c := parse("a", "y"); c.Leaves[0].Repeats != 0 {
		t.Errorf("an id that comes back counts as %d repeats of the one before it, want 0", c.Leaves[0].Repeats)
	}
	r.Recycle(between)
}
