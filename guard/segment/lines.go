package segment

import (
	"strings"

	"warder.example/guard"
)

// Least sizes of what is taken for pasted, in bytes.
const (
	minQuote = 200
	minJSON  = 512
)

// Bounds of work: how many beginnings without an end are followed.
const (
	maxBroken     = 4
	maxUnfinished = 4
	maxSenders    = 32
)

// headerReach is within how many lines of From: another header must stand.
const headerReach = 8

// lines finds pasted material that begins at the start of a line of
// text[from:to].
func (s *splitter) lines(from, to int) (out []Part) {
	l := liner{text: s.text[:to]}
	for at := from; at < to; {
		end, origin := l.recognise(at)
		if end > at {
			out = s.add(out, Part{at, end, origin, false})
			at = end
			continue
		}
		at = l.next(at)
	}
	return out
}

// liner reads a text by lines.
type liner struct {
	text       string
	fence      string          // the fence of the block that the place is in
	quoted     int             // before it, quotations are known to be short
	blobbed    int             // before it, JSON is known to be short
	broken     int             // places where JSON began and did not end
	senders    int             // lines From: without another header
	unfinished map[string]bool // delimiters that do not come any more
}

// next returns the start of the line after at.
func (l *liner) next(at int) int {
	if i := strings.IndexByte(l.text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(l.text)
}

// line returns the line at a place, without its end and leading space.
func (l *liner) line(at int) string {
	end := len(l.text)
	if i := strings.IndexByte(l.text[at:], '\n'); i >= 0 {
		end = at + i
	}
	for at < end && (l.text[at] == ' ' || l.text[at] == '\t') {
		at++
	}
	return l.text[at:end]
}

// recognise returns where the pasted material that begins with the line at a
// place ends, and what it is; 0 if none does.
func (l *liner) recognise(at int) (end int, origin guard.Origin) {
	first := at
	for first < len(l.text) && (l.text[first] == ' ' || l.text[first] == '\t') {
		first++
	}
	if first == len(l.text) {
		return 0, 0
	}
	switch l.text[first] {
	case '`', '~':
		l.fenced(l.line(at))
	case '-':
		return l.dashes(at)
	case '>':
		return l.quote(at)
	case 'F', 'f', '*':
		if l.mail(at) {
			return l.blockEnd(at), guard.OriginEmail
		}
	case 'B':
		if strings.HasPrefix(l.text[first:], "Begin forwarded message:") {
			return len(l.text), guard.OriginEmail
		}
	case '<':
		return l.page(at, first)
	case '{', '[':
		return l.blob(first)
	}
	return 0, 0
}

// fenced notes that a block of code begins or ends.
func (l *liner) fenced(line string) {
	n := 0
	for n < len(line) && line[n] == line[0] {
		n++
	}
	switch {
	case n < 3:
	case l.fence == "":
		l.fence = line[:n]
	case strings.HasPrefix(line, l.fence):
		l.fence = ""
	}
}

// blockEnd returns the end of the block of code that at is in, or of the text.
func (l *liner) blockEnd(at int) int {
	if l.fence == "" {
		return len(l.text)
	}
	for at < len(l.text) {
		if strings.HasPrefix(l.line(at), l.fence) {
			return at
		}
		at = l.next(at)
	}
	return at
}

// mail reports whether the headers of a mail begin at a place.
func (l *liner) mail(at int) bool {
	if l.senders == maxSenders || !isHeader(l.line(at), "from") {
		return false
	}
	for range headerReach {
		if at = l.next(at); at == len(l.text) {
			break
		}
		for _, name := range []string{"subject", "to", "date", "sent"} {
			if isHeader(l.line(at), name) {
				return true
			}
		}
	}
	l.senders++
	return false
}

// isHeader reports whether a line is a mail header, which programs also write
// as *From:*.
func isHeader(line, name string) bool {
	line = strings.TrimLeft(line, "*")
	return len(line) > len(name)+1 && strings.EqualFold(line[:len(name)], name) && (line[len(name)] == ':' || line[len(name)] == '*')
}

// dashes recognises --- BEGIN X --- with its end, and forwarded mail.
func (l *liner) dashes(at int) (int, guard.Origin) {
	line := l.line(at)
	inner := strings.Trim(strings.TrimRight(line, "\r"), "- ")
	if len(line) > 200 || !strings.HasPrefix(line, "---") || inner == "" {
		return 0, 0
	}
	switch strings.ToLower(inner) {
	case "forwarded message", "original message", "original mail", "weitergeleitete nachricht", "ursprüngliche nachricht":
		return len(l.text), guard.OriginEmail
	}
	name, ok := strings.CutPrefix(inner, "BEGIN ")
	if !ok || l.unfinished[name] || len(l.unfinished) == maxUnfinished {
		return 0, 0
	}
	for i := l.next(at); i < len(l.text); i = l.next(i) {
		if end := l.line(i); strings.HasPrefix(end, "---") && strings.Trim(strings.TrimRight(end, "\r"), "- ") == "END "+name {
			return l.next(i), guard.OriginDocument
		}
	}
	if l.unfinished == nil {
		l.unfinished = map[string]bool{}
	}
	l.unfinished[name] = true
	return 0, 0
}

// quote recognises a long quotation. After a line such as "Ada wrote:" it is of
// a mail.
func (l *liner) quote(at int) (int, guard.Origin) {
	if at < l.quoted {
		return 0, 0
	}
	end := at
	for end < len(l.text) && strings.HasPrefix(l.line(end), ">") {
		end = l.next(end)
	}
	if end-at < minQuote {
		l.quoted = end
		return 0, 0
	}
	before := strings.TrimRight(l.text[max(0, at-80):at], "\r\n \t")
	if strings.HasSuffix(before, "wrote:") || strings.HasSuffix(before, "schrieb:") || strings.HasSuffix(before, "écrit :") {
		return end, guard.OriginEmail
	}
	return end, guard.OriginDocument
}

// page recognises an HTML page.
func (l *liner) page(at, first int) (int, guard.Origin) {
	head := strings.ToLower(l.text[first:min(len(l.text), first+14)])
	if !strings.HasPrefix(head, "<!doctype html") && !strings.HasPrefix(head, "<html") && !strings.HasPrefix(head, "<body") {
		return 0, 0
	}
	tail := l.text[max(first, len(l.text)-1<<20):]
	for _, name := range []string{"</html>", "</HTML>", "</body>", "</BODY>"} {
		if i := strings.LastIndex(tail, name); i >= 0 {
			return len(l.text) - len(tail) + i + len(name), guard.OriginDocument
		}
	}
	return len(l.text), guard.OriginDocument
}

// blob recognises long JSON.
func (l *liner) blob(at int) (int, guard.Origin) {
	if at < l.blobbed || l.broken == maxBroken {
		return 0, 0
	}
	depth, quoted := 0, false
	for i := at; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth > 0 {
				continue
			}
			if i+1-at < minJSON {
				l.blobbed = i + 1
				return 0, 0
			}
			return i + 1, guard.OriginDocument
		}
	}
	l.broken++
	return 0, 0
}
