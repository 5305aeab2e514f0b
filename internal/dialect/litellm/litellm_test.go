package litellm_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/litellm"
)

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, body, code string }{
		{"no input_type", `{"texts":["a"]}`, "missing_field"},
		{"unknown input_type", `{"texts":["a"],"input_type":"stream"}`, "invalid_value"},
		{"texts are a string", `{"texts":"a","input_type":"request"}`, "wrong_type"},
		{"a text is null", `{"texts":[null],"input_type":"request"}`, "wrong_type"},
		{"an image is an object", `{"images":[{}],"input_type":"request"}`, "wrong_type"},
		{"message without role", `{"structured_messages":[{"content":"a"}],"input_type":"request"}`, "missing_field"},
		{"request_data is a string", `{"request_data":"a","input_type":"request"}`, "wrong_type"},
		{"texts twice", `{"texts":["a"],"texts":["b"],"input_type":"request"}`, "duplicate_key"},
		{"case variant", `{"Texts":["a"],"input_type":"request"}`, "case_variant_key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := litellm.ParseRequest([]byte(c.body), dialect.Limits{})
			var p *dialect.Problem
			if !errors.As(err, &p) || p.Code != c.code {
				t.Errorf("got %v; want %s", err, c.code)
			}
		})
	}
}

// TestLeaves: what is read of a request with everything in it, whose it is, which
// way it travels, and what is said again.
func TestLeaves(t *testing.T) {
	const body = `{"input_type":"DIRECTION","texts":["be kind","hello","more"],"images":["https://pictures.example/a.png"],
		"tools":[{"type":"function","function":{"name":"f","description":"sends","parameters":{"type":"object"}}},{"type":"file_search","vector_store_ids":["v1"]}],
		"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"to\":\"lena\"}"}}],
		"structured_messages":[{"role":"system","content":"be kind"},{"role":"user","content":[{"type":"text","text":"hello"}]}],
		"request_data":{"user_api_key_hash":"k","user_api_key_user_id":"u","user_api_key_end_user_id":"e","user_api_key_user_email":"a@b.example"},
		"request_headers":{"User-Agent":"x","X-Api-Key":"[present]"},"litellm_version":"1.80.0","litellm_call_id":"c","litellm_trace_id":null,
		"additional_provider_specific_params":{"a":{"b":["c"]}},"novelty":"new"}`
	type leaf struct{ text, origin, direction string }
	read := func(direction string) (*litellm.Request, []leaf) {
		r, err := litellm.ParseRequest([]byte(strings.Replace(body, "DIRECTION", direction, 1)), dialect.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var got []leaf
		for i := range r.Leaves {
			l := &r.Leaves[i]
			if d := r.Direction(i); !r.Again(i) && !l.Inner {
				got = append(got, leaf{l.Text, l.Origin.String(), map[guard.Direction]string{guard.Request: "request", guard.Answer: "answer"}[d]})
			}
			if r.Beside(i) != (l.Text == "new") {
				t.Errorf("%q stands beside: %v", l.Text, r.Beside(i))
			}
		}
		return r, got
	}
	rest := []leaf{{"function", "operator", "request"}, {"f", "operator", "request"}, {"sends", "operator", "request"}, {"file_search", "operator", "request"}, {"v1", "operator", "request"}}
	call := func(d string) []leaf {
		return []leaf{{"call_1", "model", d}, {"f", "model", d}, {`{"to":"lena"}`, "model", d}}
	}
	messages := []leaf{{"be kind", "operator", "request"}, {"hello", "user", "request"}, {"new", "unknown", "request"}}
	for direction, want := range map[string][]leaf{
		"request": slices.Concat([]leaf{{"more", "user", "request"}, {"https://pictures.example/a.png", "user", "request"}}, rest, call("request"), messages),
		"response": slices.Concat([]leaf{{"be kind", "model", "answer"}, {"hello", "model", "answer"}, {"more", "model", "answer"},
			{"https://pictures.example/a.png", "user", "answer"}}, rest, call("answer"), messages),
	} {
		r, got := read(direction)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v; want %v", direction, got, want)
		}
		if r.Subject != "e" || !r.Messages || r.Response != (direction == "response") {
			t.Errorf("%s: %+v", direction, r)
		}
	}
}

