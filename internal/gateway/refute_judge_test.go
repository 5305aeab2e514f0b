package gateway

import (
	"fmt"
	"strings"
)

// refute returns what in the records the wires contradict, nil if nothing.
func (t *traffic) refute() (wrong []string) {
	differ := func(what string, recorded, wire int) {
		if recorded != wire {
			wrong = append(wrong, fmt.Sprintf("%s: %d recorded, %d on the wire", what, recorded, wire))
		}
	}
	differ("bytes from the caller", t.opened.Bytes, len(t.request))
	differ("bytes to the caller", t.closed.Bytes, len(t.got))
	asked, err := t.asked()
	if err != nil {
		return append(wrong, "the request: "+err.Error())
	}
	differ("masked in the request", t.opened.Masked, asked.masked)
	a := t.closed.Account
	if t.closed.End == "complete" {
		p, err := t.through(asked.with)
		if err != nil {
			return append(wrong, "the answer: "+err.Error())
		}
		for _, c := range []struct {
			what           string
			recorded, wire int
		}{
			{"received", a.Received, p.received}, {"exact", a.Exact, p.received}, {"windowed", a.Windowed, p.received},
			{"released", a.Released, p.released}, {"masked", a.Masked, p.masked}, {"exposed", a.Exposed, 0}, {"restored", t.closed.Restored, p.restored},
		} {
			differ(c.what, c.recorded, c.wire)
		}
		return wrong
	}
	return append(wrong, t.refuteCut(asked.with)...)
}

// saidIn reads a body of the answer, once.
func (t *traffic) saidIn(body string) (out []said, err error) {
	out, known := t.read[body]
	if !known {
		if out, err = t.wire.saidIn(body, t.streamed); err == nil {
			t.read[body] = out
		}
	}
	return out, err
}

// asked follows the texts of the request.
func (t *traffic) asked() (p passage, err error) {
	in, err := t.wire.said(nil, 0, t.request)
	if err != nil {
		return p, err
	}
	if t.sent == "" {
		return p, nil
	}
	out, err := t.wire.said(nil, 0, t.sent)
	if err != nil || len(in) != len(out) {
		return p, fmt.Errorf("%d texts came and %d left: %w", len(in), len(out), err)
	}
	for i := range in {
		q, err := follow(in[i].text, out[i].text, nil)
		if err != nil {
			return p, fmt.Errorf("at %s: %w", in[i].place, err)
		}
		if q.left < q.received {
			return p, fmt.Errorf("at %s the end is missing: %q", in[i].place, out[i].text)
		}
		p.add(q)
	}
	return p, nil
}

// through follows the texts of an answer that went through to its end.
func (t *traffic) through(values map[string]string) (p passage, err error) {
	in, err := t.saidIn(t.answered)
	if err != nil {
		return p, err
	}
	out, err := t.saidIn(t.got)
	if err != nil {
		return p, err
	}
	rest := map[string]string{} // what left of texts that run, by place
	fields := map[string]string{}
	for _, s := range out {
		if s.runs {
			rest[s.place] += s.text
		} else {
			fields[fmt.Sprint(s.event, " ", s.place)] = s.text
		}
	}
	for place, text := range runsOf(in, len(t.answered)) {
		q, err := follow(text, rest[place], values)
		if err != nil {
			return p, fmt.Errorf("at %s: %w", place, err)
		}
		if q.left < q.received {
			return p, fmt.Errorf("at %s the end is missing: %q", place, rest[place])
		}
		p.add(q)
	}
	last, wary := map[string]string{}, map[string]bool{}
	for _, s := range in {
		if s.runs || t.streamed && last[s.place] == s.text && !wary[s.place] {
			continue // what says the same as before, and was left as it came, is not read again
		}
		last[s.place] = s.text
		q, err := follow(s.text, fields[fmt.Sprint(s.event, " ", s.place)], values)
		if err != nil || q.left < q.received {
			return p, fmt.Errorf("at %s of event %d the end is missing: %w", s.place, s.event, err)
		}
		wary[s.place] = wary[s.place] || q.masked+q.restored > 0
		p.add(q)
	}
	return p, nil
}

// runsOf returns the texts that run, by place, up to an event.
func runsOf(in []said, event int) map[string]string {
	out := map[string]string{}
	for _, s := range in {
		if s.runs && s.event <= event {
			out[s.place] += s.text
		}
	}
	return out
}

