package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"warder.example/internal/event"
)

// VerifyOptions says what [Verify] holds the log against.
type VerifyOptions struct {
	// Checkpoints are past checkpoints from outside: what makes a rewrite
	// of the log show. Any number.
	Checkpoints []OutsideCheckpoint
	// Verifier checks their signatures and those of the ledger's own
	// history. Nil: the key beside the ledger.
	Verifier note.Verifier
}

// OutsideCheckpoint is text that holds one checkpoint or more, one after the
// other.
type OutsideCheckpoint struct {
	Source string // named in the report: a file
	Text   []byte
}

// Verify reads the whole log in dir, also while another process appends to it,
// in memory that does not grow with the log, and says what is wrong with it and
// what is proven. The error says that it could not be judged; a log that is not
// intact is no error.
func Verify(dir string, opt VerifyOptions) (*Report, error) {
	v, err := verify(dir, opt)
	if err != nil {
		return nil, fmt.Errorf("verifying ledger %s: %w", dir, err)
	}
	return v.report, nil
}

// verification is the state of one Verify.
type verification struct {
	dir      string
	report   *Report
	marks    marks
	order    order
	tree     tree
	broken   bool // the tree lacks records
	exchange exchanges
	segment  string
	number   int      // of the segment that should come
	doubt    *Problem // a bad line counted as the record before order.next
	undo     tree     // the tree without it
	whole    bool     // the tree was whole without it
}

func verify(dir string, opt VerifyOptions) (*verification, error) {
	v := &verification{dir: dir, report: &Report{Problems: []Problem{}, Checkpoints: []CheckpointResult{}}}
	keyGiven := opt.Verifier != nil
	if !keyGiven {
		var err error
		if opt.Verifier, _, err = LoadVerifier(dir); err != nil {
			return nil, err
		}
	}
	v.report.Log = opt.Verifier.Name()
	// The history first: it must not run ahead of the records that are read
	// while another process appends.
	if err := v.marks.load(v.report, dir, opt); err != nil {
		return nil, err
	}
	segments, err := listSegments(dir)
	if err != nil {
		return nil, err
	}
	v.report.Segments = len(segments)
	if len(segments) == 0 && len(v.marks.list) == 0 {
		return nil, fmt.Errorf("no ledger there: %w", os.ErrNotExist)
	}
	for i, s := range segments {
		if err := v.readSegment(s, i == len(segments)-1); err != nil {
			return nil, err
		}
	}
	v.finish()
	v.report.conclude(len(opt.Checkpoints) > 0, keyGiven)
	return v, nil
}

func (v *verification) readSegment(s segment, last bool) error {
	f, err := os.Open(filepath.Join(v.dir, s.name))
	if err != nil {
		return err
	}
	defer f.Close()
	v.segment = s.name
	ln := newLines(f, 0)
	head, err := ln.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	v.header(s, head)
	for {
		got, err := ln.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", s.name, err)
		}
		if !got.whole && last {
			v.report.Torn = got.size
			return nil
		}
		v.line(got)
	}
}

// header holds a segment's first line against what was read before it.
func (v *verification) header(s segment, head line) {
	p := Problem{Kind: Header, First: -1, Last: -1, Segment: s.name}
	defer func() { v.number++ }()
	h, t, err := parseHeader(head.text)
	if err == nil && !head.whole {
		err = errors.New("segment header: it has no end")
	}
	if err != nil {
		p.Detail = err.Error()
		v.report.add(p)
		return
	}
	v.pass(v.order.next)
	if h.First > v.order.next {
		v.settle()
		v.order.skip(h.First, gap{segment: s.name, remark: "; the segment that held them is missing or cut short"})
		v.broken, v.number = true, h.Segment
		v.pass(h.First)
	}
	if h.First == v.order.next && v.broken {
		// Go on from what the header claims: a checkpoint that matches
		// later shows that the claim was right.
		v.tree, v.broken = t, false
	}
	switch {
	case h.Log != v.report.Log:
		p.Detail = fmt.Sprintf("belongs to log %.64q, this is %.64q", h.Log, v.report.Log)
	case h.First != s.first:
		p.Detail = fmt.Sprintf("says it begins with record %d, its name says %d", h.First, s.first)
	case h.First != v.order.next:
		p.Detail = fmt.Sprintf("says it begins with record %d, the one before ended with %d", h.First, v.order.next-1)
	case h.Segment != v.number:
		p.Detail = fmt.Sprintf("says it is segment %d, it stands in the place of %d", h.Segment, v.number)
	case h.Root != v.tree.root():
		p.Kind, p.First, p.Last = Rewritten, v.marks.matched, h.First-1
		p.Detail = fmt.Sprintf("the records before this segment have root %v, its header says %v", v.tree.root(), h.Root)
		v.tree = t // a checkpoint that matches later tells which of the two is right
	case !bytes.Equal(h.line(), append(bytes.Clone(head.text), '\n')):
		p.Detail = "not in the form in which it was written"
	default:
		return
	}
	v.report.add(p)
}

