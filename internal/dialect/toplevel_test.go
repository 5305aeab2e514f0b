package dialect_test

import (
	"encoding/json"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// TestMembers: names and values at the top are those that encoding/json reads.
func TestMembers(t *testing.T) {
	for _, body := range []string{
		`{"model":"m","messages":[]}`,
		" {\n\"model\" : \"m\" ,\t\"messages\" : [ { \"role\":\"user\",\"content\":\"a } ] \\\" , \\\\\" } ] , \"temperature\":0\r\n} ",
		`{"temperature":0.5e-3,"seed":null,"store":false,"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"\\"}]}],"metadata":{},"stop":["]","}"],"warder":{"subject":"\"s\\"}}`,
	} {
		if _, err := openai.ParseRequest([]byte(body), dialect.Limits{}); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		compareMembers(t, []byte(body))
	}
}

func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":"\\\"}{"}],"temperature":-0.0,"x":[[],{}],"y":true}`))
	f.Fuzz(func(t *testing.T, body []byte) { compareMembers(t, body) })
}

// compareMembers reads a body both ways, if it is a request at all.
func compareMembers(t *testing.T, body []byte) {
	t.Helper()
	req, err := openai.ParseRequest(body, dialect.Limits{})
	if err != nil {
		return
	}
	var want map[string]json.RawMessage
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, value := range req.Members() {
		var plain string
		if err := json.Unmarshal([]byte(`"`+name+`"`), &plain); err != nil {
			t.Fatalf("name %q: %v", name, err)
		}
		if string(want[plain]) != value {
			t.Errorf("%s of %q is %q; expected %q", name, body, value, want[plain])
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d members of %q; expected %d", n, body, len(want))
	}
	for range req.Members() {
		break // a reader may stop
	}
}
