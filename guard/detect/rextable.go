package detect

import "sync/atomic"

// rexStep is an edge of the automaton in one word: the row of the table where
// the state that it leads to stands, and what a run must know of that state.
// 0 is an edge that was not followed yet.
type rexStep uint32

const (
	rexKnown rexStep = 1 << (31 - iota) // set in every edge
	rexMatch                            // a match ended before the last character read
	rexDead                             // no thread is left
	rexIn                               // a thread is inside the group
	rexPast                             // a thread has left the group

	// rexNoRow holds every bit of a row, and as a row means none: the state
	// is not cached. maxRexStates rows of 256 classes and the end stay under
	// it.
	rexNoRow rexStep = 1<<24 - 1
)

func (e rexStep) row() int { return int(e & rexNoRow) }

// has reports whether all of flags are set.
func (e rexStep) has(flags rexStep) bool { return e&flags == flags }

// rexTable is the edges of the cached states, a row for each, with a column for
// each class of characters and one for the end of the text. One goroutine at a
// time may write, while others read.
type rexTable struct {
	edges atomic.Pointer[[]uint32]
}

// read returns the edges as they are now. What is added later may be missing
// there, never wrong.
func (t *rexTable) read() []uint32 {
	if p := t.edges.Load(); p != nil {
		return *p
	}
	return nil
}

// grow makes room for n edges.
func (t *rexTable) grow(n int) {
	old := t.read()
	if n <= len(old) {
		return
	}
	edges := make([]uint32, max(n, 2*len(old)))
	copy(edges, old)
	t.edges.Store(&edges)
}

// set notes an edge.
func (t *rexTable) set(at int, e rexStep) { atomic.StoreUint32(&t.read()[at], uint32(e)) }

// edge returns the edge at a place of the table; 0 beyond its end.
func edge(edges []uint32, at int) rexStep {
	if at < len(edges) {
		return rexStep(atomic.LoadUint32(&edges[at]))
	}
	return 0
}
