package responses_test

import (
	"encoding/json"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/responses"
)

// texts reads a stream and returns the texts that deltas tell, and the values that
// come whole, by their keys.
func texts(t *testing.T, s stream) (told map[dialect.Key]string, values map[dialect.Key][]string, last *dialect.Chunk) {
	t.Helper()
	told, values = map[dialect.Key]string{}, map[dialect.Key][]string{}
	r := responses.Responses.Chunks(dialect.Limits{})
	for _, e := range s.events(t) {
		c, err := r.Parse(e.Name, e.Data)
		if err != nil {
			t.Fatalf("%s: %s: %v", s.Name, e.Data, err)
		}
		if e.Name != "" && !r.Names(e.Name) {
			t.Errorf("%s: event %s is not known", s.Name, e.Name)
		}
		for i := range c.Leaves {
			l := &c.Leaves[i]
			switch {
			case l.Delta:
				told[l.Key] += l.Text
			case l.Known && !l.Number:
				values[l.Key] = append(values[l.Key], l.Text)
			}
		}
		if last != nil && last.Done {
			t.Errorf("%s: an event behind the end: %s", s.Name, e.Data)
		}
		r.Left(c, nil)
		last = c
	}
	return told, values, last
}

// TestStreams: deltas are texts of their item and part, each repetition is one of
// its own and says the same.
func TestStreams(t *testing.T) {
	key := func(item, part int, field string) dialect.Key {
		return dialect.Key{Choice: item, Tool: part, Field: field}
	}
	const said = "Hi there! How can I assist you today? 😀"
	want := map[string]map[dialect.Key]string{
		"text":    {key(0, 0, dialect.FieldContent): said},
		"refusal": {key(0, 0, dialect.FieldRefusal): "I cannot."},
		"calls":   {key(0, -1, dialect.FieldArguments): "{\"day\":\"Sun\\nday\"}", key(1, -1, "custom_tool_call.input"): "prnt"},
		"reasoning": {key(0, 0, "reasoning.summary"): "Looking it up", key(0, 0, "reasoning"): "I look at it.",
			key(1, 0, dialect.FieldContent): said},
		"tools of the provider": {key(2, -1, "code"): "print(1)", key(5, -1, dialect.FieldArguments): `{"q":1}`, key(6, 0, dialect.FieldContent): "Done."},
		"incomplete":            {key(0, 0, dialect.FieldContent): "Half a"},
		"failed":                {},
	}
	for _, s := range load[stream](t, "streams.json") {
		told, values, last := texts(t, s)
		for k, text := range want[s.Name] {
			if told[k] != text {
				t.Errorf("%s: %+v says %q, want %q", s.Name, k, told[k], text)
			}
			again := k
			again.Field += ".done"
			if strings.Contains(text, "prnt") {
				continue
			}
			if len(values[again]) < 3 {
				t.Errorf("%s: %+v is repeated %d times in %v", s.Name, k, len(values[again]), values)
			}
			for _, v := range values[again] {
				if v != text {
					t.Errorf("%s: %+v is repeated as %q", s.Name, k, v)
				}
			}
		}
		if len(told) != len(want[s.Name]) {
			t.Errorf("%s: texts %v", s.Name, told)
		}
		if !last.Done || last.Error != (s.Name == "failed") || last.ID != "resp_1" || last.Model != "m1-2025" {
			t.Errorf("%s: ends with %+v", s.Name, last)
		}
		if s.Name != "failed" && !last.Usage.Present {
			t.Errorf("%s: no usage", s.Name)
		}
	}
}

// TestBegunTexts: what stands in an item or a part when it begins is the beginning
// of the text that deltas continue, as clients put it together.
func TestBegunTexts(t *testing.T) {
	s := stream{"begun", `data: {"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","name":"f","arguments":"{\"a\":"}}

data: {"type":"response.function_call_arguments.delta","output_index":0,"delta":"1}"}

data: {"type":"response.content_part.added","output_index":1,"content_index":2,"part":{"type":"output_text","text":"anna@"}}

data: {"type":"response.output_text.delta","output_index":1,"content_index":2,"delta":"museum.example"}

data: {"type":"response.reasoning_summary_part.added","output_index":2,"summary_index":1,"part":{"type":"summary_text","text":"one "}}

data: {"type":"response.reasoning_summary_text.delta","output_index":2,"summary_index":1,"delta":"two"}

`}
	told, _, _ := texts(t, s)
	for k, want := range map[dialect.Key]string{
		{Choice: 0, Tool: -1, Field: dialect.FieldArguments}: `{"a":1}`,
		{Choice: 1, Tool: 2, Field: dialect.FieldContent}:    "anna@museum.example",
		{Choice: 2, Tool: 1, Field: "reasoning.summary"}:     "one two",
	} {
		if told[k] != want {
			t.Errorf("%+v says %q, want %q; all %v", k, told[k], want, told)
		}
	}
}

