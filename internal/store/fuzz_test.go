package store_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/internal/store"
)

// FuzzExchangeText: whatever text a row holds, it is stored, reads back as
// valid text within its bound, and text without anything odd reads back as it
// was.
func FuzzExchangeText(f *testing.F) {
	for _, s := range []string{"small", "", "a\x00b", "\xff\xc3", strings.Repeat("é", 200), "\u202eabc", "x'); --", strings.Repeat("\xf0", 300)} {
		f.Add(s)
	}
	db := open(f, f.TempDir()+"/warder.db", nil)
	f.Fuzz(func(t *testing.T, s string) {
		at, err := db.Projected(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := db.ResetProjection(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.ProjectExchanges(t.Context(), at+1, []store.ExchangeRow{{Request: "r", Model: s, Rule: s, Subject: s}}); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		got, err := db.Exchange(t.Context(), "r")
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Model) > 200 || !utf8.ValidString(got.Model) || strings.ContainsAny(got.Model, "\x00\x1b\n\x7f\u009b") {
			t.Errorf("%q is stored as %q", s, got.Model)
		}
		plain := utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 })
		if plain && (len(s) <= 200 && got.Model != s || !strings.HasPrefix(s, got.Subject) || len(s) > 128 && len(got.Subject) < 125) {
			t.Errorf("%q is stored as %q and %q", s, got.Model, got.Subject)
		}
	})
}