// line judges one line and counts it.
func (v *verification) line(got line) {
	f, err := parseFrame(got.text)
	if got.long {
		err = fmt.Errorf("%w: %d bytes long, at most %d are written", errFrame, got.size, maxLine)
	} else if !got.whole {
		err = fmt.Errorf("%w: it has no end, and another segment follows", errFrame)
	}
	if err != nil {
		v.badLine(got, f, err)
		return
	}
	if v.doubt != nil && f.seq == v.order.next-1 {
		// The record itself follows: the bad line stood in nobody's place.
		v.doubt.Kind, v.doubt.First, v.doubt.Last = Inserted, -1, -1
		v.report.add(*v.doubt)
		v.doubt, v.order.next = nil, f.seq
		v.tree, v.broken = v.undo, !v.whole
	}
	v.settle()
	v.pass(v.order.next)
	if f.seq > v.order.next {
		v.broken = true
		v.pass(f.seq)
	}
	where := v.order.see(f.seq, f.stored, gap{segment: v.segment, offset: got.offset})
	if where == inOrder {
		v.take(f, got)
		return
	}
	p := Problem{First: f.seq, Last: f.seq, ID: describe(f.record), Segment: v.segment, Offset: got.offset}
	switch where {
	case late:
		p.Kind, p.Detail = Reordered, fmt.Sprintf("stands after record %d", v.order.next-1)
	case second:
		p.Kind, p.Detail = Duplicated, fmt.Sprintf("stands here again, after record %d", v.order.next-1)
	case foreign:
		p.Kind, p.Detail = Inserted, fmt.Sprintf("another record with the sequence %d stands after record %d", f.seq, v.order.next-1)
	}
	v.report.add(p)
	v.follow(f, got)
}

// badLine counts a line that is no record for the one expected here, unless the
// next line shows otherwise.
func (v *verification) badLine(got line, f frame, err error) {
	v.settle()
	seq := v.order.next
	v.pass(seq)
	v.doubt = &Problem{Kind: Changed, First: seq, Last: seq, Segment: v.segment, Offset: got.offset, Detail: err.Error()}
	if f.record != nil {
		v.doubt.ID = describe(f.record)
	}
	v.order.next++
	v.undo, v.whole = v.tree, !v.broken
	if f.record == nil {
		v.broken = true
	} else if !v.broken {
		// With the hash that stands there the tree goes on: if it still
		// matches a checkpoint, the record alone was changed.
		v.tree.add(f.stored)
	}
}

// settle reports a bad line that nothing has excused.
func (v *verification) settle() {
	if v.doubt != nil {
		v.report.add(*v.doubt)
		v.doubt = nil
	}
}

// take adds a record in its place.
func (v *verification) take(f frame, got line) {
	v.report.Records++
	if !v.broken {
		v.tree.add(f.stored)
	}
	v.follow(f, got)
}

// follow reads the envelope of a record.
func (v *verification) follow(f frame, got line) {
	b, err := eventBytes(f.record)
	var ev event.Event
	if err == nil {
		ev, err = event.DecodeEnvelope(b)
	}
	if err != nil {
		v.report.add(Problem{Kind: Changed, First: f.seq, Last: f.seq, Segment: v.segment, Offset: got.offset, Detail: "its hash holds, and it is no event: " + err.Error()})
		return
	}
	r := v.report
	if r.From.IsZero() {
		r.From = ev.Time
	}
	r.Until = ev.Time
	v.exchange.see(ev.Kind, ev.Request, f.seq)
	if ev.Kind != KindRecovered {
		return
	}
	r.Recovered++
	if full, err := event.Decode(b); err == nil && len(r.Recoveries) < MaxListed {
		if p, ok := full.Payload.(Recovered); ok {
			r.Recoveries = append(r.Recoveries, p)
		}
	}
}

// finish judges what only the end shows.
func (v *verification) finish() {
	v.settle()
	v.pass(v.order.next)
	for _, g := range v.order.missing {
		v.report.add(Problem{Kind: Dropped, First: g.first, Last: g.last, Segment: g.segment, Offset: g.offset,
			Detail: fmt.Sprintf("missing before record %d%s", g.last+1, g.remark)})
	}
	if n := v.order.lost; n > 0 {
		v.report.add(Problem{Kind: Dropped, First: -1, Last: -1, Detail: fmt.Sprintf("%d more records are missing or moved, in too many places to list", n)})
	}
	v.marks.finish(v.report, v.order.next)
	v.report.Unclosed = v.exchange.unclosed()
	if !v.broken {
		v.report.Root = v.tree.root()
	}
}

// describe says which record it is, as far as it can be read. It is printed:
// nothing in it acts on a terminal.
func describe(record []byte) string {
	b, err := eventBytes(record)
	if err != nil {
		return ""
	}
	ev, err := event.DecodeEnvelope(b)
	if err != nil {
		return ""
	}
	out := ev.Kind
	if ev.Request != "" {
		out += " request " + string(event.AppendString(nil, ev.Request))
	}
	return out + " of " + ev.Time.Format("2006-01-02T15:04:05.000Z07:00")
}