// refuteCut judges an answer that the policy stopped, of which one text runs.
func (t *traffic) refuteCut(values map[string]string) (wrong []string) {
	claim := func(holds bool, format string, args ...any) {
		if !holds {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	in, err := t.saidIn(t.answered)
	if err != nil {
		return []string{err.Error()}
	}
	a := t.closed.Account
	claim(t.closed.End != "refused" || t.closed.Restored == 0, "restored: %d recorded, and nothing left", t.closed.Restored)
	whole := ""
	for _, s := range in {
		if s.runs || !t.streamed {
			whole += s.text
		}
	}
	claim(deniedBy.MatchString(whole) || disguise.MatchString(whole), "stopped, and nothing was there to stop: %q", whole)
	if !t.streamed {
		q, _ := follow(whole, "", values)
		p := q.received
		claim(a.Received == p && a.Exact == p && a.Windowed == p, "%+v recorded of %d bytes", a, p)
		claim(a.Released == 0 && a.Masked == 0 && a.Exposed == 0, "%+v recorded, and nothing left", a)
		return wrong
	}
	left := ""
	if t.closed.End == "cut" {
		out, err := t.saidIn(t.got)
		if err != nil {
			return []string{err.Error()}
		}
		for _, text := range runsOf(out, len(t.got)) {
			left += text
		}
	}
	claim(!deniedBy.MatchString(left), "a denied word left: %q", left)
	p, err := follow(whole, left, values)
	if err != nil {
		return append(wrong, err.Error())
	}
	// Where events end: how much of text and labels had been received.
	text, labels, again, read := 0, 0, 0, ""
	last := map[string]string{}
	for i, s := range in {
		switch {
		case s.runs:
			read += s.text
		case deniedBy.MatchString(s.text) || disguise.MatchString(s.text):
			q, _ := follow(s.text, "", values)
			again = q.received // it stops where a text is said once more, whole
		case last[s.place] != s.text:
			last[s.place], labels = s.text, labels+len(s.text)
		}
		if i+1 < len(in) && in[i+1].event == s.event {
			continue
		}
		q, _ := follow(read[:len(read)-begun(read, values)], "", values)
		if text = q.received; again > 0 || toldBy.MatchString(read) || !t.exactly() && text+labels >= a.Received {
			break
		}
	}
	if q, _ := follow(whole, "", values); read == whole && again == 0 && a.Received == q.received+labels {
		text = q.received // it ended, so nothing of it waits
	}
	claim(a.Received == text+labels+again, "received: %d recorded, and there was reason to stop at %d", a.Received, text+labels+again)
	if t.closed.End == "refused" { // instead of an answer
		claim(a.Released == 0 && a.Masked == 0 && a.Exposed == 0, "%+v recorded, and nothing left", a)
		return wrong
	}
	// Of a value that comes back the guard may have let go a part, which cannot leave.
	part := max(0, len(values[mask.FindString(p.rest)])-1)
	over := a.Released - p.released - labels
	claim(over >= 0 && over <= part, "released: %d recorded, %d on the wire", a.Released, p.released+labels)
	claim(a.Masked == p.masked, "masked: %d recorded, %d on the wire", a.Masked, p.masked)
	claim(a.Exact >= a.Released+a.Masked && a.Exact <= a.Received, "exact: %d recorded of %d received, %d released", a.Exact, a.Received, a.Released)
	claim(a.Windowed <= a.Received, "windowed: %d recorded of %d received", a.Windowed, a.Received)
	exposed := 0
	if !toldBy.MatchString(read) {
		for token, value := range values {
			read = strings.ReplaceAll(read, token, value)
		}
		for _, at := range disguise.FindAllStringIndex(read, -1) {
			exposed += max(0, min(at[1], p.left)-at[0])
		}
	}
	claim(a.Exposed == exposed, "exposed: %d recorded, %d on the wire", a.Exposed, exposed)
	return wrong
}

// exactly reports whether a denied word stopped it as it is written. Then it can be
// told with which event; a disguised one is found when a window is read.
func (t *traffic) exactly() bool {
	for _, f := range t.closed.Findings {
		if f.Category == "denied" && f.View == "" {
			return true
		}
	}
	return false
}

// begun returns how much of the end of a text may be the beginning of a token, which
// is not read before it is whole.
func begun(text string, values map[string]string) (most int) {
	for token := range values {
		for n := range len(token) + 1 {
			if strings.HasSuffix(text, token[:n]) {
				most = max(most, n)
			}
		}
	}
	return most
}

// indent shows contradictions one a line.
func indent(wrong []string) string { return "\n\t" + strings.Join(wrong, "\n\t") }
