package segment

import (
	"strings"

	"warder.example/guard"
)

// holders are the names of elements that hold pasted material.
var holders = map[string]guard.Origin{}

func init() {
	for origin, names := range map[guard.Origin]string{
		guard.OriginDocument: "document documents doc docs context file file_content file_contents source sources article page webpage web_page " +
			"passage passages chunk chunks excerpt attachment attachments quote transcript retrieved retrieved_context knowledge reference references " +
			"content search_results search_result result results snippet snippets untrusted untrusted_content website resume review reviews",
		guard.OriginTool:  "tool_result tool_results tool_output tool_response function_result function_results observation api_response",
		guard.OriginEmail: "email emails e-mail mail message_body email_body inbox",
	} {
		for _, name := range strings.Fields(names) {
			holders[name] = origin
		}
	}
}

// Bounds of elements.
const (
	maxTagName = 24
	maxTag     = 512 // bytes of an opening tag with its attributes
	maxTags    = 4096
)

// tag is an opening or closing tag of a holder.
type tag struct {
	start, end int
	name       string
	closes     bool
}

// tags finds elements that hold pasted material in text[from:to]. An element
// ends with the last closing tag of its name before the next opening one; one
// that is never closed is no element.
func (s *splitter) tags(from, to int) (out []Part) {
	list, full := readTags(s.text, from, to)
	if len(list) == 0 {
		return nil
	}
	lastClose := map[string]int{}
	for i, t := range list {
		if t.closes {
			lastClose[t.name] = i
		}
	}
	for i := 0; i < len(list); i++ {
		t := list[i]
		last, ok := lastClose[t.name]
		if t.closes || !ok || last < i {
			continue
		}
		end := -1
		for j := i + 1; j <= last; j++ {
			if list[j].name != t.name {
				continue
			}
			if list[j].closes {
				end = j
			} else if end >= 0 {
				break
			}
		}
		out = s.add(out, Part{t.start, list[end].end, holders[t.name], false})
		i = end
	}
	if full { // more marks than are followed: what is behind them is pasted
		at := list[len(list)-1].end
		if n := len(out); n > 0 {
			at = max(at, out[n-1].End)
		}
		out = s.add(out, Part{at, to, guard.OriginDocument, false})
	}
	return out
}

// readTags lists the tags of holders in text[from:to], and says whether there
// are more than can be followed.
func readTags(text string, from, to int) (out []tag, full bool) {
	for at := from; ; {
		i := strings.IndexByte(text[at:to], '<')
		if i < 0 {
			return out, false
		}
		at += i
		t, ok := readTag(text[:to], at)
		if !ok {
			at++
			continue
		}
		if len(out) == maxTags {
			return out, true
		}
		out = append(out, t)
		at = t.end
	}
}

// readTag reads the tag at text[at], a "<".
func readTag(text string, at int) (tag, bool) {
	i := at + 1
	t := tag{start: at}
	if i < len(text) && text[i] == '/' {
		t.closes = true
		i++
	}
	from := i
	for i < len(text) && i-from <= maxTagName && isNameByte(text[i]) {
		i++
	}
	if i == from || i == len(text) || i-from > maxTagName {
		return t, false
	}
	if i-from < 3 { // <p>, <br>
		return t, false
	}
	t.name = strings.ToLower(text[from:i])
	if _, ok := holders[t.name]; !ok {
		return t, false
	}
	switch text[i] {
	case '>', ' ', '\t', '\n', '\r', '/':
	default:
		return t, false
	}
	end := strings.IndexByte(text[i:min(len(text), i+maxTag)], '>')
	if end < 0 {
		return t, false
	}
	t.end = i + end + 1
	return t, text[t.end-2] != '/' // <doc/> holds nothing
}

func isNameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '-' || c >= '0' && c <= '9'
}
