package evaluate

import (
	"cmp"
	"slices"
	"time"
)

// Latency is the time that judging took, in microseconds. Where a guard had
// several jobs they waited for each other.
type Latency struct {
	Rows  int     `json:"rows"` // measured: also those that failed
	Bytes int64   `json:"bytes"`
	P50   float64 `json:"p50_us"` // of a row
	P99   float64 `json:"p99_us"`
	Max   float64 `json:"max_us"`
	// PerKB is the time for 1,024 bytes over all rows; P50KB and P99KB are of
	// rows, each for its own length.
	PerKB float64 `json:"us_per_kb"`
	P50KB float64 `json:"p50_us_per_kb"`
	P99KB float64 `json:"p99_us_per_kb"`
	// Lengths has the same by length: what a text costs whatever its length
	// makes short ones dear per KB.
	Lengths []LengthLatency `json:"lengths,omitempty"`
}

// LengthLatency is the latency of texts of one length bucket.
type LengthLatency struct {
	Name string `json:"name"`
	Latency
}

// lengthBounds are the length buckets, each below a number of bytes.
var lengthBounds = []struct {
	below int
	name  string
}{{64, "under 64 B"}, {256, "64 B to 256 B"}, {1 << 10, "256 B to 1 KB"}, {4 << 10, "1 KB to 4 KB"}, {16 << 10, "4 KB to 16 KB"}, {1 << 62, "16 KB and more"}}

// lengthIndex is the bucket of a text.
func lengthIndex(bytes int) int {
	for i, b := range lengthBounds {
		if bytes < b.below {
			return i
		}
	}
	return len(lengthBounds) - 1
}

func lengthName(bytes int) string { return lengthBounds[lengthIndex(bytes)].name }

// byLength puts lines in the order of buckets instead of names.
func byLength(lines []Line) []Line {
	place := func(l *Line) int {
		for i, b := range lengthBounds {
			if b.name == l.Name {
				return i
			}
		}
		return -1
	}
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(place(&a), place(&b)))
	})
	return lines
}

// latencyOf sums up how long judging took.
func latencyOf(all []outcome) *Latency {
	buckets := make([][]*outcome, len(lengthBounds))
	var rows []*outcome
	for i := range all {
		if o := &all[i]; o.state != untouched {
			rows = append(rows, o)
			k := lengthIndex(o.bytes)
			buckets[k] = append(buckets[k], o)
		}
	}
	l := latencyOfRows(rows)
	for i, b := range buckets {
		if len(b) > 0 {
			l.Lengths = append(l.Lengths, LengthLatency{lengthBounds[i].name, latencyOfRows(b)})
		}
	}
	return &l
}

func latencyOfRows(rows []*outcome) Latency {
	l := Latency{Rows: len(rows)}
	var each, perKB []float64
	total := 0.0
	for _, o := range rows {
		us := float64(o.took) / float64(time.Microsecond)
		total += us
		l.Bytes += int64(o.bytes)
		each = append(each, us)
		if o.bytes > 0 {
			perKB = append(perKB, us*1024/float64(o.bytes))
		}
	}
	slices.Sort(each)
	slices.Sort(perKB)
	l.P50, l.P99, l.Max = quantile(each, 0.5), quantile(each, 0.99), quantile(each, 1)
	l.P50KB, l.P99KB = quantile(perKB, 0.5), quantile(perKB, 0.99)
	if l.Bytes > 0 {
		l.PerKB = total * 1024 / float64(l.Bytes)
	}
	return l
}

// quantile returns the least value that a fraction q of the sorted values does
// not exceed, 0 of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, min(len(sorted)-1, int(q*float64(len(sorted))+0.999999)-1))]
}
