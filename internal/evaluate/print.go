package evaluate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes the report as tables for people.
func (r *Report) Print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	table := func(title string, ls []Line) {
		fmt.Fprintf(tw, "%s\trows\tat 0.1 %%\tat 1 %%\tat 5 %%\t95 %% interval at 1 %%\n", title)
		for _, l := range ls {
			name := string(l.Kind) + "  " + l.Name
			fmt.Fprintf(tw, "%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f - %.3f\n", name, l.Rows,
				l.Flagged[0].Value, l.Flagged[1].Value, l.Flagged[2].Value, l.Flagged[1].Low, l.Flagged[1].High)
		}
		fmt.Fprintln(tw)
	}
	fmt.Fprint(tw, "Fraction flagged at the thresholds for each published false-positive rate:\nrecall for attacks and harmful requests, false positives for honest texts.\n\n")
	table("source", r.Sources)
	for _, k := range []Kind{Attack, Harmful, Honest} {
		if names := r.Small[k]; len(names) > 0 {
			fmt.Fprintf(tw, "%s of kind %s: %s\n", SmallGroup, k, strings.Join(names, ", "))
		}
	}
	fmt.Fprintln(tw)
	table("channel", r.Channels)
	table("language", r.Languages)
	fmt.Fprintln(tw, "published rate\tmacro recall\tmacro specificity\tbalanced accuracy\tworst specificity\tharm recall\tharm specificity")
	for _, p := range r.Points {
		fmt.Fprintf(tw, "%g\t%.3f\t%.3f\t%.3f\t%.3f %s\t%.3f\t%.3f\n", p.FPR, p.Recall, p.Specificity, p.Balanced, p.Worst, p.WorstSource, p.HarmRecall, p.HarmHonest)
	}
	fmt.Fprintln(tw)
	fmt.Fprintln(tw, "ranking, pooled\tAUC\tTPR at 0.1 %\tat 1 %\tat 5 %\tthresholds on this corpus\trows")
	for _, x := range []struct {
		name string
		r    Ranking
	}{{"attack", r.Ranking}, {"harmful_request", r.Harm}} {
		fmt.Fprintf(tw, "%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.4f %.4f %.4f\t%d / %d\n", x.name, x.r.AUC, x.r.TPR[0], x.r.TPR[1], x.r.TPR[2],
			x.r.Threshold[0], x.r.Threshold[1], x.r.Threshold[2], x.r.Positive, x.r.Negative)
	}
	if r.Latency.Rows > 0 {
		fmt.Fprintf(tw, "\nlatency\t%.1f µs per KB\t%.1f µs per row\tslowest row %.0f µs\n", r.Latency.PerKB, r.Latency.PerRow, r.Latency.Slowest)
	}
	fmt.Fprintf(tw, "left out\t%d rows (other labels, answers)\n", r.LeftOut)
	return tw.Flush()
}
