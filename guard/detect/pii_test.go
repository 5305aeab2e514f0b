package detect

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/guard"
)

func init() {
	exactDetectors = append(exactDetectors, exactCase{
		name: "pii", detector: NewPII(), origin: guard.OriginUser,
		fragments: []string{"ana@lisboa.pt", "ana@", "+44 20 7946 0958", "(978) 645-9740 x11", "4111 1111 1111 1111", "GB82 WEST 1234 5698 7654 32", "536-90-4399", "AB 12 34 56 C", "81.2.69.160",
			"2a02:26f0:10::5f65:1a31", "3C:22:FB:8A:01:9E", "12345678Z", "phone", "IP", "nhsNumber", "943 476 5919", "+", "(", "00", "RSSMRA85T10A562S", strings.Repeat("a", 70), strings.Repeat("7", 30)},
	})
}

// piiVector is a text and what must be found in it, as "category=value".
type piiVector struct {
	Text string
	Want []string
}

func piiVectors(t testing.TB) map[string][]piiVector {
	t.Helper()
	files, err := filepath.Glob("testdata/pii/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]piiVector{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var rows []piiVector
		if err := json.Unmarshal(b, &rows); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".json")] = rows
	}
	return all
}

// TestPIIVectors runs every vector. The valid numbers in them were computed by
// a second implementation of each check.
func TestPIIVectors(t *testing.T) {
	ran := 0
	for name, rows := range piiVectors(t) {
		t.Run(name, func(t *testing.T) {
			for _, v := range rows {
				ran++
				if got := labels(v.Text, scanAll(NewPII(), v.Text, guard.OriginUser, guard.Prose)); !slices.Equal(got, v.Want) {
					t.Errorf("%q: found %q, want %q", v.Text, got, v.Want)
				}
			}
		})
	}
	if ran < 350 {
		t.Errorf("only %d vectors ran", ran)
	}
}

// scanAll is what a scanner finds in a whole text.
func scanAll(d guard.StreamDetector, text string, o guard.Origin, k guard.Kind) []guard.Finding {
	found, _ := d.Scanner(nil, o, k).Scan(text, true)
	return found
}

// labels writes findings as "category=value".
func labels(text string, found []guard.Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Category+"="+text[f.Spans[0].Start:f.Spans[0].End])
	}
	return out
}

// sameInPieces reports how the findings of text in random pieces differ from
// those of the whole; "" if they do not.
func sameInPieces(d guard.StreamDetector, text string, o guard.Origin, k guard.Kind, r *rand.Rand) string {
	want := scanAll(d, text, o, k)
	for _, most := range []int{1, 3, 12, 80} {
		sc := d.Scanner(nil, o, k)
		var got []guard.Finding
		last := 0
		for at := 0; at < len(text); {
			n := min(len(text), at+1+r.IntN(most))
			for n < len(text) && !utf8.RuneStart(text[n]) {
				n++
			}
			found, safe := sc.Scan(text[at:n], false)
			at = n
			switch {
			case safe < last:
				return "safe falls"
			case safe > at || at-safe > d.Longest():
				return "safe is out of bounds"
			}
			for _, f := range found {
				if f.Spans[0].Start < last {
					return "a finding begins before what was safe"
				}
			}
			last = safe
			got = append(got, found...)
		}
		found, safe := sc.Scan("", true)
		if got = append(got, found...); safe != len(text) {
			return "safe is not the whole text at its end"
		}
		if !slices.Equal(labels(text, got), labels(text, want)) {
			return strings.Join(labels(text, got), " | ") + " in pieces, whole: " + strings.Join(labels(text, want), " | ")
		}
	}
	return ""
}

// TestPIIInPieces checks that pieces change nothing, on vectors and on texts
// assembled from fragments of them.
func TestPIIInPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var fragments []string
	for _, rows := range piiVectors(t) {
		for _, v := range rows {
			if diff := sameInPieces(NewPII(), v.Text, guard.OriginUser, guard.Prose, r); diff != "" {
				t.Errorf("%q: %s", v.Text, diff)
			}
			fragments = append(fragments, v.Text, strings.Fields(v.Text)[0], v.Text[:strings.LastIndexAny(" "+v.Text, " ")])
		}
	}
	slices.Sort(fragments)
	fragments = append(fragments, " ", "+", "(", "@", ".", "x", "ext", "1", "00", "-", strings.Repeat("a", 70), strings.Repeat("7", 30), "\u00a0", "é", ":")
	for range 3000 {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(fragments[r.IntN(len(fragments))])
			if r.IntN(2) == 0 {
				b.WriteByte(' ')
			}
		}
		if diff := sameInPieces(NewPII(), b.String(), guard.OriginUser, guard.Prose, r); diff != "" {
			t.Fatalf("%q: %s", b.String(), diff)
		}
	}
}

// TestPIIKinds checks that names are left alone.
func TestPIIKinds(t *testing.T) {
	if NewPII().Scanner(nil, guard.OriginUser, guard.Name) != nil {
		t.Error("a name is scanned for personal data")
	}
	text := &guard.Text{Content: "mail ana@lisboa.pt"}
	found, err := NewPII().Detect(t.Context(), text)
	if err != nil || len(found) != 1 || found[0].Detector != "pii" || found[0].Class != guard.Exact || found[0].Score != 1 {
		t.Errorf("found %+v, error %v", found, err)
	}
}
