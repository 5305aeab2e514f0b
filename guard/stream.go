package guard

import (
	"context"
	"fmt"
	"slices"
)

// Hold says what a stream keeps back for windowed detectors. Exact detectors
// always run before release, whatever the hold.
type Hold uint8

// The holds.
const (
	HoldNone     Hold = iota // release as it comes; cut on a finding; exposure is recorded
	HoldSentence             // release whole sentences, once read
	HoldAll                  // release nothing before the end
)

// String returns "none", "sentence" or "all".
func (h Hold) String() string {
	switch h {
	case HoldSentence:
		return "sentence"
	case HoldAll:
		return "all"
	}
	return "none"
}

// A Holder is a Decider that also says how streams are held. Without it the
// hold is HoldNone.
type Holder interface {
	Hold(f Facts) Hold
}

// Bounds of a stream. They are work and memory limits, not tuning knobs.
const (
	// DefaultHoldCap is the most text a stream holds back before it is cut.
	DefaultHoldCap = 64 << 10
	// StreamWindow is how much text windowed detectors read at a time.
	StreamWindow = 1024
	// StreamStep is how much new text comes between two such readings.
	StreamStep = 512
)

// A Mask replaces a span of a text.
type Mask struct {
	Span
	With string
	// Reversible says that the policy lets the value come back later: a
	// caller that can see to that may put a pseudonym in place of With.
	Reversible bool
	// Category is that of the finding masked, where there is one.
	Category string
	// Restores says that nothing is hidden: With is a value that the reader may
	// have, in place of a pseudonym.
	Restores bool
}

// A Release says what of a stream may leave now.
type Release struct {
	// Upto is the offset in the text before which everything may leave. It
	// never falls and never stands inside a mask.
	Upto int
	// Masks are to be applied to what leaves; they lie before Upto, are
	// ascending, do not overlap, and were not returned before.
	Masks []Mask
	// Cut is set when the stream must end here: nothing after Upto leaves.
	Cut *Verdict
}

// Account says what happened to the bytes of a stream's text.
type Account struct {
	Received int `json:"received"` // bytes written to the stream
	Exact    int `json:"exact"`    // bytes that exact detectors have settled
	Windowed int `json:"windowed"` // bytes that windowed detectors have read
	Released int `json:"released"` // bytes allowed to leave, masked ones not counted
	Masked   int `json:"masked"`   // bytes replaced by masks
	// Exposed counts bytes released before a windowed detector had read
	// them that a later windowed finding stopped, or would have masked. Bytes
	// of findings that the policy only flags are not among them.
	Exposed int `json:"exposed"`
}

// A Stream guards one text that arrives in pieces. It is used by one goroutine.
type Stream struct {
	ctx      context.Context
	guard    *Guard
	facts    Facts
	text     Text
	buf      []byte // the tail of the text that is still needed
	base     int    // offset in the text of buf[0]
	scanners []Scanner
	windowed bool
	hold     Hold
	holdCap  int

	safe     int // settled by every exact detector
	read     int // read by windowed detectors
	sentence int // end of the last whole sentence
	upto     int // released
	pending  []Mask
	exposed  []Mask           // what had left of windowed findings, without replacements
	seen     map[seenKey]bool // windowed findings already decided

	account Account
	found   []Finding
	verdict Verdict
	cut     *Verdict
	closed  bool
}

type seenKey struct {
	category, view string
	start          int
}

// Stream begins the inspection of a text that will arrive in pieces. t gives
// its origin, kind, direction, path and exchange; its content must be empty.
// ctx bounds the detectors' work.
func (g *Guard) Stream(ctx context.Context, f Facts, t Text) *Stream {
	s := &Stream{ctx: ctx, guard: g, facts: f, text: t, holdCap: DefaultHoldCap, verdict: Verdict{Action: Allow, Would: Allow}}
	if h, ok := g.Decider.(Holder); ok {
		s.hold = h.Hold(f)
	}
	for _, d := range g.Detectors {
		if e, ok := d.(StreamDetector); ok {
			if sc := e.Scanner(t.Exchange, t.Origin, t.Kind); sc != nil {
				s.scanners = append(s.scanners, sc)
			}
		}
		s.windowed = true // exact detectors too read decoded views in windows
	}
	return s
}

