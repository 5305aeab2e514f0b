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
					j, err := p.judge(b.Context(), g, guard.Facts{}, x, req, nil)
					if err != nil || len(j.verdict.Findings) > 0 {
						b.Fatalf("%v, %+v", err, j.verdict.Findings)
					}
				}
			})
		}
	}
}

// turnText is a turn of 1.5 KB as people write them, in which nothing is found.
const turnText = `Our northern region grew by four per cent in spring, mostly with bakeries and small cafés. The south lost two of its larger
customers in May, but the warehouse there says that orders have been coming back since the new delivery route was opened. In the east nothing much
has changed: sales are where they were last year, the new colleague has settled in well, and the van was repaired twice. What I find hard to explain
is the difference between June and July. In June we sold more bread flour than ever before, and in July almost none, although the price stayed the
same and the weather was cool. Petra thinks that the big bakery in the harbour filled its stores before the holidays. That may be so, but then August
should be weak as well, and it was not. I have added the table with the figures for each week below, together with what we planned in January. The
column on the right has the share of repeat customers. It would be good to have a short text for the meeting on Thursday, half a page at most, that
says how each of the three regions did and what we do not know yet. Last time the text was fine, only the part about costs was a little long for the
people from the bank. They care more about how steady the orders are, and about whether we can keep the two drivers over the winter. If something in
the table looks wrong, for instance the week after Easter, tell me, since I typed most of it by hand on the train. Thank you, and have a good week!`

// dialogue returns the body of a request of that many turns of 1.5 KB, and
// where its last one has eight digits that make it a new one. In a long one a
// system prompt comes first, then user and assistant speak by turns.
func dialogue(turns int) (body []byte, last int) {
	turn := strings.ReplaceAll(turnText, "\n", " ")
	body = []byte(`{"model":"m","messages":[`)
	for i := range turns {
		role := []string{"user", "assistant"}[(turns-1-i)%2]
		if i == 0 && turns > 1 {
			role = "system"
		}
		body = fmt.Appendf(body, `{"role":%q,"content":"%s %08d"},`, role, turn, i)
	}
	body = append(body[:len(body)-1], "]}"...)
	return body, len(body) - len(`00000000"}]}`)
}
