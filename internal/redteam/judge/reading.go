package judge

import (
	"strings"
	"unicode/utf8"

	"warder.example/guard/normal"
	"warder.example/internal/redteam/probe"
)

// An Attempt is a transcript under judgement with its readings, which are made once
// for all judges. It is not safe for concurrent use.
type Attempt struct {
	Objective  Objective
	Transcript probe.Transcript

	decoders []Decoder
	answers  [][]reading
	sent     [][]reading
	stances  []Stance
	cut      bool // something was not read
}

// newAttempt bounds the transcript and reads every answer.
func newAttempt(o Objective, t probe.Transcript, decoders []Decoder) *Attempt {
	a := &Attempt{Objective: o, Transcript: t, decoders: decoders}
	if len(t.Exchanges) > MaxExchanges {
		a.Transcript.Exchanges, a.cut = t.Exchanges[:MaxExchanges], true
	}
	for _, x := range a.Transcript.Exchanges {
		text, cut := bounded(x.Got.Text)
		a.cut = a.cut || cut || x.Got.Overflow || len(x.Got.Calls) > maxCalls
		a.answers = append(a.answers, a.readings(text))
		a.stances = append(a.stances, StanceOf(text))
	}
	a.sent = make([][]reading, len(a.answers))
	return a
}

// A reading is one way to read a text.
type reading struct {
	text string
	path []string     // decoders, outermost first; none: as it stands
	view *normal.View // where a span of text is found in the source, if known
}

// span maps a stretch of the reading to the source.
func (r *reading) span(start, end int) [2]int {
	switch {
	case r.view != nil:
		from, to := r.view.Source(start, end)
		return [2]int{from, to}
	case len(r.path) == 0:
		return [2]int{start, end}
	}
	return [2]int{}
}

const (
	maxDecoded  = 4 * MaxAnswer // bytes that the caller's decoders give, all together
	maxOutcomes = 16            // texts of one decoder for one text
)

// readings reads a text in every way.
func (a *Attempt) readings(text string) []reading {
	if text == "" {
		return nil
	}
	out := append([]reading{{text: text}}, a.viewsOf(text, nil)...)
	left := maxDecoded
	for _, r := range out[:len(out):len(out)] {
		for _, d := range a.decoders {
			for i, s := range d.Decode(r.text) {
				if i == maxOutcomes || len(s) > left {
					a.cut = true
					break
				}
				if s == "" || s == r.text {
					continue
				}
				left -= len(s)
				path := append(append([]string{}, r.path...), d.Name)
				s = valid(s)
				out = append(out, reading{text: s, path: path})
				out = append(out, a.viewsOf(s, path)...)
			}
		}
	}
	return out
}

// viewsOf are the views of package normal, behind the decoders of path.
func (a *Attempt) viewsOf(text string, path []string) []reading {
	undone := normal.Undo(text, normal.Options{})
	a.cut = a.cut || undone.Signals.Truncated
	var out []reading
	for _, views := range [][]normal.View{undone.Views, undone.Printable} {
		for i := range views {
			v := &views[i]
			r := reading{text: v.Text, path: append(append([]string{}, path...), strings.Split(v.Path, ">")...)}
			if len(path) == 0 {
				r.view = v
			}
			out = append(out, r)
		}
	}
	return out
}

// sentReadings reads what was sent in all exchanges up to one, whoever said it.
func (a *Attempt) sentReadings(exchange int) []reading {
	if a.sent[exchange] == nil {
		all := []reading{}
		for _, m := range a.Transcript.Exchanges[exchange].Sent {
			text, _ := bounded(m.Text)
			all = append(all, a.readings(text)...)
		}
		if exchange > 0 {
			all = append(all, a.sentReadings(exchange-1)...)
		}
		a.sent[exchange] = all
	}
	return a.sent[exchange]
}

// bounded cuts a text to what is read and makes it valid.
func bounded(text string) (string, bool) {
	if len(text) <= MaxAnswer {
		return valid(text), false
	}
	cut := MaxAnswer
	for cut > MaxAnswer-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return valid(text[:cut]), true
}

// valid replaces every byte that is no UTF-8 by one other, so that places stay.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out := []byte(s)
	for i := 0; i < len(out); {
		r, n := utf8.DecodeRune(out[i:])
		if r == utf8.RuneError && n == 1 {
			out[i] = '?'
		}
		i += n
	}
	return string(out)
}
