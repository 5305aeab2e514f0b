package calibrate

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/segment"
	"warder.example/guard/threshold"
	"warder.example/internal/corpus"
	"warder.example/internal/neardup"
)

// categories is how many scores a text has.
const categories = len(threshold.Categories)

// scores are what the classifier says of a text, by category: a score, -1 where the
// model has no head, and the smallest published rate that it reaches.
type scores struct {
	score, rate [categories]float64
}

// reading is what the classifier makes of one row as text of one origin: the
// highest scores of the whole and of the parts that it reads as of that origin.
type reading struct {
	scores
	origin guard.Origin
	row    int // its line
}

// sample is the texts that were read, and which of them count as one.
type sample struct {
	readings []reading
	groups   *neardup.Set
	texts    map[guard.Origin]int
	named    map[guard.Origin]bool // some row has this origin
}

// recorder is a detector that notes what the classifier says of the texts it is
// shown: of one row, whole and in parts. It is used by one goroutine.
type recorder struct {
	detector *detect.PromptAttack
	said     []reading
	texts    []string // what was read as of that origin
}

// Detect implements [guard.Detector]; it finds nothing.
func (r *recorder) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	found, said, err := r.detector.DetectScores(ctx, t)
	if err != nil || said == nil {
		return nil, err
	}
	var one scores
	for i, name := range threshold.Categories {
		one.score[i], one.rate[i] = -1, 1
		if s, ok := said[name]; ok {
			one.score[i] = s
		}
		for j := range found {
			if found[j].Category == name {
				one.rate[i] = found[j].FPR
			}
		}
	}
	i := slices.IndexFunc(r.said, func(o reading) bool { return o.origin == t.Origin })
	switch {
	case i < 0:
		r.said, r.texts = append(r.said, reading{scores: one, origin: t.Origin}), append(r.texts, t.Content)
		return nil, nil
	case !strings.Contains(r.texts[i], t.Content): // the whole comes first
		r.texts[i] += "\n" + t.Content
	}
	for c := range categories {
		r.said[i].score[c] = max(r.said[i].score[c], one.score[c])
		r.said[i].rate[c] = min(r.said[i].rate[c], one.rate[c])
	}
	return nil, nil
}

// read has the classifier read all rows.
func read(ctx context.Context, d *detect.PromptAttack, rows iter.Seq2[corpus.Row, error], missing guard.Origin) (*sample, error) {
	s := &sample{groups: neardup.New(), texts: map[guard.Origin]int{}, named: map[guard.Origin]bool{}}
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		if row.Label != "" && !row.Label.Ordinary() {
			return nil, fmt.Errorf("line %d: %w: it is labelled %q", row.Line, ErrNotHonest, row.Label)
		}
		if row.Channel == "" {
			row.Channel = missing.String()
		}
		t := row.GuardText()
		r := &recorder{detector: d}
		g := guard.Guard{Detectors: []guard.Detector{r}}
		if _, _, err := segment.Find(ctx, &g, guard.Facts{}, []guard.Text{t}, nil); err != nil {
			return nil, fmt.Errorf("line %d: %w", row.Line, err)
		}
		if len(s.readings)+len(r.said) > MaxTexts {
			return nil, fmt.Errorf("more than %d texts; draw some of them at random", MaxTexts)
		}
		for i := range r.said {
			s.named[t.Origin] = s.named[t.Origin] || r.said[i].origin == t.Origin
			s.add(r.said[i], r.texts[i], &row)
		}
	}
	return s, nil
}

// add takes a reading, and joins it with those that it does not count beside.
func (s *sample) add(r reading, text string, row *corpus.Row) {
	r.row = row.Line
	s.texts[r.origin]++
	i := s.groups.Add(r.origin.String(), text)
	s.readings = append(s.readings, r)
	if row.Template != "" {
		s.groups.Join(i, strings.Join([]string{"template", r.origin.String(), row.Source, row.Template}, "\xff"))
	}
	if row.Attack != "" { // in honest rows: the harmless payload of a carrier
		s.groups.Join(i, strings.Join([]string{"payload", r.origin.String(), row.Attack}, "\xff"))
	}
}

// origins yields the origins of what was read, in their order.
func (s *sample) origins() iter.Seq[guard.Origin] {
	return func(yield func(guard.Origin) bool) {
		for o := guard.OriginUnknown; o <= guard.OriginModel; o++ {
			if s.texts[o] > 0 && !yield(o) {
				return
			}
		}
	}
}

// cluster is texts that count as one: the highest of their scores, where that
// stands, and the strictest of their rates.
type cluster struct {
	scores
	line [categories]int
}

// clusters returns what there is of an origin, in the order of first lines.
func (s *sample) clusters(o guard.Origin) []cluster {
	at := map[int]int{}
	var out []cluster
	for i := range s.readings {
		r := &s.readings[i]
		if r.origin != o {
			continue
		}
		root := s.groups.Find(i)
		k, ok := at[root]
		if !ok {
			k = len(out)
			at[root] = k
			out = append(out, cluster{r.scores, [categories]int(slices.Repeat([]int{r.row}, categories))})
		}
		for c := range categories {
			if r.score[c] > out[k].score[c] {
				out[k].score[c], out[k].line[c] = r.score[c], r.row
			}
			out[k].rate[c] = min(out[k].rate[c], r.rate[c])
		}
	}
	return out
}
