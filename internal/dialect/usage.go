package dialect

// Usage is what an answer says it cost, in tokens.
type Usage struct {
	Prompt, Completion, Total int
	Cached                    int  // of Prompt, read from the provider's cache
	Written                   int  // of Prompt, kept in it
	Reasoning                 int  // of Completion
	Present                   bool // the counts of what was read and written are there
	// Partial says that the server counted before it had written all: another count is
	// to come.
	Partial bool
}

// maxCount bounds a number of tokens that is believed.
const maxCount = 1 << 40

// Count returns a number of tokens that the object tells, at most 1<<40. ok is false,
// and n is 0, for what is missing or no whole number from 0.
func (s *Scope) Count(t Tag) (n int, ok bool) {
	v, ok := s.Value(t)
	if !ok {
		return 0, false
	}
	if n, ok = v.Int(); !ok || n < 0 {
		return 0, false
	}
	return min(n, maxCount), true
}

// A Choice is a part of an answer whose texts end together: one of several
// answers, or one block or item of an answer that is made of them.
type Choice struct {
	Index  int    // as the server numbers it; small, since it counts up from 0
	Finish string // why it ended, in the dialect's words; empty if it has not
}

// A Receiver is what the Close functions of answers and of events fill: both an
// [Answer] and a [Chunk] are one, so that a table may serve both.
type Receiver interface {
	// AddChoice enters a choice. The leaves of the object that was read are its.
	AddChoice(c Choice, s *Scope)
	// SetUsage says what the answer cost.
	SetUsage(u Usage)
	// About says whose answer it is, as far as the body says so, and whether it
	// tells of an error. The strings may alias the body.
	About(id, model string, isError bool)
}

var (
	_ Receiver = (*Answer)(nil)
	_ Receiver = (*Chunk)(nil)
)
