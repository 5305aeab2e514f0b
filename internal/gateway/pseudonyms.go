package gateway

import (
	"io"

	"warder.example/guard"
	"warder.example/guard/pseudonym"
	"warder.example/internal/dialect"
)

// pseudonyms is what one exchange remembers of values that it masked and that
// may come back in its answer. It is forgotten with the exchange. A nil one
// brings nothing back.
type pseudonyms struct {
	vault    *pseudonym.Vault
	restores func(tool string) []string // parameters; nil: of no tool
	back     int                        // values that came back
}

// pseudonymise puts tokens where a request's masks let values come back, and
// escapes what looks like one. It returns nil if there is no such mask.
func (p *protection) pseudonymise(j *judged, req *dialect.Request, random io.Reader) *pseudonyms {
	if !p.policy.Pseudonyms() {
		return nil
	}
	out := &pseudonyms{vault: pseudonym.New(random)}
	for _, e := range j.edits {
		l := &req.Leaves[e.Leaf]
		for i := range e.Masks {
			m := &e.Masks[i]
			if !m.Reversible || l.Kind == guard.Name { // identifiers must not change with each request
				continue
			}
			if token, ok := out.vault.Token(m.Category, l.Text[m.Start:m.End]); ok {
				m.With = token
			}
		}
	}
	if out.vault.Len() == 0 {
		return nil
	}
	for i := range req.Leaves {
		l := &req.Leaves[i]
		if l.Kind == guard.Name || l.Inner {
			continue
		}
		ms := out.vault.Escape(l.Text)
		if l.Kind == guard.ToolArguments {
			for k := range ms {
				ms[k].With = string(dialect.AppendEscaped(nil, ms[k].With))
			}
		}
		if len(ms) > 0 {
			j.edits = append(j.edits, dialect.Edit{Leaf: i, Masks: ms})
		}
	}
	if !j.foreign {
		out.restores = p.policy.Restores
	}
	return out
}

// count returns how many tokens there are.
func (p *pseudonyms) count() int {
	if p == nil {
		return 0
	}
	return p.vault.Len()
}

// recount counts what has come back in a stream: in values, and in texts.
func (p *pseudonyms) recount(values int, texts []*running) {
	if p == nil {
		return
	}
	p.back = values
	for _, t := range texts {
		if t.restore != nil {
			p.back += t.restore.Count()
		}
	}
}

// reading turns a text of an answer as written into the text that the guard
// reads: with the values that come back, and without escapes of its own. It maps
// what the guard says of that text to the text as written.
type reading struct {
	restore *pseudonym.Restorer // nil: nothing comes back
	inner   *dialect.Unescaper  // nil: no escapes of its own
}

// write takes the next piece as written and returns what is to be read.
func (r *reading) write(s string) string {
	if r.restore != nil {
		s = r.restore.Write(s)
	}
	if r.inner != nil {
		s = r.inner.Write(s)
	}
	return s
}

// close returns what is left to be read.
func (r *reading) close() (s string) {
	if r.restore != nil {
		s = r.restore.Close()
	}
	if r.inner != nil {
		s = r.inner.Write(s) + r.inner.Close()
	}
	return s
}

// release maps what a guard released.
func (r *reading) release(upto int, ms []guard.Mask) (int, []guard.Mask) {
	if r.inner != nil {
		read := upto
		upto, ms = r.inner.Source(upto), r.inner.Masks(ms)
		if r.restore == nil { // else cameBack may ask for it later
			r.inner.Forget(read)
		}
	}
	if r.restore != nil {
		upto, ms = r.restore.Release(upto, ms)
	}
	return upto, ms
}

// cameBack reports whether a finding is just a value that came back, of the kind
// that it was masked for.
func (r *reading) cameBack(f *guard.Finding) bool {
	if r == nil || r.restore == nil || len(f.Spans) == 0 {
		return false
	}
	for _, sp := range f.Spans {
		if r.inner != nil {
			sp = guard.Span{Start: r.inner.Source(sp.Start), End: r.inner.Source(sp.End)}
		}
		if !r.restore.Restored(f.Category, sp) {
			return false
		}
	}
	return true
}

// ruleRestored is the name that stands for a rule where a value came back.
const ruleRestored = "restored"

// returning decides like another decider, but lets pass what came back.
type returning struct {
	guard.Decider
	cameBack func(*guard.Finding) bool
}

var (
	_ guard.Decider = returning{}
	_ guard.Holder  = returning{}
)

// Decide implements [guard.Decider].
func (d returning) Decide(f guard.Facts, found []guard.Finding) guard.Verdict {
	var rest []guard.Finding
	var at []int
	var back []guard.Decision
	for i := range found {
		if d.cameBack(&found[i]) {
			back = append(back, guard.Decision{Finding: i, Rule: ruleRestored, Action: guard.Allow, Decides: true})
			continue
		}
		rest, at = append(rest, found[i]), append(at, i)
	}
	if len(back) == 0 {
		return d.Decider.Decide(f, found)
	}
	v := d.Decider.Decide(f, rest)
	for i := range v.Decisions {
		v.Decisions[i].Finding = at[v.Decisions[i].Finding]
	}
	v.Findings, v.Decisions = found, append(v.Decisions, back...)
	return v
}

// Hold implements [guard.Holder].
func (d returning) Hold(f guard.Facts) guard.Hold {
	if h, ok := d.Decider.(guard.Holder); ok {
		return h.Hold(f)
	}
	return guard.HoldNone
}

// returningGuard returns a guard that lets pass what came back.
func returningGuard(g *guard.Guard, cameBack func(*guard.Finding) bool) *guard.Guard {
	if g.Decider == nil {
		return g // it blocks
	}
	out := *g
	out.Decider = returning{g.Decider, cameBack}
	return &out
}
