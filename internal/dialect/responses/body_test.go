package responses_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"warder.example/internal/dialect"
)

// body is one body of testdata.
type body struct {
	Name, Kind string
	Body       json.RawMessage
}

func load[T any](t testing.TB, name string) (out []T) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// stream is one streamed answer of testdata.
type stream struct{ Name, Stream string }

func (s stream) events(t testing.TB) (out []dialect.Event) {
	t.Helper()
	r := dialect.NewEventReader(strings.NewReader(s.Stream), 0)
	for {
		e, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		e.Raw, e.Data = bytes.Clone(e.Raw), bytes.Clone(e.Data)
		out = append(out, e)
	}
}
