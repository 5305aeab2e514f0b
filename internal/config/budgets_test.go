package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warder.example/internal/budget"
	"warder.example/internal/price"
)

const anUpstream = "upstreams: [{name: a, url: 'http://127.0.0.1:1/v1'}]\n"

func TestBudgets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("prices.yaml", "currency: USD\nprices: [{model: house, input: 1, output: 2, source: contract, read: \"2026-01-01\"}]\n")
	path := write("warder.yaml", anUpstream+`
budgets:
  - {name: desk, what: money, amount: 12.5, every: month, per: [application], applications: [desk], models: ["gpt-*"]}
  - {name: all, what: requests, amount: 1000, every: minute}
spending: {time_zone: UTC, prices: prices.yaml, on_unknown_price: default, unknown_price: {input: 3, output: 4}, output_tokens: 99}
`)
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.BudgetRules()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	if len(r.Limits) != 2 || r.Limits[0].Amount != 12_500_000 || r.Limits[1].Amount != 1000 || r.Limits[0].Per[0] != budget.PerApplication || r.Output != 99 {
		t.Errorf("rules are %+v", r)
	}
	if p, ok := r.Prices.Of("house"); !ok || p.Output != 2*price.Unit {
		t.Errorf("own price is %+v", p)
	}
	if _, ok := r.Prices.Of("gpt-4o"); !ok || r.Unknown == nil || r.Unknown.Output != 4*price.Unit {
		t.Error("the shipped prices or the one for unknown models are gone")
	}
	write("prices.yaml", "currency: EUR\nprices: [{model: house, input: 1, output: 2, source: contract, read: \"2026-01-01\"}]\n")
	if r, err = c.BudgetRules(); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Prices.Of("gpt-4o"); ok || r.Prices.Currency != "EUR" {
		t.Error("prices of two currencies are mixed")
	}
	if err := os.Remove(filepath.Join(dir, "prices.yaml")); err != nil {
		t.Fatal(err)
	}
	if errs := c.CheckFiles(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "warder.yaml:6: spending.prices: reading prices: open ") {
		t.Errorf("checking files: %v", errs)
	}
	write("prices.yaml", "currency: USD\n")
	if errs := c.CheckFiles(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "0 prices") {
		t.Errorf("checking files: %v", errs)
	}
}

func TestBudgetsByDefault(t *testing.T) {
	c, err := Parse("warder.yaml", []byte(anUpstream))
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.BudgetRules()
	if err != nil || len(r.Limits) != 0 || r.Unknown != nil || r.Output != budget.DefaultOutput || r.Zone.String() != "UTC" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestBudgetErrors(t *testing.T) {
	for text, want := range map[string]string{
		"budgets:\n  - {name: a, what: requests, amount: 1.5, every: day}":                                        "w:3: amount of budget \"a\" is 1.5; expected a whole number of requests",
		"budgets:\n  - {name: a, what: requests, amount: -1, every: day}":                                         "w:3: budgets[0].amount: cannot read",
		"budgets:\n  - {name: a, what: tokens, amount: 1, every: day}":                                            "w:3: budgets[0].what is \"tokens\"; expected requests",
		"budgets:\n  - {name: a, amount: 1, every: day}":                                                          "w:3: what is",
		"budgets:\n  - {name: a, what: money, amount: 1}":                                                         "w:3: every is",
		"budgets:\n  - {name: A/b, what: money, amount: 1, every: day}":                                           "w:3: budget name",
		"budgets:\n  - {name: a, what: money, amount: 1, every: day, per: [key, key]}":                            "w:3: per names",
		"budgets:\n  - {name: a, what: money, amount: 1, every: day, applications: ['../x']}":                     "w:3: applications",
		"budgets: [{name: a, what: money, amount: 1, every: day}, {name: a, what: money, amount: 1, every: day}]": "w:2: budget \"a\" is there twice",
		"spending: {time_zone: ../../etc/passwd}":                                                                 "w:2: time zone",
		"spending: {time_zone: Local}":                                                                            "w:2: time zone",
		"spending: {output_tokens: 0}":                                                                            "w:2: spending.output_tokens is 0",
		"spending: {on_unknown_price: default}":                                                                   "unknown_price is 0 and 0",
		"spending: {on_unknown_price: free}":                                                                      "expected refuse, default",
	} {
		_, err := Parse("w", []byte(anUpstream+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; expected %q", text, err, want)
		}
	}
}

// TestBudgetNotes: a pattern of models that can match nothing that is served is told,
// where the upstreams list what they serve.
func TestBudgetNotes(t *testing.T) {
	for _, c := range []struct {
		upstream, pattern string
		told              bool
	}{
		{"models: [m1], aliases: {smart: m1}", "smart", false},
		{"models: [m1], aliases: {smart: m1}", "sm*", false},
		{"models: [m1], aliases: {smart: house}", "house", false},
		{"models: [m1], aliases: {smart: m1}", "smrt", true},
		{"models: ['gpt-*']", "gpt-5", false},
		{"models: ['gpt-*']", "gpt-5*", false},
		{"models: ['gpt-*']", "*-5", false},
		{"models: ['gpt-*']", "claude-*", true},
		{"models: []", "anything", false},
	} {
		path := filepath.Join(t.TempDir(), "warder.yaml")
		text := "upstreams: [{name: a, url: 'http://127.0.0.1:1/v1', " + c.upstream + "}]\nbudgets: [{name: desk, what: requests, amount: 1, every: day, models: ['" + c.pattern + "']}]\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if notes := strings.Join(cfg.Notes(), "\n"); strings.Contains(notes, `budget desk names models "`+c.pattern+`"`) != c.told {
			t.Errorf("%s and a budget for %s: notes are %s", c.upstream, c.pattern, notes)
		}
	}
}
