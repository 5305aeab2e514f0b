package openai_test

import (
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// TestNumbersAreRead: a long number where the table knows of none is a text, and
// masked it becomes a string in its place.
func TestNumbersAreRead(t *testing.T) {
	call := func(args string) string {
		return `{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":` + args + `}}]}]}`
	}
	for _, c := range []struct{ name, body, text, masked string }{
		{"unknown field", `{"model":"m","messages":[],"x":4111111111111111}`, "4111111111111111", `{"model":"m","messages":[],"x":"[N]"}`},
		{"unknown array", `{"model":"m","messages":[],"x":[1,[4111111111111111],2]}`, "4111111111111111", `{"model":"m","messages":[],"x":[1,["[N]"],2]}`},
		{"negative", `{"model":"m","messages":[],"x":-123456789}`, "-123456789", `{"model":"m","messages":[],"x":"[N]"}`},
		{"exponent", `{"model":"m","messages":[],"x":4.111111111111111e15}`, "4111111111111111", `{"model":"m","messages":[],"x":"[N]"}`},
		{"exponent below zero", `{"model":"m","messages":[],"x":411111111111111100E-2}`, "4111111111111111.00", `{"model":"m","messages":[],"x":"[N]"}`},
		{"fraction with an exponent", `{"model":"m","messages":[],"x":0.4111111111111111e+16}`, "4111111111111111", `{"model":"m","messages":[],"x":"[N]"}`},
		{"an exponent beyond all bounds", `{"model":"m","messages":[],"x":123456789e999999999999}`, "123456789", `{"model":"m","messages":[],"x":"[N]"}`},
		{"point and zero", `{"model":"m","messages":[],"x":4111111111111111.0}`, "4111111111111111.0", `{"model":"m","messages":[],"x":"[N]"}`},
		{"arguments as an object", call(`{"card":4111111111111111}`), "4111111111111111",
			call(`{"card":"[N]"}`)},
		{"short", `{"model":"m","messages":[],"x":12345678}`, "", ""},
		{"a measurement", `{"model":"m","messages":[],"x":0.12345678901234}`, "", ""},
		{"a known number", `{"model":"m","messages":[],"seed":123456789012345}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := openai.ParseRequest([]byte(c.body), dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			at := -1
			for i := range r.Leaves {
				if r.Leaves[i].Number {
					at = i
				}
			}
			if at < 0 || c.text == "" {
				if (at < 0) != (c.text == "") {
					t.Fatalf("number read: %v", at >= 0)
				}
				return
			}
			text := r.Leaves[at].Text
			if text != c.text {
				t.Errorf("read as %q; want %q", text, c.text)
			}
			out := string(r.Body([]dialect.Edit{{Leaf: at, Masks: mask(0, len(text), "[N]")}}))
			if out != c.masked {
				t.Errorf("masked %s; want %s", out, c.masked)
			}
		})
	}
	k, err := openai.ParseChunk([]byte(`{"choices":[{"index":0,"delta":{"y":4111111111111111,"tool_calls":[{"index":0,"function":{"arguments":{"card":4111111111111112}}}]}}]}`), dialect.Limits{})
	if err != nil || len(k.Leaves) != 2 {
		t.Fatalf("chunk has leaves %+v (%v); want two", k, err)
	}
	for _, l := range k.Leaves {
		if l.Delta || !l.Number {
			t.Errorf("number %q runs on over chunks", l.Text)
		}
	}
}
