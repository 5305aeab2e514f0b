package price_test

import (
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warder.example/guard/strictyaml"
	"warder.example/internal/access"
	"warder.example/internal/price"
)

func TestAmountText(t *testing.T) {
	for in, want := range map[string]string{"50": "50", "0.25": "0.25", "0": "0", "1.500000": "1.5", "007.10": "7.1", "0.000001": "0.000001", "1000000000": "1000000000"} {
		var a price.Amount
		if err := a.UnmarshalText([]byte(in)); err != nil || a.String() != want {
			t.Errorf("%s: %s, %v; expected %s", in, a, err, want)
		}
	}
	for _, in := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "1_000", "0.0000001", "99999999999999", "9999999999999", "NaN", "0x10", "1 ", "１"} {
		var a price.Amount
		if err := a.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q is read as %s; expected an error", in, a)
		}
	}
}

// TestCostIsExact: what a machine with unbounded whole numbers computes, rounded
// up.
func TestCostIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string, most int64) int64 { return rapid.Int64Range(0, most).Draw(t, name) }
		p := price.Price{Input: price.Amount(some("in", int64(price.MaxPrice))), Cached: price.Amount(some("cached", int64(price.MaxPrice))),
			Write: price.Amount(some("write", int64(price.MaxPrice))), Output: price.Amount(some("out", int64(price.MaxPrice)))}
		k := price.Tokens{Input: some("i", 1<<40), Output: some("o", 1<<40)}
		k.Cached = some("c", k.Input)
		k.Write = some("w", k.Input-k.Cached)
		want := new(big.Int)
		for _, x := range [][2]int64{{k.Input - k.Cached - k.Write, int64(p.Input)}, {k.Cached, int64(p.Cached)}, {k.Write, int64(p.Write)}, {k.Output, int64(p.Output)}} {
			want.Add(want, new(big.Int).Mul(big.NewInt(x[0]), big.NewInt(x[1])))
		}
		want.Add(want, big.NewInt(999_999)).Div(want, big.NewInt(1_000_000))
		if most := big.NewInt(int64(price.MaxAmount)); want.Cmp(most) > 0 {
			want = most
		}
		got := p.Cost(k)
		if big.NewInt(int64(got)).Cmp(want) != 0 {
			t.Fatalf("cost is %d; expected %s", got, want)
		}
		if most := p.AtMost(k.Input, k.Output); got > most {
			t.Fatalf("cost %d is over the bound %d", got, most)
		}
	})
}

// TestCostOfNonsense: a provider's counts that contradict themselves cost no less
// than nothing and no more than the bound.
func TestCostOfNonsense(t *testing.T) {
	p := price.Price{Input: price.Unit, Cached: price.Unit / 2, Write: price.Unit, Output: price.Unit}
	for _, k := range []price.Tokens{{Input: -5, Output: -1}, {Input: 10, Cached: 50, Write: 50}, {Input: 10, Cached: -3}, {Cached: 7}} {
		if got := p.Cost(k); got < 0 || got > p.AtMost(max(k.Input, 0), max(k.Output, 0)) {
			t.Errorf("%+v costs %d", k, got)
		}
	}
}

func TestShippedPrices(t *testing.T) {
	d := price.Default()
	if d.Lines() < 30 || d.Currency != "USD" {
		t.Fatalf("%d prices in %s; expected at least 30 in USD", d.Lines(), d.Currency)
	}
	for model, want := range map[string]price.Price{
		"gpt-4o-mini-2024-07-18":   {Input: 150_000, Cached: 150_000, Write: 150_000, Output: 600_000},
		"gpt-5.4-mini":             {Input: 750_000, Cached: 75_000, Write: 750_000, Output: 4_500_000},
		"claude-opus-4-1-20250805": {Input: 15_000_000, Cached: 1_500_000, Write: 30_000_000, Output: 75_000_000},
	} {
		if got, ok := d.Of(model); !ok || got != want {
			t.Errorf("%s: %+v, %v; expected %+v", model, got, ok, want)
		}
	}
	for _, model := range []string{"", "house-model", "xgpt-4o", strings.Repeat("gpt-4o", 100)} {
		if p, ok := d.Of(model); ok {
			t.Errorf("%.20q has a price: %+v", model, p)
		}
	}
}

