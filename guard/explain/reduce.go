package explain

import (
	"slices"

	"warder.example/guard"
)

// stretch is a run of words that gets the verdict by itself.
type stretch struct {
	s     *search
	text  string
	aim   aim
	words []guard.Span
}

// begin returns the smallest of some stretches that gets the verdict by itself:
// what the finding marks, its sentences, the whole text as who is said to have
// written the part, the whole text as it came. ok is false if none does.
func (s *search) begin(text string, f *guard.Finding) (st stretch, ok bool, err error) {
	a := aim{would: s.e.Would, category: f.Category, detector: f.Detector, origin: f.Origin}
	all := words(text, 0, len(text))
	var tries [][]guard.Span
	if len(f.Spans) > 0 {
		hull := guard.Span{Start: f.Spans[0].Start, End: f.Spans[len(f.Spans)-1].End}
		tries = append(tries, words(text, hull.Start, hull.End), around(text, all, hull))
	}
	tries = append(tries, all)
	for _, ws := range tries {
		if st = (stretch{s, text, a, ws}); len(ws) == 0 {
			continue
		}
		if ok, err = st.holds(0, len(ws)); ok || err != nil {
			return st, ok, err
		}
	}
	st.aim.origin = s.text.Origin
	if f.Origin == s.text.Origin || len(all) == 0 {
		return st, false, nil
	}
	ok, err = st.holds(0, len(all))
	return st, ok, err
}

// around returns the words of the sentences that a span touches.
func around(text string, ws []guard.Span, span guard.Span) []guard.Span {
	starts := append(sentences(text, ws), len(ws))
	from, to := len(ws), 0
	for i := range len(starts) - 1 {
		first, last := ws[starts[i]], ws[starts[i+1]-1]
		if first.Start < span.End && last.End > span.Start {
			from, to = min(from, starts[i]), max(to, starts[i+1])
		}
	}
	if from >= to {
		return nil
	}
	return ws[from:to]
}

// holds asks for the words [from, to).
func (st *stretch) holds(from, to int) (bool, error) {
	return st.s.holds(st.text[st.words[from].Start:st.words[to-1].End], st.aim)
}

// trim drops whole sentences, then words, from both ends for as long as what
// remains gets the verdict. After it neither the first nor the last word can be
// dropped, unless a bound ended it.
func (st *stretch) trim() error {
	starts := append(sentences(st.text, st.words), len(st.words))
	if err := st.ends(starts); err != nil {
		return err
	}
	single := make([]int, len(st.words)+1)
	for i := range single {
		single[i] = i
	}
	return st.ends(single)
}

// ends drops units from both ends. Unit i is the words [starts[i], starts[i+1]).
func (st *stretch) ends(starts []int) error {
	lo, hi := 0, len(starts)-1
	all := st.words
	keep := func(a, b int) (bool, error) {
		st.words = all[starts[a]:starts[b]]
		return st.holds(0, len(st.words))
	}
	var err error
	for before := -1; err == nil && before != hi-lo; {
		before = hi - lo
		lo, err = gallop(lo, hi-1, func(x int) (bool, error) { return keep(x, hi) })
		if err == nil {
			// Mirrored: -hi rises towards -(lo+1).
			var m int
			m, err = gallop(-hi, -(lo + 1), func(x int) (bool, error) { return keep(lo, -x) })
			hi = -m
		}
	}
	st.words = all[starts[lo]:starts[hi]]
	return err
}

// gallop moves at towards limit, in long steps first, for as long as ok holds
// at the new place. It returns where the next single step fails, or how far it
// came when ok fails with an error.
func gallop(at, limit int, ok func(int) (bool, error)) (int, error) {
	for step := max((limit-at+1)/2, 1); at < limit; {
		next := at + step
		if next <= limit {
			good, err := ok(next)
			if err != nil {
				return at, err
			}
			if good {
				at = next
				continue
			}
		}
		if step == 1 {
			break
		}
		step /= 2
	}
	return at, nil
}

// thin leaves out words anywhere, in long runs first, for as long as the others
// get the verdict, and returns the indices of those that remain: of these no
// single one can be left out, unless a bound ended it.
func (st *stretch) thin() ([]int, error) {
	keep := make([]int, len(st.words))
	for i := range keep {
		keep[i] = i
	}
	for size := max(len(keep)/2, 1); ; {
		dropped := false
		for i := 0; i < len(keep); {
			fewer := slices.Delete(slices.Clone(keep), i, min(i+size, len(keep)))
			if len(fewer) == 0 {
				break
			}
			ok, err := st.s.holds(joined(st.text, st.words, fewer), st.aim)
			if err != nil {
				return keep, err
			}
			if ok {
				keep, dropped = fewer, true
			} else {
				i += size
			}
		}
		switch {
		case size > 1:
			size /= 2
		case !dropped:
			return keep, nil
		}
	}
}
