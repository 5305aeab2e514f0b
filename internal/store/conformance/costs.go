package conformance

import (
	"context"
	"time"

	"warder.example/internal/store"
)

// Costs adds up what exchanges used.
type Costs interface {
	Costs(ctx context.Context, since, until time.Time, application string) ([]store.Cost, error)
}

var costTests = []test{
	{"cost/adds-up-by-day-application-key-and-model", func(r *rig) {
		day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
		row := func(request, application, model string, at time.Time, money int64, source string) store.ExchangeRow {
			return store.ExchangeRow{Request: request, Application: application, Key: "k", Model: model, Opened: at,
				InputTokens: 10 * money, CachedTokens: money, OutputTokens: 2 * money, Cost: money, GuardMicros: 3 * money, UsageSource: source}
		}
		r.ok(r.ProjectExchanges(r.ctx, 9, []store.ExchangeRow{
			row("before", "a", "m", day.Add(-time.Microsecond), 9, store.UsageProvider),
			row("one", "a", "m", day, 1, store.UsageProvider),
			row("two", "a", "m", day.Add(24*time.Hour-time.Microsecond), 2, store.UsageEstimated),
			row("none", "a", "m", day, 0, ""),
			row("model", "a", "n", day, 4, store.UsageProvider),
			row("other", "b", "m", day, 8, store.UsageProvider),
			row("next", "a", "m", day.Add(24*time.Hour), 16, store.UsageProvider),
			row("after", "a", "m", day.Add(48*time.Hour), 32, store.UsageProvider),
		}))
		got, err := r.Costs(r.ctx, day, day.Add(48*time.Hour), "")
		r.ok(err)
		sum := func(at time.Time, application, model string, requests, unused, money, estimated int64) store.Cost {
			return store.Cost{Day: at, Application: application, Key: "k", Model: model, Requests: requests, Unused: unused,
				InputTokens: 10 * money, CachedTokens: money, OutputTokens: 2 * money, Money: money, GuardMicros: 3 * money, Estimated: estimated}
		}
		r.same(got, []store.Cost{sum(day, "a", "m", 3, 1, 3, 1), sum(day, "a", "n", 1, 0, 4, 0), sum(day, "b", "m", 1, 0, 8, 0), sum(day.Add(24*time.Hour), "a", "m", 1, 0, 16, 0)})
		got, err = r.Costs(r.ctx, day, day.Add(24*time.Hour), "b")
		r.ok(err)
		r.same(got, []store.Cost{sum(day, "b", "m", 1, 0, 8, 0)})
		got, err = r.Costs(r.ctx, day, day.Add(24*time.Hour), "x' OR '1'='1")
		r.ok(err)
		r.same(len(got), 0)
	}},
	{"cost/use-comes-with-the-closed-half", func(r *rig) {
		opened, closed, _ := r.halves("one")
		closed.InputTokens, closed.OutputTokens, closed.Cost, closed.UsageSource = 7, 3, 5, store.UsageProvider
		r.ok(r.ProjectExchanges(r.ctx, 1, []store.ExchangeRow{opened}))
		r.ok(r.ProjectExchanges(r.ctx, 2, []store.ExchangeRow{closed}))
		got, err := r.Costs(r.ctx, opened.Opened, opened.Opened.Add(time.Hour), "")
		r.ok(err)
		if len(got) != 1 || got[0].InputTokens != 7 || got[0].Money != 5 || got[0].Unused != 0 || got[0].Model != "small" {
			r.Errorf("costs are %+v", got)
		}
	}},
}
