package gateway

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"warder.example/internal/budget"
)

// pairPrices are those of two models that one alias names; the second costs tenfold.
const pairPrices = `currency: USD
prices:
  - {model: cheap, input: 10, output: 100, source: internal, read: "2026-01-01"}
  - {model: dear, input: 100, output: 1000, source: internal, read: "2026-01-01"}
`

// spentPair is a gateway before two upstreams, which know the alias m-pair as cheap and
// as second.
func spentPair(t *testing.T, first, then http.Handler, second, budgets string) (s *spentRig, asked *played) {
	asked = play(t, then)
	s = &spentRig{}
	s.rig = newRig(t, first, rigOptions{
		config: "    aliases: {m-pair: cheap}\n" + group(asked) + "    aliases: {m-pair: " + second + "}\nspending: {prices: prices.yaml}\nbudgets:\n" + budgets,
		files:  map[string]string{"prices.yaml": pairPrices}, counters: &s.counters})
	return s, asked
}

var pairBody = `{"max_tokens":100,` + strings.Replace(chatBody("hi"), `"m1"`, `"m-pair"`, 1)[1:]

// What an answer of 11 tokens read, 4 of them from the cache, and 7 written costs.
const cheapCost, dearCost = 11*10 + 7*100, 11*100 + 7*1000

// TestMoneyOfWhoAnswered: money is reserved for the dearest model that may answer, and
// charged by the one that did, whole or streamed.
func TestMoneyOfWhoAnswered(t *testing.T) {
	const month = "money/money/month"
	var s *spentRig
	var during budget.Counter
	reading := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			during = s.counter(month)
			h.ServeHTTP(w, r)
		})
	}
	streamed := strings.Replace(streamBody("hi"), "data: [DONE]", usageEvent+"data: [DONE]", 1)
	for _, c := range []struct {
		name, kind, body, answer string
		first                    http.Handler
		cost                     int64
	}{
		{"first", "application/json", pairBody, counted, answers("application/json", counted), cheapCost},
		{"second", "application/json", pairBody, counted, refuses(503), dearCost},
		{"second streamed", "text/event-stream", `{"stream":true,` + pairBody[1:], streamed, refuses(503), dearCost},
	} {
		s, _ = spentPair(t, reading(c.first), reading(answers(c.kind, c.answer)), "dear", "  - {name: money, what: money, amount: 100, every: month}\n")
		p := s.post("app", c.body)
		if p.status != 200 {
			t.Errorf("%s: %d %s", c.name, p.status, p.body)
			continue
		}
		if least := int64(1000*100 + 1024*100); during.Reserved < least {
			t.Errorf("%s: %d reserved; want at least %d, the dearest", c.name, during.Reserved, least)
		}
		if u, n := s.used(p), s.counter(month); u.Cost != c.cost || n.Settled != c.cost || n.Reserved != 0 {
			t.Errorf("%s: recorded %+v, counted %+v; want %d", c.name, u, n, c.cost)
		}
	}
}

// TestNoFailoverIntoNothing: where the budget has room for the first model alone the
// request goes there or nowhere.
func TestNoFailoverIntoNothing(t *testing.T) {
	const tight = "  - {name: money, what: money, amount: 0.1, every: month}\n"
	const none = "  - {name: none, what: requests, amount: 0, every: month, models: [dear]}\n"
	for _, budgets := range []string{tight, none} {
		s, _ := spentPair(t, answers("application/json", counted), refuses(500), "dear", budgets)
		if p := s.post("app", pairBody); p.status != 200 {
			t.Errorf("%s: the first answers: %d %s", budgets, p.status, p.body)
		}
		s, second := spentPair(t, refuses(503), answers("application/json", counted), "dear", budgets)
		if p := s.post("app", pairBody); p.status != 503 || len(second.seen()) != 0 {
			t.Errorf("%s: %d %s, and %d requests at the second; want none", budgets, p.status, p.body, len(second.seen()))
		}
	}
	s, second := spentPair(t, refuses(503), answers("application/json", counted), "unheard-of", "  - {name: money, what: money, amount: 100, every: month}\n")
	if p := s.post("app", pairBody); p.code() != "model_without_price" || len(second.seen()) != 0 {
		t.Errorf("a second without a price: %d %s", p.status, p.body)
	}
}

// TestModelThatAnswered: budgets that count by model or for some count the one that
// answered.
func TestModelThatAnswered(t *testing.T) {
	const budgets = "  - {name: each, what: requests, amount: 5, every: month, per: [model]}\n  - {name: big, what: output_tokens, amount: 500, every: month, models: [dear]}\n" +
		"  - {name: small, what: output_tokens, amount: 500, every: month, models: [cheap]}\n  - {name: alias, what: output_tokens, amount: 500, every: month, models: [m-pair]}\n"
	for answered, first := range map[string]http.Handler{"cheap": answers("application/json", counted), "dear": refuses(503)} {
		s, _ := spentPair(t, first, answers("application/json", counted), "dear", budgets)
		if p := s.post("app", pairBody); p.status != 200 {
			t.Fatalf("%s: %d %s", answered, p.status, p.body)
		}
		want := map[string]int64{"each/requests/month/model=cheap": 0, "each/requests/month/model=dear": 0, "big/output_tokens/month": 0, "small/output_tokens/month": 0, "alias/output_tokens/month": 7}
		want["each/requests/month/model="+answered] = 1
		want[map[string]string{"cheap": "small", "dear": "big"}[answered]+"/output_tokens/month"] = 7
		for name, n := range want {
			if c := s.counter(name); c.Settled != n || c.Reserved != 0 {
				t.Errorf("%s answered: counter %s is %+v; want %d", answered, name, c, n)
			}
		}
	}
}

