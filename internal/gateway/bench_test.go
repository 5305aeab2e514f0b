package gateway

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// BenchmarkRelay is one streamed answer of 50 chunks through the relay, without
// a network: what guarding a stream costs beyond moving its bytes.
func BenchmarkRelay(b *testing.B) {
	body := []byte(streamBody(strings.Fields(strings.Repeat("\u00a0lorem \u00a0ipsum ", 25))...))
	exact, err := policy.Parse("exact", append(bytes.Clone(policy.Default().Source()), "\ndetect:\n  disable_model: true\n"...))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		p    *policy.Policy
	}{{"none", nil}, {"exact", exact}, {"default", policy.Default()}} {
		b.Run(c.name, func(b *testing.B) {
			g := &guard.Guard{Decider: policy.Default()}
			if c.p != nil {
				if g, err = standard.New(c.p); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := playRelay(b, g, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func playRelay(b *testing.B, g *guard.Guard, body []byte) error {
	r := newRelay(b.Context(), g, guard.Facts{}, &guard.Exchange{}, openai.Chat.Chunks(dialect.Limits{}))
	events := dialect.NewEventReader(bytes.NewReader(body), 0)
	sent := 0
	for {
		ev, err := events.Next()
		if err != nil {
			break
		}
		if err := r.add(ev); err != nil {
			return err
		}
		for {
			out, _, ok := r.next()
			if !ok {
				break
			}
			sent += len(out)
		}
	}
	if sent != len(body) {
		return fmt.Errorf("sent %d of %d bytes", sent, len(body))
	}
	return nil
}

// BenchmarkJudge is the request side: parsing and inspecting a conversation
// whose last turn is new.
func BenchmarkJudge(b *testing.B) {
	for _, turns := range []int{1, 20} {
		for _, cached := range []bool{false, true} {
			b.Run(fmt.Sprintf("turns=%d/cached=%v", turns, cached), func(b *testing.B) {
				g, err := standard.New(policy.Default())
				if err != nil {
					b.Fatal(err)
				}
				h, err := newHistory(65536, "v")
				if err != nil {
					b.Fatal(err)
				}
				p := &protection{guard: g, history: h}
				if cached {
					g.Results = p.history
				}
				body, last := dialogue(turns)
				x := &guard.Exchange{Application: "a"}
				n := 0
				b.ReportAllocs()
				for b.Loop() {
					n++
					copy(body[last:], fmt.Sprintf("%08d", n)) // nothing holds the body any more
					req, err := openai.ParseRequest(body, dialect.Limits{})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := p.judge(b.Context(), g, guard.Facts{}, x, req, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// dialogue returns the body of a request of that many turns of 1.5 KB, and
// where its last one has eight digits that make it a new one. In a long one a
// system prompt comes first, then user and assistant speak by turns.
func dialogue(turns int) (body []byte, last int) {
	turn := strings.Repeat("Please summarise the quarterly report for me, and tell me which of the three regions grew. ", 16)
	body = []byte(`{"model":"m","messages":[`)
	for i := range turns {
		role := []string{"user", "assistant"}[(turns-1-i)%2]
		if i == 0 && turns > 1 {
			role = "system"
		}
		body = fmt.Appendf(body, `{"role":%q,"content":"%s%08d"},`, role, turn, i)
	}
	body = append(body[:len(body)-1], "]}"...)
	return body, len(body) - len(`00000000"}]}`)
}
