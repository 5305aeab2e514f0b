package ledger

import (
	"fmt"
	"strings"
	"time"
)

// ProblemKind says in which way the log is not what was written.
type ProblemKind string

// The kinds of problem.
const (
	// Changed: a line's bytes do not have the leaf hash beside them, or are
	// no record at all, and one stands in the place of a record.
	Changed ProblemKind = "changed"
	// Dropped: records are missing.
	Dropped ProblemKind = "dropped"
	// Inserted: a line stands where no record belongs.
	Inserted ProblemKind = "inserted"
	// Duplicated: a record stands there a second time.
	Duplicated ProblemKind = "duplicated"
	// Reordered: a record stands after records that follow it.
	Reordered ProblemKind = "reordered"
	// Rewritten: every line is well formed, and together they are not the
	// records that a checkpoint or a segment header was made over.
	Rewritten ProblemKind = "rewritten"
	// Header: a segment's first line does not follow from the records before.
	Header ProblemKind = "header"
	// BadCheckpoint: a checkpoint's signature does not hold, or it is of
	// another log.
	BadCheckpoint ProblemKind = "checkpoint"
)

// Problem is one thing that is wrong with a log.
type Problem struct {
	Kind ProblemKind `json:"kind"`
	// First and Last are the sequences of the records concerned, both
	// included; -1 when none can be named.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// ID is what the one record concerned says of itself, as far as it can
	// be read: kind, request and time.
	ID string `json:"id,omitempty"`
	// Segment and Offset are the place in the files, "" for none.
	Segment string `json:"segment,omitempty"`
	Offset  int64  `json:"offset,omitempty"`
	// Detail says in words what was found and what was expected.
	Detail string `json:"detail"`
}

// String returns the problem as one line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(string(p.Kind))
	switch {
	case p.First < 0:
	case p.First == p.Last:
		fmt.Fprintf(&b, " record %d", p.First)
	default:
		fmt.Fprintf(&b, " records %d to %d", p.First, p.Last)
	}
	if p.ID != "" {
		fmt.Fprintf(&b, " (%s)", p.ID)
	}
	if p.Segment != "" {
		fmt.Fprintf(&b, " at %s:%d", p.Segment, p.Offset)
	}
	fmt.Fprintf(&b, ": %s", p.Detail)
	return b.String()
}

// CheckpointResult says what became of one checkpoint.
type CheckpointResult struct {
	Source  string `json:"source"` // the name given, or the ledger's history
	Outside bool   `json:"outside"`
	Size    int64  `json:"size"`
	Root    Hash   `json:"root"`
	Matches bool   `json:"matches"`
	Detail  string `json:"detail,omitempty"` // why not
}

// Unclosed describes exchanges with an opened and no closed record: in flight,
// or cut off by a crash.
type Unclosed struct {
	Count    int64    `json:"count"`
	Requests []string `json:"requests,omitempty"` // the first of them, [MaxListed] at most
	// AtLeast is set when there were too many to follow.
	AtLeast bool `json:"at_least,omitempty"`
}

// MaxListed bounds every list of a report; counts stay true beyond it.
const MaxListed = 100

// Report is what [Verify] found.
type Report struct {
	Intact   bool      `json:"intact"`
	Log      string    `json:"log"`
	Segments int       `json:"segments"`
	Records  int64     `json:"records"`
	Root     Hash      `json:"root"` // of the records as they stand; zero when it cannot be made
	From     time.Time `json:"from"` // of the first record
	Until    time.Time `json:"until"`

	Problems     []Problem `json:"problems"`
	ProblemCount int64     `json:"problem_count"`

	// Checkpoints lists the outside ones, and of the ledger's own history
	// the last and those that fail.
	Checkpoints      []CheckpointResult `json:"checkpoints"`
	CheckpointsMatch int64              `json:"checkpoints_match"` // all that were found to match
	// Proven is how many records, from the first on, are covered by a
	// matching outside checkpoint.
	Proven int64 `json:"proven"`

	Unclosed   Unclosed    `json:"unclosed"`
	Recoveries []Recovered `json:"recoveries,omitempty"`
	Recovered  int64       `json:"recovered"` // how many recoveries there were
	// Torn is how many bytes of an unfinished record stand at the end: a
	// write in progress, or a crash.
	Torn int64 `json:"torn"`

	// Proves and CannotExclude say in sentences what the result is worth.
	Proves        []string `json:"proves"`
	CannotExclude []string `json:"cannot_exclude"`
}

func (r *Report) add(p Problem) {
	r.ProblemCount++
	if len(r.Problems) < MaxListed {
		r.Problems = append(r.Problems, p)
	}
}

// conclude writes the sentences.
func (r *Report) conclude(outside bool, keyGiven bool) {
	r.Intact = r.ProblemCount == 0
	if !r.Intact {
		r.Proves = append(r.Proves, "the log is not what was written: see the problems")
	} else if r.Records > 0 {
		r.Proves = append(r.Proves, fmt.Sprintf("records 0 to %d follow each other without gap, and each has its leaf hash", r.Records-1))
	}
	if r.Proven > 0 {
		r.Proves = append(r.Proves, fmt.Sprintf("records 0 to %d are the ones that were there when the outside checkpoint of size %d was signed", r.Proven-1, r.Proven))
	}
	switch {
	case !outside:
		r.CannotExclude = append(r.CannotExclude, "no outside checkpoint was given: whoever could write the directory and read its key may have rewritten the whole log, or cut off its end")
	case r.Proven < r.Records:
		r.CannotExclude = append(r.CannotExclude, fmt.Sprintf("records from %d on are covered by no outside checkpoint: whoever could write the directory and read its key may have rewritten them, or cut off more that followed", r.Proven))
	default:
		r.CannotExclude = append(r.CannotExclude, fmt.Sprintf("records after the outside checkpoint of size %d may have been cut off without a trace", r.Proven))
	}
	if !keyGiven {
		r.CannotExclude = append(r.CannotExclude, "the public key was taken from beside the log: an exchange of the key together with all checkpoints would not show")
	}
	r.CannotExclude = append(r.CannotExclude, "that what was recorded is true: the log proves what was written, not what happened")
}
