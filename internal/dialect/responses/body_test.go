package responses_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/responses"
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

// parse reads a body of a kind.
func parse(kind string, b []byte, lim dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error) {
	switch kind {
	case "request":
		r, err := responses.Responses.ParseRequest(b, lim)
		if err != nil {
			return nil, nil, err
		}
		return r.Leaves, r.Body, nil
	case "answer":
		a, err := responses.Responses.ParseAnswer(b, lim)
		if err != nil {
			return nil, nil, err
		}
		return a.Leaves, a.Body, nil
	case "event":
		c, err := responses.Responses.Chunks(lim).Parse("", b)
		if err != nil {
			return nil, nil, err
		}
		leaves := make([]dialect.Leaf, len(c.Leaves))
		for i := range c.Leaves {
			leaves[i] = c.Leaves[i].Leaf
		}
		return leaves, c.Data, nil
	}
	leaves, err := responses.Responses.ParseError(b, lim)
	return leaves, func([]dialect.Edit) []byte { return b }, err
}

// all returns the bodies and the payload of every event of testdata.
func all(t testing.TB) []body {
	out := load[body](t, "bodies.json")
	for _, s := range load[stream](t, "streams.json") {
		for _, e := range s.events(t) {
			out = append(out, body{s.Name, "event", e.Data})
		}
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

func problem(t testing.TB, err error) *dialect.Problem {
	t.Helper()
	var p *dialect.Problem
	if !errors.As(err, &p) {
		t.Fatalf("error %v is no problem", err)
	}
	return p
}

// TestUnchanged: what is not masked leaves byte for byte, and is not copied.
func TestUnchanged(t *testing.T) {
	ran := map[string]int{}
	for _, b := range all(t) {
		_, out, err := parse(b.Kind, b.Body, dialect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", b.Name, err)
			continue
		}
		ran[b.Kind]++
		if got := out(nil); !bytes.Contains(b.Body, []byte(`"warder"`)) && &got[0] != &b.Body[0] {
			t.Errorf("%s: became %s", b.Name, got)
		}
		if _, _, err := parse(b.Kind, b.Body, dialect.Limits{Unknown: dialect.RefuseUnknown}); err != nil {
			t.Errorf("%s: a field is not in the table: %v", b.Name, err)
		}
	}
	if ran["request"] < 11 || ran["answer"] < 4 || ran["event"] < 80 {
		t.Errorf("ran %v", ran)
	}
}

// secret is a text that must not pass unseen.
const secret = "zq planted: 7f3a9c"

var (
	stringPattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	openPattern   = regexp.MustCompile(`[{\[]`)
)

// unseen reports whether a body that is accepted forwards the secret without
// showing it.
func unseen(t *testing.T, b body, lim dialect.Limits) (accepted, bad bool) {
	t.Helper()
	leaves, out, err := parse(b.Kind, b.Body, lim)
	if err != nil {
		problem(t, err)
		return false, false
	}
	for i := range leaves {
		if strings.Contains(leaves[i].Text, secret) {
			return true, false
		}
	}
	return true, bytes.Contains(out(nil), []byte(secret))
}

// TestPlantedSecret plants a secret in place of every string and as a new member of
// every object and element of every array.
func TestPlantedSecret(t *testing.T) {
	accepted, refused := 0, 0
	try := func(b body, from, to int, with string) {
		planted := b
		planted.Body = append(append(bytes.Clone(b.Body[:from]), with...), b.Body[to:]...)
		for _, u := range []dialect.UnknownAction{dialect.InspectUnknown, dialect.StripUnknown, dialect.RefuseUnknown} {
			ok, bad := unseen(t, planted, dialect.Limits{Unknown: u})
			if bad {
				t.Errorf("%s (%s): a text at byte %d passes unseen: %.80s", b.Name, b.Kind, from, planted.Body[max(0, from-40):])
			}
			if ok {
				accepted++
			} else {
				refused++
			}
		}
	}
	text := `"` + secret + `"`
	for _, b := range all(t) {
		if b.Kind == "error" {
			continue
		}
		strs := stringPattern.FindAllIndex(b.Body, -1)
		for _, s := range strs {
			try(b, s[0], s[1], text)
		}
		masked := stringPattern.ReplaceAllFunc(b.Body, func(s []byte) []byte { return bytes.Repeat([]byte("s"), len(s)) })
		for _, at := range openPattern.FindAllIndex(masked, -1) {
			comma := ","
			if c := masked[at[1]]; c == '}' || c == ']' {
				comma = ""
			}
			if masked[at[0]] == '[' {
				try(b, at[1], at[1], text+comma)
				continue
			}
			try(b, at[1], at[1], `"x_new":`+text+comma)
			try(b, at[1], at[1], `"x_new":{"y":[0,`+text+`]}`+comma)
			try(b, at[1], at[1], text+`:1`+comma)
		}
	}
	if accepted < 5000 || refused < 1000 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
}

// FuzzBodies: what is accepted is JSON, was not changed, and masks keep it JSON.
func FuzzBodies(f *testing.F) {
	kinds := []string{"request", "answer", "event", "error"}
	for _, b := range all(f) {
		for i, k := range kinds {
			if k == b.Kind {
				f.Add([]byte(b.Body), uint8(i), uint8(0))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, kind, leaf uint8) {
		was := bytes.Clone(b)
		k := kinds[int(kind)%len(kinds)]
		leaves, out, err := parse(k, b, dialect.Limits{})
		if err != nil {
			problem(t, err)
			return
		}
		if !json.Valid(b) {
			t.Fatalf("accepted what encoding/json refuses: %q", b)
		}
		if len(leaves) > 0 {
			i := int(leaf) % len(leaves)
			if masked := out([]dialect.Edit{{Leaf: i, Masks: whole(leaves[i].Text)}}); !json.Valid(masked) {
				t.Fatalf("masked at %s: %q", leaves[i].Path(), masked)
			}
		}
		if !bytes.Equal(b, was) {
			t.Fatal("the body was written to")
		}
	})
}
