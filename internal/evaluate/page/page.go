// Package page writes the report of an evaluation as one page of HTML: tables
// and plots, nothing fetched, no script, light and dark as the reader's system
// is. Names of sources and guards are attackers' text; they are escaped.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io"

	"warder.example/internal/evaluate"
	"warder.example/internal/htmlpage"
)

var (
	//go:embed page.tmpl
	files embed.FS
	//go:embed style.css
	style template.CSS
)

var page = template.Must(template.New("page.tmpl").Funcs(template.FuncMap{
	"fraction": fraction, "signed": signed, "pct": percent, "name": htmlpage.Name, "kind": kindTitle, "missing": missing,
	"roc": roc, "bars": bars, "histogram": histogram, "disturbances": disturbances,
	"rows":  func(c evaluate.Corpus, k string) int { return c.Rows[evaluate.Kind(k)] },
	"has":   func(r *evaluate.Result, k string) bool { return r.Has(evaluate.Kind(k)) },
	"style": func() template.CSS { return htmlpage.Style + style },
	"slot":  func(i int) string { return fmt.Sprintf("s%d", i%slots) },
	"graded": func(r *evaluate.Result, k evaluate.Kind) bool {
		return k == evaluate.Harmful && r.Harm.Graded || k != evaluate.Harmful && r.Ranking.Graded
	},
	"p": func(p float64) string {
		if p < 0.001 {
			return "< 0.001"
		}
		return fmt.Sprintf("%.3f", p)
	},
}).ParseFS(files, "page.tmpl"))

// Write writes the page.
func Write(w io.Writer, r *evaluate.Report) error {
	if err := page.Execute(w, r); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// slots is the number of colours for series; the style names them s0 to s5.
const slots = 6

// fraction shows a figure with its interval.
func fraction(f evaluate.Fraction) template.HTML {
	return template.HTML(fmt.Sprintf(`%.3f <small>%.3f–%.3f</small>`, f.Value, f.Low, f.High))
}

// signed shows a difference with its interval; one that does not reach over zero
// stands out.
func signed(f evaluate.Fraction) template.HTML {
	s := fmt.Sprintf(`%+.3f <small>%+.3f to %+.3f</small>`, f.Value, f.Low, f.High)
	if f.Low > 0 || f.High < 0 {
		s = "<b>" + s + "</b>"
	}
	return template.HTML(s)
}

// percent writes a rate.
func percent(rate float64) string { return fmt.Sprintf("%g %%", rate*100) }

func kindTitle(k evaluate.Kind) string {
	switch k {
	case evaluate.Attack:
		return "attacks: recall"
	case evaluate.Harmful:
		return "requests for harm: recall"
	}
	return "honest texts: false positives"
}

func missing(r *evaluate.Result) (n int) {
	for _, k := range r.Unanswered {
		n += k
	}
	return n
}