// TestShippedSources: each shipped price has an address and a day that is not to come, is
// marked if the page is not of a provider, and can be reached by a name that no line
// before it takes.
func TestShippedSources(t *testing.T) {
	data, err := os.ReadFile("prices.yaml")
	if err != nil {
		t.Fatal(err)
	}
	providers := []string{"platform.claude.com", "docs.claude.com", "platform.openai.com", "developers.openai.com", "openai.com", "ai.google.dev", "cloud.google.com"}
	own, secondary := 0, 0
	var before []string
	var file struct {
		Currency string       `yaml:"currency"`
		Prices   []price.Line `yaml:"prices"`
	}
	if _, err := strictyaml.Decode("prices.yaml", data, &file); err != nil {
		t.Fatal(err)
	}
	for i, l := range file.Prices {
		u, err := url.Parse(l.Source)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s: source is %q; expected an https address", l.Model, l.Source)
			continue
		}
		if slices.Contains(providers, u.Host) == l.Secondary {
			t.Errorf("%s: secondary is %v for a page of %s", l.Model, l.Secondary, u.Host)
		}
		if day, err := time.Parse(time.DateOnly, l.Read); err != nil || day.After(time.Now().Add(24*time.Hour)) || day.Year() < 2025 {
			t.Errorf("%s: read on %q", l.Model, l.Read)
		}
		if l.Input <= 0 || l.Output < l.Input {
			t.Errorf("%s: %s read and %s written a million; expected writing to cost more", l.Model, l.Input, l.Output)
		}
		name := strings.TrimSuffix(l.Model, "*")
		for _, p := range before {
			if access.MatchModel(p, name) {
				t.Errorf("line %d, %s, is never reached: %s stands before it", i, l.Model, p)
			}
		}
		before = append(before, l.Model)
		if l.Secondary {
			secondary++
		} else {
			own++
		}
	}
	if own < 10 || secondary < 10 {
		t.Errorf("%d prices from providers and %d from others; expected at least 10 of each", own, secondary)
	}
}

func TestOwnFileGoesBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prices.yaml")
	own := "currency: USD\nprices:\n  - {model: \"gpt-4o*\", input: 1, output: 2, source: contract, read: \"2026-02-03\"}\n"
	if err := os.WriteFile(path, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	mine, err := price.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	both, err := mine.Before(price.Default())
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := both.Of("gpt-4o-mini"); !ok || p.Input != price.Unit {
		t.Errorf("own price is not used: %+v", p)
	}
	if _, ok := both.Of("gpt-4.1"); !ok {
		t.Error("shipped price is gone")
	}
	euro, err := price.Parse("x", []byte(strings.Replace(own, "USD", "EUR", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := euro.Before(price.Default()); err == nil {
		t.Error("currencies are mixed without an error")
	}
}

func TestPriceErrors(t *testing.T) {
	for text, want := range map[string]string{
		"currency: usd\nprices: [{model: a, input: 1, output: 1, source: s, read: \"2026-01-01\"}]": "x:1: currency is",
		"currency: USD\nprices: []": "0 prices",
		"currency: USD\nprices:\n  - {model: a, input: 1, output: 1, read: \"2026-01-01\"}":                  "x:3: source of",
		"currency: USD\nprices:\n  - {model: a, input: 1, output: 1, source: s}":                             "x:3: read of",
		"currency: USD\nprices:\n  - {model: a, input: -1, output: 1}":                                       "x:3: prices[0].input: cannot read",
		"currency: USD\nprices:\n  - {model: a, input: 1000001, output: 1, source: s, read: \"2026-01-01\"}": "expected at most 1000000",
		"currency: USD\nprices:\n  - {model: a, input: 1, source: s, read: \"2026-01-01\"}":                  "x:3: output of",
		"currency: USD\nprices:\n  - {model: a, inputs: 1}":                                                  "unknown key",
	} {
		if _, err := price.Parse("x", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; expected %q", text, err, want)
		}
	}
	if _, err := price.Load("no-such-file"); err == nil {
		t.Error("a missing file is no error")
	}
}
