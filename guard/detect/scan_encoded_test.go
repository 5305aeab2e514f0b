package detect

import (
	"context"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/internal/disguise"
)

// encodedValues are values with an exact form; split, so that no scanner of this
// repository takes them for real.
var encodedValues = map[string]struct {
	value, category string
	d               guard.Detector
}{
	"aws":   {"AKIA" + "5GQZ7RTXWLMN4BVC", "secret", NewSecrets()},
	"ghp":   {"ghp" + "_7Qm2Xv9LtR4bWz8KcY1nHs6PdF3gJa5UeT0o", "secret", NewSecrets()},
	"iban":  {"DE89" + "370400440532013000", "pii.iban", NewPII()},
	"card":  {"4111 1111" + " 1111 1111", "pii.credit_card", NewPII()},
	"card0": {"41111111" + "11111111", "pii.credit_card", NewPII()},
	"email": {"marta.holm" + "@harbour-office.org", "pii.email", NewPII()},
}

// everyThird escapes every third byte, each in another way.
func everyThird(s string) string {
	forms := []string{"%%%02x", "&#%d;", "&#x%X;", `\x%02x`, `\u%04x`}
	var b strings.Builder
	for i := range len(s) {
		if i%3 == 0 {
			fmt.Fprintf(&b, forms[i/3%len(forms)], s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func firstAs(format string) func(string) string {
	return func(s string) string { return fmt.Sprintf(format, s[0]) + s[1:] }
}

func in64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

var encodings = map[string]func(string) string{
	"base64":     in64,
	"base64url":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base32":     func(s string) string { return base32.StdEncoding.EncodeToString([]byte(s)) },
	"hex":        func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":        func(s string) string { return fmt.Sprintf("%X", s) },
	"0x":         func(s string) string { return fmt.Sprintf("0x%x", s) },
	"hex pairs":  func(s string) string { return fmt.Sprintf("% x", s) },
	"percent":    func(s string) string { return disguise.EveryByte("%%%02X", s) },
	"html":       func(s string) string { return disguise.EveryByte("&#%d;", s) },
	"html hex":   func(s string) string { return disguise.EveryByte("&#x%x;", s) },
	`\u`:         func(s string) string { return disguise.EveryByte(`\u%04x`, s) },
	`\x`:         func(s string) string { return disguise.EveryByte(`\x%02x`, s) },
	"mixed":      everyThird,
	"one %":      firstAs("%%%02X"),
	"one &#":     firstAs("&#%d;"),
	`one \x`:     firstAs(`\x%02x`),
	`one \u`:     firstAs(`\u%04x`),
	"twice":      func(s string) string { return in64(in64(s)) },
	"64 in hex":  func(s string) string { return hex.EncodeToString([]byte(in64(s))) },
	"64 in %":    func(s string) string { return disguise.EveryByte("%%%02X", in64(s)) },
	"% in 64":    func(s string) string { return in64(disguise.EveryByte("%%%02X", s)) },
	"json, json": func(s string) string { return fmt.Sprintf(`{"x":"{\"a\":\"\\u%04x%s\"}"}`, s[0], s[1:]) },
	"json lines": func(s string) string { return fmt.Sprintf(`{"x":"one\n%s\ntwo"}`, s) },
}

// TestEncodedValues: a value is found in every encoding, alone and in a
// sentence, and its span is in what was encoded.
func TestEncodedValues(t *testing.T) {
	ran := 0
	for name, v := range encodedValues {
		for how, encode := range encodings {
			for place, around := range map[string][2]string{
				"bare": {}, "sentence": {"my card is ", " thanks"}, "quoted": {`key = "`, `";`}, "lines": {"the first line\n", "\nthe last line\n"},
			} {
				ran++
				code := encode(v.value)
				text := around[0] + code + around[1]
				found, err := v.d.Detect(context.Background(), &guard.Text{Content: text})
				if err != nil {
					t.Fatal(err)
				}
				ok := false
				for _, f := range found {
					s := f.Spans[0]
					ok = ok || strings.HasPrefix(f.Category, v.category) && s.End > len(around[0]) && s.Start < len(around[0])+len(code)
					if f.Class == guard.Windowed && f.View == "" {
						t.Errorf("%s as %s, %s: a windowed finding without a view", name, how, place)
					}
				}
				if !ok {
					t.Errorf("%s as %s, %s: not found in %q: %+v", name, how, place, text, found)
				}
			}
		}
	}
	if ran < 500 {
		t.Errorf("%d combinations ran, want at least 500", ran)
	}
}

// TestTurnedTokens: keys written backwards or shifted are found.
func TestTurnedTokens(t *testing.T) {
	for _, name := range []string{"aws", "ghp"} {
		v := encodedValues[name]
		for view, text := range map[string]string{"reverse": disguise.Reverse(v.value), "rot13": disguise.Rot13(v.value)} {
			text = "take " + text + " now"
			found, err := v.d.Detect(context.Background(), &guard.Text{Content: text})
			if err != nil || len(found) != 1 || found[0].View != view || found[0].Class != guard.Windowed || found[0].Spans[0] != (guard.Span{Start: 5, End: len(text) - 4}) {
				t.Errorf("%s, %s: found %+v, error %v", name, view, found, err)
			}
		}
	}
}

// TestEncodedDeny: words that an operator forbids are found in printable views.
func TestEncodedDeny(t *testing.T) {
	text := "x " + in64("7731/zephyrium:40") + " z\\u0065phyrium"
	found, err := mustDeny([]string{"zephyrium"}).Detect(context.Background(), &guard.Text{Content: text})
	if err != nil || len(found) != 2 {
		t.Errorf("found %+v, error %v; want two", found, err)
	}
}

// TestHonestEncoded: encoded texts that hold no value give no finding, and what
// stands in the text is not judged again without what is around it.
func TestHonestEncoded(t *testing.T) {
	texts := []string{
		"GET /search?q=red%20shoes%2C%20size%2042&page=2&sort=price%3Aasc HTTP/1.1",
		`{"log":"{\"level\":\"info\",\"msg\":\"started\",\"port\":8080,\"id\":\"4f1c2d3e-5a6b-4c7d-8e9f-0a1b2c3d4e5f\"}"}`,
		"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 and &copy; 2024, &lt;b&gt;bold&lt;/b&gt;",
		`fmt.Printf("%d of %s\n", 12345678, "x\ty")`, "Fish &amp; chips, 5&nbsp;&euro;, 100&#37; fresh",
		"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
		"34 45 56 67 78 89 90 12 23 34 45 56 67 and 10.20.30", "commit 2c26b46b68ffc68ff99b453c1d30413413422d70",
	}
	for _, text := range texts {
		for _, d := range []guard.Detector{NewSecrets(), NewPII()} {
			found, err := d.Detect(context.Background(), &guard.Text{Content: text})
			for _, f := range found {
				if err != nil || f.Class == guard.Windowed {
					t.Errorf("%T in %q: %+v, error %v", d, text, f, err)
				}
			}
		}
	}
}
