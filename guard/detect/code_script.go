package detect

import "strings"

// scriptBytes is the longest element that is judged as one.
const scriptBytes = 1024

// nestedTags is how many "<" an element may hold outside quotes before it is
// taken to be broken off there; it keeps the work linear.
const nestedTags = 4

// spanBytes is how far behind an element the end of its code span may be.
const spanBytes = 256

// fences follows Markdown code through a text, so that a finder knows whether
// what it sees is shown rather than run. It must be told of every stretch once,
// in order.
type fences struct {
	fence  byte
	open   bool // in a fenced block
	inline bool // in a code span
}

// read follows text[from:to].
func (f *fences) read(text string, from, to int) {
	for i := from; i < to; i++ {
		switch c := text[i]; {
		case (c == '`' || c == '~') && i+2 < len(text) && text[i+1] == c && text[i+2] == c && (i == 0 || text[i-1] != c):
			if !f.open {
				if c == '`' || lineStart(text, i) {
					f.open, f.fence, f.inline = true, c, false
				}
			} else if f.fence == c {
				f.open = false
			}
		case c == '`' && !f.open && !(i > 0 && text[i-1] == '`') && !(i+1 < len(text) && text[i+1] == '`'):
			f.inline = !f.inline
		case c == '\n':
			f.inline = false
		}
	}
}

// scriptElements run by being there.
var scriptElements = []string{"script", "iframe", "object", "embed", "applet", "base", "meta", "svg", "math", "img", "body", "video", "audio", "details", "input", "a", "form", "button", "div", "p", "span", "image", "marquee", "link", "style", "select", "textarea", "keygen", "isindex", "frameset", "animate", "set", "source", "table", "td", "button", "x"}

// findScript is the finder of script in answers: elements that run script, with
// event handlers, or with script addresses.
func findScript(f *fences, text string, from int, end bool) (match, int, bool) {
	at := from
	for i := from; i < len(text); i++ {
		c := text[i]
		if c == '`' || c == '~' {
			// Whether a run of marks opens a fence needs the run as a whole.
			j := i
			for j < len(text) && text[j] == c {
				j++
			}
			if j == len(text) && !end {
				f.read(text, at, i)
				return match{}, i, false
			}
			f.read(text, at, j)
			at, i = j, j-1
			continue
		}
		if c != '<' {
			continue
		}
		f.read(text, at, i)
		at = i
		if f.open {
			continue
		}
		stop, rule, out := scriptElement(text, i, end)
		if out == outHit && f.inline {
			out = spanCloses(text, stop, end)
		}
		switch out {
		case outHit:
			f.read(text, i, stop)
			return hit("code.script", rule, i, stop, "markup in an answer that a browser would run as script"), 0, true
		case outMore:
			return match{}, i, false
		}
	}
	f.read(text, at, len(text))
	return match{}, len(text), false
}

// spanCloses reports whether no backtick closes the code span around an element
// that ends at i: a renderer then takes the element for markup after all.
func spanCloses(text string, i int, end bool) outcome {
	for j := i; j < len(text) && j < i+spanBytes; j++ {
		switch text[j] {
		case '`':
			return outNone
		case '\n':
			return outHit
		}
	}
	if len(text) < i+spanBytes && !end {
		return outMore
	}
	return outHit
}

// scriptElement judges the element at i.
func scriptElement(text string, i int, end bool) (stop int, rule string, out outcome) {
	j := i + 1
	if j < len(text) && text[j] == '/' {
		return 0, "", outNone
	}
	for j < len(text) && j < i+12 && classes[text[j]]&classAlnum != 0 {
		j++
	}
	if j == len(text) && !end && j < i+12 {
		return 0, "", outMore
	}
	name := strings.ToLower(text[i+1 : j])
	known := false
	for _, e := range scriptElements {
		known = known || e == name
	}
	if !known || j == len(text) || classes[text[j]]&classSpace == 0 && text[j] != '/' && text[j] != '>' {
		return 0, "", outNone
	}
	limit := min(len(text), i+scriptBytes)
	quote, nested := byte(0), 0
	for stop = j; stop < limit && nested <= nestedTags; stop++ {
		switch b := text[stop]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '<':
			nested++
		case b == '>':
			stop++
			rule = scriptRule(name, text[j:stop])
			return stop, rule, outcomeIf(rule != "")
		}
	}
	if nested <= nestedTags && limit == len(text) && limit < i+scriptBytes && !end {
		return 0, "", outMore
	}
	stop = runeStart(text, stop)
	rule = scriptRule(name, text[j:stop])
	return stop, rule, outcomeIf(rule != "")
}

func outcomeIf(hit bool) outcome {
	if hit {
		return outHit
	}
	return outNone
}

// scriptRule says by what an element runs script; "" if it does not.
func scriptRule(name, inside string) string {
	switch name {
	case "script", "applet":
		return "element"
	}
	if strings.IndexByte(inside, '=') < 0 {
		return ""
	}
	for _, a := range allAttributes(inside) {
		value := strings.ToLower(plainValue(a.value))
		switch {
		case len(a.name) > 3 && a.name[:2] == "on" && a.value != "":
			return "handler"
		case strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "vbscript:") || strings.HasPrefix(value, "data:text/html"):
			return "address"
		case a.name == "srcdoc":
			return "document"
		case name == "meta" && a.name == "content" && strings.Contains(value, "url=javascript:"):
			return "address"
		case a.name == "style" && (strings.Contains(value, "expression(") || strings.Contains(value, "javascript:")):
			return "style"
		}
	}
	return ""
}

// scriptIn finds such an element anywhere in a value.
func scriptIn(value string) (int, int, bool) {
	m, _, ok := findScript(&fences{}, strings.ReplaceAll(value, "`", "'"), 0, true)
	return m.Start, m.End, ok
}
