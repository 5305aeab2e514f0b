package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// conversation returns a request of about size bytes: turns of some 700 bytes of
// plain prose, with a few escaped line ends and quotes.
func conversation(size int) []byte {
	const line = `The ferry to the northern islands leaves at half past seven, and the crew asks that bicycles be left on the lower deck.`
	var b strings.Builder
	b.WriteString(`{"model":"small-1","temperature":0.7,"stream":false,"messages":[{"role":"system","content":"You help travellers."}`)
	for i := 0; b.Len() < size; i++ {
		role := []string{"user", "assistant"}[i%2]
		fmt.Fprintf(&b, `,{"role":%q,"content":"%s"}`, role, strings.Repeat(line+` `, min(6, 1+(size-b.Len())/len(line)))+`\n\"Thanks\"`)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

func BenchmarkParseRequest(b *testing.B) {
	for _, kb := range []int{1, 16, 128} {
		body := conversation(kb << 10)
		b.Run(fmt.Sprintf("%dKB", kb), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := openai.ParseRequest(body, dialect.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	// One text of the size, without an escape: the walk alone.
	for _, kb := range []int{1, 16, 128} {
		body := []byte(`{"model":"small-1","messages":[{"role":"user","content":"` + strings.Repeat("a plain text. ", kb<<10/14) + `"}]}`)
		b.Run(fmt.Sprintf("one-text-%dKB", kb), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := openai.ParseRequest(body, dialect.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParseRequestWorst reads bodies that cost the most per byte.
func BenchmarkParseRequestWorst(b *testing.B) {
	wrap := func(s string) []byte { return []byte(`{"model":"m","messages":[],"x":` + s + `}`) }
	for name, body := range map[string][]byte{
		"empty-strings": wrap("[" + strings.Repeat(`"",`, 30000) + `""]`),
		"short-strings": wrap("[" + strings.Repeat(`"a",`, 15000) + `"a"]`),
		"escapes":       wrap(`"` + strings.Repeat(`\u6f22`, 20000) + `"`),
		"wide":          wrap(`"` + strings.Repeat("漢", 40000) + `"`),
		"numbers":       wrap("[" + strings.Repeat(`1,`, 60000) + `1]`),
		"objects":       wrap("[" + strings.Repeat(`{},`, 40000) + `{}]`),
		"keys":          wrap("{" + manyKeys(12000) + `"z":1}`),
		"arguments": []byte(`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"[` +
			strings.Repeat(`\"\\u0041\",`, 9000) + `1]"}}]}]}`),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := openai.ParseRequest(body, dialect.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":1,`, i)
	}
	return b.String()
}

func BenchmarkSplice(b *testing.B) {
	body := conversation(16 << 10)
	r, err := openai.ParseRequest(body, dialect.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	last := len(r.Leaves) - 1
	edits := []dialect.Edit{{Leaf: last, Masks: mask(10, 20, "[EMAIL]")}}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r.Body(edits)
	}
}

func BenchmarkChunk(b *testing.B) {
	data := []byte(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"small-1","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" ferry"},"logprobs":null,"finish_reason":null}]}`)
	r := openai.Chat.Chunks(dialect.Limits{})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Parse("", data); err != nil {
			b.Fatal(err)
		}
	}
}
