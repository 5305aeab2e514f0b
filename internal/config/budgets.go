package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"warder.example/guard/strictyaml"
	"warder.example/internal/access"
	"warder.example/internal/budget"
	"warder.example/internal/price"
)

// Names of choices.
const (
	UnknownPriceRefuse  = "refuse"
	UnknownPriceDefault = "default"

	CountersNode  = "node"
	CountersStore = "store"
)

// Budget is a limit of what may be used in a window of the calendar.
type Budget struct {
	// Name is how refusals and reports call it: lower-case letters, digits and
	// dashes. Its counters go by it: another name starts them anew.
	Name string `yaml:"name" schema:"required"`
	// What is counted. Money is in the currency of the prices.
	What string `yaml:"what" enum:"requests,input_tokens,output_tokens,total_tokens,money" schema:"required"`
	// Amount is how much may be used: a whole number, of money with up to six
	// decimal places.
	Amount price.Amount `yaml:"amount" schema:"required"`
	// Every is the window: a minute, hour, day or month of the calendar.
	Every string `yaml:"every" enum:"minute,hour,day,month" schema:"required"`
	// Per lists what has a counter of its own: each key, application, end user
	// (subject) or model, or each combination of those listed. Empty keeps one
	// counter for all.
	Per []string `yaml:"per" enum:"key,application,subject,model"`
	// Applications are the names of those it holds for. Empty means all.
	Applications []string `yaml:"applications"`
	// Models are patterns of the models it holds for, * standing for any run of
	// characters: the name that the caller asks for, such as an alias, or what the
	// upstream calls it. Empty means all.
	Models []string `yaml:"models"`
}

// Spending says how budgets count.
type Spending struct {
	// TimeZone is the zone of the calendar, such as Europe/Berlin.
	TimeZone string `yaml:"time_zone"`
	// Prices is the path of a file of prices that go before those that Warder
	// ships.
	Prices string `yaml:"prices"`
	// OnUnknownPrice says what a budget of money does with a model that has no
	// price: refuse the request, or take unknown_price.
	OnUnknownPrice string `yaml:"on_unknown_price" enum:"refuse,default"`
	// UnknownPrice is the price of models that have none.
	UnknownPrice UnknownPrice `yaml:"unknown_price"`
	// OutputTokens is the cap of an answer's tokens that is written into a
	// request that has none, where a budget depends on it.
	OutputTokens int `yaml:"output_tokens"`
	// Counters says where counters are kept: node, in memory with a journal in
	// the data folder, so that each node has its own; or store, in the database,
	// shared by all nodes and slower.
	Counters string `yaml:"counters" enum:"node,store"`
}

// UnknownPrice is a price of a million tokens.
type UnknownPrice struct {
	// Input is the price of a million tokens read.
	Input price.Amount `yaml:"input"`
	// Output is the price of a million tokens written.
	Output price.Amount `yaml:"output"`
}

// defaultSpending is that of a file that says nothing.
func defaultSpending() Spending {
	return Spending{TimeZone: "UTC", OnUnknownPrice: UnknownPriceRefuse, OutputTokens: budget.DefaultOutput, Counters: CountersNode}
}

// limit returns the budget as package budget takes it.
func (b *Budget) limit() (budget.Limit, error) {
	l := budget.Limit{Name: b.Name, Measure: budget.Measure(b.What), Amount: int64(b.Amount), Window: budget.Window(b.Every),
		Applications: b.Applications, Models: b.Models}
	for _, p := range b.Per {
		l.Per = append(l.Per, budget.Dimension(p))
	}
	if l.Measure == budget.Money {
		return l, nil
	}
	whole, ok := b.Amount.Whole()
	if !ok {
		return l, fmt.Errorf("amount of budget %.80q is %s; expected a whole number of %s", b.Name, b.Amount, b.What)
	}
	l.Amount = whole
	return l, nil
}

