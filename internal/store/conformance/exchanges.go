package conformance

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"warder.example/internal/store"
)

// opened and closed are the two halves of a whole exchange.
func (r *rig) halves(request string) (opened, closed, whole store.ExchangeRow) {
	opened = store.ExchangeRow{
		Request: request, Application: "app_a", Key: "key1", Subject: "c0ffee", Route: "/v1/chat/completions", Model: "small",
		Upstream: "local", Policy: "sha256:1", Opened: r.clock.Now(), OpenedEntry: 1, Action: "flag", Rule: "watch",
		RequestBytes: 700, RequestFindings: 1,
	}
	closed = store.ExchangeRow{
		Request: request, Closed: r.clock.Now().Add(time.Second), ClosedEntry: 2, AnswerAction: "redact", AnswerRule: "mask",
		Code: "redacted", Category: "secret", End: "complete", Status: 200, ResponseBytes: 1200, AnswerFindings: 3,
	}
	whole = opened
	whole.Closed, whole.ClosedEntry, whole.AnswerAction, whole.AnswerRule = closed.Closed, 2, "redact", "mask"
	whole.Code, whole.Category, whole.End, whole.Status = "redacted", "secret", "complete", 200
	whole.ResponseBytes, whole.AnswerFindings = 1200, 3
	return opened, closed, whole
}

