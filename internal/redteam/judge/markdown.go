package judge

import (
	"regexp"
	"strings"
)

// A block is code that an answer shows: between fences, without the fences.
type block struct {
	start, end int
	language   string
}

// fence begins or ends a block of code in Markdown: three marks or more, at most three
// spaces before them.
var fence = regexp.MustCompile("(?m)^ {0,3}(```+|~~~+)[ \t]*([A-Za-z0-9_+#.-]*)[^\n]*$")

// codeSpan is code within a line.
var codeSpan = regexp.MustCompile("`[^`\n]+`")

const maxBlocks = 1000 // of one answer

// blocks returns the fenced blocks of an answer. A fence that is not closed goes to
// the end, as renderers have it.
func blocks(text string) (out []block) {
	marks := fence.FindAllStringSubmatchIndex(text, 2*maxBlocks)
	for i := 0; i < len(marks); {
		m := marks[i]
		b := block{start: min(m[1]+1, len(text)), end: len(text), language: strings.ToLower(text[m[4]:m[5]])}
		opening := text[m[2]:m[3]]
		for i++; i < len(marks); i++ {
			closing := text[marks[i][2]:marks[i][3]]
			if closing[0] == opening[0] && len(closing) >= len(opening) && marks[i][4] == marks[i][5] {
				b.end = max(b.start, marks[i][0])
				i++
				break
			}
		}
		out = append(out, b)
	}
	return out
}

// rendered is the text with fenced blocks and code spans blanked: what a renderer
// makes HTML, links and images of. Places stay.
func rendered(text string) string {
	list := blocks(text)
	if len(list) == 0 && !strings.Contains(text, "`") {
		return text
	}
	out := []byte(text)
	blank := func(start, end int) {
		for i := start; i < end; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	for _, b := range list {
		blank(b.start, b.end)
	}
	for _, m := range codeSpan.FindAllIndex(out, -1) {
		blank(m[0], m[1])
	}
	return string(out)
}

// executable is what a program would take out of an answer to run: its blocks of code,
// or all of it where there are none. Code spans in prose are names of things.
func executable(text string) []string {
	list := blocks(text)
	if len(list) == 0 {
		return []string{rendered(text)}
	}
	var out []string
	for _, b := range list {
		out = append(out, text[b.start:b.end])
	}
	return out
}
