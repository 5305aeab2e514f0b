package learn

import (
	"math"
	"math/rand/v2"
	"strings"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// How many texts are made of requests with documents pasted to them, and the
// longest.
const (
	pastedTexts = 2000
	pastedBytes = 3000
	// pastedWeight is what they count together beside a source of as many.
	pastedWeight = 2
)

// pasted returns honest texts of users who paste documents: one to three honest
// documents of a source and language, and mostly a request before or behind
// them. Without these nearly every long text of a user that is learned from is a
// jailbreak, and length and story-telling alone would make one.
func pasted(rows []Row, r *rand.Rand) []Row {
	type place struct{ source, lang string }
	docs, asks := map[place][]int{}, map[string][]int{}
	var order []place
	for i := range rows {
		b := &rows[i]
		switch {
		case b.Made || b.Attack != "" || !b.Label.Ordinary() && b.Label != corpus.PII:
		case b.Origin == guard.OriginDocument || b.Origin == guard.OriginEmail:
			p := place{b.Source, b.Lang}
			if docs[p] == nil {
				order = append(order, p)
			}
			docs[p] = append(docs[p], i)
		case b.Origin == guard.OriginUser && b.Label == corpus.Benign && len(b.Text) < 200:
			asks[b.Lang] = append(asks[b.Lang], i)
		}
	}
	if len(order) == 0 {
		return nil
	}
	var out []Row
	for range pastedTexts {
		p := order[r.IntN(len(order))]
		from := docs[p]
		base := &rows[from[r.IntN(len(from))]]
		parts := []string{base.Text}
		for range r.IntN(3) {
			parts = append(parts, rows[from[r.IntN(len(from))]].Text)
		}
		text := strings.Join(parts, "\n\n")
		if len(text) > pastedBytes {
			text = strings.ToValidUTF8(text[:pastedBytes], "")
		}
		if ask := asks[p.lang]; len(ask) > 0 {
			q := rows[ask[r.IntN(len(ask))]].Text
			switch r.IntN(4) {
			case 0:
				text = q + "\n\n" + text
			case 1:
				text = text + "\n\n" + q
			case 2:
				text = q + ": " + text
			}
		}
		out = append(out, Row{
			Text: text, Label: corpus.Benign, Source: "made/pasted", Origin: guard.OriginUser, Lang: p.lang,
			Weight: pastedWeight / math.Sqrt(pastedTexts), Made: true, Base: base.Source, part: base.part,
		})
	}
	return out
}
