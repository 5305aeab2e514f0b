package detect

import (
	"testing"

	"warder.example/guard"
)

// sparedVector is a text that a signature is near to.
type sparedVector struct {
	Lang   string
	Origin guard.Origin
	Text   string
	Honest bool
	Found  string // see strongest
}

// strongest says how the strongest finding counts: "exact", "flag" (FPR 0.05),
// "mention" (FPR 0.2) or "none".
func strongest(found []guard.Finding) string {
	best := "none"
	fpr := 1.0
	for _, f := range found {
		if f.FPR < fpr {
			fpr = f.FPR
			best = map[float64]string{0: "exact", softFPR: "flag", mentionFPR: "mention"}[f.FPR]
		}
	}
	return best
}

// TestSignaturesSpareHonestTexts: questions about a quoted attack, corrections of the
// speaker's own words and things that are called like an attack's object are no exact
// findings; attacks are, whatever quotation marks stand in them, and one that is
// dressed as such a question is still seen.
func TestSignaturesSpareHonestTexts(t *testing.T) {
	d := NewSignatures()
	honest, hostile, langs := 0, 0, map[string]bool{}
	for _, v := range readVectors[sparedVector](t, "signatures/spared.json") {
		found, err := d.Detect(t.Context(), &guard.Text{Content: v.Text, Origin: v.Origin})
		if err != nil {
			t.Fatal(err)
		}
		if got := strongest(found); got != v.Found {
			t.Errorf("%s, %s: %q: %s, want %s", v.Lang, v.Origin, v.Text, got, v.Found)
		}
		switch {
		case v.Honest && v.Found == "exact", !v.Honest && v.Found == "none":
			t.Errorf("%q: a vector cannot ask for %s", v.Text, v.Found)
		case v.Honest:
			honest++
		default:
			hostile++
		}
		langs[v.Lang] = true
	}
	if honest < 60 || hostile < 60 || len(langs) < 8 {
		t.Errorf("%d honest and %d hostile texts in %d languages ran", honest, hostile, len(langs))
	}
}
