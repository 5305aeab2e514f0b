package openai_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

func mask(start, end int, with string) []guard.Mask {
	return []guard.Mask{{Span: guard.Span{Start: start, End: end}, With: with}}
}

// words are the strings that the table takes for structure.
var words = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range []string{"system", "developer", "user", "assistant", "tool", "function", "text", "image_url", "input_audio", "file", "refusal",
		"video_url", "audio_url", "auto", "low", "high", "medium", "wav", "mp3", "aac", "flac", "opus", "pcm16", "ephemeral", "5m", "1h", "custom",
		"url_citation", "file_citation", "file_path", "object", "string", "number", "integer", "boolean", "array", "null", "grammar", "lark", "regex",
		"allowed_tools", "none", "required", "json_object", "json_schema", "approximate", "content", "audio", "minimal", "xhigh", "default", "flex",
		"priority", "scale", "in_memory", "in-memory", "24h", "stop", "length", "tool_calls", "content_filter", "function_call", "chat.completion",
		"chat.completion.chunk", "list", "model"} {
		m[w] = true
	}
	return m
}()

// checkSeen fails when a string that is forwarded is in no leaf.
func checkSeen(t *testing.T, leaves []dialect.Leaf, forwarded []byte) {
	t.Helper()
	seen := map[string]bool{"": true}
	var gathered []string
	for i := range leaves {
		seen[leaves[i].Text] = true
		gathered = append(gathered, leaves[i].Text)
	}
	for _, at := range stringsIn(forwarded) {
		var s string
		if err := json.Unmarshal(forwarded[at[0]:at[1]], &s); err != nil {
			t.Fatal(err)
		}
		if seen[s] || words[s] || dialect.IsMedia(s) {
			continue
		}
		if isKey(forwarded, at[1]) && len(s) <= 32 {
			continue // names; planted_test.go checks that others are found
		}
		if !contained(gathered, s) {
			t.Fatalf("string %q of %s is in no leaf", s, forwarded)
		}
	}
}

// contained reports whether s is within a text, as the tokens of logprobs are,
// or has surrogates that are not paired, which encoding/json reads in its way.
func contained(texts []string, s string) bool {
	for _, x := range texts {
		if bytes.Contains([]byte(x), []byte(s)) {
			return true
		}
	}
	return bytes.ContainsRune([]byte(s), utf8.RuneError)
}

