package textmodel_test

import (
	"fmt"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

const prose = "The ferry to the islands leaves at seven, so be at the pier a little before. Tickets are sold on board; bring coins, " +
	"since the machine refuses notes. In winter the crossing may be cancelled when the wind turns north. "

// BenchmarkScore measures all heads of the shipped model on texts of 1, 10 and
// 100 KB. Divide the bytes by the time for the cost per KB.
func BenchmarkScore(b *testing.B) {
	m := textmodel.Guard()
	for _, kb := range []int{1, 10, 100} {
		text := strings.Repeat(prose, kb*1024/len(prose)+1)[:kb*1024]
		b.Run(fmt.Sprintf("%dKB", kb), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				m.Score(text, guard.OriginDocument)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	file := textmodel.Guard().Bytes()
	for b.Loop() {
		if _, err := textmodel.Load(file); err != nil {
			b.Fatal(err)
		}
	}
}
