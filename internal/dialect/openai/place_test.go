package openai_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// keyOf returns the key of the leaf of a chunk that says "here".
func keyOf(t *testing.T, data string) dialect.Key {
	t.Helper()
	c, err := openai.ParseChunk([]byte(data), dialect.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	at := slices.IndexFunc(c.Leaves, func(l dialect.ChunkLeaf) bool { return l.Text == "here" })
	if at < 0 {
		t.Fatalf("%s: no leaf", data)
	}
	return c.Leaves[at].Key
}

// TestKeysOfPlaces: one place has one key however an event is written, and no two
// places have the same.
func TestKeysOfPlaces(t *testing.T) {
	long := "a_key_that_is_longer_than_a_path_would_ever_show_it_"
	places := [][]string{
		{`{"x":"here"}`, `{"y":1,"x":"here"}`},
		{`{"x":["here"]}`, `{"y":["a"],"x":["here","b"]}`},
		{`{"x":["a","here"]}`},
		{`{"x":{"0":"here"}}`},
		{`{"x[0]":"here"}`},
		{`{"x.y":"here"}`},
		{`{"x":{"y":"here"}}`, `{"x":{"\u0079":"here"}}`},
		{`{"x":{"` + long + `1":"here"}}`, `{"x":{"` + long + `\u0031":"here"}}`},
		{`{"x":{"` + long + `2":"here"}}`},
		{`{"` + long + long + long + long + long + `1":"here"}`},
		{`{"` + long + long + long + long + long + `2":"here"}`},
		{`{"id":"here"}`},
		{`{"choices":[{"index":0,"x":"here"}]}`, `{"choices":[{"index":1},{"index":0,"x":"here"}]}`, `{"choices":[{"x":"here"}]}`},
		{`{"choices":[{"index":1,"x":"here"}]}`, `{"choices":[{"index":0},{"x":"here"}]}`},
		{`{"choices":[{"delta":{"x":"here"}}]}`},
		{`{"choices":[{"delta":{"content":"here"}}]}`, `{"choices":[{"index":3},{"index":0,"delta":{"role":"user","content":"here"}}]}`},
		{`{"choices":[{"delta":{"content":[{"type":"text","text":"here"}]}}]}`},
		{`{"choices":[{"delta":{"content":[{"type":"text","text":"a"},{"type":"text","text":"here"}]}}]}`},
		{`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"here"}]}}]}`, `{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"a"},{"index":0,"id":"here"}]}}]}`},
		{`{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"here"}]}}]}`},
		{`{"choices":[{"delta":{"tool_calls":[{"index":1,"x":["here"]}]}}]}`, `{"choices":[{"delta":{"tool_calls":[{"index":0},{"index":1,"x":["here"]}]}}]}`},
		{`{"choices":[{"delta":{"role":"here"}}]}`},
		{`{"choices":[{"delta":{"annotations":[{"url_citation":{"title":"here"}}]}}]}`},
		{`{"choices":[{"delta":{"annotations":[{},{"url_citation":{"title":"here"}}]}}]}`},
		{`{"choices":[{"logprobs":{"content":[{"token":"here"}]}}]}`},
		{`{"choices":[{"logprobs":{"content":[{"token":"a","bytes":[104,101,114,101]}]}}]}`},
		{`{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"here"}]}]}}]}`, `{"choices":[{"logprobs":{"content":[{"top_logprobs":[]},{"top_logprobs":[{"token":"here"},{"token":"a"}]}]}}]}`},
		{`{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"a"},{"token":"here"}]}]}}]}`},
		{`{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"a","bytes":[104,101,114,101]}]}]}}]}`},
	}
	seen := map[dialect.Key]int{}
	for i, same := range places {
		key := keyOf(t, same[0])
		if k, ok := seen[key]; ok {
			t.Errorf("%s and %s have one key: %+v", places[k][0], same[0], key)
		}
		seen[key] = i
		if len(key.Field) > 256 {
			t.Errorf("%s: field of %d bytes", same[0], len(key.Field))
		}
		for _, data := range same[1:] {
			if got := keyOf(t, data); got != key {
				t.Errorf("%s has key %+v, %s has %+v", data, got, same[0], key)
			}
		}
	}
}

// TestBytesOfLogprobs: in a whole answer the bytes of tokens are a text of their
// own where they say something else.
func TestBytesOfLogprobs(t *testing.T) {
	for _, c := range []struct {
		name, logprobs string
		want           []string
	}{
		{"the same", `{"content":[{"token":"he","bytes":[104,101]},{"token":"re","bytes":[114,101]}]}`, []string{"here"}},
		{"not there", `{"content":[{"token":"he","bytes":null},{"token":"re"}]}`, []string{"here"}},
		{"others", `{"content":[{"token":"a","bytes":[104,101]},{"token":"b","bytes":[114,101]}]}`, []string{"ab", "here"}},
		{"with a sign", `{"content":[{"token":"a","bytes":[-61,-87]}]}`, []string{"a", "é"}},
		{"no text", `{"content":[{"token":"a","bytes":[104,255]}]}`, []string{"a", "h\ufffd"}},
		{"fractions are no bytes", `{"content":[{"token":"a","bytes":[104.5,104]}]}`, []string{"a", "h"}},
		{"of an alternative", `{"content":[{"token":"a","top_logprobs":[{"token":"b","bytes":[98]},{"token":"c","bytes":[104,105]}]}]}`, []string{"a", "b\nc\n", "hi"}},
		{"a long number", `{"content":[{"token":"a","bytes":[4242424242424242]}]}`, []string{"4242424242424242", "a"}},
		{"a string", `{"content":[{"token":"a","bytes":["here"]}]}`, []string{"here", "a"}},
	} {
		a, err := openai.ParseAnswer([]byte(`{"choices":[{"index":0,"message":{},"logprobs":`+c.logprobs+`}]}`), dialect.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []string
		for i := range a.Leaves {
			got = append(got, a.Leaves[i].Text)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestTornFields: a character whose halves stand in two values of an unknown field
// is read whole, as in a delta.
func TestTornFields(t *testing.T) {
	r := openai.Chat.Chunks(dialect.Limits{})
	said := ""
	for _, data := range []string{`{"x":"a\ud83d","choices":[]}`, `{"x":"\ude00b","choices":[]}`} {
		c, err := r.Parse("", []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Leaves {
			said += c.Leaves[i].Text
		}
	}
	if said != "a\U0001f600b" {
		t.Errorf("read %q, want the character whole", said)
	}
}
