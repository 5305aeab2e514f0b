package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

func (r *results) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

func (r *results) writeTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "source\tlabel\trows\tblocked\tflagged\tredacted\tpassed\terrors\tadded p50 ms\tp95 ms")
	for i := range r.Sources {
		l := &r.Sources[i]
		r.row(t, l.Source, l.Label, &l.counts)
	}
	r.row(t, "total", "", r.Total)
	if err := t.Flush(); err != nil {
		return err
	}
	return r.notes(w)
}

func (r *results) row(w io.Writer, source, label string, c *counts) {
	cells := []string{shown(source), shown(label), strconv.Itoa(c.Rows), strconv.Itoa(c.Blocked)}
	if r.Recorded {
		cells = append(cells, strconv.Itoa(c.Flagged), strconv.Itoa(c.Redacted))
	} else {
		cells = append(cells, "?", "?")
	}
	cells = append(cells, strconv.Itoa(c.Passed), strconv.Itoa(c.Errors))
	if c.Added != nil {
		cells = append(cells, fmt.Sprintf("%.2f", c.Added.P50), fmt.Sprintf("%.2f", c.Added.P95))
	} else {
		cells = append(cells, "-", "-")
	}
	fmt.Fprintln(w, strings.Join(cells, "\t"))
}

// notes says what the table does not.
func (r *results) notes(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d rows in %.1f s, %d at once", r.Total.Rows, r.Seconds, r.Concurrency)
	if r.Limit > 0 {
		fmt.Fprintf(&b, "; at most %d of a source, seed %d", r.Limit, r.Seed)
	}
	b.WriteByte('\n')
	if d, g := r.Total.Direct, r.Total.Gateway; d != nil {
		fmt.Fprintf(&b, "%d answered rows: direct p50 %.2f ms, p95 %.2f; through the gateway p50 %.2f ms, p95 %.2f\n", len(r.Total.direct), d.P50, d.P95, g.P50, g.P95)
	}
	if !r.Recorded {
		b.WriteString("without --data what was flagged or redacted is among the passed\n")
	}
	if r.Total.Skipped > 0 {
		fmt.Fprintf(&b, "skipped: %d rows that need an upstream which says what it is told to; see --upstream\n", r.Total.Skipped)
	}
	for _, code := range slices.Sorted(maps.Keys(r.Total.Codes)) {
		fmt.Fprintf(&b, "error %s: %d\n", shown(code), r.Total.Codes[code])
	}
	if r.Interrupted {
		b.WriteString("interrupted: the rest was not sent\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// maxShown bounds what is printed of a name from outside, in characters.
const maxShown = 40

// shown makes a name fit for a terminal and a table.
func shown(s string) string {
	if s == "" {
		return "-"
	}
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > maxShown {
			return -1
		}
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// progress says on a terminal how far the replay is. It is silent elsewhere.
type progress struct {
	w     io.Writer // nil: silent
	total int
}

func newProgress(w io.Writer, total int) progress {
	if f, ok := w.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
			return progress{w, total}
		}
	}
	return progress{}
}

func (p progress) at(done int) {
	if p.w != nil && done%50 == 0 {
		fmt.Fprintf(p.w, "\r%d of %d rows", done, p.total)
	}
}

// end clears the line.
func (p progress) end() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
