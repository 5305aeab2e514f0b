package gateway

import (
	"slices"

	"warder.example/guard"
)

// result sums up for the record.
func (r *relay) result() (guard.Verdict, guard.Account) {
	found := slices.Clone(r.alone)
	for i := range found {
		found[i].Text = -1
	}
	found = append(found, r.crossed()...)
	v := r.guard.Decide(r.facts, found)
	if len(found) == 0 {
		v = guard.Verdict{Action: guard.Allow, Would: guard.Allow}
	}
	for _, f := range r.back {
		f.Text = -1
		v.Decisions = append(v.Decisions, guard.Decision{Finding: len(v.Findings), Rule: ruleRestored, Action: guard.Allow, Decides: true})
		v.Findings = append(v.Findings, f)
	}
	a := r.loose
	r.pseudonyms.recount(r.restored, r.order)
	for n, t := range r.order {
		tv, ta := t.sum()
		at := len(v.Findings)
		for i := range tv.Findings {
			f := tv.Findings[i]
			f.Text = n
			v.Findings = append(v.Findings, f)
		}
		for _, d := range tv.Decisions {
			d.Finding += at
			v.Decisions = append(v.Decisions, d)
		}
		if tv.Action < v.Action {
			v.Action, v.Rule, v.Code = tv.Action, tv.Rule, tv.Code
		}
		v.Would = min(v.Would, tv.Would)
		a.Received += ta.Received
		a.Exact += ta.Exact
		a.Windowed += ta.Windowed
		a.Released += ta.Released
		a.Masked += ta.Masked
		a.Exposed += ta.Exposed
		more := t.shared()
		a.Released += more.Released
		a.Masked += more.Masked
	}
	if r.cut != nil {
		v.Action, v.Code = min(v.Action, r.cut.Action), r.cut.Code
	}
	return v, a
}

// crossed returns the findings of seams, each thing once, without those that a text
// has by itself.
func (r *relay) crossed() (out []guard.Finding) {
	for _, f := range r.crossing {
		same := func(o guard.Finding) bool {
			return o.Text == f.Text && o.Category == f.Category && o.Spans[0].Start < f.Spans[len(f.Spans)-1].End && f.Spans[0].Start < o.Spans[len(o.Spans)-1].End
		}
		own, _ := r.order[f.Text].sum()
		if !slices.ContainsFunc(out, same) && !slices.ContainsFunc(own.Findings, func(o guard.Finding) bool {
			o.Text = f.Text
			return len(o.Spans) > 0 && same(o)
		}) {
			out = append(out, f)
		}
	}
	return out
}

// path names the text that a finding of result is in.
func (r *relay) path(text int) string {
	if text < 0 || text >= len(r.order) {
		return ""
	}
	return r.order[text].key.Field
}

// sum returns what was found in a text, each thing once, and what became of its
// bytes. Those of fields are counted where their values are judged.
func (t *running) sum() (guard.Verdict, guard.Account) {
	v, a := t.verdict, t.account
	if t.stream == nil {
		return v, a
	}
	sv, sa := t.stream.Verdict(), t.stream.Account()
	var at map[int]int // findings that count, by index
	if len(sv.Findings) > 0 {
		at = make(map[int]int, len(sv.Findings))
	}
	for i := range sv.Findings {
		if f := t.placed(&sv.Findings[i]); sv.Action.Stops() || !t.told(&f) {
			at[i] = len(v.Findings)
			v.Findings = append(v.Findings[:len(v.Findings):len(v.Findings)], f)
		}
	}
	for _, d := range sv.Decisions {
		if n, ok := at[d.Finding]; ok {
			d.Finding = n
			v.Decisions = append(v.Decisions[:len(v.Decisions):len(v.Decisions)], d)
		}
	}
	if sv.Action < v.Action {
		v.Action, v.Rule, v.Code = sv.Action, sv.Rule, sv.Code
	}
	v.Would = min(v.Would, sv.Would)
	if !t.field {
		a.Received += sa.Received - t.replayed
		a.Exact += sa.Exact - t.replayed
		a.Windowed += sa.Windowed - t.replayed
		a.Released += sa.Released - t.replayed + t.redone
		a.Masked += sa.Masked - t.redone
		a.Exposed += sa.Exposed
	}
	return v, a
}

// placed returns a finding of the stream with its place in the text.
func (t *running) placed(f *guard.Finding) guard.Finding {
	out := *f
	if t.base != 0 {
		out.Spans = make([]guard.Span, len(f.Spans))
		for i, s := range f.Spans {
			out.Spans[i] = guard.Span{Start: s.Start + t.base, End: s.End + t.base}
		}
	}
	return out
}

// told reports whether a finding was told before: of what an earlier stream
// judged, or of a value by itself.
func (t *running) told(f *guard.Finding) bool {
	if len(f.Spans) == 0 {
		return false
	}
	start, end := f.Spans[0].Start, f.Spans[len(f.Spans)-1].End
	if end <= t.base+t.replayed {
		return true
	}
	for _, k := range t.known {
		if k.Category == f.Category && k.Start < end && start < k.End {
			return true
		}
	}
	return false
}
