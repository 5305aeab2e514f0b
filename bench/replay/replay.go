package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/openai/openai-go/v3"

	"warder.example/internal/corpus"
)

// exchange is a row that was sent.
type exchange struct {
	source, label string
	gateway       reply
	direct        time.Duration
	compared      bool // direct was measured
	skipped       bool // needs an upstream that says what it is told to
}

// sender sends rows.
type sender struct {
	model    string
	gateway  *caller
	upstream *caller // nil: none
	teller   *teller

	mu       sync.Mutex
	done     []exchange
	progress progress
}

// replay sends the chosen rows and counts what became of them. When ctx ends it
// returns what was done until then.
func replay(ctx context.Context, s settings, stderr io.Writer) (*results, error) {
	chosen, err := choose(s.corpus, s.limit, s.seed)
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, s.concurrency
	defer t.CloseIdleConnections()
	snd := &sender{model: s.model, gateway: newCaller(s.url, s.key, t), progress: newProgress(stderr, chosen.n)}
	if s.upstream != "" {
		// The gateway's key is not the upstream's business.
		snd.upstream = newCaller(s.upstream, "none", t)
		snd.teller = &teller{s.upstream, &http.Client{Transport: t}}
	}
	if err := snd.warm(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := snd.all(ctx, chosen.read(s.corpus), s.concurrency); err != nil {
		return nil, err
	}
	took := time.Since(began)
	snd.progress.end()
	var log records
	if s.data != "" {
		if log, err = readRecords(s.data, snd.done); err != nil {
			return nil, err
		}
	}
	r := count(snd.done, log)
	r.Seed, r.Limit, r.Concurrency = s.seed, s.limit, s.concurrency
	r.Seconds, r.Interrupted = took.Seconds(), ctx.Err() != nil
	return r, nil
}

// greeting is what the upstream is told to say to the first requests.
const greeting = "Good morning, the rows may come."

// warm opens connections and shows what is not in order before anything counts:
// a gateway that refuses the key, or leads to another upstream.
func (s *sender) warm(ctx context.Context) error {
	p := openai.ChatCompletionNewParams{Model: s.model, Seed: openai.Int(0),
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Good morning.")}}
	if s.teller != nil {
		if err := s.teller.do(ctx, http.MethodPut, 0, greeting); err != nil {
			return err
		}
		defer s.teller.do(context.WithoutCancel(ctx), http.MethodDelete, 0, "")
	}
	for range 5 {
		text, err := first(ctx, s.gateway, "gateway", p)
		if err != nil {
			return err
		}
		if s.upstream == nil {
			continue
		}
		if text != greeting {
			return fmt.Errorf("the gateway does not lead to the upstream of --upstream: expected the answer %q, got another of %d bytes", greeting, len(text))
		}
		if _, err := first(ctx, s.upstream, "upstream", p); err != nil {
			return err
		}
	}
	return nil
}

func first(ctx context.Context, c *caller, name string, p openai.ChatCompletionNewParams) (string, error) {
	r, text, err := c.send(ctx, p)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("asking the %s for a first answer: %w", name, err)
	case r.fate != answered:
		return "", fmt.Errorf("asking the %s for a first answer: refused (%.64q); expected an answer to a greeting", name, r.code)
	}
	return text, nil
}

// numbered is a row with its number from 1.
type numbered struct {
	row corpus.Row
	id  int64
}

// all sends rows, at most so many at once, until there are none or ctx ends.
func (s *sender) all(ctx context.Context, rows func(func(corpus.Row, error) bool), concurrency int) error {
	queue := make(chan numbered)
	var wg sync.WaitGroup
	for range concurrency {
		wg.Go(func() {
			for n := range queue {
				s.one(ctx, &n.row, n.id)
			}
		})
	}
	err := feed(ctx, rows, queue)
	close(queue)
	wg.Wait()
	return err
}

func feed(ctx context.Context, rows func(func(corpus.Row, error) bool), queue chan<- numbered) error {
	id := int64(0)
	for row, err := range rows {
		if err != nil {
			return err
		}
		id++
		select {
		case queue <- numbered{row, id}:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// one sends a row both ways. A row that the end of ctx cut off is left out.
func (s *sender) one(ctx context.Context, row *corpus.Row, id int64) {
	q := ask(row, s.model, id)
	x := exchange{source: row.Source, label: string(row.Label)}
	switch {
	case !q.needed:
	case s.teller == nil:
		x.skipped = true
	default:
		if err := s.teller.do(ctx, http.MethodPut, id, q.answer); err != nil {
			x.gateway.code = "upstream_not_told"
			s.keep(ctx, x)
			return
		}
		defer s.teller.do(context.WithoutCancel(ctx), http.MethodDelete, id, "")
	}
	if !x.skipped {
		s.both(ctx, q.params, &x, id%2 == 0)
	}
	s.keep(ctx, x)
}

func (s *sender) both(ctx context.Context, p openai.ChatCompletionNewParams, x *exchange, gatewayFirst bool) {
	guarded := func() { x.gateway, _, _ = s.gateway.send(ctx, p) }
	if gatewayFirst {
		guarded()
	}
	if s.upstream != nil {
		r, _, _ := s.upstream.send(ctx, p)
		x.direct, x.compared = r.took, r.fate == answered
	}
	if !gatewayFirst {
		guarded()
	}
}

func (s *sender) keep(ctx context.Context, x exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	s.done = append(s.done, x)
	s.progress.at(len(s.done))
}
