package openai_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"unicode/utf8"

	"warder.example/internal/dialect"
)

// seeds adds the vectors of one kind and small bodies near the rules' edges.
func seeds(f *testing.F, k kind) {
	f.Add(read(f, k.file), uint64(1))
	var refused []struct{ Body []byte }
	load(f, "refused.json", &refused)
	for i, v := range refused {
		f.Add(v.Body, uint64(i))
	}
	var chunks []struct{ Data string }
	load(f, "chunks.json", &chunks)
	for i, v := range chunks {
		f.Add([]byte(v.Data), uint64(i))
	}
	f.Add([]byte(`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":"{\"a\":\"\\ud83d\\ude00\\n\"}"}}]}]}`), uint64(3))
}

// fuzz checks what holds for every body of a kind: what is accepted is JSON that
// encoding/json reads the same way; every string that is forwarded was seen; a
// mask changes one string and nothing else.
func fuzz(f *testing.F, k kind) {
	seeds(f, k)
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		orig := bytes.Clone(body)
		leaves, out, err := k.parse(body, dialect.Limits{})
		if err != nil {
			problem(t, err)
			return
		}
		if string(body) == "[DONE]" {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted what encoding/json refuses: %q", body)
		}
		for i := range leaves {
			if l := &leaves[i]; !utf8.ValidString(l.Text) || l.Path() == "" {
				t.Fatalf("leaf %d: text %q, path %q", i, l.Text, l.Path())
			}
		}
		forwarded := out(nil)
		checkSeen(t, leaves, forwarded)
		if k.name != "request" && !bytes.Equal(forwarded, body) {
			t.Fatalf("%q became %q", body, forwarded)
		}
		if k.name == "request" {
			if !reflect.DeepEqual(without(value(t, body)), without(value(t, forwarded))) {
				t.Fatalf("beside the extension %q became %q", body, forwarded)
			}
		}
		rnd := rand.New(rand.NewPCG(seed, 9))
		for range min(len(leaves), 8) {
			i := rnd.IntN(len(leaves))
			if leaves[i].Number {
				continue // becomes a string; see TestNumbersAreRead
			}
			if !bytes.ContainsRune([]byte(leaves[i].Text), utf8.RuneError) && !loneSurrogates(body) {
				checkMasks(t, leaves, out, i, randomMasks(rnd, leaves[i].Text))
			}
		}
		if !bytes.Equal(body, orig) {
			t.Fatal("the body was written to")
		}
		stripped, bare, err := k.parse(body, dialect.Limits{Unknown: dialect.StripUnknown})
		if err != nil {
			t.Fatalf("accepted, but not when unknown text is stripped: %v", err)
		}
		for i := range stripped {
			if !stripped[i].Known {
				t.Fatalf("unknown leaf %s after stripping", stripped[i].Path())
			}
		}
		again, _, err := k.parse(bare(nil), dialect.Limits{Unknown: dialect.RefuseUnknown})
		if err != nil {
			t.Fatalf("stripped %q: %v", bare(nil), err)
		}
		if len(again) != len(stripped) {
			t.Fatalf("stripped %q has %d leaves, want %d", bare(nil), len(again), len(stripped))
		}
	})
}

// loneSurrogates reports whether a body has some; encoding/json reads them in a
// way of its own.
func loneSurrogates(body []byte) bool {
	for _, s := range stringsIn(body) {
		var text string
		if json.Unmarshal(body[s[0]:s[1]], &text) == nil && bytes.ContainsRune([]byte(text), utf8.RuneError) {
			return true
		}
	}
	return false
}

func FuzzRequest(f *testing.F) { fuzz(f, kinds[0]) }
func FuzzAnswer(f *testing.F)  { fuzz(f, kinds[1]) }
func FuzzChunk(f *testing.F)   { fuzz(f, kinds[2]) }

// FuzzStream tears a text into chunks; see checkStream.
func FuzzStream(f *testing.F) {
	f.Add("😀😀", uint64(1))
	f.Add("a\\\"b\n\u2028é\U000e0041", uint64(2))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if utf8.ValidString(text) && len(text) < 2000 {
			checkStream(t, rand.New(rand.NewPCG(seed, 4)), text)
		}
	})
}
