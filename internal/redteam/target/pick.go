package target

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// place is a path in JSON: names and indices, as JSONPath (RFC 9535) writes a place
// without filters, slices or descent: $.choices[0].message, $['odd name'][-1], $[*].
// An answer stands at a place; a query language would have answers found where nobody
// looked.
type place []step

// step is one of them: a name, an index (from the end if negative), or all elements.
type step struct {
	name  string
	index int
	kind  byte // 'n', 'i', '*'
}

var stepPattern = regexp.MustCompile(`^(?:\.?([\p{L}_][\p{L}\p{N}_-]*)|\['([^']*)'\]|\[(-?[0-9]{1,6})\]|\[(\*)\])`)

// maxSteps bounds a path.
const maxSteps = 32

// parsePlace reads a path; $ at its beginning may be left out.
func parsePlace(path string) (place, error) {
	rest := strings.TrimPrefix(path, "$")
	var out place
	for rest != "" {
		m := stepPattern.FindStringSubmatch(rest)
		if m == nil || len(out) == maxSteps {
			return nil, fmt.Errorf("%.60q is no path; expected one like $.choices[0].text", path)
		}
		rest = rest[len(m[0]):]
		s := step{name: m[1] + m[2], kind: 'n'}
		switch {
		case m[3] != "":
			s.kind = 'i'
			s.index, _ = strconv.Atoi(m[3]) // at most six digits
		case m[4] != "":
			s.kind = '*'
		}
		out = append(out, s)
	}
	return out, nil
}

// in returns the values at the place, none if it is not there.
func (p place) in(v any) []any {
	if len(p) == 0 {
		return []any{v}
	}
	switch s := p[0]; s.kind {
	case 'n':
		if m, ok := v.(map[string]any); ok {
			if sub, ok := m[s.name]; ok {
				return p[1:].in(sub)
			}
		}
	case 'i':
		list, _ := v.([]any)
		i := s.index
		if i < 0 {
			i += len(list)
		}
		if i >= 0 && i < len(list) {
			return p[1:].in(list[i])
		}
	default:
		list, _ := v.([]any)
		var out []any
		for _, e := range list {
			out = append(out, p[1:].in(e)...)
		}
		return out
	}
	return nil
}

// textIn returns the values at the place as one text; ok is false where there is none.
func (p place) textIn(v any) (out string, ok bool) {
	for _, e := range p.in(v) {
		if e == nil {
			continue
		}
		out, ok = out+asText(e), true
	}
	return out, ok
}

// asText returns a text as it is and other values as JSON.
func asText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// readJSON reads a document and keeps its numbers as they were written.
func readJSON(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, failed(Malformed, err, "the answer is not JSON: %s", plain(err.Error()))
	}
	return v, nil
}
