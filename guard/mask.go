package guard

import (
	"cmp"
	"slices"
	"strings"
)

// MaskText is what replaces a redacted span: the last part of the category in
// capitals, in brackets. "pii.email" becomes "[EMAIL]".
func MaskText(category string) string {
	if i := strings.LastIndexByte(category, '.'); i >= 0 {
		category = category[i+1:]
	}
	return "[" + strings.ToUpper(category) + "]"
}

// Masks returns what a verdict masks in text i of its input: every span of a
// finding whose strictest action is Redact.
func (v *Verdict) Masks(text int) []Mask {
	if v.Observed {
		return nil
	}
	var out []Mask
	for i := range v.Findings {
		f := &v.Findings[i]
		if f.Text != text || v.ActionFor(i) != Redact {
			continue
		}
		for _, sp := range f.Spans {
			out = append(out, Mask{Span: sp, With: MaskText(f.Category), Reversible: v.Reversible(i), Category: f.Category})
		}
	}
	return MergeMasks(out)
}

// MergeMasks sorts masks and joins those that overlap; the earliest, then
// longest, gives the replacement, but none that restores a value where another hides.
func MergeMasks(ms []Mask) []Mask {
	if len(ms) < 2 {
		return ms
	}
	slices.SortStableFunc(ms, func(a, b Mask) int {
		return cmp.Or(a.Start-b.Start, b.End-a.End, strings.Compare(a.With, b.With))
	})
	out := ms[:1]
	for _, m := range ms[1:] {
		if last := &out[len(out)-1]; m.Start < last.End {
			if last.Restores && !m.Restores {
				last.With, last.Category, last.Restores = m.With, m.Category, false
			}
			last.End = max(last.End, m.End)
			last.Reversible = last.Reversible && m.Reversible
		} else {
			out = append(out, m)
		}
	}
	return out
}

// Apply returns text with masks applied; masks are as [MergeMasks] returns them.
func Apply(text string, ms []Mask) string {
	if len(ms) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, m := range ms {
		b.WriteString(text[at:m.Start])
		b.WriteString(m.With)
		at = m.End
	}
	b.WriteString(text[at:])
	return b.String()
}
