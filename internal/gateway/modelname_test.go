package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"warder.example/internal/budget"
)

// namedCounters keeps the names of the counters that were taken from.
type namedCounters struct {
	budget.Memory
	mu    sync.Mutex
	names []string
}

func (n *namedCounters) Reserve(ctx context.Context, h *budget.Hold) error {
	n.mu.Lock()
	for _, l := range h.Lines {
		n.names = append(n.names, l.Counter)
	}
	n.mu.Unlock()
	return n.Memory.Reserve(ctx, h)
}

// TestPersonalDataInModelNames: a name of a model in which somebody's data stands is in
// no record, no log and no counter, unless the configuration has it. The model server
// is asked for it all the same, and each such name has a counter of its own.
func TestPersonalDataInModelNames(t *testing.T) {
	const perModel = "budgets:\n  - {name: per-model, what: requests, amount: 1, every: month, per: [model]}\n"
	for _, c := range []struct {
		name, config string
		hidden       bool
	}{
		{"m-lena@kestrel.org", "", true},
		{"m-4111111111111111", "", true},
		{"m-claude-3-5-sonnet-20241022", "", false},
		{"m:gpt-4o-mini-2024-07-18:kestrel::9xYz1234", "", false},
		{"m-lena@kestrel.org", "    aliases: {m-lena@kestrel.org: real-1}\n", false},
		{"m-lena@kestrel.org", "    models: [m-lena@kestrel.org, m*]\n", false},
		{"m-lena@kestrel.org", "    models: [m*]\n", true},
	} {
		var got string
		counters := &namedCounters{}
		r := newRig(t, recorded(&got, "application/json", answerBody("hello")), rigOptions{config: c.config + perModel, counters: counters})
		ask := func(model string) reply {
			return r.post("app", strings.Replace(chatBody("hi"), `"m1"`, fmt.Sprintf("%q", model), 1))
		}
		p := ask(c.name)
		if p.status != 200 || !strings.Contains(got, c.name) && !strings.Contains(got, "real-1") {
			t.Fatalf("%s: %d %s; the upstream got %s", c.name, p.status, p.body, got)
		}
		if again := ask(c.name); again.status != 429 {
			t.Errorf("%s: the second of a budget for one got %d", c.name, again.status)
		}
		if other := ask("m-tom@kestrel.org"); other.status != 200 {
			t.Errorf("%s: another name got %d %s", c.name, other.status, other.body)
		}
		if o, _ := r.ledger.records(t, p.request()); (o.Model == hidden) != c.hidden || !c.hidden && o.Model != c.name {
			t.Errorf("%s is recorded as %q", c.name, o.Model)
		}
		records, err := json.Marshal(r.ledger.events)
		if err != nil {
			t.Fatal(err)
		}
		for what, text := range map[string]string{"the ledger": string(records), "the log": r.log.String(), "a counter": strings.Join(counters.names, " ")} {
			if c.hidden && (strings.Contains(text, "kestrel") || strings.Contains(text, "4111111111111111")) {
				t.Errorf("%s stands in %s: %s", c.name, what, text)
			}
		}
	}
}
