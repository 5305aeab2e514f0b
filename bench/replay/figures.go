package main

import (
	"cmp"
	"math"
	"slices"
	"time"

	"warder.example/guard"
)

// results are what a replay found out.
type results struct {
	Seed        uint64  `json:"seed"`
	Limit       int     `json:"limit"`
	Concurrency int     `json:"concurrency"`
	Seconds     float64 `json:"seconds"`
	Interrupted bool    `json:"interrupted"`
	// Recorded says that the audit log was read. Without it what was flagged
	// or redacted is among the passed.
	Recorded bool    `json:"recorded"`
	Sources  []line  `json:"sources"`
	Total    *counts `json:"total"`
}

// line is what became of the rows of one source that have one label.
type line struct {
	Source string `json:"source"`
	Label  string `json:"label"`
	counts
}

// counts add up: Rows is Blocked + Flagged + Redacted + Passed + Errors +
// Skipped.
type counts struct {
	Rows     int `json:"rows"`
	Blocked  int `json:"blocked"`
	Flagged  int `json:"flagged"`
	Redacted int `json:"redacted"`
	Passed   int `json:"passed"`
	Errors   int `json:"errors"`
	Skipped  int `json:"skipped"`
	// Rules counts the rules that decided, Codes the reasons of errors.
	Rules map[string]int `json:"rules,omitempty"`
	Codes map[string]int `json:"codes,omitempty"`
	// Of the rows that were answered and sent both ways.
	Direct  *spread `json:"direct_ms,omitempty"`
	Gateway *spread `json:"gateway_ms,omitempty"`
	Added   *spread `json:"added_ms,omitempty"`

	direct, gateway, added []time.Duration
}

// spread are percentiles in milliseconds.
type spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
}

// count adds exchanges up, by source and label and in all. log is nil when the
// audit log was not read.
func count(done []exchange, log records) *results {
	type key struct{ source, label string }
	lines := map[key]*line{}
	r := &results{Recorded: log != nil, Total: &counts{}}
	for i := range done {
		x := &done[i]
		k := key{x.source, x.label}
		if lines[k] == nil {
			lines[k] = &line{Source: x.source, Label: x.label}
		}
		o := judge(x, log)
		lines[k].add(x, o)
		r.Total.add(x, o)
	}
	for _, l := range lines {
		l.finish()
		r.Sources = append(r.Sources, *l)
	}
	r.Total.finish()
	slices.SortFunc(r.Sources, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Label, b.Label))
	})
	return r
}

// outcome is what became of a row for the operator.
type outcome struct {
	action guard.Action
	rule   string
	code   string // not empty: an error
}

// judge joins what the caller saw with what the log says.
func judge(x *exchange, log records) outcome {
	if x.gateway.fate == failed {
		return outcome{code: cmp.Or(x.gateway.code, "unknown")}
	}
	stopped := x.gateway.fate == refused
	if log == nil {
		if stopped {
			return outcome{action: guard.Block}
		}
		return outcome{action: guard.Allow}
	}
	switch r := log[x.gateway.request]; {
	case r == nil || !r.opened || !r.closed:
		return outcome{code: "record_missing"}
	case r.action.Stops() != stopped:
		return outcome{code: "record_disagrees"}
	default:
		return outcome{action: r.action, rule: r.rule}
	}
}

func (c *counts) add(x *exchange, o outcome) {
	c.Rows++
	switch {
	case x.skipped:
		c.Skipped++
		return
	case o.code != "":
		c.Errors++
		tally(&c.Codes, o.code)
		return
	case o.action.Stops():
		c.Blocked++
	case o.action == guard.Redact:
		c.Redacted++
	case o.action == guard.Flag:
		c.Flagged++
	default:
		c.Passed++
	}
	if o.rule != "" {
		tally(&c.Rules, o.rule)
	}
	if x.compared && x.gateway.fate == answered {
		c.direct = append(c.direct, x.direct)
		c.gateway = append(c.gateway, x.gateway.took)
		c.added = append(c.added, x.gateway.took-x.direct)
	}
}

func tally(m *map[string]int, k string) {
	if *m == nil {
		*m = map[string]int{}
	}
	(*m)[k]++
}

func (c *counts) finish() {
	c.Direct, c.Gateway, c.Added = spreadOf(c.direct), spreadOf(c.gateway), spreadOf(c.added)
}

// spreadOf sorts ds and returns its percentiles, nil for none.
func spreadOf(ds []time.Duration) *spread {
	if len(ds) == 0 {
		return nil
	}
	slices.Sort(ds)
	return &spread{P50: percentile(ds, 50), P95: percentile(ds, 95)}
}

// percentile returns the p-th percentile of sorted durations by nearest rank,
// in milliseconds: the smallest value that at least p of a hundred do not exceed.
func percentile(sorted []time.Duration, p int) float64 {
	rank := (len(sorted)*p + 99) / 100
	ms := float64(sorted[max(rank, 1)-1]) / float64(time.Millisecond)
	return math.Round(ms*1000) / 1000
}
