package page

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"warder.example/internal/htmlpage"
	"warder.example/internal/replay"
)

// shownDays is how many days the plot has, the newest ones.
const shownDays = 90

// ofDay counts what passed a day untouched.
func ofDay(c replay.Counts) int { return c.Requests - c.Blocked - c.Redacted - c.Flagged }

// days draws what would have happened by day: bars from the axis upwards, blocked,
// redacted and flagged; what passes is left out, or nothing else could be seen.
func days(r *replay.Report) template.HTML {
	const w, h, left, top, bottom = 760.0, 220.0, 56.0, 14.0, 40.0
	list := slices.DeleteFunc(slices.Clone(r.Days), func(d replay.Day) bool { return d.Day == replay.Undated })
	if len(list) == 0 {
		return ""
	}
	list = list[max(0, len(list)-shownDays):]
	most := 1
	for _, d := range list {
		most = max(most, d.Blocked+d.Redacted+d.Flagged)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="Requests blocked, redacted and flagged by day">`, w, h, w, h)
	tall := h - top - bottom
	for i := range 3 {
		y := top + tall*(1-float64(i)/2)
		fmt.Fprintf(&b, `<line class="grid" x1="%g" y1="%.1f" x2="%g" y2="%.1f"/><text x="%g" y="%.1f" text-anchor="end">%d</text>`, left, y, w-10, y, left-6, y+4, most*i/2)
	}
	step := (w - left - 10) / float64(len(list))
	for i, d := range list {
		y := top + tall
		for _, bar := range []struct {
			class string
			n     int
		}{{"blocked", d.Blocked}, {"redacted", d.Redacted}, {"flagged", d.Flagged}} {
			if bar.n == 0 {
				continue
			}
			height := tall * float64(bar.n) / float64(most)
			y -= height
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s: %d %s of %d</title></rect>`,
				bar.class, left+float64(i)*step+step*.1, y, step*.8, height, template.HTMLEscapeString(htmlpage.Name(d.Day)), bar.n, bar.class, d.Requests)
		}
		if every := (len(list) + 9) / 10; i%every == 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%g" text-anchor="middle">%s</text>`, left+(float64(i)+.5)*step, h-20, template.HTMLEscapeString(htmlpage.Name(strings.TrimPrefix(d.Day, "20"))))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}
