// Package price says what tokens of a model cost.
//
// # The data
//
// Prices are a YAML file of lines, each with a pattern of models, prices a
// million tokens, the page that says so and the day it was read. Warder ships
// one ([Default]), in which a line whose page is not the provider's own says so; an operator's own file goes before it, line by line
// ([Table.Before]). The first line whose pattern matches decides, so exact names
// stand before general ones.
//
// Prices change and what Warder ships is as old as its release: it serves
// budgets and reports, not bookkeeping. What a provider charges for beside tokens
// (searches, pictures made, storage) is not counted.
//
// # Exactness
//
// All is computed in whole micro-units of the currency ([Amount]), exactly and
// rounded up once, at the end. The currency is that of the file; Warder does not
// convert.
package price

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"warder.example/guard/strictyaml"
	"warder.example/internal/access"
)

// Bounds of a file.
const (
	MaxLines  = 2000
	maxSource = 300 // bytes
)

// MaxPrice is the highest price of a million tokens: a typing error above it is
// more likely than a model.
const MaxPrice = 1_000_000 * Unit

// Price is what a million tokens cost.
type Price struct {
	Input  Amount // read afresh
	Cached Amount // read from the provider's cache
	Write  Amount // read and kept in the provider's cache
	Output Amount // written, reasoning included
}

// Tokens is what an exchange used.
type Tokens struct {
	Input  int64 // all that was read: Cached and Write are part of it
	Cached int64
	Write  int64
	Output int64
}

// Cost returns what the tokens cost, rounded up to a micro-unit. Parts that claim
// more than the whole are cut to it.
func (p Price) Cost(t Tokens) Amount {
	cached := min(max(t.Cached, 0), max(t.Input, 0))
	write := min(max(t.Write, 0), t.Input-cached)
	var s sum
	s.add(t.Input-cached-write, p.Input)
	s.add(cached, p.Cached)
	s.add(write, p.Write)
	s.add(t.Output, p.Output)
	return s.amount()
}

// AtMost returns the most that so many tokens can cost, however they are read.
func (p Price) AtMost(input, output int64) Amount {
	var s sum
	s.add(input, max(p.Input, p.Cached, p.Write))
	s.add(output, p.Output)
	return s.amount()
}

// Line is one line of a file.
type Line struct {
	// Model is a pattern of models, * standing for any run of bytes.
	Model string `yaml:"model"`
	// Input is the price of a million tokens read.
	Input Amount `yaml:"input"`
	// Cached is the price of those that come of the provider's cache; that of
	// Input when it is left out.
	Cached *cached `yaml:"cached"`
	// Write is the price of those that are put into it; that of Input when it
	// is left out.
	Write *cached `yaml:"cache_write"`
	// Output is the price of a million tokens written.
	Output Amount `yaml:"output"`
	// Source is the page that says so.
	Source string `yaml:"source"`
	// Secondary says that the source is not the provider's own page.
	Secondary bool `yaml:"secondary"`
	// Read is the day on which it said so, as 2026-01-31.
	Read string `yaml:"read"`
}

// cached is a price that may be left out.
type cached struct{ Amount }

// UnmarshalText reads an amount.
func (c *cached) UnmarshalText(text []byte) error { return c.Amount.UnmarshalText(text) }

// price returns the line's price, complete.
func (l *Line) price() Price {
	p := Price{Input: l.Input, Cached: l.Input, Write: l.Input, Output: l.Output}
	if l.Cached != nil {
		p.Cached = l.Cached.Amount
	}
	if l.Write != nil {
		p.Write = l.Write.Amount
	}
	return p
}

// Table finds the price of a model. It is immutable and safe for concurrent use.
// The zero Table knows no model.
type Table struct {
	Currency string // as the file writes it, such as USD
	lines    []Line
}

// Of returns the price of a model and whether there is one.
func (t *Table) Of(model string) (Price, bool) {
	if l := t.line(model); l != nil {
		return l.price(), true
	}
	return Price{}, false
}

func (t *Table) line(model string) *Line {
	if t == nil || len(model) > access.MaxModel {
		return nil
	}
	for i := range t.lines {
		if access.MatchModel(t.lines[i].Model, model) {
			return &t.lines[i]
		}
	}
	return nil
}

// Lines returns how many lines there are.
func (t *Table) Lines() int { return len(t.lines) }

// Before returns a table in which t's lines go before those of other. It is an
// error if they are of different currencies.
func (t *Table) Before(other *Table) (*Table, error) {
	if t.Currency != other.Currency {
		return nil, fmt.Errorf("prices are in %s and in %s; expected one currency", t.Currency, other.Currency)
	}
	return &Table{Currency: t.Currency, lines: append(append([]Line(nil), t.lines...), other.lines...)}, nil
}

//go:embed prices.yaml
var shipped []byte

// Default returns the prices that Warder ships, in US dollars.
var Default = sync.OnceValue(func() *Table {
	t, err := Parse("prices.yaml", shipped)
	if err != nil {
		panic(err) // a test reads it
	}
	return t
})

// Load reads a file of prices. Its error names all that is wrong, by line.
func Load(path string) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading prices: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading prices: %w", err)
	}
	return Parse(path, data)
}

// Parse reads prices; name is what errors call them.
func Parse(name string, data []byte) (*Table, error) {
	var file struct {
		Currency string `yaml:"currency"`
		Prices   []Line `yaml:"prices"`
	}
	f, err := strictyaml.Decode(name, data, &file)
	if err != nil {
		return nil, err
	}
	if len(file.Currency) != 3 || strings.Trim(file.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		f.Errorf("currency", "currency is %.20q; expected three capital letters such as USD", file.Currency)
	}
	if n := len(file.Prices); n == 0 || n > MaxLines {
		f.Errorf("prices", "%d prices; expected 1 to %d", n, MaxLines)
	}
	for i := range file.Prices[:min(len(file.Prices), MaxLines)] {
		at := strictyaml.Index("prices", i)
		file.Prices[i].check(func(key, format string, args ...any) { f.Errorf(at+"."+key, format, args...) })
		for _, key := range []string{"input", "output"} {
			if !f.Has(at + "." + key) {
				f.Errorf(at, "%s of %.40q is missing; expected a price a million tokens, 0 if it is free", key, file.Prices[i].Model)
			}
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return &Table{Currency: file.Currency, lines: file.Prices}, nil
}

func (l *Line) check(r func(key, format string, args ...any)) {
	if !visibleText(l.Model, access.MaxModel) {
		r("model", "model is %.40q; expected a pattern of 1 to %d visible ASCII characters", l.Model, access.MaxModel)
	}
	if !visibleText(l.Source, maxSource) {
		r("source", "source of %.40q is %.40q; expected the page that gives the price, without spaces", l.Model, l.Source)
	}
	if _, err := time.Parse(time.DateOnly, l.Read); err != nil {
		r("read", "read of %.40q is %.40q; expected the day on which the source was read, such as 2026-01-31", l.Model, l.Read)
	}
	p := l.price()
	for _, x := range []struct {
		key string
		v   Amount
	}{{"input", p.Input}, {"cached", p.Cached}, {"cache_write", p.Write}, {"output", p.Output}} {
		if x.v > MaxPrice {
			r(x.key, "%s of %.40q is %s a million tokens; expected at most %s", x.key, l.Model, x.v, MaxPrice)
		}
	}
}

// visibleText reports whether s is 1 to most visible ASCII characters.
func visibleText(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}
