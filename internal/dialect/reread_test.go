package dialect_test

import (
	"bytes"
	"reflect"
	"testing"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// FuzzReread: a stream whose chunks are read one after the other, each into the
// storage of the last, gives what each gives when it is read alone.
func FuzzReread(f *testing.F) {
	f.Add("Hello", " world", ", \\ud83d", "\\ude00 x", "null")
	f.Add("a", "", "b\\u0000", `c"d`, `"stop"`)
	f.Add("é", "日本", "\xff", "\n", `null,"logprobs":{"content":[{"token":"a"}]}`)
	f.Add("same", "same", "same", "same", "null}")
	f.Fuzz(func(t *testing.T, a, b, c, d, end string) {
		r := openai.Chat.Chunks(dialect.Limits{})
		for _, s := range []string{a, b, c, d, a} {
			data := []byte(`{"id":"i","model":"m","choices":[{"index":0,"delta":{"content":"` + s + `"},"finish_reason":` + end + `}]}`)
			got, err := r.Parse("", bytes.Clone(data))
			want, werr := openai.ParseChunk(data, dialect.Limits{})
			if (err == nil) != (werr == nil) {
				t.Fatalf("%q: %v; alone %v", data, err, werr)
			}
			if err != nil {
				return
			}
			if surrogate := bytes.Contains(data, []byte(`\u`)); !surrogate {
				compare(t, data, got, want)
			}
			r.Recycle(got)
		}
	})
}

func compare(t *testing.T, data []byte, got, want *dialect.Chunk) {
	t.Helper()
	if len(got.Leaves) != len(want.Leaves) || !reflect.DeepEqual(got.Choices, want.Choices) || got.ID != want.ID || got.Model != want.Model {
		t.Fatalf("%q: %+v; alone %+v", data, got, want)
	}
	for i := range got.Leaves {
		g, w := &got.Leaves[i], &want.Leaves[i]
		if g.Text != w.Text || g.Key != w.Key || g.Delta != w.Delta || g.Kind != w.Kind || g.Path() != w.Path() {
			t.Fatalf("%q leaf %d: %q %+v; alone %q %+v", data, i, g.Text, g.Key, w.Text, w.Key)
		}
		edit := []dialect.Edit{{Leaf: i, Masks: []guard.Mask{{Span: guard.Span{Start: 0, End: len(w.Text)}, With: "[X]"}}}}
		if g, w := got.Data(edit), want.Data(edit); !bytes.Equal(g, w) {
			t.Fatalf("%q masked in leaf %d: %q; alone %q", data, i, g, w)
		}
	}
	if !bytes.Equal(got.Data(nil), want.Data(nil)) {
		t.Fatalf("%q comes out as %q; alone as %q", data, got.Data(nil), want.Data(nil))
	}
}
