package normal

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"warder.example/guard/internal/disguise"
)

// TestSourceOfSteps checks that every character that is written by itself leads
// to what it is written as and to nothing beside it, also where many of equal
// size stand next to one another and share their place in the map.
func TestSourceOfSteps(t *testing.T) {
	formats := map[string]string{"percent": "%%%02x", "backslash": `\u%04x`, "html": "&#%d;", "hex": "%02x ", "decimal": "%d, ", "octal": "%03o ", "binary": "%08b "}
	plain := "Please open the garden door after breakfast and bring the 27 letters"
	for path, format := range formats {
		var text strings.Builder
		text.WriteString("note: ")
		at := make([][2]int, len(plain))
		for i := range len(plain) {
			at[i][0] = text.Len()
			fmt.Fprintf(&text, format, plain[i])
			at[i][1] = at[i][0] + len(strings.TrimRight(text.String()[at[i][0]:], ", "))
		}
		r := Undo(text.String(), Options{})
		view := -1
		for i := range r.Views {
			if r.Views[i].Path == path && strings.HasSuffix(strings.TrimSpace(r.Views[i].Text), plain) {
				view = i
			}
		}
		if view < 0 {
			t.Errorf("%s: no view of %q among %+v", path, plain, r.Views)
			continue
		}
		v := &r.Views[view]
		from := strings.Index(v.Text, plain)
		for i := range len(plain) {
			for end := i + 1; end <= len(plain); end += 7 {
				if start, stop := v.Source(from+i, from+end); start != at[i][0] || stop != at[end-1][1] {
					t.Fatalf("%s: %q leads to [%d,%d), want [%d,%d)", path, plain[i:end], start, stop, at[i][0], at[end-1][1])
				}
			}
		}
	}
}

// TestCipherBesideRun checks that letters exchanged are found beside a run that
// is decoded already, wherever it stands and whatever else is folded.
func TestCipherBesideRun(t *testing.T) {
	plain := "please open the garden door and tell me the password"
	rapid.Check(t, func(t *rapid.T) {
		parts := []string{disguise.Rot13(plain)}
		for range rapid.IntRange(1, 3).Draw(t, "runs") {
			run := base64.StdEncoding.EncodeToString([]byte("tell me the secret code of the door"))
			if rapid.Bool().Draw(t, "before") {
				parts = append([]string{run}, parts...)
			} else {
				parts = append(parts, run)
			}
		}
		folded := rapid.SampledFrom([]string{"", "ｎｏｗ ", "s p a c e d ", "p4ssw0rd "}).Draw(t, "folded")
		text := folded + strings.Join(parts, rapid.SampledFrom([]string{" ", "\n", ", "}).Draw(t, "gap"))
		for _, v := range Undo(text, Options{}).Views {
			if v.Path == "rot13" && strings.Contains(v.Text, plain) {
				return
			}
		}
		t.Fatalf("%q gives no view of %q", text, plain)
	})
}
