package dialect_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

func decodeAll(text string, cut func() int) (string, *dialect.Unescaper) {
	u := &dialect.Unescaper{}
	var b strings.Builder
	for text != "" {
		n := min(cut(), len(text))
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n++
		}
		b.WriteString(u.Write(text[:n]))
		text = text[n:]
	}
	b.WriteString(u.Close())
	return b.String(), u
}

func TestUnescaper(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing to do", `{"city":"Oslo"}`, `{"city":"Oslo"}`},
		{"letters", `{"q":"\u0064rop \u0074able"}`, `{"q":"drop table"}`},
		{"short escapes", `\"\\\/\b\f\n\r\t`, "\"\\/\b\f\n\r\t"},
		{"a pair", `\ud83d\ude00!`, "😀!"},
		{"a tag character", `\udb40\udc41`, "\U000e0041"},
		{"pair in capitals", `\uD83D\uDE00`, "😀"},
		{"high half alone", `\ud83dx`, "\ufffdx"},
		{"low half alone", `\ude00x`, "\ufffdx"},
		{"high half at the end", `a\ud83d`, "a\ufffd"},
		{"two high halves and a low one", `\ud83d\ud83d\ude00`, "\ufffd😀"},
		{"high half before another escape", `\ud83d\n`, "\ufffd\n"},
		{"escaped backslash before u", `\\u0041`, `\u0041`},
		{"not an escape", `C:\x\q`, `C:\x\q`},
		{"too few digits", `\u12g4`, `\u12g4`},
		{"ends in a backslash", `abc\`, `abc\`},
		{"ends in half an escape", `abc\u00`, `abc\u00`},
		{"ends in half a pair", `\ud83d\ude`, "\ufffd" + `\ude`},
		{"characters of several bytes", `é\u00e9漢\u6f22`, `éé漢漢`},
		{"nul", `a\u0000b`, "a\x00b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for size := 1; size <= len(c.text)+1; size++ {
				got, u := decodeAll(c.text, func() int { return size })
				if got != c.want {
					t.Errorf("in pieces of %d: %q, want %q", size, got, c.want)
				}
				if u.Source(len(got)) != len(c.text) || u.Source(0) != 0 {
					t.Errorf("in pieces of %d: ends map to %d and %d, want 0 and %d", size, u.Source(0), u.Source(len(got)), len(c.text))
				}
			}
		})
	}
}

func TestUnescaperHoldsLittle(t *testing.T) {
	u := &dialect.Unescaper{}
	if got := u.Write(`say \ud83d\ud`); got != "say " || u.Source(4) != 4 {
		t.Errorf("Write = %q up to %d; want %q up to 4", got, u.Source(4), "say ")
	}
	if got := u.Write(`e00 hi`); got != "😀 hi" || u.Source(11) != 19 {
		t.Errorf("Write = %q up to %d, want the joined character and all", got, u.Source(11))
	}
	if a, b := u.Source(8), u.Source(6); a != 16 || b != 4 {
		t.Errorf("behind and inside the character: %d and %d, want 16 and 4", a, b)
	}
	ms := u.Masks([]guard.Mask{{Span: guard.Span{Start: 5, End: 6}, With: `"x"`}})
	if len(ms) != 1 || ms[0].Start != 4 || ms[0].End != 16 || ms[0].With != `\"x\"` {
		t.Errorf("mask inside the character = %+v, want the whole of it and an escaped replacement", ms)
	}
	u.Forget(8)
	if got := u.Source(9); got != 17 {
		t.Errorf("after Forget: %d, want 17", got)
	}
}

func FuzzUnescaper(f *testing.F) {
	f.Add(`{"a":"\u0041\\ \ud83d\ude00"}`, uint64(1))
	f.Add(`\ud83d\ud83d\ude00\`, uint64(2))
	f.Add(`漢\u6f\u6f22é\"`, uint64(3))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if !utf8.ValidString(text) {
			t.Skip("pieces are valid UTF-8")
		}
		rnd := rand.New(rand.NewPCG(seed, 2))
		whole, _ := decodeAll(text, func() int { return len(text) })
		got, u := decodeAll(text, func() int { return 1 + rnd.IntN(9) })
		if got != whole {
			t.Fatalf("in pieces %q, whole %q", got, whole)
		}
		var std string
		if err := json.Unmarshal([]byte(`"`+text+`"`), &std); err == nil && std != got {
			t.Fatalf("unescaped %q to %q; encoding/json reads %q", text, got, std)
		}
		ms := randomMasks(rnd, got)
		again, _ := decodeAll(guard.Apply(text, u.Masks(ms)), func() int { return 1 + rnd.IntN(9) })
		if want := guard.Apply(got, ms); again != want && !strings.HasSuffix(text, `\`) && !brokenEscapes(text) {
			t.Fatalf("masked %+v: %q, want %q", ms, again, want)
		}
	})
}

// brokenEscapes reports whether text holds something that is no escape but may
// become one when its neighbour is masked.
func brokenEscapes(text string) bool {
	var s string
	return json.Unmarshal([]byte(`"`+strings.ReplaceAll(text, `"`, `'`)+`"`), &s) != nil || strings.ContainsRune(s, '\ufffd')
}

// randomMasks returns merged masks that begin and end between characters.
func randomMasks(rnd *rand.Rand, text string) []guard.Mask {
	var at []int
	for i := range text {
		at = append(at, i)
	}
	at = append(at, len(text))
	var ms []guard.Mask
	for range rnd.IntN(4) {
		a, b := at[rnd.IntN(len(at))], at[rnd.IntN(len(at))]
		if a != b {
			ms = append(ms, guard.Mask{Span: guard.Span{Start: min(a, b), End: max(a, b)}, With: []string{"[X]", "", `"\`, "é\n"}[rnd.IntN(4)]})
		}
	}
	return guard.MergeMasks(ms)
}
