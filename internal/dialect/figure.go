package dialect

import (
	"strconv"
	"strings"

	"warder.example/guard"
)

// Bounds of numbers that are read as texts.
const (
	minFigure = 9  // digits of the shortest; numbers of cards, accounts and people have more
	maxFigure = 40 // digits that an exponent is written out to
)

// figure enters a number that is long enough to tell something, where the table
// says nothing of numbers: below unknown keys and in tool arguments that are
// given as JSON. Fractions of measurements are not looked at.
func (w *walker) figure(r *Rule, start int) error {
	if r.Use == Octet || r.Use == CandidateOctet {
		if w.gather != nil && w.gather.octet(w, r, w.src[start:w.at]) {
			return nil
		}
		r = unknownRule
	}
	if w.at-start < minFigure || r != unknownRule && r.Use != Arguments {
		return nil
	}
	lit := w.src[start:w.at]
	text := lit
	whole, _, _ := strings.Cut(strings.TrimPrefix(lit, "-"), ".")
	if i := strings.IndexAny(lit, "eE"); i >= 0 {
		text = writtenOut(strings.TrimPrefix(lit[:i], "-"), lit[i+1:])
		whole = text
	}
	if len(whole) < minFigure {
		return nil
	}
	l := Leaf{Text: text, Turn: w.turn, Origin: r.Origin, Known: r != unknownRule, Number: true, late: r.Late,
		start: int32(start), end: int32(w.at), rule: r, doc: w.doc}
	if r == unknownRule {
		l.Origin = w.spec.unknown
		w.found++
		if w.lim.Unknown == RefuseUnknown {
			return w.failAt(start, CodeUnknownField, "long number in a field that this dialect does not know")
		}
	} else {
		l.Kind = guard.ToolArguments
	}
	return w.enter(&l)
}

// writtenOut returns the digits of a number without its exponent.
func writtenOut(mantissa, exponent string) string {
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	e, err := strconv.Atoi(strings.TrimPrefix(exponent, "+"))
	point := len(whole) + e
	switch {
	case err != nil || e > maxFigure || e < -maxFigure-len(whole):
		return strings.TrimLeft(digits, "0")
	case point >= len(digits):
		digits += strings.Repeat("0", min(point, maxFigure+len(whole))-len(digits))
	case point > 0:
		digits = digits[:point] + "." + digits[point:]
	}
	return strings.TrimLeft(digits, "0")
}

// figurePatch makes a string of a number of which something is masked.
func (l *Leaf) figurePatch(ms []guard.Mask) patch {
	masked := guard.Apply(l.Text, guard.MergeMasks(append([]guard.Mask(nil), ms...)))
	return patch{start: int(l.start), end: int(l.end), with: string(AppendString(nil, masked))}
}