var exchangeTests = []test{
	{"exchange/halves-join-in-one-batch-and-in-two", func(r *rig) {
		o1, c1, w1 := r.halves("one")
		o2, c2, w2 := r.halves("two")
		r.ok(r.ProjectExchanges(r.ctx, 3, []store.ExchangeRow{o1, c1, o2}))
		got, err := r.Exchange(r.ctx, "one")
		r.ok(err)
		r.same(got, w1)
		got, err = r.Exchange(r.ctx, "two")
		r.ok(err)
		r.same(got, o2)
		r.ok(r.ProjectExchanges(r.ctx, 4, []store.ExchangeRow{c2}))
		got, err = r.Exchange(r.ctx, "two")
		r.ok(err)
		r.same(got, w2)
		at, err := r.Projected(r.ctx)
		r.ok(err)
		r.same(at, int64(4))
	}},
	{"exchange/position-starts-at-nothing-and-moves-without-rows", func(r *rig) {
		at, err := r.Projected(r.ctx)
		r.ok(err)
		r.same(at, int64(0))
		r.ok(r.ProjectExchanges(r.ctx, 9, nil))
		at, err = r.Projected(r.ctx)
		r.ok(err)
		r.same(at, int64(9))
	}},
	{"exchange/a-batch-may-come-again-but-not-go-back", func(r *rig) {
		o, c, whole := r.halves("one")
		r.ok(r.ProjectExchanges(r.ctx, 2, []store.ExchangeRow{o, c}))
		o.Model = "forged"
		r.ok(r.ProjectExchanges(r.ctx, 2, []store.ExchangeRow{o}))
		r.is(r.ProjectExchanges(r.ctx, 1, []store.ExchangeRow{o}), store.ErrConflict)
		got, err := r.Exchange(r.ctx, "one")
		r.ok(err)
		r.same(got, whole)
	}},
	{"exchange/large-batches", func(r *rig) {
		var rows []store.ExchangeRow
		for i := range 333 {
			o, c, _ := r.halves(fmt.Sprintf("req-%03d", i))
			rows = append(rows, o, c)
		}
		r.ok(r.ProjectExchanges(r.ctx, 666, rows))
		all, err := r.Exchanges(r.ctx, store.ExchangeFilter{Limit: store.MaxBatch})
		r.ok(err)
		r.same(len(all), 333)
		_, _, want := r.halves("req-332")
		r.same(all[0], want)
	}},
	{"exchange/nothing-a-caller-sends-stops-it", func(r *rig) {
		long := strings.Repeat("é", 5000)
		rows := []store.ExchangeRow{
			{Request: ""},
			{Request: "odd", Model: "a\x00b\xff\x1b[2J", Route: long, Upstream: long, Rule: long, AnswerRule: long, Policy: long,
				Subject: long, Application: long, Key: long, Action: long, AnswerAction: long, Code: long, Category: long, End: long},
			{Request: long},
			{Request: "x'); DROP TABLE exchanges; --", Status: -1, RequestBytes: -1 << 63, ResponseBytes: 1<<63 - 1},
		}
		r.ok(r.ProjectExchanges(r.ctx, 4, rows))
		got, err := r.Exchange(r.ctx, "odd")
		r.ok(err)
		r.same(got.Model, "a\ufffdb\ufffd\ufffd[2J")
		r.same(got.Route, strings.Repeat("é", 64))
		all, err := r.Exchanges(r.ctx, store.ExchangeFilter{Limit: 10})
		r.ok(err)
		r.same(len(all), 3)
	}},
	{"exchange/filters-and-pages", func(r *rig) {
		start := r.clock.Now()
		var rows []store.ExchangeRow
		for i := range 12 {
			rows = append(rows, store.ExchangeRow{
				Request: fmt.Sprintf("r%02d", i), Application: []string{"app_a", "app_b"}[i%2], Subject: []string{"", "s1", "s2"}[i%3],
				Opened: start.Add(time.Duration(i/4) * time.Minute),
			})
		}
		r.ok(r.ProjectExchanges(r.ctx, 12, rows))
		for name, c := range map[string]struct {
			f    store.ExchangeFilter
			want string
		}{
			"all":         {store.ExchangeFilter{}, "r11 r10 r09 r08 r07 r06 r05 r04 r03 r02 r01 r00"},
			"application": {store.ExchangeFilter{Application: "app_b"}, "r11 r09 r07 r05 r03 r01"},
			"subject":     {store.ExchangeFilter{Subject: "s2"}, "r11 r08 r05 r02"},
			"window":      {store.ExchangeFilter{Since: start.Add(time.Minute), Until: start.Add(2 * time.Minute)}, "r07 r06 r05 r04"},
			"both":        {store.ExchangeFilter{Application: "app_a", Subject: "s1"}, "r10 r04"},
			"nobody":      {store.ExchangeFilter{Application: "x' OR 1=1 --"}, ""},
		} {
			for _, page := range []int{1, 3, 100} {
				f, names := c.f, []string(nil)
				for {
					f.Limit = page
					got, err := r.Exchanges(r.ctx, f)
					r.ok(err)
					if len(got) > page {
						r.Fatalf("%s: a page of %d has %d rows", name, page, len(got))
					}
					if len(got) == 0 {
						break
					}
					for _, g := range got {
						names = append(names, g.Request)
					}
					f.After = got[len(got)-1]
				}
				if got := strings.Join(names, " "); got != c.want {
					r.Errorf("%s in pages of %d: got %q; expected %q", name, page, got, c.want)
				}
			}
		}
	}},
	{"exchange/racing-projectors-agree", func(r *rig) {
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				o, _, _ := r.halves("one")
				o.RequestFindings = i + 1
				errs[i] = r.ProjectExchanges(r.ctx, int64(i+1), []store.ExchangeRow{o})
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil && !errors.Is(err, store.ErrConflict) {
				r.Error(err)
			}
		}
		// The one that goes furthest always wins, whoever came before it.
		at, err := r.Projected(r.ctx)
		r.ok(err)
		r.same(at, int64(len(errs)))
		got, err := r.Exchange(r.ctx, "one")
		r.ok(err)
		r.same(got.RequestFindings, len(errs))
	}},
	{"exchange/reset-empties", func(r *rig) {
		o, _, _ := r.halves("one")
		r.ok(r.ProjectExchanges(r.ctx, 5, []store.ExchangeRow{o}))
		r.ok(r.ResetProjection(r.ctx))
		at, err := r.Projected(r.ctx)
		r.ok(err)
		r.same(at, int64(0))
		_, err = r.Exchange(r.ctx, "one")
		r.is(err, store.ErrNotFound)
		r.ok(r.ProjectExchanges(r.ctx, 1, []store.ExchangeRow{o}))
		_, err = r.Exchange(r.ctx, "one")
		r.ok(err)
	}},
	{"exchange/hostile-ids-name-nothing", func(r *rig) {
		o, _, _ := r.halves("one")
		r.ok(r.ProjectExchanges(r.ctx, 1, []store.ExchangeRow{o}))
		for _, id := range hostile {
			_, err := r.Exchange(r.ctx, id)
			r.is(err, store.ErrNotFound)
		}
	}},
}
