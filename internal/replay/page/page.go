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
	"unicode"

	"warder.example/internal/replay"
)

//go:embed page.tmpl style.css
var files embed.FS

var page = template.Must(template.New("page.tmpl").Funcs(template.FuncMap{
	"name": name, "excerpt": func(s string) string { return clip(tame(strings.Join(strings.Fields(s), " ")), maxExcerpt) }, "why": why, "share": share, "figure": figure, "days": days, "ofDay": ofDay,
	"yaml": func(s string) string {
		return strings.Map(func(r rune) rune {
			if r != '\n' && unicode.Is(unicode.C, r) {
				return '\uFFFD'
			}
			return r
		}, s)
	},
	"style":   func() (template.CSS, error) { b, err := files.ReadFile("style.css"); return template.CSS(b), err },
	"percent": func(x float64) string { return fmt.Sprintf("%.3g %%", 100*x) },
}).ParseFS(files, "page.tmpl"))

// Write writes the page.
func Write(w io.Writer, r *replay.Report) error {
	if err := page.Execute(w, r); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// Bounds of what is shown, in characters.
const (
	maxName    = 48
	maxExcerpt = 320
)

// tame takes out characters that turn or hide what stands beside them.
func tame(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.C, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// name makes a name fit to be shown.
func name(s string) string {
	if s == "" {
		return "–"
	}
	return clip(tame(s), maxName)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// why names what decided most often, three of them.
func why(ns []replay.Named) string {
	var parts []string
	for _, n := range ns[:min(len(ns), 3)] {
		parts = append(parts, fmt.Sprintf("%s: %d", name(n.Name), n.Count))
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
