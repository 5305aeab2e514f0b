package price_test

import (
	"testing"

	"warder.example/internal/price"
)

// FuzzParse: a file of prices that is taken has prices that cost no less than nothing, and
// a bound that no use of as many tokens exceeds.
func FuzzParse(f *testing.F) {
	f.Add([]byte("currency: USD\nprices:\n  - {model: \"a*\", input: 1.5, cached: 0.15, output: 6, source: https://prices.example/, read: 2026-11-22}\n"), "abc")
	f.Add([]byte("currency: EUR\nprices:\n  - {model: m, input: 0.000001, output: 999999.999999}\n"), "m")
	f.Add([]byte("currency: usd\nprices: []\n"), "")
	f.Fuzz(func(t *testing.T, data []byte, model string) {
		table, err := price.Parse("p.yaml", data)
		if err != nil {
			return
		}
		if len(table.Currency) != 3 || table.Lines() < 1 || table.Lines() > price.MaxLines {
			t.Fatalf("%d lines in %q", table.Lines(), table.Currency)
		}
		p, ok := table.Of(model)
		if !ok {
			return
		}
		for _, k := range []price.Tokens{{}, {Input: 1, Output: 1}, {Input: 1000, Cached: 400, Write: 600, Output: 7}, {Input: 1 << 40, Output: 1 << 40}} {
			if cost, most := p.Cost(k), p.AtMost(k.Input, k.Output); cost < 0 || cost > most {
				t.Fatalf("%+v at %+v costs %d; at most %d", k, p, cost, most)
			}
		}
		var back price.Amount
		if text, err := p.Input.MarshalText(); err != nil || back.UnmarshalText(text) != nil || back != p.Input {
			t.Fatalf("%d is written %s and read as %d, %v", p.Input, text, back, err)
		}
	})
}

// FuzzAmount: an amount that is taken is written and read as itself.
func FuzzAmount(f *testing.F) {
	for _, s := range []string{"0", "1.5", "0.000001", "1e3", "-1", "01", "1.", ".5", "9223372036854.775807", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var a, back price.Amount
		if a.UnmarshalText([]byte(text)) != nil {
			return
		}
		if a < 0 || back.UnmarshalText([]byte(a.String())) != nil || back != a {
			t.Fatalf("%q is %d, written %s, read as %d", text, a, a, back)
		}
	})
}
