package replay_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"warder.example/internal/replay"
)

// BenchmarkReplay replays requests of 1 to 2 KB with answers of half a KB, of eight
// applications; a third of them carries a past. The time for 100,000 requests is
// 50 times that of one round.
func BenchmarkReplay(b *testing.B) {
	const requests = 2000
	draw := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the order of flour that we sent on Monday has not come yet and the baker asks when it will be there please look up what happened with truck invoice customer address delivery number")
	text := func(n int) string {
		var out strings.Builder
		for range n {
			fmt.Fprintf(&out, "%s ", words[draw.IntN(len(words))])
		}
		return out.String() + fmt.Sprint(draw.IntN(1e6))
	}
	var lines []string
	var size int
	for i := range requests {
		says := []string{text(100 + draw.IntN(200))}
		if i%3 == 0 {
			says = []string{text(40), text(80), says[0]}
		}
		l := row(1+i%28, fmt.Sprintf("app%d", i%8), text(90), says...)
		lines, size = append(lines, l), size+len(l)
	}
	dir := b.TempDir()
	path := writeIn(b, dir, lines)
	b.SetBytes(int64(size))
	for b.Loop() {
		if r, err := replay.Run(b.Context(), options(path)); err != nil || r.Requests != requests {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/requests, "µs/request")
}
