package htmlpage

import (
	"fmt"
	"html/template"
	"strings"
)

// SVG builds an inline drawing. Its colours come from classes, so that they follow
// light and dark. All texts are escaped.
type SVG struct {
	b strings.Builder
}

// NewSVG begins a drawing of that size in pixels; label says to those who do not see
// it what it shows.
func NewSVG(width, height float64, label string) *SVG {
	s := &SVG{}
	fmt.Fprintf(&s.b, `<svg viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="%s">`, width, height, width, height, escape(label))
	return s
}

func escape(s string) string { return template.HTMLEscapeString(Tame(s)) }

// Rect draws a rectangle; title is shown on hovering.
func (s *SVG) Rect(class string, x, y, w, h float64, title string) {
	fmt.Fprintf(&s.b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f">`, class, x, y, max(w, 0), max(h, 0))
	if title != "" {
		fmt.Fprintf(&s.b, `<title>%s</title>`, escape(title))
	}
	s.b.WriteString(`</rect>`)
}

// Line draws a line.
func (s *SVG) Line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&s.b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

// Circle draws a filled circle; title is shown on hovering.
func (s *SVG) Circle(class string, x, y, r float64, title string) {
	fmt.Fprintf(&s.b, `<circle class="%s" cx="%.1f" cy="%.1f" r="%g"><title>%s</title></circle>`, class, x, y, r, escape(title))
}

// Text writes a name at x, y; anchor is start, middle or end.
func (s *SVG) Text(x, y float64, anchor, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, x, y, anchor, escape(Clip(text, MaxName)))
}

// Slanted writes a name from x, y upwards to the right, of a class.
func (s *SVG) Slanted(class string, x, y float64, text string) {
	fmt.Fprintf(&s.b, `<text class="%s" transform="translate(%.1f %.1f) rotate(-50)">%s</text>`, class, x, y, escape(Clip(text, MaxName)))
}

// Figure writes a figure of a class around x, y.
func (s *SVG) Figure(class string, x, y float64, text string) {
	fmt.Fprintf(&s.b, `<text class="%s" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, class, x, y, escape(Clip(text, MaxName)))
}

// Path draws a line through points.
func (s *SVG) Path(class string, points [][2]float64) {
	var d strings.Builder
	for i, p := range points {
		fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(i, 1)], p[0], p[1])
	}
	fmt.Fprintf(&s.b, `<path class="%s" d="%s"/>`, class, d.String())
}

// HTML ends the drawing.
func (s *SVG) HTML() template.HTML {
	return template.HTML(s.b.String() + `</svg>`)
}
