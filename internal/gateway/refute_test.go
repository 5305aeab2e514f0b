package gateway

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// traffic is what went over the wires for one exchange, and what the audit log
// says of it. [traffic.refute] judges the log by the wires alone: it shares no code
// with what it judges, decodes bodies by itself, and knows the policy as patterns.
type traffic struct {
	wire           *wire
	streamed       bool
	request, sent  string // bodies from the caller, and to the upstream
	answered, got  string // bodies from the upstream, and to the caller
	opened, closed figures
	read           map[string][]said // what saidIn has read
}

// figures are the figures of a record that are judged.
type figures struct {
	End      string
	Bytes    int
	Masked   int // of an opened one
	Restored int
	Account  struct{ Received, Exact, Windowed, Released, Masked, Exposed int }
	Findings []struct {
		Category, View string
		Spans          []struct{ Start, End int }
	}
}

// What the policy of these tests masks and stops.
var (
	masked   = regexp.MustCompile(`^(?:(?:lena|zoe)@kestrel\.example|TCK-[0-9]{6})`)
	mask     = regexp.MustCompile(`^(?:\[EMAIL\]|\[TICKET\]|EMAIL_[0-9A-HJKMNP-TV-Z]{12})`)
	deniedBy = regexp.MustCompile(denied)
	toldBy   = regexp.MustCompile(denied + `[^a-z]`) // the word has ended
	disguise = regexp.MustCompile(`\x{ff58}yzzyplugh`)
)

// said is a string in a body.
type said struct {
	event int
	place string
	text  string
	runs  bool // it continues what stood there before
}

// saidIn returns the strings of an answer that are no structure.
func (w *wire) saidIn(body string, streamed bool) (out []said, err error) {
	if !streamed {
		return w.said(nil, 0, body)
	}
	body = strings.ReplaceAll(body, "\r\n", "\n")
	for i, event := range strings.Split(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		for line := range strings.SplitSeq(event, "\n") {
			if data, ok := strings.CutPrefix(line, "data: "); ok && data != "[DONE]" {
				if out, err = w.said(out, i, data); err != nil {
					return nil, err
				}
			} else if comment, ok := strings.CutPrefix(line, ": "); ok {
				out = append(out, said{event: i, place: fmt.Sprint("comment ", i), text: comment})
			}
		}
	}
	return out, nil
}

func (w *wire) said(out []said, event int, data string) ([]said, error) {
	var body any
	if err := json.Unmarshal([]byte(data), &body); err != nil {
		return nil, fmt.Errorf("event %d, %.80q: %w", event, data, err)
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case string:
			if key := path[strings.LastIndexByte(path, '.')+1:]; v != "" && !w.isStructure(key, v) {
				out = append(out, said{event, cmp.Or(w.same[path], path), v, slices.Contains(w.runs, path)})
			}
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(path+"."+k, v[k])
			}
		case []any:
			for _, m := range v {
				walk(path, m)
			}
		}
	}
	walk("", body)
	return out, nil
}

// isStructure reports whether a value is one of a closed list.
func (w *wire) isStructure(key, value string) bool {
	return slices.Contains(strings.Fields(structure[key]), value) || key == "type" && strings.Contains(value, ".") && w.dotted
}

var structure = map[string]string{
	"object":        "chat.completion chat.completion.chunk text_completion list embedding response",
	"type":          "message text text_delta thinking thinking_delta output_text message_start content_block_start content_block_delta content_block_stop message_delta message_stop ping",
	"role":          "assistant model user",
	"finish_reason": "stop content_filter",
	"finishReason":  "STOP SAFETY",
	"stop_reason":   "end_turn refusal",
	"status":        "in_progress completed",
}

// passage is how a text came through, in bytes of the text as it is judged: tokens
// that stand for a value count as that.
type passage struct {
	received, left, released, masked, restored int
	rest                                       string            // of the text, behind what left
	with                                       map[string]string // replacements, and what they stand for
}

func (p *passage) add(q passage) {
	p.received += q.received
	p.released += q.released
	p.masked += q.masked
	p.restored += q.restored
	if p.with == nil {
		p.with = map[string]string{}
	}
	maps.Copy(p.with, q.with)
}

// follow walks a text and what left of it side by side: the same bytes, a mask
// where something is to be masked, a value where a token stood for it. What left may
// end before the text does; left is how far it got.
func follow(in, out string, values map[string]string) (p passage, err error) {
	p.with, p.rest = map[string]string{}, in
	step := func(n int, with string) {
		p.received += n
		if with != "" {
			out = out[len(with):]
			p.left, p.rest = p.received, in
		}
	}
	for in != "" {
		token := mask.FindString(in)
		value := values[token]
		span := masked.FindStringIndex(in)
		switch with := mask.FindString(out); {
		case value != "" && strings.HasPrefix(out, value):
			in = in[len(token):]
			p.released, p.restored = p.released+len(value), p.restored+1
			step(len(value), value)
		case value != "" && out == "":
			in = in[len(token):]
			step(len(value), "")
		case span != nil && (out == "" || with != ""):
			if with != "" {
				p.masked, p.with[with] = p.masked+span[1], in[:span[1]]
			}
			in = in[span[1]:]
			step(span[1], with)
		case span != nil || out != "" && in[0] != out[0]:
			return p, fmt.Errorf("%.60q came, %.60q left", in, out)
		default:
			if out != "" {
				p.released++
			}
			in = in[1:]
			step(1, out[:min(1, len(out))])
		}
	}
	if out != "" {
		return p, fmt.Errorf("%.60q left that had not come", out)
	}
	return p, nil
}