// checkBudgets reports what is wrong with budgets and how they count.
func (c *Config) checkBudgets(r report) {
	if n := len(c.Budgets); n > budget.MaxLimits {
		r("budgets", "%d budgets; expected at most %d", n, budget.MaxLimits)
		return
	}
	seen := map[string]bool{}
	for i := range c.Budgets {
		path := strictyaml.Index("budgets", i)
		l, err := c.Budgets[i].limit()
		if err != nil {
			r(path+".amount", "%v", err)
		}
		if key, err := l.Validate(); err != nil {
			r(path+"."+key, "%v", err)
		}
		if seen[l.Name] {
			r(path+".name", "budget %.80q is there twice", l.Name)
		}
		seen[l.Name] = true
	}
	s := &c.Spending
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		r("spending.time_zone", "time zone %.60q is not known here; expected one such as UTC or Europe/Berlin", s.TimeZone)
	}
	if s.OutputTokens < 1 || s.OutputTokens > 100_000_000 {
		r("spending.output_tokens", "spending.output_tokens is %d; expected 1 to 100000000", s.OutputTokens)
	}
	u := &s.UnknownPrice
	if s.OnUnknownPrice == UnknownPriceDefault && (u.Input <= 0 || u.Output <= 0 || u.Input > price.MaxPrice || u.Output > price.MaxPrice) {
		r("spending.unknown_price", "unknown_price is %s and %s; expected input and output above 0 and at most %s, since on_unknown_price is default", u.Input, u.Output, price.MaxPrice)
	}
}

// budgetNotes tells of patterns of models that no model of the upstreams matches, where
// these list all they serve. Applications are not known here: they are in the database.
func (c *Config) budgetNotes() (out []string) {
	var served []string
	for i := range c.Upstreams {
		u := &c.Upstreams[i]
		if len(u.Models) == 0 {
			return nil // it may serve any
		}
		served = slices.Concat(served, u.Models, slices.Collect(maps.Keys(u.Aliases)), slices.Collect(maps.Values(u.Aliases)))
	}
	for i := range c.Budgets {
		for _, p := range c.Budgets[i].Models {
			if !slices.ContainsFunc(served, func(m string) bool { return overlap(p, m) }) {
				out = append(out, fmt.Sprintf("budget %s names models %.80q, which no upstream serves", c.Budgets[i].Name, p))
			}
		}
	}
	return out
}

// overlap reports whether two patterns may match one name: by what stands before the
// first * of each, where both have one.
func overlap(a, b string) bool {
	x, _, many := strings.Cut(a, "*")
	y, _, more := strings.Cut(b, "*")
	if many && more {
		return strings.HasPrefix(x, y) || strings.HasPrefix(y, x)
	}
	return access.MatchModel(a, b) || access.MatchModel(b, a)
}

// BudgetRules returns what the budgets of the configuration are, with prices read
// from their file.
func (c *Config) BudgetRules() (budget.Rules, error) {
	out := budget.Rules{Output: int64(c.Spending.OutputTokens), Prices: price.Default()}
	for i := range c.Budgets {
		l, err := c.Budgets[i].limit()
		if err != nil {
			return out, err
		}
		out.Limits = append(out.Limits, l)
	}
	var err error
	if out.Zone, err = time.LoadLocation(c.Spending.TimeZone); err != nil {
		return out, fmt.Errorf("spending.time_zone: %w", err)
	}
	if u := c.Spending.UnknownPrice; c.Spending.OnUnknownPrice == UnknownPriceDefault {
		out.Unknown = &price.Price{Input: u.Input, Cached: u.Input, Write: u.Input, Output: u.Output}
	}
	if c.Spending.Prices == "" {
		return out, nil
	}
	own, err := price.Load(c.Spending.Prices)
	if err != nil {
		return out, c.located("spending.prices", err)
	}
	if own.Currency == out.Prices.Currency {
		own, err = own.Before(out.Prices)
	}
	out.Prices = own // of another currency: those that Warder ships do not count
	return out, err
}
