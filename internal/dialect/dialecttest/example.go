package dialecttest

import (
	"bytes"
	"reflect"
	"testing"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// examples: they are known in full and leave as they came, uncopied when nothing
// changes; what the table does not know can be stripped, and what is left is known.
func examples(t *testing.T, s *Suite) {
	ran := 0
	for _, k := range s.kinds(t) {
		for _, e := range k.examples {
			ran++
			r, err := k.parse(e.Body, dialect.Limits{})
			if err != nil {
				t.Fatalf("%s %s: %v", k.name, e.Name, err)
			}
			if !e.Rough {
				checkKnown(t, k, e)
			}
			checkUncopied(t, s, k, e, r)
			checkSeen(t, s, k, r.leaves, r.out(nil))
			checkStripped(t, k, e.Body)
		}
	}
	if ran < len(s.Requests)+len(s.Answers)+2*len(s.Errors)+len(s.Events)+2*len(s.Streams) || len(s.Requests) < 1 || len(s.Answers) < 1 || len(s.Errors) < 1 {
		t.Errorf("ran %d examples", ran)
	}
}

// checkKnown: every text of an example has its place in the table and an origin.
func checkKnown(t *testing.T, k kind, e Example) {
	t.Helper()
	r, err := k.parse(e.Body, dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil {
		t.Fatalf("%s %s is not known in full: %v", k.name, e.Name, err)
	}
	for j := range r.leaves {
		if l := &r.leaves[j]; !l.Known || l.Origin == guard.OriginUnknown {
			t.Errorf("%s %s: %s (%.40q) has no place or origin", k.name, e.Name, l.Path(), l.Text)
		}
	}
}

// checkUncopied: an example leaves as it is, and as the same memory.
func checkUncopied(t *testing.T, s *Suite, k kind, e Example, r *reading) {
	t.Helper()
	if bytes.Contains(e.Body, []byte(`"warder"`)) {
		checkForwarded(t, s, k, e.Body, r)
		return
	}
	for _, edits := range [][]dialect.Edit{nil, {{Leaf: len(r.leaves) / 2}}} {
		if out := r.out(edits); !bytes.Equal(out, e.Body) || &out[0] != &e.Body[0] {
			t.Errorf("%s %s was copied or changed to %s", k.name, e.Name, out)
		}
	}
}

// checkForwarded: what leaves is what came, beside the extension of requests.
func checkForwarded(t *testing.T, s *Suite, k kind, body []byte, r *reading) {
	t.Helper()
	out := r.out(nil)
	switch {
	case k.name == "request":
		if !reflect.DeepEqual(outline(t, body, s.Extension, nil), outline(t, out, nil, nil)) {
			t.Fatalf("beside the extension %q became %q", body, out)
		}
	case r.rewritten && halved(body): // half a character waits for the other
	case r.rewritten || !bytes.Equal(out, body):
		t.Fatalf("%q became %q", body, out)
	}
}

// checkStripped: without what the table does not know a body is accepted as well,
// and known in full.
func checkStripped(t *testing.T, k kind, body []byte) {
	t.Helper()
	if k.told {
		return
	}
	stripped, err := k.parse(body, dialect.Limits{Unknown: dialect.StripUnknown})
	if err != nil {
		t.Fatalf("%q is accepted, but not when unknown text is stripped: %v", body, err)
	}
	for i := range stripped.leaves {
		if !stripped.leaves[i].Known {
			t.Fatalf("unknown leaf %s of %q after stripping", stripped.leaves[i].Path(), body)
		}
	}
	bare := stripped.out(nil)
	again, err := k.parse(bare, dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil {
		t.Fatalf("%q was stripped to %q: %v", body, bare, err)
	}
	if len(again.leaves) != len(stripped.leaves) && !(k.name == "event" && halved(body)) {
		t.Fatalf("%q was stripped to %q and has %d leaves; expected %d", body, bare, len(again.leaves), len(stripped.leaves))
	}
}

// halved reports whether a body may have half a character.
func halved(body []byte) bool { return bytes.Contains(bytes.ToLower(body), []byte(`\ud`)) }
