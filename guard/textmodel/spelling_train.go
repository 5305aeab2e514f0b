package textmodel

import (
	"math"
	"slices"
)

// Quantiles of the worst stretch of honest texts at which levels begin.
var spellingQuantiles = [SpellingLevels]float64{0.90, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1}

// leastTexts is how many honest texts a script needs to be judged.
const leastTexts = 60

// TrainSpelling learns a character model from honest texts. Every second text
// teaches runs of characters, the others set the levels, so that a level is a
// fraction of texts that were not learned from. Scripts with few texts are not
// judged. It takes time linear in the texts.
func TrainSpelling(texts []string) *Spelling {
	runs := make([]float64, 1<<spellingBits)
	total := 0.0
	for i := 0; i < len(texts); i += 2 {
		eachRun(texts[i], func(a, b, c uint64) {
			runs[slot(a, b, c)]++
			total++
		})
	}
	s := &Spelling{cost: make([]uint8, 1<<spellingBits)}
	// A run costs the negative logarithm of its share: one never seen most.
	for i := range s.cost {
		p := (runs[i] + 0.05) / (total + 0.05*float64(len(runs)))
		s.cost[i] = uint8(max(0, min(255, math.Round(-8*math.Log2(p)))))
	}
	var worst [scripts][]int
	for i := 1; i < len(texts); i += 2 {
		sp := speller{model: s}
		eachChar(texts[i], sp.character)
		if sp.worst > 0 {
			worst[sp.level] = append(worst[sp.level], sp.worst)
		}
	}
	for sc, ws := range worst {
		if len(ws) < leastTexts || script(sc) == noScript || script(sc) == otherScript {
			continue
		}
		slices.Sort(ws)
		for j, q := range spellingQuantiles {
			i := min(len(ws)-1, int(q*float64(len(ws))))
			s.levels[sc][j] = uint16(min(math.MaxUint16, ws[i]+j/(SpellingLevels-1)))
		}
	}
	return s
}

func eachChar(text string, f func(c uint64, next int)) {
	for i := 0; i < len(text); {
		c, _, size := next(text[i:])
		i += size
		f(c, i)
	}
}

func eachRun(text string, f func(a, b, c uint64)) {
	var a, b uint64 = ' ', ' '
	sc := noScript
	eachChar(text, func(c uint64, _ int) {
		now := latin
		if c >= 0x80 {
			if now = scriptOf(c); now == noScript {
				return
			}
		}
		if now != sc && (c >= 0x80 || sc == noScript) {
			sc, a, b = now, ' ', ' '
		}
		if c == ' ' && b == ' ' {
			return
		}
		f(a, b, c)
		a, b = b, c
	})
}
