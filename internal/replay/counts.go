package replay

import (
	"strings"

	"warder.example/guard"
)

// Place is where a record stands.
type Place struct {
	File  int `json:"file"`  // index of the files that were read
	Value int `json:"value"` // of the file's values, from 0
	Line  int `json:"line"`  // where the value begins, from 1
	Index int `json:"index"` // of the value's records
}

// Counts are requests by what would have happened to them.
type Counts struct {
	Requests int `json:"requests"`
	Blocked  int `json:"blocked"` // or asked about
	Redacted int `json:"redacted"`
	Flagged  int `json:"flagged"`
}

func (c *Counts) add(a guard.Action) {
	c.Requests++
	switch {
	case a.Stops():
		c.Blocked++
	case a == guard.Redact:
		c.Redacted++
	case a == guard.Flag:
		c.Flagged++
	}
}

// day is what happened on one day.
type day struct {
	Counts
	// Read is how many new texts of requests the classifier judged, ByModel how
	// many requests it alone would have stopped.
	Read    int `json:"read"`
	ByModel int `json:"by_model"`
	Why     why `json:"why"`
}

// group is one application with one model.
type group struct {
	Counts
	InputTokens  int64   `json:"input_tokens"`
	OutputTokens int64   `json:"output_tokens"`
	Cost         float64 `json:"cost"`
	Priced       int     `json:"priced"`
	Why          why     `json:"why"`
}

// why counts requests by what decided about them: action, rule and category.
type why map[string]int

// maxWhy bounds it.
const maxWhy = 200

func (w *why) add(o *outcome) {
	if o.decisive == "" {
		return
	}
	if *w == nil {
		*w = why{}
	}
	p := strings.SplitN(o.decisive, sep, 5) // side, action, rule, category, detector
	k := strings.Join(p[1:4], " ")
	if _, ok := (*w)[k]; !ok && len(*w) >= maxWhy {
		k = Others
	}
	(*w)[k]++
}

// reason counts the requests in which a rule acted on a category.
type reason struct {
	Requests int `json:"requests"`
	Decided  int `json:"decided"` // in which it decided what happened
}

// leak counts personal data and credentials of one kind in one place.
type leak struct {
	Findings int `json:"findings"`
	Requests int `json:"requests"`
}

// bad counts values that cannot be read for one reason.
type bad struct {
	Count  int     `json:"count"`
	Places []Place `json:"places"`
}

// diff counts where two policies part.
type diff struct {
	Changed  map[string]int `json:"changed"` // "block to flag"
	Rules    map[string]int `json:"rules"`   // "attack-model to other-rule"
	Places   []Place        `json:"places"`
	Requests int            `json:"requests"`
}
