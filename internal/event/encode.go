package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Appender is a payload that writes its own JSON object: compact, members in a
// fixed order, strings by [AppendString]. It appends to dst and must not keep
// it. What it writes must decode into the type registered for its kind.
type Appender interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// AppendJSON appends the event's encoding to dst. It returns dst as it was with
// an error that is [ErrInvalid], [ErrTooLarge], or the payload's own.
func (e *Event) AppendJSON(dst []byte) ([]byte, error) {
	if err := e.check(); err != nil {
		return dst, err
	}
	out := append(dst, '{')
	if e.ID != "" {
		out = append(out, `"id":`...)
		out = AppendString(out, e.ID)
		out = append(out, ',')
	}
	out = append(out, `"time":"`...)
	out = e.Time.UTC().AppendFormat(out, time.RFC3339Nano)
	out = append(out, `","kind":"`...)
	out = append(out, e.Kind...)
	out = append(out, '"')
	if e.Application != "" {
		out = append(out, `,"application":`...)
		out = AppendString(out, e.Application)
	}
	if e.Subject != "" {
		out = append(out, `,"subject":"`...)
		out = append(out, e.Subject...)
		out = append(out, '"')
	}
	if e.Request != "" {
		out = append(out, `,"request":`...)
		out = AppendString(out, e.Request)
	}
	if e.Payload != nil {
		var err error
		out = append(out, `,"payload":`...)
		if out, err = appendPayload(out, e.Payload); err != nil {
			return dst, fmt.Errorf("encoding payload of %q: %w", e.Kind, err)
		}
	}
	out = append(out, '}')
	if n := len(out) - len(dst); n > MaxBytes {
		return dst, fmt.Errorf("%w: %q takes %d bytes, at most %d are kept", ErrTooLarge, e.Kind, n, MaxBytes)
	}
	return out, nil
}

func appendPayload(dst []byte, p any) ([]byte, error) {
	start := len(dst)
	if a, ok := p.(Appender); ok {
		out, err := a.AppendJSON(dst)
		if err != nil {
			return dst, err
		}
		if !balanced(out[start:]) {
			return dst, fmt.Errorf("%w: AppendJSON of %T did not write one JSON object", ErrInvalid, p)
		}
		dst = out
	} else {
		// Marshal compacts and checks what RawMessage and Marshalers give.
		b, err := json.Marshal(p)
		if err != nil {
			return dst, err
		}
		dst = append(dst, b...)
	}
	if plain(dst[start:]) {
		return dst, nil
	}
	return escapeAll(dst[:start], bytes.Clone(dst[start:])), nil
}

// plain tells whether b holds only printable ASCII.
func plain(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c >= 0x7f {
			return false
		}
	}
	return true
}

// balanced tells whether b is one brace-enclosed value with strings closed,
// brackets matched in number and no raw control character: enough to keep one
// faulty Appender from spoiling the line it stands on.
func balanced(b []byte) bool {
	if len(b) < 2 || b[0] != '{' {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c < 0x20:
			return false
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i == len(b)-1
			}
		}
	}
	return false
}
