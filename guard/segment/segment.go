// Package segment splits a text into stretches by who wrote them.
//
// Applications paste documents, mails and tool results into the turns of their
// users and into system prompts. A [Split] by the application's own delimiters
// and, in user text, by marks that pasted material carries lets each stretch be
// judged as what it is.
//
//	for _, p := range segment.Split(text, guard.OriginUser, nil) {
//		judge(text[p.Start:p.End], p.Origin)
//	}
//
// # What is recognised in user text
//
//   - elements whose name says that they hold material: <document>…</document>,
//     <search_results>…, <email>…, <tool_result>…
//   - blocks between lines ---BEGIN X--- and ---END X---
//   - forwarded mails and mail headers (From: followed by Subject:, To: or Date:)
//     with what comes after them; inside of a ``` block, to its end
//   - quotations: lines that begin with > and have 200 bytes or more together
//   - HTML pages, and JSON of 512 bytes or more
//
// # What is promised
//
// An origin only ever becomes less trusted ([Trust]): marks that somebody writes
// to look like a document can make their text judged harder, never milder. The
// end of a region is the last delimiter before the next beginning, so that a
// document cannot end its own region early. When a text has more than [MaxParts]
// parts, all that follows counts as pasted. Split is a pure function; its time is
// linear in the text.
//
// What is recognised is a guess. Judge the whole text, as its own origin, as
// well: an attack may stand across a border.
package segment

import (
	"strings"

	"warder.example/guard"
)

// MaxParts bounds the parts of one text.
const MaxParts = 64

// A Rule marks regions by delimiters, literally.
type Rule struct {
	Start  string       // not empty
	End    string       // empty: the region runs to the end of the text
	Origin guard.Origin // of what is between
}

// A Part is a stretch of a text with one origin.
type Part struct {
	Start, End int // bytes of the text, half open
	Origin     guard.Origin
	// Marked is set when a [Rule] says so, not a guess.
	Marked bool
}

// Trust ranks origins from the least trusted, 0. Only an origin of a lower rank
// replaces another.
func Trust(o guard.Origin) int {
	switch o {
	case guard.OriginOperator:
		return 3
	case guard.OriginUser:
		return 2
	case guard.OriginDocument, guard.OriginEmail, guard.OriginTool:
		return 1
	}
	return 0
}

// Split returns the parts of text, which was given as origin. They are not empty,
// ascend and cover the text; one part means that nothing else was recognised.
// Guesses are made for [guard.OriginUser] only. Delimiters belong to the region.
func Split(text string, origin guard.Origin, rules []Rule) []Part {
	if text == "" {
		return nil
	}
	s := splitter{text: text, origin: origin}
	s.regions(rules)
	if origin == guard.OriginUser {
		s.guess(s.tags)
		s.guess(s.lines)
	}
	return s.parts()
}

// splitter holds the regions found so far, ascending and apart.
type splitter struct {
	text   string
	origin guard.Origin
	found  []Part
}

// add notes a region if it lowers trust and there is room.
func (s *splitter) add(list []Part, p Part) []Part {
	if p.End > p.Start && Trust(p.Origin) < Trust(s.origin) && len(list) <= MaxParts {
		return append(list, p)
	}
	return list
}

// regions finds what the rules mark. Of two that begin at the same place the
// earlier rule holds.
func (s *splitter) regions(rules []Rule) {
	next := make([]int, len(rules)) // where each rule begins next; -1: nowhere
	for i, r := range rules {
		next[i] = indexFrom(s.text, r.Start, 0)
	}
	for at := 0; len(s.found) <= MaxParts; {
		best := -1
		for i, r := range rules {
			if next[i] >= 0 && next[i] < at {
				next[i] = indexFrom(s.text, r.Start, at)
			}
			if next[i] >= 0 && (best < 0 || next[i] < next[best]) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		r, start := rules[best], next[best]
		at = regionEnd(s.text, r, start)
		s.found = s.add(s.found, Part{start, at, r.Origin, true})
	}
}

func indexFrom(text, sub string, from int) int {
	if sub == "" || from > len(text) {
		return -1
	}
	if i := strings.Index(text[from:], sub); i >= 0 {
		return from + i
	}
	return -1
}

// regionEnd returns where the region that begins at start ends: after the last
// end delimiter before the next beginning, else at the end of the text.
func regionEnd(text string, r Rule, start int) int {
	from := start + len(r.Start)
	if r.End == "" {
		return len(text)
	}
	end := indexFrom(text, r.End, from)
	if end < 0 {
		return len(text)
	}
	end += len(r.End)
	limit := indexFrom(text, r.Start, end)
	if limit < 0 {
		limit = len(text)
	}
	if i := strings.LastIndex(text[end:limit], r.End); i >= 0 && r.End != r.Start {
		end += i + len(r.End)
	}
	return end
}

// guess runs a recogniser over each stretch that has no region yet.
func (s *splitter) guess(in func(from, to int) []Part) {
	if len(s.found) == 0 {
		s.found = in(0, len(s.text))
		return
	}
	var out []Part
	at := 0
	for _, p := range s.found {
		out = append(append(out, in(at, p.Start)...), p)
		at = p.End
	}
	s.found = append(out, in(at, len(s.text))...)
}

// parts fills the gaps between the regions with the text's own origin.
func (s *splitter) parts() []Part {
	out := make([]Part, 0, 2*len(s.found)+1)
	at := 0
	for _, p := range s.found {
		if len(out) >= MaxParts-2 {
			return append(out, Part{at, len(s.text), s.overflow(), false})
		}
		if p.Start > at {
			out = append(out, Part{at, p.Start, s.origin, false})
		}
		out = append(out, p)
		at = p.End
	}
	if at < len(s.text) {
		out = append(out, Part{at, len(s.text), s.origin, false})
	}
	return out
}

// overflow is the origin of what could not be split any more.
func (s *splitter) overflow() guard.Origin {
	if Trust(guard.OriginDocument) < Trust(s.origin) {
		return guard.OriginDocument
	}
	return s.origin
}
