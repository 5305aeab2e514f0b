package dialect

// Usage is what an answer says it cost, in tokens.
type Usage struct {
	Prompt, Completion, Total int
	Cached                    int // of Prompt, read from the provider's cache
	Written                   int // of Prompt, kept in it
	Reasoning                 int // of Completion
	Present                   bool
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
