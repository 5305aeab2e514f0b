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
	var printable bool
	if a, ok := p.(Appender); ok {
		out, err := a.AppendJSON(dst)
		if err != nil {
			return dst, err
		}
		var whole bool
		if whole, printable = object(out[start:]); !whole {
			return dst, fmt.Errorf("%w: AppendJSON of %T did not write one JSON object", ErrInvalid, p)
		}
		dst = out
	} else {
		// Marshal compacts and checks what RawMessage and Marshalers give.
		b, err := json.Marshal(p)
		if err != nil {
			return dst, err
		}
		dst, printable = append(dst, b...), plain(b)
	}
	if printable {
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

// marks are the bytes that object looks at; all others are printable ASCII.
var marks = func() (m [256]bool) {
	for c := range m {
		m[c] = c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '{' || c == '}' || c == '[' || c == ']'
	}
	return m
}()

// object tells whether b is one brace-enclosed value with strings closed,
// brackets matched in number and no raw control character: enough to keep one
// faulty Appender from spoiling the line it stands on. printable says that it
// holds only printable ASCII.
func object(b []byte) (whole, printable bool) {
	if len(b) < 2 || b[0] != '{' {
		return false, false
	}
	depth, quoted := 0, false
	printable = true
	for i := 0; i < len(b); i++ {
		c := b[i]
		if !marks[c] {
			continue
		}
		switch {
		case c < 0x20:
			return false, false
		case c >= 0x7f:
			printable = false
		case c == '\\' && quoted:
			// The escaped byte is looked at for what it is, unless it ends
			// the string or the escape.
			if i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\\') {
				i++
			}
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i == len(b)-1, printable
			}
		}
	}
	return false, printable
}