// TestCancelledStream: a caller that leaves in the middle of an answer is charged what
// came by then, and nothing stays reserved.
func TestCancelledStream(t *testing.T) {
	half := streamBody(strings.Repeat("word ", 300))
	half = half[:strings.Index(half, `"finish_reason":"stop"`)]
	half = half[:strings.LastIndex(half, "data:")]
	s := newSpentRig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, half)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}), manyTokens)
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.front.URL+"/v1/chat/completions", strings.NewReader(streamRequest("hi")))
	if err != nil {
		t.Fatal(err)
	}
	q.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + s.keys["app"]}}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(res.Body, make([]byte, len(half)/2)); err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	s.front.Close() // once the exchange has ended
	u := s.ledger.closed(res.Header.Get("X-Request-Id"))
	if u == nil || u.End != "caller_gone" || !u.Used.Estimated || u.Used.Input == 0 || u.Used.Output < 300 || u.Used.Output > 500 {
		t.Fatalf("recorded %+v", u)
	}
	if n := s.counter("many/total_tokens/month"); n.Settled != u.Used.Input+u.Used.Output || n.Reserved != 0 {
		t.Errorf("the counter is %+v; recorded %+v", n, u.Used)
	}
}

// TestSeveralAnswers: several answers are reserved for at once, with the cap of each,
// and where the model server does not count all of them are charged.
func TestSeveralAnswers(t *testing.T) {
	const choice = `{"index":%d,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}`
	var during budget.Counter
	var s *spentRig
	s = newSpentRig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		during = s.counter("out/output_tokens/month")
		answers("application/json", `{"id":"c","object":"chat.completion","created":1,"model":"m1","choices":[`+fmt.Sprintf(choice, 0, written)+","+fmt.Sprintf(choice, 1, written)+","+fmt.Sprintf(choice, 2, written)+`]}`).ServeHTTP(w, r)
	}), "budgets:\n  - {name: out, what: output_tokens, amount: 12288, every: month}\n")
	p := s.post("app", `{"n":3,`+chatBody("hi")[1:])
	if p.status != 200 || during.Reserved != 3*budget.DefaultOutput {
		t.Fatalf("%d %s; %d reserved, want three caps", p.status, p.body, during.Reserved)
	}
	if u := s.used(p); !u.Estimated || u.Output < 600 || u.Output > 780 {
		t.Errorf("recorded %+v; want three answers of two hundred tokens", u)
	}
	if p := s.post("app", `{"n":4,`+chatBody("hi")[1:]); p.code() != "request_over_budget" {
		t.Errorf("four answers: %d %s", p.status, p.body)
	}
}

// TestOddUsage: a usage that is no count, or more than any, does no harm: it is
// estimated, or charged in full as an overrun, and no counter goes back.
func TestOddUsage(t *testing.T) {
	for usage, counted := range map[string]bool{
		`"18"`: false, `[]`: false, `{}`: false, `{"prompt_tokens":"11","completion_tokens":"200"}`: false,
		`{"prompt_tokens":11,"completion_tokens":200.5}`:                                                 false,
		`{"prompt_tokens":11,"completion_tokens":99999999999999999999}`:                                  false,
		`{"prompt_tokens":11,"completion_tokens":1e30}`:                                                  false,
		`{"prompt_tokens":-9223372036854775808,"completion_tokens":200}`:                                 false,
		`{"prompt_tokens":11,"completion_tokens":9223372036854775807}`:                                   false,
		`{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}`:                  false,
		`{"prompt_tokens":11,"completion_tokens":2000000}`:                                               true,
		`{"prompt_tokens":11,"completion_tokens":200,"prompt_tokens_details":{"cached_tokens":-5}}`:      true,
		`{"prompt_tokens":11,"completion_tokens":200,"prompt_tokens_details":{"cached_tokens":9999999}}`: true,
	} {
		const budgets = manyTokens + "  - {name: money, what: money, amount: 100, every: month}\nspending: {on_unknown_price: default, unknown_price: {input: 1, output: 2}}\n"
		s := newSpentRig(t, answers("application/json", claimedChat.whole(usage)), budgets)
		p := s.post("app", `{"model":"m1",`+claimedChat.body+`}`)
		if p.status != 200 {
			t.Errorf("%s: %d %s", usage, p.status, p.body)
			continue
		}
		u, n, m := s.used(p), s.counter("many/total_tokens/month"), s.counter("money/money/month")
		if u.Estimated == counted || u.Input <= 0 || u.Output < 200 || u.Cached < 0 || u.Cost < 400 || n.Settled != u.Input+u.Output || n.Reserved != 0 || m.Settled != u.Cost || m.Reserved != 0 {
			t.Errorf("%s: recorded %+v, counted %+v and %+v", usage, u, n, m)
		}
		if over := u.Output > 800; over != (len(u.Over) > 0) { // its cap
			t.Errorf("%s: overrun is %+v of %+v", usage, u.Over, u)
		}
	}
}
