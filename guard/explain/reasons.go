package explain

import (
	"fmt"
	"math"
	"strings"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/guard/threat"
)

// A Reason is a feature that weighed with the classifier.
type Reason struct {
	// Kind is "words", "letters", "concepts" or "spelling"; "trees" for what the
	// classifier makes of concepts and style taken together.
	Kind string `json:"kind"`
	// Says is the feature in words: "tells to ignore or drop something, then
	// speaks of what came before (IGNORE + PRIOR)".
	Says string `json:"says"`
	// Concepts names the concepts of that kind, in the order of the text; of trees, those
	// that weighed most, heaviest first.
	Concepts []string `json:"concepts,omitempty"`
	// Text quotes its first occurrence as it was read, at most 240 bytes.
	Text string `json:"text"`
	// Weight is what it added to the raw score: positive speaks for the
	// category. Weights compare within one cause only.
	Weight float64 `json:"weight"`
	// Spans are the occurrences in the text.
	Spans []guard.Span `json:"spans"`
}

// lightest is the weight, as a share of the heaviest reason's, from which on a
// reason is told.
const lightest = 0.1

// reasoner is a classifier that can say what weighed.
type reasoner interface {
	Reasons(t *guard.Text, category string, n int) []textmodel.Reason
}

// reasons asks the classifier what weighed in t, which begins at a place of the
// text explained.
func reasons(ds []guard.Detector, t *guard.Text, category string, at int) []Reason {
	for _, d := range ds {
		r, ok := d.(reasoner)
		if !ok {
			continue
		}
		var out []Reason
		for _, w := range r.Reasons(t, category, MaxReasons) {
			if len(out) > 0 && math.Abs(w.Weight) < lightest*math.Abs(out[0].Weight) {
				break
			}
			if w.Kind == "trees" {
				w.Concepts = conceptsOf(w.Parts)
			}
			x := Reason{Kind: w.Kind, Concepts: w.Concepts, Weight: w.Weight, Spans: w.Spans,
				Text: quoted(w.Gram, []guard.Span{{Start: 0, End: len(w.Gram)}})}
			for i := range x.Spans {
				x.Spans[i].Start += at
				x.Spans[i].End += at
			}
			x.Says = says(&w, x.Text)
			out = append(out, x)
		}
		return out
	}
	return nil
}

// says puts a feature into words.
func says(r *textmodel.Reason, text string) string {
	switch {
	case r.Kind == "trees":
		return together(r)
	case r.Kind == "spelling":
		return "spelled as no language is"
	case r.Kind == "letters":
		return fmt.Sprintf("has the letters %q", strings.TrimSpace(text))
	case r.Kind != "concepts" || len(r.Concepts) == 0:
		return fmt.Sprintf("has the words %q", text)
	}
	said := make([]string, len(r.Concepts))
	for i, c := range r.Concepts {
		said[i] = Describe(c)
	}
	lead := ""
	if r.Lead {
		lead = "begins so: "
	}
	return fmt.Sprintf("%s%s (%s)", lead, strings.Join(said, ", then "), printable(strings.Join(r.Concepts, " + ")))
}

// together says what trees made of a text and what weighed most in that; a part that
// weighed the other way is told apart.
func together(r *textmodel.Reason) string {
	var same, other []string
	for i := range r.Parts {
		p := &r.Parts[i]
		what := p.Style
		if p.Concept != "" {
			what = fmt.Sprintf("%s (%s)", Describe(p.Concept), printable(p.Concept))
		}
		if p.Weight*r.Weight > 0 {
			same = append(same, what)
		} else {
			other = append(other, what)
		}
	}
	side := "an attack"
	if r.Weight < 0 {
		side = "an honest text"
	}
	out := "concepts and style together are those of " + side
	if len(same) > 0 {
		out += ", above all: " + strings.Join(same, ", ")
	}
	if len(other) > 0 {
		out += "; against that: " + strings.Join(other, ", ")
	}
	return out
}

func conceptsOf(parts []textmodel.Part) (out []string) {
	for _, p := range parts {
		if p.Concept != "" {
			out = append(out, p.Concept)
		}
	}
	return out
}

// Known is a remembered attack.
type Known struct {
	ID     string `json:"id"`
	Source string `json:"source,omitempty"`
	// Exact says that the texts are the same letter for letter; Similarity
	// is 1 then, else an estimate.
	Exact      bool    `json:"exact"`
	Similarity float64 `json:"similarity"`
	State      string  `json:"state"` // "active", "observed" or "suspended"
}

// rememberer is a detector that knows attacks.
type rememberer interface {
	Nearest(t *guard.Text) (threat.Match, bool)
}

// nearest returns the remembered attack that t is most like. It reads a text of
// its own, so that the caller's is not touched.
func nearest(g *guard.Guard, t guard.Text) *Known {
	for _, d := range g.Detectors {
		if r, ok := d.(rememberer); ok {
			if m, ok := r.Nearest(&t); ok {
				return &Known{ID: printable(m.ID), Source: printable(m.Source), Exact: m.Exact, Similarity: m.Similarity, State: m.State.String()}
			}
		}
	}
	return nil
}

// recognised returns the attack that a finding of threat memory speaks of.
func recognised(ds []guard.Detector, t guard.Text, f *guard.Finding) *Known {
	if f.Detector != "threat" {
		return nil
	}
	return nearest(&guard.Guard{Detectors: ds}, t)
}