// randomMasks returns merged masks that begin and end between characters.
func randomMasks(rnd *rand.Rand, text string) []guard.Mask {
	var at []int
	for i := range text {
		at = append(at, i)
	}
	at = append(at, len(text))
	var ms []guard.Mask
	for range 1 + rnd.IntN(3) {
		a, b := at[rnd.IntN(len(at))], at[rnd.IntN(len(at))]
		if a != b {
			ms = append(ms, mask(min(a, b), max(a, b), []string{"[X]", "", `"\`, "é\n\u2028"}[rnd.IntN(4)])...)
		}
	}
	return guard.MergeMasks(ms)
}

// checkMasks masks one leaf and compares what a client reads before and after:
// one string differs, as it should, and null stands for logprobs.
func checkMasks(t *testing.T, leaves []dialect.Leaf, out func([]dialect.Edit) []byte, i int, ms []guard.Mask) {
	t.Helper()
	before, body := out(nil), out([]dialect.Edit{{Leaf: i, Masks: ms}})
	if len(ms) == 0 {
		if !bytes.Equal(before, body) {
			t.Fatalf("an edit without masks changed %s to %s", before, body)
		}
		return
	}
	if !json.Valid(body) {
		t.Fatalf("masking %+v in %q wrote no JSON: %s", ms, leaves[i].Text, body)
	}
	l := &leaves[i]
	outer := i
	for leaves[outer].Inner {
		outer--
	}
	want := guard.Apply(l.Text, l.WholeEscapes(ms)) // edge_test.go of dialect checks the bounds
	b, a := withoutLogprobs(t, before), withoutLogprobs(t, body)
	if len(a) != len(b) {
		t.Fatalf("masking %+v in %q changed the structure: %s", ms, l.Text, body)
	}
	changed := 0
	for j := range a {
		if reflect.DeepEqual(a[j], b[j]) {
			continue
		}
		changed++
		was, _ := b[j].(string)
		is, _ := a[j].(string)
		switch {
		case !l.Inner && (is != want || was != leaves[outer].Text):
			t.Fatalf("masking %+v changed %q to %q, want %q", ms, was, is, want)
		case l.Inner && json.Valid([]byte(was)):
			checkInner(t, was, is, l.Text, want)
		}
	}
	if changed > 1 {
		t.Fatalf("masking %+v in %q changed %d strings", ms, l.Text, changed)
	}
	if changed == 0 && want != l.Text && !inLogprobs(l) {
		t.Fatalf("masking %+v in %q changed nothing: %s", ms, l.Text, body)
	}
}

// checkInner compares tool arguments before and after.
func checkInner(t *testing.T, was, is, text, want string) {
	t.Helper()
	if !json.Valid([]byte(is)) {
		t.Fatalf("arguments %q became %q, which is no JSON", was, is)
	}
	b, a := tokens(t, []byte(was)), tokens(t, []byte(is))
	if len(a) != len(b) {
		t.Fatalf("arguments %q became %q", was, is)
	}
	for j := range a {
		if !reflect.DeepEqual(a[j], b[j]) && (b[j] != text || a[j] != want) {
			t.Fatalf("in arguments %q became %q, want %q", b[j], a[j], want)
		}
	}
}

// inLogprobs reports whether a leaf stands in logprobs: a mask on it drops them.
func inLogprobs(l *dialect.Leaf) bool { return strings.Contains(l.Path(), ".logprobs") }

// withoutLogprobs returns the tokens of a body with nil for the logprobs objects
// of its choices.
func withoutLogprobs(t *testing.T, body []byte) (out []any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var read func(path string)
	next := func() any {
		tok, err := d.Token()
		if err != nil {
			t.Fatalf("body %q: %v", body, err)
		}
		out = append(out, tok)
		return tok
	}
	read = func(path string) {
		if path == ".choices[].logprobs" {
			at := len(out)
			read("")
			if out[at] == json.Delim('{') || out[at] == json.Delim('[') {
				out = append(out[:at], nil)
			}
			return
		}
		switch next() {
		case json.Delim('{'):
			for d.More() {
				key, _ := next().(string)
				read(path + "." + key)
			}
			next()
		case json.Delim('['):
			for d.More() {
				read(path + "[]")
			}
			next()
		}
	}
	read("")
	return out
}

func TestMasks(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(7, 7))
			leaves, out, err := k.parse(read(t, k.file), dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if len(leaves) < 20 {
				t.Fatalf("%d leaves, want at least 20", len(leaves))
			}
			checkSeen(t, leaves, out(nil))
			for i := range leaves {
				for range 20 {
					checkMasks(t, leaves, out, i, randomMasks(rnd, leaves[i].Text))
				}
				checkMasks(t, leaves, out, i, mask(0, len(leaves[i].Text), "[GONE]"))
			}
		})
	}
}

// TestEverythingMasked masks all leaves at once, inner and outer ones too.
func TestEverythingMasked(t *testing.T) {
	for _, k := range kinds {
		leaves, out, err := k.parse(read(t, k.file), dialect.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var edits []dialect.Edit
		for i := range leaves {
			edits = append(edits, dialect.Edit{Leaf: i, Masks: mask(0, len(leaves[i].Text), "#")})
		}
		body := out(edits)
		again, _, err := k.parse(body, dialect.Limits{})
		if err != nil {
			t.Fatalf("%s: %s: %v", k.name, body, err)
		}
		for i := range again {
			if again[i].Text != "#" {
				t.Errorf("%s: %s is still %q", k.name, again[i].Path(), again[i].Text)
			}
		}
	}
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

func TestBodyIsTheOriginal(t *testing.T) {
	body := bytes.Replace(read(t, "request_full.json"), []byte(`, "warder": {"origin": "document"}`), nil, 1)
	body = bytes.Replace(body, []byte(",\n  \"warder\": {\"subject\": \"visitor 9\", \"session\": \"s-1\"}"), nil, 1)
	r, err := openai.ParseRequest(body, dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Body(nil); &got[0] != &body[0] || len(got) != len(body) {
		t.Error("a body without changes was copied or changed")
	}
	if got := r.Body([]dialect.Edit{{Leaf: 3}}); &got[0] != &body[0] {
		t.Error("an edit without masks made a copy")
	}
}

func TestExtensionIsCut(t *testing.T) {
	ran := 0
	for _, body := range []string{
		`{"warder":{},"model":"m","messages":[]}`,
		`{"model":"m","warder":{"subject":"a"},"messages":[]}`,
		`{"model":"m","messages":[],"warder":{"session":"b"}}`,
		`{ "warder" : {} , "model" : "m" , "messages" : [ { "warder" : {"origin":"tool"} , "role" : "user" } ] }`,
		`{"model":"m","messages":[{"role":"user","content":[{"warder":{"origin":"email"}},{"type":"text","warder":{},"text":"x"}]}]}`,
		string(read(t, "request_full.json")),
	} {
		ran++
		r, err := openai.ParseRequest([]byte(body), dialect.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		got := r.Body(nil)
		if bytes.Contains(got, []byte("warder")) {
			t.Errorf("%s still has the extension", got)
		}
		if diff := cmp.Diff(without(value(t, []byte(body))), value(t, got)); diff != "" {
			t.Errorf("beside the extension (-want +got):\n%s", diff)
		}
	}
	if ran != 6 {
		t.Errorf("ran %d", ran)
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
