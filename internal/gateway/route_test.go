package gateway

import (
	"net/http"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/internal/dialect"
)

// TestGivenKey: one key counts, wherever a dialect lets it stand; of two nobody
// knows which one another program would take.
func TestGivenKey(t *testing.T) {
	bearer, plain := keyHeader{"Authorization", "Bearer"}, keyHeader{"X-Api-Key", ""}
	for _, c := range []struct {
		name   string
		from   []keyHeader
		header http.Header
		key    string
		fail   *failure
	}{
		{"none", []keyHeader{bearer}, nil, "", nil},
		{"bearer", []keyHeader{bearer}, http.Header{"Authorization": {"bearer  k"}}, "k", nil},
		{"another scheme", []keyHeader{bearer}, http.Header{"Authorization": {"Basic k"}}, "", &failNoKey},
		{"twice", []keyHeader{bearer}, http.Header{"Authorization": {"Bearer k", "Bearer k"}}, "", &failBadKey},
		{"not a place of this dialect", []keyHeader{bearer}, http.Header{"X-Api-Key": {"k"}}, "", nil},
		{"a header of its own", []keyHeader{plain, bearer}, http.Header{"X-Api-Key": {" k "}}, "k", nil},
		{"the second place", []keyHeader{plain, bearer}, http.Header{"Authorization": {"Bearer k"}}, "k", nil},
		{"two places", []keyHeader{plain, bearer}, http.Header{"X-Api-Key": {"k"}, "Authorization": {"Bearer k"}}, "", &failBadKey},
	} {
		key, f := givenKey(c.header, c.from)
		if key != c.key || f != c.fail {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, key, f, c.key, c.fail)
		}
	}
}

// namedTable is a dialect of these tests whose events have names, and whose last
// one is JSON.
func namedTable() *dialect.ChunkTable {
	const tagEnd dialect.Tag = 1
	root := &dialect.Rule{Object: &dialect.Object{
		Fields: map[string]*dialect.Rule{
			"say": {Use: dialect.Prose, Origin: guard.OriginModel, Name: dialect.FieldContent, Delta: true},
			"end": {Tag: tagEnd},
		},
		Close: func(s *dialect.Scope) error {
			_, s.State().(*dialect.Chunk).Done = s.Value(tagEnd)
			return nil
		},
	}}
	return &dialect.ChunkTable{
		Spec:   dialect.NewSpec(root, dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Pieces: true}),
		Events: []string{"say", "end"}, MustEnd: true,
		Tell: func(told *dialect.Told, _ *dialect.Chunk, data []byte) {
			before, _ := told.State.(string)
			told.State = before + string(data)
		},
	}
}

// TestEventsWithNames: names that the dialect knows cost nothing and leave, others
// are texts; an event that ends the stream is read and masked as every other; and
// the dialect is told what left and no more.
func TestEventsWithNames(t *testing.T) {
	g, err := standard.New(policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, in, out, told string }{
		{"as it came", "event: say\ndata: {\"say\":\"hello \"}\n\nevent:end\ndata: {\"end\":1}\n\n", "", `{"say":"hello "}{"end":1}`},
		{"masked in the last event", "event: end\ndata: {\"end\":1,\"say\":\"anna@museum.example\"}\n\n",
			"event: end\ndata: {\"end\":1,\"say\":\"[EMAIL]\"}\n\n", `{"end":1,"say":"[EMAIL]"}`},
		{"masked beside the text", "event: end\ndata: {\"end\":1,\"note\":\"anna@museum.example\"}\n\n",
			"event: end\ndata: {\"end\":1,\"note\":\"[EMAIL]\"}\n\n", `{"end":1,"note":"[EMAIL]"}`},
		{"a name that tells something", "event: anna@museum.example\ndata: {\"end\":1}\n\n", "data: {\"end\":1}\n\n", `{"end":1}`},
		{"a comment beside a name", ": anna@museum.example\nevent: end\ndata: {\"end\":1}\n\n", "data: {\"end\":1}\n\n", `{"end":1}`},
		{"two names", "event: anna@museum.example\nevent: end\ndata: {\"end\":1}\n\n", "data: {\"end\":1}\n\n", `{"end":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRelay(t.Context(), g, guard.Facts{}, &guard.Exchange{}, dialect.NewChunkReader(namedTable(), dialect.Limits{}))
			events := dialect.NewEventReader(strings.NewReader(c.in), 0)
			var out strings.Builder
			terminal := false
			for !terminal {
				ev, err := events.Next()
				if err != nil {
					t.Fatalf("the stream did not end: %v; left %q", err, out.String())
				}
				if err := r.add(ev); err != nil {
					t.Fatal(err)
				}
				for {
					b, last, ok := r.next()
					if !ok {
						break
					}
					out.Write(b)
					terminal = last
				}
			}
			if c.out == "" {
				c.out = c.in
				if _, a := r.result(); a.Received != len("hello ") {
					t.Errorf("%d bytes of text were read, want the text alone", a.Received)
				}
			}
			if out.String() != c.out {
				t.Errorf("left %q, want %q", out.String(), c.out)
			}
			if told := r.told().State; told != c.told {
				t.Errorf("told %q, want %q", told, c.told)
			}
		})
	}
}

// TestStreamWithoutItsEnd: a dialect that ends its streams by an event has no
// complete one without it.
func TestStreamWithoutItsEnd(t *testing.T) {
	r := newRelay(t.Context(), &guard.Guard{Decider: policy.Default()}, guard.Facts{}, &guard.Exchange{}, dialect.NewChunkReader(namedTable(), dialect.Limits{}))
	if err := r.add(dialect.Event{Raw: []byte("data: {\"say\":\"x\"}\n\n"), Data: []byte(`{"say":"x"}`), Pure: true}); err != nil {
		t.Fatal(err)
	}
	r.finished = true // whatever else it said
	if complete, err := r.end(); complete || err != nil {
		t.Errorf("complete %v, %v", complete, err)
	}
}
