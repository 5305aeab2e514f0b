package anthropic_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// fuzz checks what holds for every body of a kind: what is accepted is JSON that
// leaves as it came; a text planted in it is seen or the body is refused; a mask
// leaves JSON without the text.
func fuzz(f *testing.F, k kind) {
	for i, body := range k.bodies(f) {
		f.Add(body, uint64(i))
	}
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"\ud83d\ude00"}]}]}]}`), uint64(3))
	f.Add([]byte(`{"type":"content_block_delta","index":3,"delta":{"partial_json":"{\"a\":\"\\ud83d"}}`), uint64(4))
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		orig := bytes.Clone(body)
		leaves, out, err := k.parse(body, dialect.Limits{})
		if err != nil {
			problem(t, err)
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted what encoding/json refuses: %q", body)
		}
		forwarded := out(nil)
		if k.name != "request" && !bytes.Equal(forwarded, body) {
			t.Fatalf("%q became %q", body, forwarded)
		}
		rnd := rand.New(rand.NewPCG(seed, 9))
		for i := range leaves {
			l := &leaves[i]
			if !utf8.ValidString(l.Text) || l.Path() == "" {
				t.Fatalf("leaf %d: text %q, path %q", i, l.Text, l.Path())
			}
		}
		if n := len(leaves); n > 0 {
			i := rnd.IntN(n)
			masked := out([]dialect.Edit{{Leaf: i, Masks: []guard.Mask{{Span: guard.Span{Start: 0, End: len(leaves[i].Text)}, With: "\"gone\\\n"}}}})
			if !json.Valid(masked) {
				t.Fatalf("masking %q wrote no JSON: %s", leaves[i].Text, masked)
			}
		}
		if s := stringsIn(body); len(s) > 0 && !strings.Contains(string(body), "zq planted") {
			at := s[rnd.IntN(len(s))]
			planted := replaced(body, at[0], at[1], spellings["mixed"](secret))
			if _, bad := hidden(t, k, planted, dialect.Limits{}); bad {
				t.Fatalf("a text passes unseen: %q", planted)
			}
		}
		if !bytes.Equal(body, orig) {
			t.Fatal("the body was written to")
		}
	})
}

func FuzzRequest(f *testing.F) { fuzz(f, kinds[0]) }
func FuzzAnswer(f *testing.F)  { fuzz(f, kinds[1]) }
func FuzzEvent(f *testing.F)   { fuzz(f, kinds[4]) }
