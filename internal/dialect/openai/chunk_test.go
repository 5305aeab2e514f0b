package openai_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

type chunkLeaf struct {
	Choice, Tool int
	Field, Text  string
	Delta        bool
}

func TestChunkVectors(t *testing.T) {
	var vectors []struct {
		Name   string
		Data   string
		Done   bool
		Error  bool
		Finish []dialect.Choice
		Usage  dialect.Usage
		Leaves []chunkLeaf
	}
	load(t, "chunks.json", &vectors)
	ran := 0
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			ran++
			c, err := openai.ParseChunk([]byte(v.Data), dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got []chunkLeaf
			for _, l := range c.Leaves {
				got = append(got, chunkLeaf{l.Key.Choice, l.Key.Tool, l.Key.Field, l.Text, l.Delta})
				if l.Origin != guard.OriginModel || l.Inner {
					t.Errorf("leaf %+v is not the model's", l)
				}
			}
			if diff := cmp.Diff(v.Leaves, got); diff != "" {
				t.Errorf("leaves (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(v.Finish, c.Choices); diff != "" {
				t.Errorf("choices (-want +got):\n%s", diff)
			}
			if c.Done != v.Done || c.Error != v.Error || c.Usage != v.Usage {
				t.Errorf("done %v, error %v, usage %+v; want %v, %v, %+v", c.Done, c.Error, c.Usage, v.Done, v.Error, v.Usage)
			}
			if string(c.Data(nil)) != v.Data || c.Rewritten() {
				t.Errorf("data changed to %s", c.Data(nil))
			}
		})
	}
	if ran < 15 {
		t.Errorf("ran %d vectors, want at least 15", ran)
	}
}

func TestChunksRefused(t *testing.T) {
	for name, data := range map[string]string{
		"empty":                 ``,
		"done with more":        `[DONE] and more`,
		"done in lower case":    `[done]`,
		"done in white space":   ` [DONE]`,
		"two values":            "{}\n{}",
		"text":                  `busy`,
		"delta twice":           `{"choices":[{"delta":{"content":"a"},"delta":{"content":"b"}}]}`,
		"delta is text":         `{"choices":[{"delta":"a"}]}`,
		"tool index is large":   `{"choices":[{"delta":{"tool_calls":[{"index":1024}]}}]}`,
		"tool index is text":    `{"choices":[{"delta":{"tool_calls":[{"index":"1"}]}}]}`,
		"choice index is large": `{"choices":[{"index":1e9}]}`,
	} {
		if _, err := openai.ParseChunk([]byte(data), dialect.Limits{}); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			problem(t, err)
		}
	}
}

