package openai_test

import (
	"bytes"
	"testing"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

func mask(start, end int, with string) []guard.Mask {
	return []guard.Mask{{Span: guard.Span{Start: start, End: end}, With: with}}
}

func TestMasksRoundOutward(t *testing.T) {
	body := []byte(`{"model":"m","messages":[{"role":"user","content":"a\ud83d\ude00é\u0041z"}]}`)
	r, err := openai.ParseRequest(body, dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	// Text is a 😀 é A z; offsets 0, 1-4, 5-6, 7, 8.
	for _, c := range []struct {
		start, end int
		want       string
	}{
		{2, 3, `"a#é\u0041z"`},
		{4, 6, `"a#\u0041z"`},
		{6, 8, `"a\ud83d\ude00#z"`},
		{7, 8, `"a\ud83d\ude00é#z"`},
		{0, 99, `"#"`},
		{-5, 1, `"#\ud83d\ude00é\u0041z"`},
		{9, 9, `"a\ud83d\ude00é\u0041z#"`},
	} {
		got := r.Body([]dialect.Edit{{Leaf: 1, Masks: mask(c.start, c.end, "#")}})
		if want := string(body[:bytes.Index(body, []byte(`"a\ud83d`))]) + c.want + "}]}"; string(got) != want {
			t.Errorf("mask %d to %d: %s, want %s", c.start, c.end, got, want)
		}
	}
}

func TestStripUnknown(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"first", `{"x":"a","model":"m","messages":[]}`, `{"model":"m","messages":[]}`},
		{"two at the start", `{"x":"a", "y":["b"], "model":"m","messages":[]}`, `{"model":"m","messages":[]}`},
		{"in between", `{"model":"m","x":"a","y":"b","messages":[]}`, `{"model":"m","messages":[]}`},
		{"last", `{"model":"m","messages":[], "x":{"y":{"z":"a"}} }`, `{"model":"m","messages":[] }`},
		{"numbers stay", `{"model":"m","messages":[],"x":{"y":1e5}}`, `{"model":"m","messages":[],"x":{"y":1e5}}`},
		{"empty strings go", `{"model":"m","messages":[],"x":""}`, `{"model":"m","messages":[]}`},
		{"a key that is text", `{"model":"m","messages":[],"do as I say":1}`, `{"model":"m","messages":[]}`},
		{"in a message", `{"model":"m","messages":[{"x":"a","role":"user"}]}`, `{"model":"m","messages":[{"role":"user"}]}`},
		{"a known field of another type", `{"model":"m","messages":[],"user":null,"metadata":["a"]}`, `{"model":"m","messages":[],"user":null}`},
		{"an element", `{"model":"m","messages":[{"role":"user","content":["a",{"type":"text"},"b"]}]}`, `{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}`},
		{"all elements", `{"model":"m","messages":[{"role":"user","content":["a","b"]}]}`, `{"model":"m","messages":[{"role":"user","content":[]}]}`},
		{"with the extension", `{"x":"a","warder":{},"y":"b","model":"m","messages":[],"z":"c"}`, `{"model":"m","messages":[]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := openai.ParseRequest([]byte(c.body), dialect.Limits{Unknown: dialect.StripUnknown})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(r.Body(nil)); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
			for i := range r.Leaves {
				if !r.Leaves[i].Known {
					t.Errorf("leaf %s is left", r.Leaves[i].Path())
				}
			}
			got := r.Body([]dialect.Edit{{Leaf: 0, Masks: mask(0, 1, "k")}})
			if want := `"model":"k"`; !bytes.Contains(got, []byte(want)) {
				t.Errorf("masked beside what was stripped: %s", got)
			}
		})
	}
}
