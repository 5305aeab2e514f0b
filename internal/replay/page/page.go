// Package page writes the report of a replay as one page of HTML: nothing fetched, no
// script, light and dark as the reader's system is. Names in a report are attackers'
// text; they are escaped, tamed and shortened.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"warder.example/internal/htmlpage"
	"warder.example/internal/replay"
)

var (
	//go:embed page.tmpl
	files embed.FS
	//go:embed style.css
	style template.CSS
)

var page = template.Must(template.New("page.tmpl").Funcs(template.FuncMap{
	"name": htmlpage.Name, "excerpt": func(s string) string {
		return htmlpage.Clip(htmlpage.Tame(strings.Join(strings.Fields(s), " ")), maxExcerpt)
	}, "why": why, "share": share, "figure": figure, "days": days, "ofDay": ofDay,
	"yaml":    htmlpage.TameLines,
	"style":   func() template.CSS { return htmlpage.Style + style },
	"percent": func(x float64) string { return fmt.Sprintf("%.3g %%", 100*x) },
}).ParseFS(files, "page.tmpl"))

// Write writes the page.
func Write(w io.Writer, r *replay.Report) error {
	if err := page.Execute(w, r); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// maxExcerpt is how many characters of an excerpt are shown.
const maxExcerpt = 320

// why names what decided most often, three of them.
func why(ns []replay.Named) string {
	var parts []string
	for _, n := range ns[:min(len(ns), 3)] {
		parts = append(parts, fmt.Sprintf("%s: %d", htmlpage.Name(n.Name), n.Count))
	}
	return strings.Join(parts, ", ")
}

// share writes part of all as a percentage.
func share(part, all int) string {
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*float64(part)/float64(all))
}

// figure writes a number a day.
func figure(x float64) string { return fmt.Sprintf("%.3g", x) }
