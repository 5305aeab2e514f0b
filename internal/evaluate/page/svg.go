package page

import (
	"fmt"
	"html/template"
	"strings"
)

// slots is the number of colours for series; the style names them s0 to s5.
const slots = 6

// svg builds an inline drawing. Its colours come from classes, so that they
// follow light and dark.
type svg struct {
	b strings.Builder
}

// newSVG begins a drawing of that size in pixels; label says to those who do not
// see it what it shows.
func newSVG(width, height float64, label string) *svg {
	s := &svg{}
	fmt.Fprintf(&s.b, `<svg viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="%s">`, width, height, width, height, esc(label))
	return s
}

// esc makes text safe in a drawing.
func esc(s string) string { return template.HTMLEscapeString(tame(s)) }

func (s *svg) rect(class string, x, y, w, h float64, title string) {
	fmt.Fprintf(&s.b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f">`, class, x, y, max(w, 0), max(h, 0))
	if title != "" {
		fmt.Fprintf(&s.b, `<title>%s</title>`, esc(title))
	}
	s.b.WriteString(`</rect>`)
}

func (s *svg) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&s.b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

func (s *svg) circle(class string, x, y, r float64, title string) {
	fmt.Fprintf(&s.b, `<circle class="%s" cx="%.1f" cy="%.1f" r="%g"><title>%s</title></circle>`, class, x, y, r, esc(title))
}

// text writes at x, y; anchor is start, middle or end.
func (s *svg) text(x, y float64, anchor, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, x, y, anchor, esc(clip(text, maxName)))
}

// path draws a line through points.
func (s *svg) path(class string, points [][2]float64) {
	var d strings.Builder
	for i, p := range points {
		fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(i, 1)], p[0], p[1])
	}
	fmt.Fprintf(&s.b, `<path class="%s" d="%s"/>`, class, d.String())
}

// html ends the drawing.
func (s *svg) html() template.HTML {
	return template.HTML(s.b.String() + `</svg>`)
}
