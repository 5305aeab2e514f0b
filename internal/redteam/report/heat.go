package report

import (
	"fmt"
	"html/template"
	"maps"
	"slices"

	"warder.example/internal/htmlpage"
)

// Bounds of the drawings.
const (
	heatFamilies   = 200
	heatStrategies = 120
)

// shade is the class of a rate: h0 for no success to h5 for success always. What has
// no verdict has a dashed edge by class hn; what succeeded in part only has an edge.
func shade(f Figures) string {
	switch {
	case f.Scored == 0:
		return "hn"
	case f.won() == 0:
		return "h0"
	case f.Success == 0:
		return fmt.Sprintf("h%d part", 1+min(4, int(f.Rate*5)))
	}
	return fmt.Sprintf("h%d", 1+min(4, int(f.Rate*5)))
}

// ink is the class of a figure on that shade.
func (f Figures) ink() string {
	if f.Scored > 0 && f.Rate >= 0.6 {
		return "fig on"
	}
	return "fig"
}

// figure is what stands in a cell: the rate in percent, ? where nothing is known.
func (f Figures) figure() string {
	if f.Scored == 0 {
		return "?"
	}
	return fmt.Sprintf("%.0f", 100*f.Rate)
}

// heat draws families over strategies.
func heat(m Mode) template.HTML {
	const left, top, side, right = 150.0, 150.0, 30.0, 110.0
	families, strategies := axes(m)
	w, h := left+side*float64(len(strategies))+right, top+side*float64(len(families))+10
	s := htmlpage.NewSVG(w, h, "Rate of success by family of attacks and strategy, in percent")
	column := map[string]float64{}
	for i, name := range strategies {
		column[name] = left + side*float64(i)
		s.Slanted("axis", column[name]+side/2+3, top-6, name)
	}
	for i, f := range families {
		y := top + side*float64(i)
		s.Text(left-8, y+side/2+4, "end", f.ID)
		for _, c := range f.Cells {
			x, shown := column[c.Strategy]
			if !shown {
				continue
			}
			s.Rect("cell "+shade(c.Figures), x+1, y+1, side-2, side-2, f.ID+" by "+c.Strategy+": "+c.sentence())
			s.Figure(c.ink(), x+side/2, y+side/2+4, c.figure())
		}
	}
	return s.HTML()
}

// axes are the families that were attacked, and the strategies that were used, within
// the bounds of the drawing.
func axes(m Mode) (families []Family, strategies []string) {
	used := map[string]bool{}
	for _, f := range m.Families {
		if f.Attempts == 0 {
			continue
		}
		families = append(families, f)
		for _, c := range f.Cells {
			used[c.Strategy] = true
		}
	}
	strategies = slices.Sorted(maps.Keys(used))
	return families[:min(len(families), heatFamilies)], strategies[:min(len(strategies), heatStrategies)]
}

// whiskers draws the rate of each family with its interval and its upper bound.
func whiskers(m Mode) template.HTML {
	const w, left, right, row = 760.0, 160.0, 24.0, 20.0
	families, _ := axes(m)
	h := row*float64(len(families)) + 32
	s := htmlpage.NewSVG(w, h, "Rate of success by family, with intervals and upper bounds")
	x := func(v float64) float64 { return left + (w-left-right)*v }
	for i := range 6 {
		v := float64(i) / 5
		s.Line("grid", x(v), 4, x(v), h-24)
		s.Text(x(v), h-8, "middle", fmt.Sprintf("%.0f %%", 100*v))
	}
	for i, f := range families {
		y := row*float64(i) + 14
		s.Text(left-8, y+4, "end", f.ID)
		s.Line("bound", x(f.Upper), y-5, x(f.Upper), y+5)
		if f.Scored == 0 {
			s.Text(x(0.5), y+4, "middle", "no verdict")
			continue
		}
		s.Line("whisker", x(f.Low), y, x(f.High), y)
		class := "dot safe"
		if f.won() > 0 {
			class = "dot fell"
		}
		s.Circle(class, x(f.Rate), y, 4.5, f.ID+": "+f.sentence())
	}
	return s.HTML()
}