func TestMaskedChunkLosesLogprobs(t *testing.T) {
	const data = `{"choices":[{"index":0,"delta":{"content":" \u0035\u00355"},"logprobs":{"content":[{"token":" 555","logprob":-1}]},"finish_reason":null}],"created":1.0}`
	c, err := openai.ParseChunk([]byte(data), dialect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(c.Leaves, func(l dialect.ChunkLeaf) bool { return l.Key.Field == "delta.content" })
	want := `{"choices":[{"index":0,"delta":{"content":" \u00355[\"]"},"logprobs":null,"finish_reason":null}],"created":1.0}`
	want = strings.Replace(want, `\u00355`, ``, 1)
	if got := string(c.Data([]dialect.Edit{{Leaf: at, Masks: mask(1, 4, `["]`)}})); got != want {
		t.Errorf("masked %s, want %s", got, want)
	}
}

func TestReaderCountsRepeats(t *testing.T) {
	r := openai.Chat.Chunks(dialect.Limits{})
	for i, c := range []struct {
		data    string
		repeats []int32
	}{
		{`{"id":"a","model":"m","choices":[]}`, []int32{0, 0}},
		{`{"id":"a","model":"m","choices":[]}`, []int32{1, 1}},
		{`{"id":"b","model":"m","choices":[]}`, []int32{0, 2}},
		{`{"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}`, []int32{0, 3, 0}},
		{`{"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}`, []int32{1, 4, 0}},
	} {
		ch, err := r.Parse("", []byte(c.data))
		if err != nil {
			t.Fatal(err)
		}
		var repeats []int32
		for _, l := range ch.Leaves {
			repeats = append(repeats, l.Repeats)
		}
		if diff := cmp.Diff(c.repeats, repeats); diff != "" {
			t.Errorf("chunk %d (-want +got):\n%s", i, diff)
		}
	}
	if c, err := r.Parse("", []byte("[DONE]")); err != nil || !c.Done || string(c.Data(nil)) != "[DONE]" {
		t.Errorf("done = %+v, %v", c, err)
	}
}

// TestRereadKnowsNews: a chunk that is read into the memory of an older one is no
// repetition of it when another value came between them.
func TestRereadKnowsNews(t *testing.T) {
	r := openai.Chat.Chunks(dialect.Limits{})
	chunk := func(id, text string) []byte {
		return []byte(`{"id":"` + id + `","choices":[{"index":0,"delta":{"content":"` + text + `"}}]}`)
	}
	parse := func(id, text string) *dialect.Chunk {
		c, err := r.Parse("", chunk(id, text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := parse("a", "x")
	between := parse("b", "x")
	r.Recycle(first)
	if c := parse("a", "y"); c.Leaves[0].Repeats != 0 {
		t.Errorf("an id that comes back counts as %d repeats of the one before it, want 0", c.Leaves[0].Repeats)
	}
	r.Recycle(between)
}

// pieces writes a text as chunks that are cut between UTF-16 units, with every
// other unit as an escape, so that pairs of surrogates are torn.
func pieces(rnd *rand.Rand, text string) (chunks []string) {
	units := utf16.Encode([]rune(text))
	for len(units) > 0 {
		n := min(1+rnd.IntN(4), len(units))
		var b strings.Builder
		for i, u := range units[:n] {
			whole := i+1 < n && utf16.IsSurrogate(rune(u)) && utf16.IsSurrogate(rune(units[i+1]))
			switch {
			case utf16.IsSurrogate(rune(u)), u == '"', u == '\\', u < 0x20, !whole && rnd.IntN(2) == 0:
				fmt.Fprintf(&b, `\u%04x`, u)
			default:
				b.WriteRune(rune(u))
			}
		}
		chunks = append(chunks, `{"id":"c","choices":[{"index":0,"delta":{"content":"`+b.String()+`"},"finish_reason":null}]}`)
		units = units[n:]
	}
	return chunks
}

// content returns what a JavaScript client adds to the text of a chunk, which it
// keeps in UTF-16.
func content(t *testing.T, data []byte) (units []uint16) {
	t.Helper()
	var c struct {
		Choices []struct {
			Delta struct{ Content json.RawMessage }
		}
	}
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	raw := string(c.Choices[0].Delta.Content)
	raw = raw[1 : len(raw)-1]
	for raw != "" {
		if strings.HasPrefix(raw, `\u`) {
			var u uint16
			if _, err := fmt.Sscanf(raw[2:6], "%04x", &u); err != nil {
				t.Fatal(err)
			}
			units, raw = append(units, u), raw[6:]
			continue
		}
		if raw[0] == '\\' {
			var s string
			if err := json.Unmarshal([]byte(`"`+raw[:2]+`"`), &s); err != nil {
				t.Fatal(err)
			}
			units, raw = append(units, uint16(s[0])), raw[2:]
			continue
		}
		r := []rune(raw)[0]
		units, raw = utf16.AppendRune(units, r), raw[len(string(r)):]
	}
	return units
}

// checkStream tears a text into chunks and checks that it is read whole, and
// arrives whole or masked.
func checkStream(t *testing.T, rnd *rand.Rand, text string) {
	t.Helper()
	reader := openai.Chat.Chunks(dialect.Limits{Unknown: dialect.RefuseUnknown})
	ms := randomMasks(rnd, text)
	var seen strings.Builder
	var plain, masked []uint16
	for _, data := range pieces(rnd, text) {
		c, err := reader.Parse("", []byte(data))
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !c.Rewritten() && string(c.Data(nil)) != data {
			t.Fatalf("%s became %s", data, c.Data(nil))
		}
		plain = append(plain, content(t, c.Data(nil))...)
		var edits []dialect.Edit
		for i, l := range c.Leaves {
			if !l.Delta {
				continue
			}
			if l.Key != (dialect.Key{Choice: 0, Tool: -1, Field: "delta.content"}) {
				t.Fatalf("key = %+v", l.Key)
			}
			edits = append(edits, dialect.Edit{Leaf: i, Masks: within(ms, seen.Len(), seen.Len()+len(l.Text))})
			seen.WriteString(l.Text)
		}
		masked = append(masked, content(t, c.Data(edits))...)
	}
	if seen.String() != text {
		t.Fatalf("read %q, want %q", seen.String(), text)
	}
	if got := string(utf16.Decode(plain)); got != text {
		t.Fatalf("a client reads %q, want %q", got, text)
	}
	if got, want := string(utf16.Decode(masked)), guard.Apply(text, ms); got != want {
		t.Fatalf("masked with %+v a client reads %q, want %q", ms, got, want)
	}
}

// within returns the parts of masks that lie in [from, to), relative to from.
// The part where a mask begins carries the replacement.
func within(ms []guard.Mask, from, to int) (out []guard.Mask) {
	for _, m := range ms {
		if m.Start >= to || m.End <= from {
			continue
		}
		p := guard.Mask{Span: guard.Span{Start: max(m.Start, from) - from, End: min(m.End, to) - from}, With: m.With}
		if m.Start < from {
			p.With = ""
		}
		out = append(out, p)
	}
	return out
}

func TestTornSurrogates(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 3))
	for range 300 {
		checkStream(t, rnd, "a😀b\U000e0041\U000e0042 \"\\ é漢😀😀\n.")
	}
}

func TestLoneSurrogatesInStreams(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []string
		want   string // what is inspected
	}{
		{"high half and then a letter", []string{`\ud83d`, `x`}, "x"},
		{"high half twice", []string{`\ud83d`, `\ud83d`, `\ude00`}, "😀"},
		{"low half alone", []string{`\ude00`, `x`}, "x"},
		{"in the middle", []string{`a\ud83db`}, "a\ufffdb"},
		{"an escaped backslash is no half", []string{`\\ud83d`, `\ude00`}, `\ud83d`},
		{"at the end of the stream", []string{`a\ud83d`}, "a"},
		{"over an empty delta", []string{`\ud83d`, ``, `\ude00`}, "😀"},
	} {
		r := openai.Chat.Chunks(dialect.Limits{})
		var seen strings.Builder
		for _, p := range c.pieces {
			ch, err := r.Parse("", []byte(`{"choices":[{"index":0,"delta":{"content":"`+p+`"}}]}`))
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			for _, l := range ch.Leaves {
				seen.WriteString(l.Text)
			}
			if !json.Valid(ch.Data(nil)) {
				t.Errorf("%s: wrote %s", c.name, ch.Data(nil))
			}
		}
		if seen.String() != c.want {
			t.Errorf("%s: read %q, want %q", c.name, seen.String(), c.want)
		}
	}
}

// TestArgumentsStream tears tool arguments anywhere, also within their own
// escapes, and masks what they decode to.
func TestArgumentsStream(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	const arguments = `{"to":"\u0061nna@museum.example","n":1.50,"e":"\ud83d\ude00 \"q\"","raw":"é😀"}`
	const decoded = `{"to":"anna@museum.example","n":1.50,"e":"😀 "q"","raw":"é😀"}`
	for range 200 {
		r := openai.Chat.Chunks(dialect.Limits{})
		var u dialect.Unescaper
		var seen, got strings.Builder
		type part struct {
			c          *dialect.Chunk
			start, end int
		}
		var parts []part
		written := 0
		for rest := arguments; rest != ""; {
			n := min(1+rnd.IntN(9), len(rest))
			for n < len(rest) && rest[n]&0xc0 == 0x80 {
				n++
			}
			p, _ := json.Marshal(rest[:n])
			rest = rest[n:]
			c, err := r.Parse("", []byte(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":`+string(p)+`}}]}}]}`))
			if err != nil {
				t.Fatal(err)
			}
			l := c.Leaves[0]
			if l.Kind != guard.ToolArguments || l.Key.Tool != 1 || !l.Delta {
				t.Fatalf("leaf = %+v", l)
			}
			seen.WriteString(u.Write(l.Text))
			parts = append(parts, part{c, written, written + len(l.Text)})
			written += len(l.Text)
		}
		seen.WriteString(u.Close())
		if seen.String() != decoded {
			t.Fatalf("read %q, want %q", seen.String(), decoded)
		}
		mail := strings.Index(decoded, "anna@")
		ms := u.Masks(mask(mail, mail+len("anna@museum.example"), `[E"MAIL]`))
		for _, p := range parts {
			data := p.c.Data([]dialect.Edit{{Leaf: 0, Masks: within(ms, p.start, p.end)}})
			var c struct {
				Choices []struct {
					Delta struct {
						Calls []struct{ Function struct{ Arguments string } } `json:"tool_calls"`
					}
				}
			}
			if err := json.Unmarshal(data, &c); err != nil {
				t.Fatalf("%s: %v", data, err)
			}
			got.WriteString(c.Choices[0].Delta.Calls[0].Function.Arguments)
		}
		if want := strings.Replace(arguments, `\u0061nna@museum.example`, `[E\"MAIL]`, 1); got.String() != want {
			t.Fatalf("a client reads %s, want %s", got.String(), want)
		}
	}
}
