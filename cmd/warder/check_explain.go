package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"warder.example/guard"
	"warder.example/guard/explain"
)

// checked is what `warder check --json` prints: the verdict, and with --explain
// why.
type checked struct {
	guard.Verdict
	Explanation *explain.Explanation `json:"explanation,omitempty"`
}

// explain says why the guard decides as it does about a text that stands for
// itself.
func (j *judge) explain(ctx context.Context, t guard.Text) (*explain.Explanation, error) {
	x, err := explain.Explain(ctx, j.guard, t, explain.Options{Facts: j.facts(t.Direction)})
	if err != nil {
		return nil, fmt.Errorf("explaining the verdict: %w", err)
	}
	return &x, nil
}

// printExplanation writes an explanation for people.
func printExplanation(w io.Writer, text string, x *explain.Explanation) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "\nexplained: %s\n", safe(x.Summary))
	if x.Window != nil {
		fmt.Fprintf(b, "  of bytes %d-%d, the surroundings of what decides\n", x.Window.Start, x.Window.End)
	}
	if !x.Complete {
		fmt.Fprintf(b, "  the search ended at its bound of work after %d readings: less may suffice\n", x.Evaluations)
	}
	if k := x.Nearest; k != nil {
		fmt.Fprintf(b, "  nearest known attack: %s\n", knownAs(k))
	}
	for i := range x.Causes {
		fmt.Fprintf(b, "\ncause %d of %d\n", i+1, len(x.Causes))
		printCause(b, text, &x.Causes[i])
	}
	return b.Flush()
}

func printCause(w io.Writer, text string, c *explain.Cause) {
	fmt.Fprintf(w, "  bytes %d-%d: %s\n", c.Span.Start, c.Span.End, marked(text, c.Span))
	fmt.Fprintf(w, "  needed: %s\n", safe(c.Text))
	if c.View != "" {
		fmt.Fprintf(w, "  seen after: %s\n", safe(strings.ReplaceAll(c.View, ">", ", then ")))
	}
	if c.Decoded != "" {
		fmt.Fprintf(w, "  reads then: %s\n", safe(c.Decoded))
	}
	fmt.Fprintf(w, "  found: %s as %s text, score %.3f, by %s", safe(c.Category), c.Origin, c.Score, safe(c.Detector))
	if c.Rule != "" {
		fmt.Fprintf(w, "/%s", safe(c.Rule))
	}
	fmt.Fprintf(w, "\n  why: %s\n", safe(c.Explanation))
	fmt.Fprintf(w, "  policy: %s by rule %q", c.Action, safe(c.PolicyRule))
	if c.PolicyReason != "" {
		fmt.Fprintf(w, ": %s", safe(c.PolicyReason))
	}
	fmt.Fprintln(w)
	if c.Known != nil {
		fmt.Fprintf(w, "  known attack: %s\n", knownAs(c.Known))
	}
	if len(c.Reasons) > 0 {
		fmt.Fprintln(w, "  what weighed with the classifier, for (+) and against (-):")
	}
	for _, r := range c.Reasons {
		fmt.Fprintf(w, "    %+.2f  %s", r.Weight, safe(r.Says))
		if r.Kind == "concepts" || r.Kind == "spelling" {
			fmt.Fprintf(w, ": %s", safe(r.Text))
		}
		fmt.Fprintln(w)
	}
}

func knownAs(k *explain.Known) string {
	how := "an exact copy"
	if !k.Exact {
		how = fmt.Sprintf("%.2f alike", k.Similarity)
	}
	return safe(fmt.Sprintf("%s, %s, %s, from %q", k.ID, how, k.State, k.Source))
}
