package normal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// timed is what one text of the corpus costs.
type timed struct {
	name string
	cost float64 // µs per KB
}

// BenchmarkUndoWorst gives the worst cost per byte beside the median. The corpus
// is every hostile text at 1 KB and at 10 KB, and ordinary prose and a mixed text
// of these sizes and of 100 KB. Each text counts once, with the least of its
// times per byte over the rounds, each of which undoes it for about a
// millisecond, after once that is not timed: that is what the text costs without what else the machine does.
// The metrics are the median and the worst of these costs over the corpus, and
// the one divided by the other.
func BenchmarkUndoWorst(b *testing.B) {
	texts := costly()
	costs := make([]timed, len(texts))
	for b.Loop() {
		for i, x := range texts {
			Undo(x.text, Options{})
			start, runs := time.Now(), 0
			for runs == 0 || time.Since(start) < time.Millisecond {
				Undo(x.text, Options{})
				runs++
			}
			if c := perKB(time.Since(start), runs, len(x.text)); costs[i].name == "" || c < costs[i].cost {
				costs[i] = timed{x.name, c}
			}
		}
	}
	slices.SortFunc(costs, func(x, y timed) int { return cmp.Compare(x.cost, y.cost) })
	median, worst := costs[len(costs)/2], costs[len(costs)-1]
	b.ReportMetric(median.cost, "median-µs/KB")
	b.ReportMetric(worst.cost, "worst-µs/KB")
	b.ReportMetric(worst.cost/median.cost, "worst/median")
	for _, c := range costs[len(costs)-5:] {
		b.Logf("%s: %.1f µs/KB, %.2f times the median", c.name, c.cost, c.cost/median.cost)
	}
}

// costly returns the corpus of BenchmarkUndoWorst.
func costly() (texts []struct{ name, text string }) {
	add := func(name, text string, size int) {
		texts = append(texts, struct{ name, text string }{fmt.Sprintf("%s/%dKB", name, size>>10), strings.ToValidUTF8(text, "")})
	}
	for _, size := range []int{1 << 10, 10 << 10} {
		for _, name := range slices.Sorted(maps.Keys(hostile)) {
			add(name, hostile[name](size), size)
		}
	}
	for _, size := range []int{1 << 10, 10 << 10, 100 << 10} {
		add("prose", repeatTo(plainProse, size), size)
		add("mixed", repeatTo(mixedText, size), size)
	}
	return texts
}
