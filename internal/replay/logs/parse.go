package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Format names a family of logs.
type Format string

// The formats.
const (
	Auto     Format = "auto"
	OpenAI   Format = "openai"
	LiteLLM  Format = "litellm"
	Langfuse Format = "langfuse"
	OTel     Format = "otel"
)

// ParseFormat returns the format of that name.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case Auto, OpenAI, LiteLLM, Langfuse, OTel:
		return f, nil
	}
	return "", fmt.Errorf("unknown format %.40q; expected auto, openai, litellm, langfuse or otel", s)
}

// Parsed is what one value holds.
type Parsed struct {
	Records []Record
	// Left counts what holds no record, by reason.
	Left map[string]int
}

// Parse reads one value: a line of JSON Lines or an element of an array. An error is
// an *[Unreadable]. It may be called concurrently.
func Parse(b []byte, f Format) (Parsed, error) {
	if !utf8.Valid(b) {
		return Parsed{}, unreadable(NotUTF8)
	}
	if tooDeep(b) {
		return Parsed{}, unreadable(TooDeep)
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&v); err != nil {
		return Parsed{}, unreadable(NotJSON)
	}
	if len(bytes.TrimSpace(b[d.InputOffset():])) > 0 {
		return Parsed{}, unreadable(NotJSON)
	}
	p := &parser{}
	if err := p.value(v, f, 0); err != nil {
		return Parsed{}, err
	}
	for i := range p.out.Records {
		p.out.Records[i].Index = i
	}
	return p.out, nil
}

// tooDeep reports whether containers stand deeper than MaxDepth, before a decoder
// follows them.
func tooDeep(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// parser collects the records of one value.
type parser struct {
	out Parsed
}

func (p *parser) left(reason string) error {
	if p.out.Left == nil {
		p.out.Left = map[string]int{}
	}
	p.out.Left[reason]++
	return nil
}

// add keeps a record if it has texts.
func (p *parser) add(r *Record) error {
	switch {
	case len(r.Request) == 0 && len(r.Answer) == 0:
		return p.left(NoTexts)
	case len(r.Request)+len(r.Answer) > MaxTexts:
		return unreadable(TooManyTexts)
	case len(p.out.Records) >= MaxRecords:
		return unreadable(TooMany)
	}
	p.out.Records = append(p.out.Records, *r)
	return nil
}

// maxWrapped is how many lists may stand around records: pages of an API are one.
const maxWrapped = 3

// value reads a value, or the values of a list.
func (p *parser) value(v any, f Format, wrapped int) error {
	if wrapped > maxWrapped {
		return unreadable(UnknownFormat)
	}
	switch v := v.(type) {
	case []any:
		if isMessages(v) {
			return p.openAI(object{"messages": v})
		}
		for _, e := range v {
			if err := p.value(e, f, wrapped+1); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		o := object(v)
		if data, ok := o["data"].([]any); ok && o["messages"] == nil && o["attributes"] == nil {
			return p.value(data, f, wrapped+1)
		}
		return p.object(o, f)
	}
	return unreadable(WrongType)
}

func (p *parser) object(o object, f Format) error {
	if f == Auto {
		if f = detect(o); f == Auto {
			return unreadable(UnknownFormat)
		}
	}
	switch f {
	case LiteLLM:
		return p.liteLLM(o)
	case Langfuse:
		return p.langfuse(o)
	case OTel:
		return p.otel(o)
	}
	return p.openAI(o)
}

// detect finds the format of an object by its keys.
func detect(o object) Format {
	switch {
	case o.hasAny("resourceSpans", "resource_spans", "resourceLogs", "resource_logs"), isSpan(o):
		return OTel
	case o.hasAny("standard_logging_object", "litellm_call_id", "model_group"), o.hasAny("call_type") && o.hasAny("messages", "response", "response_cost", "spend"):
		return LiteLLM
	case o.hasAny("traceId", "trace_id") && o.hasAny("input", "output", "type"),
		o.hasAny("observations"), o.hasAny("calculatedTotalCost", "calculated_total_cost"),
		o.hasAny("input", "output") && o.hasAny("sessionId", "session_id", "startTime", "start_time") && !o.hasAny("messages"):
		return Langfuse
	case o.hasAny("messages", "prompt", "request", "response", "request_body", "response_body", "choices", "body", "input", "output", "completion", "contents", "candidates"):
		return OpenAI
	}
	return Auto
}

// isMessages reports whether a list is one of messages.
func isMessages(v []any) bool {
	if len(v) == 0 {
		return false
	}
	m, ok := v[0].(map[string]any)
	if !ok {
		return false
	}
	_, role := m["role"].(string)
	return role && object(m).hasAny("content", "parts", "tool_calls", "function_call", "refusal")
}

// object is a decoded JSON object.
type object map[string]any

func (o object) hasAny(keys ...string) bool {
	for _, k := range keys {
		if v, ok := o[k]; ok && v != nil {
			return true
		}
	}
	return false
}

// first returns the value of the first key that has one.
func (o object) first(keys ...string) any {
	for _, k := range keys {
		if v := o[k]; v != nil {
			return v
		}
	}
	return nil
}

// object returns the object at a key, also one that was logged as a string of JSON;
// nil if there is none.
func (o object) object(keys ...string) object {
	m, _ := unquoted(o.first(keys...)).(map[string]any)
	return m
}

// name returns the string of the first key that has one, cut to MaxName.
func (o object) name(keys ...string) string {
	for _, k := range keys {
		if s, ok := o[k].(string); ok && s != "" {
			return cut(strings.TrimSpace(s), MaxName)
		}
	}
	return ""
}

// cut shortens s to at most n bytes without breaking a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// unquoted returns what a string of JSON holds; anything else as it is. Many
// exporters log bodies so.
func unquoted(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	t := strings.TrimSpace(s)
	if len(t) < 2 || t[0] != '{' && t[0] != '[' || tooDeep([]byte(t)) {
		return v
	}
	var in any
	if json.Unmarshal([]byte(t), &in) != nil {
		return v
	}
	return in
}