// Write takes the next piece, valid UTF-8, and says what may leave. After a cut
// it returns the same cut. An error is a cut too: the caller fails closed.
func (s *Stream) Write(piece string) (Release, error) { return s.step(piece, false) }

// Close says that the text has ended and settles all that is held.
func (s *Stream) Close() (Release, error) { return s.step("", true) }

// Held is the number of bytes received and not yet released.
func (s *Stream) Held() int { return s.account.Received - s.upto }

// Tail returns the end of the text as it was written: at least [StreamWindow]
// bytes, or all there are, and none if the guard has no detectors. Written to
// another stream before what follows, it lets that one see what this one left
// unfinished.
func (s *Stream) Tail() string {
	from := max(0, len(s.buf)-StreamWindow)
	for from > 0 && !startsRune(s.buf[from]) {
		from--
	}
	return string(s.buf[from:])
}

// Account returns the bytes' account so far.
func (s *Stream) Account() Account { return s.account }

// Verdict returns the strictest verdict so far, with all findings.
func (s *Stream) Verdict() Verdict {
	v := s.verdict
	v.Findings = s.found
	return v
}

func (s *Stream) step(piece string, end bool) (Release, error) {
	if s.cut != nil {
		return Release{Upto: s.upto, Cut: s.cut}, nil
	}
	if s.closed {
		return Release{Upto: s.upto}, nil
	}
	s.closed = end
	if s.windowed {
		s.buf = append(s.buf, piece...)
	}
	s.account.Received += len(piece)

	stop := s.account.Received + 1 // offset of the first finding that stops
	safe := s.account.Received
	for _, sc := range s.scanners {
		found, upto := sc.Scan(piece, end)
		safe = min(safe, upto)
		if len(found) > 0 {
			stop = min(stop, s.decide(found))
		}
	}
	s.safe = safe
	s.account.Exact = safe

	if s.windowed && s.cut == nil {
		if err := s.readWindow(piece, end, &stop); err != nil {
			v := Verdict{Action: Block, Would: Block, Code: "guard_error"}
			s.cut, s.verdict = &v, v
			return Release{Upto: s.upto, Cut: s.cut}, fmt.Errorf("inspecting a stream at byte %d: %w", s.account.Received, err)
		}
	}

	limit := safe
	switch {
	case end && s.cut == nil || s.hold == HoldNone:
	case s.hold == HoldSentence && s.cut == nil:
		limit = min(limit, s.sentence, s.read)
	default: // what was held is not released by a cut
		limit = 0
	}
	if s.cut != nil {
		limit = min(limit, stop)
	}
	r := s.release(limit)
	if s.cut == nil && s.Held() > s.holdCap {
		v := Verdict{Action: Block, Would: Block, Code: "hold_exceeded"}
		s.cut, s.verdict = &v, v
	}
	r.Cut = s.cut
	s.trim()
	return r, nil
}

// decide asks the policy about new findings, records masks, and returns the
// start of the first finding that stops (past the end if none does).
func (s *Stream) decide(found []Finding) int {
	for i := range found {
		found[i].Origin = s.text.Origin
	}
	v := s.guard.Decide(s.facts, found)
	stop := s.account.Received + 1
	for i := range found {
		f := &found[i]
		if len(f.Spans) == 0 {
			continue
		}
		a := v.ActionFor(i)
		if v.Observed {
			a = max(a, Flag)
		}
		if f.Class == Windowed && (a.Stops() || a == Redact) {
			s.expose(f.Spans)
		}
		switch {
		case a.Stops():
			stop = min(stop, f.Spans[0].Start)
		case a == Redact:
			for _, sp := range f.Spans {
				s.pending = append(s.pending, Mask{Span: sp, With: MaskText(f.Category)})
			}
		}
	}
	at := len(s.found)
	s.found = append(s.found, found...)
	for _, d := range v.Decisions {
		d.Finding += at
		s.verdict.Decisions = append(s.verdict.Decisions, d)
	}
	if v.Would < s.verdict.Would || v.Action < s.verdict.Action || s.verdict.Policy == "" {
		s.verdict.Code, s.verdict.Rule = v.Code, v.Rule
	}
	s.verdict.Policy = v.Policy
	s.verdict.Action = min(s.verdict.Action, v.Action)
	s.verdict.Would = min(s.verdict.Would, v.Would)
	s.verdict.Observed = s.verdict.Observed || v.Observed
	if v.Action.Stops() && s.cut == nil {
		c := v
		s.cut = &c
		stop = min(stop, s.account.Received)
	}
	return stop
}