// TestMasked: edits reach each text that says the same, and what is said in none
// cannot be masked.
func TestMasked(t *testing.T) {
	r, err := litellm.ParseRequest([]byte(`{"input_type":"request","texts":["to ü lena","x","to ü lena"],"structured_messages":[{"role":"user","content":"to ü lena"},{"role":"user","name":"lena","content":"elsewhere"}]}`), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	edit := func(text string, from, to int) dialect.Edit {
		for i := range r.Leaves {
			if r.Leaves[i].Text == text && !r.Text(i) {
				return dialect.Edit{Leaf: i, Masks: []guard.Mask{{Span: guard.Span{Start: from, End: to}, With: "[NAME]"}}}
			}
		}
		t.Fatalf("no leaf %q", text)
		return dialect.Edit{}
	}
	got, ok := r.Masked([]dialect.Edit{edit("to ü lena", 6, 10)})
	if want := []string{"to ü [NAME]", "x", "to ü [NAME]"}; !ok || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, ok, want)
	}
	for _, e := range []dialect.Edit{edit("lena", 0, 4), edit("elsewhere", 0, 4)} {
		if got, ok := r.Masked([]dialect.Edit{e}); ok {
			t.Errorf("what no text says was masked: %q", got)
		}
	}
}

func TestAnswer(t *testing.T) {
	for want, a := range map[string]litellm.Answer{
		`{"action":"BLOCKED","blocked_reason":"no \"way\""}`: {Reason: `no "way"`},
		`{"action":"NONE"}`: {Action: litellm.None},
		`{"action":"GUARDRAIL_INTERVENED","texts":["a","\n"]}`: {Action: litellm.Intervened, Texts: []string{"a", "\n"}},
	} {
		if got := string(a.Body()); got != want {
			t.Errorf("got %s; want %s", got, want)
		}
	}
}

// FuzzRequest: what is accepted is JSON; its texts are those that encoding/json
// reads, each is seen, and masking one whole leaves none of it in the answer.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"input_type":"request","texts":["a b","a b","\ud83d\ude00"],"structured_messages":[{"role":"user","content":"a b"}]}`), 0)
	f.Add([]byte(`{"input_type":"response","texts":["x"],"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":\"b\"}"}}],"images":null}`), 1)
	f.Fuzz(func(t *testing.T, body []byte, pick int) {
		r, err := litellm.ParseRequest(body, dialect.Limits{})
		if err != nil {
			var p *dialect.Problem
			if !errors.As(err, &p) {
				t.Fatalf("error of type %T", err)
			}
			return
		}
		var want struct{ Texts []string }
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		same, ok := r.Masked(nil)
		if !ok || !slices.Equal(same, want.Texts) {
			t.Fatalf("texts %q; want %q", same, want.Texts)
		}
		seen := make([]string, len(same))
		for i := range r.Leaves {
			_, _ = r.Direction(i), r.Beside(i)
			if r.Text(i) {
				seen[r.Leaves[i].Turn] = r.Leaves[i].Text
			}
		}
		if !slices.Equal(seen, same) {
			t.Fatalf("seen %q of %q", seen, same)
		}
		if len(r.Leaves) == 0 {
			return
		}
		i := int(uint(pick) % uint(len(r.Leaves)))
		text := r.Leaves[i].Text
		out, ok := r.Masked([]dialect.Edit{{Leaf: i, Masks: []guard.Mask{{Span: guard.Span{Start: 0, End: len(text)}, With: ""}}}})
		if ok && (slices.Contains(out, text) || len(out) != len(same)) {
			t.Fatalf("%q is still in %q", text, out)
		}
		if r.Text(i) && !ok {
			t.Fatal("a text cannot be masked")
		}
	})
}
