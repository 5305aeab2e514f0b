package strictyaml

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong in a file.
type Problem struct {
	File string
	Line int // from 1
	Text string
}

// Error returns file:line: text.
func (p Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// Problems is the error of a file: all that is wrong with it, by line.
type Problems []Problem

// Error returns one problem a line, at most [MaxProblems], and then how many
// more there are.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i == MaxProblems {
			fmt.Fprintf(&b, "\n%s: and %d more problems", p.File, len(ps)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Error())
	}
	return b.String()
}

// Unwrap lets errors.As find a [Problem].
func (ps Problems) Unwrap() []error {
	out := make([]error, len(ps))
	for i, p := range ps {
		out[i] = p
	}
	return out
}

func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int { return a.Line - b.Line })
	return sorted
}