// TestEventsRefused: an event must not be two things to two clients.
func TestEventsRefused(t *testing.T) {
	for _, c := range []struct{ name, event, data, code string }{
		{"name and type differ", "response.completed", `{"type":"response.output_text.delta","delta":"x"}`, dialect.CodeInvalidValue},
		{"no type", "", `{"delta":"x"}`, dialect.CodeMissingField},
		{"no type but a name", "response.output_text.delta", `{"delta":"x"}`, dialect.CodeMissingField},
		{"type twice", "", `{"type":"error","type":"response.completed"}`, dialect.CodeDuplicateKey},
		{"an item far away", "", `{"type":"response.output_text.delta","output_index":4096,"delta":"x"}`, dialect.CodeInvalidValue},
		{"an item before the first", "", `{"type":"response.output_text.delta","output_index":-1,"delta":"x"}`, dialect.CodeInvalidValue},
		{"half a part", "", `{"type":"response.output_text.delta","output_index":0,"content_index":0.5,"delta":"x"}`, dialect.CodeInvalidValue},
		{"a sentinel of another call", "", `[DONE]`, dialect.CodeWrongType},
	} {
		_, err := responses.Responses.Chunks(dialect.Limits{}).Parse(c.event, []byte(c.data))
		if err == nil || dialecttest.Problem(t, err).Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
	c, err := responses.Responses.Chunks(dialect.Limits{}).Parse("", []byte(`{"error":{"message":"no"}}`))
	if err != nil || !c.Error || c.Done {
		t.Errorf("a bare error: %+v, %v", c, err)
	}
}

// TestRefusals: what Warder says itself is read by the tables that read servers.
func TestRefusals(t *testing.T) {
	const said = "This was stopped.\n\"é\""
	r := dialect.Refusal{Request: "req_1", Model: "m\"1", Text: said, Created: 7}
	a, err := responses.Responses.ParseAnswer(responses.Responses.Refusal(r), dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil || a.ID != "resp_req_1" || a.Model != "m\"1" || a.Choices[0].Finish != "content_filter" || a.Error {
		t.Fatalf("%+v, %v", a, err)
	}
	check(t, a.Leaves, []leaf{{"output[0].content[0].text", said, "model", 0}})
	told, values, last := texts(t, stream{"refusal", string(responses.Responses.RefusalStream(r))})
	k := dialect.Key{Choice: 0, Tool: 0, Field: dialect.FieldContent}
	if told[k] != said || !last.Done || last.Error {
		t.Errorf("says %q, ends with %+v", told[k], last)
	}
	k.Field += ".done"
	if len(values[k]) != 4 || values[k][3] != said {
		t.Errorf("repeated: %q", values[k])
	}
	numbered(t, string(responses.Responses.RefusalStream(r)), 0)
}

// numbered checks that the events of a stream count up.
func numbered(t *testing.T, s string, from int) (kinds []string) {
	t.Helper()
	for _, e := range (stream{"numbered", s}).events(t) {
		var p struct {
			Type     string
			Sequence int `json:"sequence_number"`
		}
		if err := json.Unmarshal(e.Data, &p); err != nil || p.Type != e.Name || p.Sequence != from {
			t.Errorf("event %s: %+v, %v; want number %d", e.Data, p, err, from)
		}
		from++
		kinds = append(kinds, p.Type)
	}
	return kinds
}

// TestEnds: a stream that is cut or fails ends with the next number, and begins
// before it ends.
func TestEnds(t *testing.T) {
	p := responses.Responses
	r := dialect.Refusal{Request: "req_1", Model: "m1", Created: 7}
	fail := dialect.Failure{Status: 502, Code: "upstream_cut", Message: "It broke.", Request: "req_1"}
	if got := numbered(t, string(p.RefusalTail(r, &dialect.Told{})), 0); strings.Join(got, " ") != "response.created response.incomplete" {
		t.Errorf("from nothing: %v", got)
	}
	s := load[stream](t, "streams.json")[0]
	reader := p.Chunks(dialect.Limits{})
	for _, e := range s.events(t)[:5] {
		c, err := reader.Parse(e.Name, e.Data)
		if err != nil {
			t.Fatal(err)
		}
		reader.Left(c, nil)
	}
	told := reader.Told()
	told.ID, told.Model, told.Open = "resp_1", "m1-2025", []int{0}
	tail := string(p.RefusalTail(r, told))
	if got := numbered(t, tail, 5); strings.Join(got, " ") != "response.incomplete" || !strings.Contains(tail, `"id":"resp_1"`) {
		t.Errorf("amid a stream: %s", tail)
	}
	event := string(p.FailureEvent(fail, told))
	numbered(t, event, 5)
	if c, err := p.Chunks(dialect.Limits{}).Parse("error", (stream{"e", event}).events(t)[0].Data); err != nil || !c.Error || c.Done {
		t.Errorf("the failure reads as %+v, %v", c, err)
	}
	if _, err := p.ParseError(p.Failure(fail), dialect.Limits{}); err != nil {
		t.Error(err)
	}
}
