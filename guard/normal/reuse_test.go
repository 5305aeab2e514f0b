package normal

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// summary writes down all that a result says, and where each byte comes from.
func summary(r *Result) string {
	var b strings.Builder
	for _, views := range [][]View{r.Views, r.Printable} {
		for i := range views {
			v := &views[i]
			fmt.Fprintf(&b, "%s %s %q", v.Kind, v.Path, v.Text)
			for k := range v.Text {
				start, end := v.Source(k, k+1)
				fmt.Fprintf(&b, " %d-%d", start, end)
			}
			b.WriteByte('\n')
		}
	}
	fmt.Fprintln(&b, r.Signals, r.InvisibleSpans, r.BlobSpans)
	return b.String()
}

// TestReusedMemory checks that a result stays as it is while others are made, by
// the same goroutine and by others, and that what came before changes nothing:
// the memory that texts are written in is used again.
func TestReusedMemory(t *testing.T) {
	names := slices.Sorted(maps.Keys(hostile))
	texts, alone := make([]string, len(names)), make([]string, len(names))
	for i, name := range names {
		texts[i] = strings.ToValidUTF8(hostile[name](400+i), "")
		alone[i] = summary(Undo(texts[i], Options{}))
	}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			kept := make([]*Result, len(texts))
			for k := range texts {
				i := (k*7 + worker*31) % len(texts)
				kept[i] = Undo(texts[i], Options{})
			}
			for i, r := range kept {
				if r != nil && summary(r) != alone[i] {
					t.Errorf("%s: among others it gives\n%swant\n%s", names[i], summary(r), alone[i])
				}
			}
		})
	}
	all.Wait()
}
