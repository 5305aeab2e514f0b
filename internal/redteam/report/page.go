package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"warder.example/internal/htmlpage"
	"warder.example/internal/redteam/taxonomy"
)

var (
	//go:embed page.tmpl
	files embed.FS
	//go:embed style.css
	style template.CSS
)

var page = template.Must(template.New("page.tmpl").Funcs(template.FuncMap{
	"name": htmlpage.Name, "said": short, "style": func() template.CSS { return htmlpage.Style + style },
	"percent": percent, "rate": Figures.rate, "won": Figures.won, "unscored": Figures.unscored, "refused": Honest.rate, "lost": func(h Honest) int { return h.Attempts - h.Scored }, "read": Finding.read,
	"title": Mode.title, "totals": Mode.totals, "found": Mode.found, "severity": severity, "fix": fix, "under": under,
	"heat": heat, "whiskers": whiskers, "orDash": (*Figures).orDash, "change": Change.change, "honest": Mode.honest,
	"when": func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.UTC().Format("2006-01-02 15:04 UTC")
	},
	"entry": func(id string) string {
		e, _ := taxonomy.Lookup(id)
		return strings.TrimSpace(htmlpage.Name(id) + " " + e.Name)
	},
	"versions": func(v map[string]string) string {
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, htmlpage.Name(k)+" "+htmlpage.Name(v[k]))
		}
		return strings.Join(parts, ", ")
	},
}).ParseFS(files, "page.tmpl"))

// HTML writes the summary as one page: nothing fetched, no script, light and dark as the
// reader's system is.
func HTML(w io.Writer, s *Summary) error {
	if err := page.Execute(w, s); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// honest are the families of which honest requests were refused or have no verdict, the
// most refused first.
func (m Mode) honest() []Family {
	var out []Family
	for _, f := range m.Families {
		if h := f.Honest; h != nil && h.Refused+h.Attempts-h.Scored > 0 {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Family) int { return b.Honest.Refused - a.Honest.Refused })
	return out
}
