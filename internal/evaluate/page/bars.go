package page

import (
	"fmt"
	"html/template"

	"warder.example/internal/evaluate"
	"warder.example/internal/htmlpage"
)

// barRow is a labelled group of bars.
type barRow struct {
	label string
	bars  []bar
}

// bar is one figure with its interval; class gives its colour.
type bar struct {
	class, what string
	f           evaluate.Fraction
}

// barChart draws groups of bars with intervals over an axis from 0 to the first
// round number that holds them all.
func barChart(label string, rows []barRow) template.HTML {
	const w, left, right, thick, gap, top = 760.0, 250.0, 40.0, 11.0, 9.0, 6.0
	most, h := 0.0, top+26
	for _, r := range rows {
		h += thick*float64(len(r.bars)) + gap
		for _, b := range r.bars {
			most = max(most, b.f.High)
		}
	}
	end := 1.0
	for _, e := range []float64{0.5, 0.2, 0.1, 0.05} {
		if most <= e {
			end = e
		}
	}
	x := func(v float64) float64 { return left + (w-left-right)*v/end }
	s := htmlpage.NewSVG(w, h, label)
	for i := range 6 {
		v := end * float64(i) / 5
		s.Line("grid", x(v), top, x(v), h-22)
		s.Text(x(v), h-8, "middle", fmt.Sprintf("%.3g", v))
	}
	y := top
	for _, r := range rows {
		s.Text(left-8, y+thick*float64(len(r.bars))/2+3, "end", r.label)
		for _, b := range r.bars {
			s.Rect("bar "+b.class, left, y, x(b.f.Value)-left, thick-2, fmt.Sprintf("%s: %.3f (%.3f to %.3f)", b.what, b.f.Value, b.f.Low, b.f.High))
			s.Line("whisker", x(b.f.Low), y+thick/2-1, x(b.f.High), y+thick/2-1)
			y += thick
		}
		y += gap
	}
	return s.HTML()
}

// bars draws what is flagged of each source of a kind, one bar a guard. rate is
// an index in [evaluate.Rates].
func bars(r *evaluate.Report, kind evaluate.Kind, rate int) template.HTML {
	var rows []barRow
	for _, l := range r.Guards[0].Sources {
		if l.Kind != kind {
			continue
		}
		row := barRow{label: fmt.Sprintf("%s (%d)", htmlpage.Clip(l.Name, 30), l.Rows+l.Missing)}
		for i := range r.Guards {
			g := &r.Guards[i]
			if o := find(g.Sources, kind, l.Name); o != nil && o.Rows > 0 {
				row.bars = append(row.bars, bar{fmt.Sprintf("s%d", i%slots), fmt.Sprintf("%s, %s, %d rows", g.Name, l.Name, o.Rows), o.Flagged[rate]})
			}
		}
		rows = append(rows, row)
	}
	return barChart(kindTitle(kind)+" by source", rows)
}

// disturbances draws recall and false positives after each disturbance, at an
// index in [evaluate.Rates].
func disturbances(g *evaluate.Result, rate int) template.HTML {
	var rows []barRow
	for _, d := range g.Disturbed {
		rows = append(rows, barRow{d.Way, []bar{
			{"attack", d.Way + ", recall", d.Recall[rate]}, {"honest", d.Way + ", false positives", d.FalsePositives[rate]},
		}})
	}
	return barChart("Recall and false positives of disturbed texts", rows)
}

func find(ls []evaluate.Line, kind evaluate.Kind, name string) *evaluate.Line {
	for i := range ls {
		if ls[i].Kind == kind && ls[i].Name == name {
			return &ls[i]
		}
	}
	return nil
}
