package threat_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"warder.example/guard/threat"
)

// vocabulary makes words as frequent as those of a language: few of them often.
type vocabulary struct {
	rng   *rand.Rand
	often *rand.Zipf
	words []string
}

func newVocabulary(words int) *vocabulary {
	rng := rand.New(rand.NewPCG(3, 4))
	v := &vocabulary{rng: rng, often: rand.NewZipf(rng, 1.2, 8, uint64(words-1))}
	for range words {
		var b strings.Builder
		for range 1 + rng.IntN(4) {
			b.WriteByte("bcdfghklmnprstvw"[rng.IntN(16)])
			b.WriteByte("aeiou"[rng.IntN(5)])
		}
		v.words = append(v.words, b.String())
	}
	return v
}

// text returns sentences of about that many bytes together.
func (v *vocabulary) text(bytes int) string {
	var b strings.Builder
	for n := 0; b.Len() < bytes; n++ {
		b.WriteString(v.words[v.often.Uint64()])
		if n%16 == 15 {
			b.WriteByte('.')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// remembered is a memory of so many attacks of 60 to that many bytes.
func remembered(tb testing.TB, v *vocabulary, entries, most int) *threat.Memory {
	tb.Helper()
	m := threat.NewMemory(entries)
	for i := range entries {
		s, err := threat.Of(v.text(60 + v.rng.IntN(2)*v.rng.IntN(most-59)))
		if err != nil {
			tb.Fatal(err)
		}
		if err := m.Add(threat.Entry{ID: fmt.Sprintf("thr_%012d", i), Category: "injection", State: threat.Active, Source: "bench", Sketch: s}); err != nil {
			tb.Fatal(err)
		}
	}
	return m
}

// BenchmarkFind looks texts up among 100,000 attacks of the same few words.
func BenchmarkFind(b *testing.B) {
	v := newVocabulary(3000)
	m := remembered(b, v, threat.MaxEntries, 460) // up to six sentences
	for _, size := range []int{300, 1000, 100_000} {
		texts := make([]string, 64)
		for i := range texts {
			texts[i] = v.text(size)
		}
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for i := 0; b.Loop(); i++ {
				m.Find("", texts[i%len(texts)])
			}
		})
	}
}

// BenchmarkFindCorpus looks pieces of the training corpora up among other pieces of
// the same documents, many of which are templates: much alike, the worst there is.
func BenchmarkFindCorpus(b *testing.B) {
	attacks, honest := corpusRows(b)
	m := threat.NewMemory(threat.MaxEntries)
	var texts []string
	for i, r := range slices.Concat(attacks, honest) {
		for n := 0; len(r.Text) >= 300 && m.Len() < threat.MaxEntries; n++ {
			piece := strings.ToValidUTF8(r.Text[:300], "")
			r.Text = r.Text[300:]
			if n%8 == 7 {
				texts = append(texts, piece)
				continue
			}
			if s, err := threat.Of(piece); err == nil {
				if err := m.Add(threat.Entry{ID: fmt.Sprint(i, "/", n), Category: "injection", State: threat.Active, Sketch: s}); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Logf("%d entries", m.Len())
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Find("", texts[i%len(texts)])
	}
}

// BenchmarkFindNothing is what every text costs while nothing is remembered.
func BenchmarkFindNothing(b *testing.B) {
	m := threat.NewMemory(threat.MaxEntries)
	text := newVocabulary(3000).text(1000)
	for b.Loop() {
		m.Find("", text)
	}
}

// BenchmarkAdd tells the memory that an entry takes, too: one of a sentence and one
// of up to six.
func BenchmarkAdd(b *testing.B) {
	for _, most := range []int{60, 460} {
		b.Run(fmt.Sprintf("bytes=%d", most), func(b *testing.B) {
			v := newVocabulary(3000)
			for b.Loop() {
				before := inUse()
				m := remembered(b, v, 20_000, most)
				b.ReportMetric(float64(inUse()-before)/20_000, "bytes/entry")
				runtime.KeepAlive(m)
			}
		})
	}
}

func inUse() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
