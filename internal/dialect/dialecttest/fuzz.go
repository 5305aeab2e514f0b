package dialecttest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/internal/dialect"
)

// FuzzRequest checks what holds for every request.
func FuzzRequest(f *testing.F, s Suite) { fuzz(f, &s, "request") }

// FuzzAnswer checks what holds for every whole answer.
func FuzzAnswer(f *testing.F, s Suite) { fuzz(f, &s, "answer") }

// FuzzError checks what holds for every body of an error status.
func FuzzError(f *testing.F, s Suite) { fuzz(f, &s, "failure") }

// FuzzEvent checks what holds for every payload of an event.
func FuzzEvent(f *testing.F, s Suite) { fuzz(f, &s, "event") }

// FuzzText cuts a text into events of a stream; see [Text].
func FuzzText(f *testing.F, s Suite) {
	f.Add("😀😀", uint64(1))
	f.Add("a\\\"b\n\u2028é\U000e0041", uint64(2))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if utf8.ValidString(text) && len(text) < 2000 {
			checkText(t, &s, &s.Texts[int(seed%uint64(len(s.Texts)))], rand.New(rand.NewPCG(seed, 4)), text)
		}
	})
}

// fuzz checks what holds for every body of a kind: what is accepted is JSON that
// leaves as it came; every string that is forwarded was seen, and so is one that is
// planted; a mask changes one string and nothing else.
func fuzz(f *testing.F, s *Suite, name string) {
	var of kind
	for _, k := range s.kinds(f) {
		if k.name == name {
			of = k
		}
		for i, e := range k.examples {
			f.Add(e.Body, uint64(i))
		}
	}
	if of.parse == nil {
		f.Fatalf("no examples of kind %s", name)
	}
	for i, b := range s.Seeds {
		f.Add(b, uint64(i))
	}
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		if name != "event" || !s.Protocol.Chunks(dialect.Limits{}).Ends(body) {
			checkAny(t, s, of, body, rand.New(rand.NewPCG(seed, 9)))
		}
	})
}

func checkAny(t *testing.T, s *Suite, k kind, body []byte, rnd *rand.Rand) {
	was := bytes.Clone(body)
	r, err := k.parse(body, dialect.Limits{})
	if err != nil {
		Problem(t, err)
		return
	}
	if !json.Valid(body) {
		t.Fatalf("accepted what encoding/json refuses: %q", body)
	}
	for i := range r.leaves {
		if l := &r.leaves[i]; !utf8.ValidString(l.Text) || l.Path() == "" {
			t.Fatalf("leaf %d: text %q, path %q", i, l.Text, l.Path())
		}
	}
	checkForwarded(t, s, k, body, r)
	checkSeen(t, s, k, r.leaves, r.out(nil))
	if !k.told {
		checkSomeMasks(t, s, r, body, rnd)
	}
	if at := stringsIn(body); len(at) > 0 && !strings.Contains(string(body), "zq planted") {
		s := at[rnd.IntN(len(at))]
		planted := replaced(body, s[0], s[1], spellings["mixed"](secret))
		if _, bad := hidden(t, k, planted, dialect.Limits{}); bad {
			t.Fatalf("a text passes unseen: %q", planted)
		}
	}
	checkStripped(t, k, body)
	if !bytes.Equal(body, was) {
		t.Fatal("the body was written to")
	}
}

// checkSomeMasks masks texts of a body that came from anywhere.
func checkSomeMasks(t *testing.T, s *Suite, r *reading, body []byte, rnd *rand.Rand) {
	for range min(len(r.leaves), 8) {
		i := rnd.IntN(len(r.leaves))
		text := r.leaves[i].Text
		if out := r.out([]dialect.Edit{{Leaf: i, Masks: mask(0, len(text), "\"gone\\\n")}}); !json.Valid(out) {
			t.Fatalf("masking %q wrote no JSON: %s", text, out)
		}
		if !r.leaves[i].Number && !strings.ContainsRune(text, utf8.RuneError) && !loneSurrogates(body) {
			checkMasks(t, s, r, i, randomMasks(rnd, text))
		}
	}
}

// loneSurrogates reports whether a body has some; encoding/json reads them in a way
// of its own.
func loneSurrogates(body []byte) bool {
	for _, s := range stringsIn(body) {
		var text string
		if json.Unmarshal(body[s[0]:s[1]], &text) == nil && strings.ContainsRune(text, utf8.RuneError) {
			return true
		}
	}
	return false
}
