// Package page writes the report of an evaluation as one page of HTML: tables
// and plots, nothing fetched, no script, light and dark as the reader's system
// is. Names of sources and guards are attackers' text; they are escaped.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"

	"warder.example/internal/evaluate"
)

//go:embed page.tmpl style.css
var files embed.FS

var page = template.Must(template.New("page.tmpl").Funcs(template.FuncMap{
	"fraction": fraction, "signed": signed, "pct": percent, "name": name, "kind": kindTitle, "missing": missing,
	"roc": roc, "bars": bars, "histogram": histogram, "disturbances": disturbances,
	"rows":  func(c evaluate.Corpus, k string) int { return c.Rows[evaluate.Kind(k)] },
	"has":   func(r *evaluate.Result, k string) bool { return r.Has(evaluate.Kind(k)) },
	"style": func() (template.CSS, error) { b, err := files.ReadFile("style.css"); return template.CSS(b), err },
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

// maxName is how many characters of a name are shown.
const maxName = 48

// tame takes out characters that turn or hide what stands beside them.
func tame(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.C, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// name makes a name fit to be shown: tame and not too long.
func name(s string) string { return clip(tame(s), maxName) }

// clip shortens a name to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

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
