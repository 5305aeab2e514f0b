// Package guard inspects the text that goes to and comes from a large language
// model and decides what may pass.
//
// It is the public library of Warder: it knows nothing of HTTP, keys or
// storage, and imports nothing of the gateway built on it.
//
// # Nouns
//
// A [Text] is one stretch of text with one [Origin] (who wrote it). A
// [Detector] reads a Text and reports each [Finding]: category, calibrated
// score, spans, explanation. A [Decider] (see package policy) turns findings
// into a [Verdict]. [Guard.Inspect] does all of it for whole texts;
// [Guard.Stream] for text that arrives in pieces.
//
// # Two classes of detector
//
// Exact detectors are recognisers whose longest match is declared. On any
// chunking of a stream they report what they report on the whole text, and
// what they report is masked before it is released. They implement
// [StreamDetector].
//
// Windowed detectors (classifiers, decoders) read a bounded window. In a stream
// the policy says what is held back for them: see [Hold].
//
// # Failing
//
// The zero [Action] is [Block]. A detector that returns an error makes Inspect
// return that error, and callers must treat it as a block.
package guard

import "context"

// A Detector reports what it sees in one text. It must be safe for concurrent
// use, must not retain t, and must do an amount of work bounded by the length
// of the text, never by a clock.
type Detector interface {
	// Detect returns its findings with spans in t.Content. An error means
	// that the text could not be judged: callers fail closed.
	Detect(ctx context.Context, t *Text) ([]Finding, error)
}

// A TurnDetector finds attacks that are spread over the turns of a conversation. It
// must be safe for concurrent use, and its work bounded by the length of the turns.
type TurnDetector interface {
	// DetectTurns reads texts as the messages of one conversation, oldest
	// first. [Finding.Text] is the index of the turn that a finding is of,
	// with spans in it. An error means that the conversation could not be
	// judged: callers fail closed.
	DetectTurns(ctx context.Context, turns []Text) ([]Finding, error)
}

// A StreamDetector is an exact detector: Detect(whole text) equals the findings
// of its Scanner at any chunking, views aside.
type StreamDetector interface {
	Detector
	// Longest is the longest match in bytes, and so the most a Scanner holds.
	Longest() int
	// Scanner returns a new scanner for one text of this exchange. It
	// returns nil when the detector has nothing to look for in such a text.
	Scanner(x *Exchange, o Origin, k Kind) Scanner
}

// A Scanner is the state of one exact detector over one text that arrives in
// pieces. It is used by one goroutine.
type Scanner interface {
	// Scan takes the next piece; end says that no more will come. It returns
	// the findings that have become certain, with offsets from the start of
	// the text and in ascending order, and safe: no byte before it can
	// become part of a finding not yet returned. safe never falls, is at
	// most the bytes seen, is within Longest of it, and equals it at end.
	Scan(piece string, end bool) (found []Finding, safe int)
}

// A Decider turns findings into a verdict. It is a pure function: same input,
// same verdict. Package policy has the one that Warder ships.
type Decider interface {
	Decide(f Facts, found []Finding) Verdict
}

// Facts is what a decision may depend on beside the findings.
type Facts struct {
	Application string    // id of the application
	Environment string    // "dev", "test" or "prod"
	DataClass   string    // as registered: "public", "internal", "confidential", "restricted"
	Direction   Direction // request or answer
}