// readWindow runs the windowed side when enough new text has come.
func (s *Stream) readWindow(piece string, end bool, stop *int) error {
	sentence := lastSentenceEnd(piece)
	if sentence > 0 {
		s.sentence = s.account.Received - len(piece) + sentence
	}
	fresh := s.account.Received - s.read
	if fresh == 0 || !end && fresh < StreamStep && !(s.hold == HoldSentence && sentence > 0) {
		return nil
	}
	from := max(0, len(s.buf)-max(StreamWindow, fresh+StreamWindow-StreamStep))
	for from > 0 && !startsRune(s.buf[from]) {
		from--
	}
	t := s.text
	t.Content = string(s.buf[from:])
	var found []Finding
	for _, d := range s.guard.Detectors {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		fs, err := d.Detect(s.ctx, &t)
		if err != nil {
			return err
		}
		for _, f := range fs {
			if f.Class != Windowed {
				continue // the scanners see these, each once
			}
			f.Spans = slices.Clone(f.Spans)
			for i := range f.Spans {
				f.Spans[i].Start += s.base + from
				f.Spans[i].End += s.base + from
			}
			k := seenKey{f.Category, f.View, 0}
			if len(f.Spans) > 0 {
				k.start = f.Spans[0].Start
			}
			if s.seen == nil {
				s.seen = map[seenKey]bool{}
			}
			if !s.seen[k] {
				s.seen[k] = true
				found = append(found, f)
			}
		}
	}
	s.read = s.account.Received
	s.account.Windowed = s.read
	if len(found) == 0 {
		return nil
	}
	// What a windowed finding would mask may have left already.
	*stop = min(*stop, s.decide(found))
	return nil
}

// expose notes which bytes of a finding that the policy masks or stops had left
// before it was made. Bytes of several findings count once.
func (s *Stream) expose(spans []Span) {
	for _, sp := range spans {
		if sp.Start < s.upto {
			s.exposed = append(s.exposed, Mask{Span: Span{Start: sp.Start, End: min(sp.End, s.upto)}})
		}
	}
	s.exposed = MergeMasks(s.exposed)
	s.account.Exposed = 0
	for _, m := range s.exposed {
		s.account.Exposed += m.End - m.Start
	}
}

// release moves upto to limit, not into a mask, and returns the masks passed.
func (s *Stream) release(limit int) Release {
	s.pending = MergeMasks(s.pending)
	limit = max(limit, s.upto)
	n := 0
	var out []Mask
	for _, m := range s.pending {
		if m.Start < s.upto { // too late: windowed finding on released text
			m.Start = min(s.upto, m.End)
		}
		if m.End > limit {
			limit = min(limit, max(m.Start, s.upto))
			break
		}
		n++
		if m.End > m.Start {
			out = append(out, m)
			s.account.Masked += m.End - m.Start
			s.account.Released -= m.End - m.Start
		}
	}
	s.pending = s.pending[n:]
	s.account.Released += limit - s.upto
	s.upto = limit
	return Release{Upto: limit, Masks: out}
}

// trim forgets text that is released and outside the next window.
func (s *Stream) trim() {
	keep := min(s.upto, s.read, s.account.Received-StreamWindow) - s.base
	if keep < StreamWindow {
		return
	}
	for keep > 0 && !startsRune(s.buf[keep]) {
		keep--
	}
	s.buf = append(s.buf[:0], s.buf[keep:]...)
	s.base += keep
}

func startsRune(b byte) bool { return b&0xC0 != 0x80 }

// lastSentenceEnd returns the offset after the last sentence end in p, 0 if
// there is none. A line break ends a sentence.
func lastSentenceEnd(p string) int {
	for i := len(p) - 1; i >= 0; i-- {
		switch p[i] {
		case '.', '!', '?', '\n':
			return i + 1
		}
		if i+3 <= len(p) {
			switch p[i : i+3] {
			case "。", "！", "？", "।":
				return i + 3
			}
		}
	}
	return 0
}
