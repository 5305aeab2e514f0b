package gateway

import (
	"bytes"
	"context"
	"strings"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Bounds of one streamed answer.
const (
	maxTexts  = 4096    // texts that run through it, fields included
	maxQueued = 4 << 20 // bytes of events that wait for their texts
)

// relay guards the events of one streamed answer: it feeds the texts that run
// through them to guard streams and lets an event go when every byte of its
// texts has been released. Events leave in their order and, unless a mask
// touches them, byte for byte as they came. It writes nowhere: what may leave
// is handed to its caller.
//
// No text is judged in pieces alone: what a client puts together (deltas) is read
// as it grows; values that come whole (fields) are read by themselves and behind
// those that came before in the same place.
type relay struct {
	ctx    context.Context
	guard  *guard.Guard
	labels *guard.Guard // see labelGuard
	hold   guard.Hold
	facts  guard.Facts
	about  *guard.Exchange
	parser *dialect.ChunkReader

	texts   map[dialect.Key]*running
	strands map[string]*strand   // of texts that are read one after another, by their name
	over    bool                 // no text goes on
	order   []*running           // as they appeared
	latest  *running             // the delta that was fed last
	pending []*running           // those that may hold events back
	turns   []int                // events so far; then those that spoke of each choice
	first   [4]int               // the memory of turns to begin with
	wary    map[dialect.Key]bool // read again each time, though the value is the same
	queue   []held
	whole   []held  // the memory of queue from its beginning
	spare   []piece // of an event that has left
	queued  int     // raw bytes in queue

	pseudonyms *pseudonyms       // nil: nothing comes back
	tools      map[[2]int]string // names of called tools by choice and index
	beside     beside            // the same of the latest event
	restored   int               // what came back in values
	back       []guard.Finding   // of those

	aside     []byte // what stood outside of data lately
	id, model string // as the caller was told
	idle      int    // events of no choice: usage, signs of life
	choices   []int  // seen and not ended
	finished  bool   // a finish reason has come
	failed    bool   // an error event has come, and leaves
	done      bool   // the event that ends the stream has come

	spent       *spending    // is told what came; may be nil
	observation *observation // is told what the answer says about itself; may be nil

	crossing []guard.Finding // of several texts of a strand, by their places in order

	alone []guard.Finding // of texts that do not run, and of values by themselves
	loose guard.Account   // of the same
	cut   *guard.Verdict
}

func newRelay(ctx context.Context, g *guard.Guard, f guard.Facts, about *guard.Exchange, events *dialect.ChunkReader) *relay {
	f.Direction = guard.Answer
	r := &relay{ctx: ctx, guard: g, facts: f, about: about, parser: events,
		texts: map[dialect.Key]*running{}}
	r.turns = r.first[:1]
	if h, ok := g.Decider.(guard.Holder); ok {
		r.hold = h.Hold(f)
	}
	return r
}

// add takes the next event. An error means that the answer cannot be understood
// or inspected; nothing that was not released may leave.
func (r *relay) add(ev dialect.Event) error {
	h := held{raw: ev.Raw, data: ev.Data, name: ev.Name}
	if !ev.Pure && !(ev.Named && r.parser.Names(ev.Name)) {
		if err := r.around(&h, ev); err != nil || r.cut != nil {
			return err
		}
	}
	if ev.Data != nil && len(bytes.Trim(ev.Data, " \t\r\n")) == 0 {
		ev.Data, h.raw, h.data, h.name = nil, lifeSign, nil, ""
	}
	if ev.Data != nil {
		chunk, err := r.parser.Parse(ev.Name, ev.Data)
		if err != nil {
			return err
		}
		if chunk.Unasked {
			r.spent.count(chunk.Usage)
			r.observation.said(chunk.Model, nil, chunk.Usage)
			r.parser.Recycle(chunk)
			return nil
		}
		h.chunk, h.done = chunk, chunk.Done
		if err := r.read(&h); err != nil || h.stopped {
			return err // nothing of a stopped event leaves
		}
	}
	r.enqueue(h)
	if ev.Data == nil {
		r.turn(-1)
		r.idle++
		return r.hurry()
	}
	return nil
}

// lifeSign is a comment. It stands for an event without payload, which servers
// send as a sign of life: the official SDKs would read the payload as JSON and
// fail, and nothing would arrive if it were left out.
var lifeSign = []byte(":\n\n")

// maxAside bounds how much of what stood outside of data is looked back at.
const maxAside = 4 << 10

// around inspects what an event says outside of its data: comments, ids, names.
// Clients ignore most of it; it leaves all the same. What earlier events said
// there is read along, so that nothing is told a little at a time.
func (r *relay) around(h *held, ev dialect.Event) error {
	was := len(r.aside)
	var lines []string
	marked, first := false, r.turns[0] == 0
	for line := range bytes.Lines(bytes.ReplaceAll(ev.Raw, []byte("\r"), []byte("\n"))) {
		if bytes.HasPrefix(line, []byte("data")) {
			continue
		}
		marked = marked || !first && bytes.HasPrefix(line, []byte("\ufeff"))
		first = false
		if _, value, ok := bytes.Cut(line, []byte(":")); ok {
			line = bytes.TrimPrefix(value, []byte(" "))
		}
		line = bytes.TrimRight(line, "\n")
		r.aside = append(r.aside, line...)
		lines = append(lines, string(line))
	}
	stops, err := r.stopped(string(r.aside), len(r.aside)-was)
	if err == nil && !stops { // put together, one line may hide another
		stops, err = r.stopped(strings.Join(lines, "\n"), 0)
	}
	if err != nil {
		return err
	}
	if stops {
		r.aside = r.aside[:was]
	}
	// What may have begun something is left out, as nobody needs it; a line that
	// begins with a byte order mark, which some clients pass over and read data then;
	// and what is no text, of which nobody knows how it is read.
	if marked || stops || !isText(ev.Raw) || len(r.aside) > was && r.telling(guard.OriginModel, string(r.aside)) {
		if h.raw = nil; ev.Data != nil {
			h.raw, h.name = dialect.AppendEvent(nil, "", ev.Data), ""
		}
	}
	if cut := len(r.aside) - maxAside; cut > 0 {
		r.aside = append(r.aside[:0], r.aside[cut:]...)
	}
	return nil
}

// isText reports whether bytes are UTF-8 without NUL.
func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// stopped reports whether what stands outside of data may not leave. Its last n
// bytes are new.
func (r *relay) stopped(text string, n int) (bool, error) {
	v, err := r.judge(guard.Text{Content: strings.ToValidUTF8(text, "\uFFFD"), Path: "event"}, n, nil)
	return v.Action != guard.Allow && v.Action != guard.Flag, err
}

// judge inspects a text of which the last n bytes are new. read says how it was read
// if values may have come back in it.
func (r *relay) judge(t guard.Text, n int, read *reading) (guard.Verdict, error) {
	t.Direction, t.Exchange = guard.Answer, r.about
	found, err := r.guard.Find(r.ctx, []guard.Text{t})
	if err != nil {
		return guard.Verdict{}, err
	}
	r.loose.Received += n
	r.loose.Exact += n
	r.loose.Windowed += n
	g := r.guard
	if read != nil && read.restore != nil && read.restore.Count() > 0 {
		g = returningGuard(g, read.cameBack)
	}
	v := g.Decide(r.facts, found)
	for i := range found {
		if f := &found[i]; read.cameBack(f) {
			r.back = append(r.back, *f)
		} else {
			r.alone = append(r.alone, *f)
		}
	}
	if v.Action.Stops() {
		if r.cut == nil {
			c := v
			r.cut = &c
		}
		return v, nil
	}
	r.loose.Released += n
	for _, m := range v.Masks(0) {
		if k := m.End - max(m.Start, len(t.Content)-n); k > 0 {
			r.loose.Released -= k
			r.loose.Masked += k
		}
	}
	return v, nil
}

// read feeds the texts of an event to their streams.
func (r *relay) read(h *held) error {
	c := h.chunk
	r.named(c)
	r.count(c)
	r.observation.said(c.Model, c.Choices, c.Usage)
	r.spent.event(c)
	for i := range c.Leaves {
		// Not left early when something stops: of an event of which a
		// part leaves, every text was read.
		var err error
		switch l := &c.Leaves[i]; {
		case l.Inner: // its outer text is read unescaped
		case l.Delta:
			err = r.delta(h, i)
		case l.Field:
			err = r.said(h, i)
		case l.Repeats == 0 || r.wary[l.Key]:
			_, err = r.value(h, i)
		}
		if err != nil {
			return err
		}
	}
	if r.cut != nil {
		return nil
	}
	for _, ch := range c.Choices {
		if err := r.choice(ch); err != nil {
			return err
		}
	}
	if !c.Done && !c.Error {
		return r.hurry()
	}
	r.done = r.done || c.Done
	err := r.closeAll()
	r.failed = r.failed || c.Error && err == nil && r.cut == nil
	return err
}

// choice keeps the list of open choices and ends the texts of one that ends. Its
// fields may go on, as statistics do that come last.
func (r *relay) choice(ch dialect.Choice) error {
	at := -1
	for i, c := range r.choices {
		if c == ch.Index {
			at = i
		}
	}
	if ch.Finish == "" {
		if at < 0 && len(r.choices) < maxTexts {
			r.choices = append(r.choices, ch.Index)
		}
		return nil
	}
	r.finished = true
	if at >= 0 {
		r.choices = append(r.choices[:at:at], r.choices[at+1:]...)
	}
	return r.close(func(t *running) bool { return t.key.Choice == ch.Index && !t.field })
}

// named notes the tools that a chunk names. One that is named twice brings
// nothing back: callers may put the parts of a name together.
func (r *relay) named(c *dialect.Chunk) {
	if r.pseudonyms == nil {
		return
	}
	r.beside = nil
	for i := range c.Leaves {
		l := &c.Leaves[i]
		r.beside.note(&l.Leaf)
		if !l.Known || l.Key.Field != dialect.FieldTool {
			continue
		}
		k := [2]int{l.Key.Choice, l.Key.Tool}
		if was, ok := r.tools[k]; !ok && len(r.tools) < maxTexts {
			if r.tools == nil {
				r.tools = map[[2]int]string{}
			}
			r.tools[k] = strings.Clone(l.Text)
		} else if ok && was != l.Text {
			r.tools[k] = ""
			if t := r.texts[dialect.Key{Choice: k[0], Tool: k[1], Field: dialect.FieldArguments}]; t != nil && t.restore != nil {
				t.restore.Stop()
			}
		}
	}
}

// end settles what is left when the upstream's stream has ended. complete is
// false when it ended too early. One that ended with an error is told by failed.
func (r *relay) end() (complete bool, err error) {
	complete = r.done || r.parser.Complete(r.finished, len(r.choices))
	return complete, r.closeAll()
}
