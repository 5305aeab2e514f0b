package gateway

import (
	"fmt"
	"math"
	"strconv"

	"warder.example/guard"
	"warder.example/internal/event"
)

// The payloads that every exchange records write their own JSON: the members, the
// order and the values are those that encoding/json makes of the types, which is
// what reads them.

var (
	_ event.Appender = (*Opened)(nil)
	_ event.Appender = (*Closed)(nil)
)

// AppendJSON implements [event.Appender].
func (o *Opened) AppendJSON(dst []byte) ([]byte, error) {
	m := members{b: append(dst, '{')}
	m.text("key", o.Key)
	m.text("route", o.Route)
	m.textIf("protocol", o.Protocol)
	m.text("model", o.Model)
	m.textIf("upstream", o.Upstream)
	if o.Stream {
		m.raw("stream", "true")
	}
	m.count("bytes", int64(o.Bytes))
	m.count("texts", int64(o.Texts))
	m.countIf("masked", int64(o.Masked))
	m.countIf("carried", int64(o.Carried))
	m.countIf("pseudonyms", int64(o.Pseudonyms))
	m.textIf("session", o.Session)
	m.textIf("canary", o.Canary)
	m.texts("references", o.References)
	if o.FromCache {
		m.raw("cached", "true")
	}
	m.text("action", o.Action.String())
	m.text("would", o.Would.String())
	m.textIf("code", o.Code)
	m.textIf("rule", o.Rule)
	m.textIf("policy", o.Policy)
	m.found(o.Count, o.Findings)
	return m.end(dst)
}

// AppendJSON implements [event.Appender].
func (c *Closed) AppendJSON(dst []byte) ([]byte, error) {
	m := members{b: append(dst, '{')}
	m.count("status", int64(c.Status))
	m.text("end", c.End)
	m.textIf("code", c.Code)
	m.text("action", c.Action.String())
	m.text("would", c.Would.String())
	m.textIf("rule", c.Rule)
	m.account(&c.Account)
	m.countIf("restored", int64(c.Restored))
	m.count("bytes", c.Bytes)
	m.count("ms", c.Millis)
	m.textIf("upstream", c.Upstream)
	m.textIf("model", c.Model)
	m.countIf("attempts", int64(c.Attempts))
	m.used(&c.Used)
	m.countIf("guard_us", c.Guard)
	if c.FromCache {
		m.raw("cached", "true")
	}
	m.countIf("age_ms", c.Age)
	m.found(c.Count, c.Findings)
	return m.end(dst)
}

// members writes the members of one JSON object whose brace is open.
type members struct {
	b   []byte
	err error
}

// end closes the object. With an error it returns dst.
func (m *members) end(dst []byte) ([]byte, error) {
	if m.err != nil {
		return dst, m.err
	}
	return append(m.b, '}'), nil
}

func (m *members) name(name string) {
	if m.b[len(m.b)-1] != '{' {
		m.b = append(m.b, ',')
	}
	m.b = append(append(append(m.b, '"'), name...), '"', ':')
}

func (m *members) raw(name, value string) {
	m.name(name)
	m.b = append(m.b, value...)
}

func (m *members) text(name, v string) {
	m.name(name)
	m.b = event.AppendString(m.b, v)
}

func (m *members) textIf(name, v string) {
	if v != "" {
		m.text(name, v)
	}
}

// texts writes a list unless it is empty.
func (m *members) texts(name string, list []string) {
	if len(list) == 0 {
		return
	}
	m.raw(name, "[")
	for i, v := range list {
		if i > 0 {
			m.b = append(m.b, ',')
		}
		m.b = event.AppendString(m.b, v)
	}
	m.b = append(m.b, ']')
}

func (m *members) count(name string, n int64) {
	m.name(name)
	m.b = strconv.AppendInt(m.b, n, 10)
}

func (m *members) countIf(name string, n int64) {
	if n != 0 {
		m.count(name, n)
	}
}

// score writes a number as ECMAScript does and encoding/json after it.
func (m *members) score(name string, f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		m.err = fmt.Errorf("%s is %v, which JSON cannot say", name, f)
		return
	}
	m.name(name)
	if abs := math.Abs(f); abs == 0 || abs >= 1e-6 && abs < 1e21 {
		m.b = strconv.AppendFloat(m.b, f, 'f', -1, 64)
		return
	}
	m.b = strconv.AppendFloat(m.b, f, 'e', -1, 64)
	if n := len(m.b); m.b[n-4] == 'e' && m.b[n-3] == '-' && m.b[n-2] == '0' { // e-09 is e-9
		m.b = append(m.b[:n-2], m.b[n-1])
	}
}

func (m *members) account(a *guard.Account) {
	m.raw("account", "{")
	m.count("received", int64(a.Received))
	m.count("exact", int64(a.Exact))
	m.count("windowed", int64(a.Windowed))
	m.count("released", int64(a.Released))
	m.count("masked", int64(a.Masked))
	m.count("exposed", int64(a.Exposed))
	m.b = append(m.b, '}')
}

// used writes the members of what was used.
func (m *members) used(u *Used) {
	m.countIf("input_tokens", u.Input)
	m.countIf("cached_tokens", u.Cached)
	m.countIf("cache_write_tokens", u.Write)
	m.countIf("output_tokens", u.Output)
	m.countIf("cost", u.Cost)
	if u.Estimated {
		m.raw("estimated", "true")
	}
	if len(u.Over) == 0 {
		return
	}
	m.raw("over", "[")
	for i, e := range u.Over {
		if i > 0 {
			m.b = append(m.b, ',')
		}
		m.b = append(m.b, '{')
		m.text("measure", e.Measure)
		m.count("by", e.By)
		m.b = append(m.b, '}')
	}
	m.b = append(m.b, ']')
}

// found writes how many findings there are, and those that are recorded.
func (m *members) found(count int, findings []FindingRecord) {
	m.countIf("count", int64(count))
	if len(findings) == 0 {
		return
	}
	m.raw("findings", "[")
	for i := range findings {
		if i > 0 {
			m.b = append(m.b, ',')
		}
		m.b = append(m.b, '{')
		m.finding(&findings[i])
		m.b = append(m.b, '}')
	}
	m.b = append(m.b, ']')
}

func (m *members) finding(f *FindingRecord) {
	m.text("category", f.Category)
	m.score("score", f.Score)
	m.text("detector", f.Detector)
	m.textIf("rule", f.Rule)
	m.text("origin", f.Origin.String())
	m.textIf("path", f.Path)
	m.textIf("view", f.View)
	if len(f.Spans) > 0 {
		m.spans(f.Spans)
	}
	if len(f.Turns) == 0 {
		return
	}
	m.raw("turns", "[")
	for i, n := range f.Turns {
		if i > 0 {
			m.b = append(m.b, ',')
		}
		m.b = strconv.AppendInt(m.b, int64(n), 10)
	}
	m.b = append(m.b, ']')
}

// spans writes the member of that name.
func (m *members) spans(spans []guard.Span) {
	m.raw("spans", "[")
	for i, s := range spans {
		if i > 0 {
			m.b = append(m.b, ',')
		}
		m.b = append(m.b, '{')
		m.count("start", int64(s.Start))
		m.count("end", int64(s.End))
		m.b = append(m.b, '}')
	}
	m.b = append(m.b, ']')
}
