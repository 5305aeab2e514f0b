package detect

import (
	"strings"
)

// sigLiteral is a forged part of a chat template: tokens by which models tell
// who speaks. Text that carries one pretends to be somebody else.
type sigLiteral struct {
	text string // lower case
	line bool   // only at the start of a line
	data bool   // an attack only in data
	code bool   // programs have it, too: in lower case behind a name or "(" it is none
}

// sigLiterals are control tokens of published chat templates, and the headings
// that instruction-tuned models learned as such.
var sigLiterals = []sigLiteral{
	{text: "<|im_start|>"}, {text: "<|im_end|>"}, {text: "<|im_sep|>"}, {text: "<|system|>"}, {text: "<|user|>"}, {text: "<|assistant|>"}, {text: "<|end|>"},
	{text: "<|endoftext|>"}, {text: "<|eot_id|>"}, {text: "<|eom_id|>"}, {text: "<|start_header_id|>"}, {text: "<|end_header_id|>"}, {text: "<|begin_of_text|>"},
	{text: "<|start|>system"}, {text: "<|channel|>"}, {text: "<|message|>"}, {text: "<|python_tag|>"}, {text: "<|return|>"},
	{text: "<｜system｜>"}, {text: "<｜user｜>"}, {text: "<｜assistant｜>"}, {text: "<｜begin▁of▁sentence｜>"}, {text: "<｜end▁of▁sentence｜>"},
	{text: "<start_of_turn>"}, {text: "<end_of_turn>"}, {text: "[inst]", code: true}, {text: "[/inst]"}, {text: "<<sys>>"}, {text: "<</sys>>"},
	{text: "[system_prompt]"}, {text: "[/system_prompt]"}, {text: "[available_tools]"}, {text: "[tool_results]"},
	{text: "</system>"}, {text: "</system_prompt>"}, {text: "</user_query>", data: true}, {text: "</tool_response>", data: true}, {text: "</function_results>", data: true},
	{text: "### system:", line: true}, {text: "### system prompt", line: true}, {text: "### new instruction", line: true}, {text: "### instruction:", line: true, data: true},
	{text: "### human:", line: true, data: true}, {text: "### assistant:", line: true, data: true}, {text: "[system]:", line: true}, {text: "[system message]", line: true},
	{text: "#### system:", line: true}, {text: "## system:", line: true, data: true}, {text: "\n\nhuman:", data: true}, {text: "\n\nassistant:", data: true},
}

// literalsBy holds the literals by their first byte.
var literalsBy = func() (t [256][]*sigLiteral) {
	for i := range sigLiterals {
		b := sigLiterals[i].text[0]
		t[b] = append(t[b], &sigLiterals[i])
	}
	return t
}()

// literal looks for a literal that begins in text[from:upto].
func (s *sigScan) literal(from, upto int) (m match, live int, out outcome) {
	if s.set.plain {
		return match{}, 0, outNone
	}
	for i := from; i < upto; i++ {
		if literalsBy[s.text[i]] == nil {
			continue
		}
		line := lineStart(s.text, i)
		for _, l := range literalsBy[s.text[i]] {
			if l.line && !line {
				continue
			}
			n := foldedPrefix(s.text[i:], l.text)
			if n < len(l.text) {
				if !s.end && i+n == len(s.text) {
					return match{}, i, outMore
				}
				continue
			}
			if l.code && i > 0 && s.text[i:i+n] == l.text && (s.text[i-1] == '(' || classes[s.text[i-1]]&classAlnum != 0) {
				break
			}
			if m, ok := s.judgeLiteral(l, i); ok {
				return m, 0, outHit
			}
			break
		}
	}
	return match{}, 0, outNone
}

// judgeLiteral makes the finding of l at i, unless it is none in this mode.
func (s *sigScan) judgeLiteral(l *sigLiteral, i int) (match, bool) {
	soft := trustedOrigin(s.origin) || l.data && !dataOrigin(s.origin)
	m := hit("injection", "template-token", i, i+len(l.text), "a control token of a chat template, which makes text pass for another speaker's")
	return s.graded(m, quoteAtEnd(s.text[max(0, i-8):i]) >= 0, soft)
}

// foldedPrefix returns how many bytes s and the lower-case p begin with in
// common, letters of ASCII folded.
func foldedPrefix(s, p string) int {
	n := 0
	for n < len(s) && n < len(p) && foldByte(s[n]) == p[n] {
		n++
	}
	return n
}

// lineStart reports whether only spaces stand between i and the start of its
// line; more than eight spaces are too many.
func lineStart(text string, i int) bool {
	before := strings.TrimRight(text[max(0, i-8):i], " \t")
	return before == "" && i <= 8 || strings.HasSuffix(before, "\n")
}
