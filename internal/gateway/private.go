package gateway

import (
	"errors"
	"log/slog"
	"net/textproto"
	"strconv"
	"strings"
)

// hidden stands where a text was left out.
const hidden = "?"

// unquoted returns s with every quoted part left out. Paths quote the keys that a
// sender chose, and errors quote the bytes that they are about: both are texts of
// callers and models, which belong in no log and no record.
func unquoted(s string) string {
	if !strings.Contains(s, `"`) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i] + hidden)
		q, err := strconv.QuotedPrefix(s[i:])
		if err != nil {
			return b.String() // not closed: the rest could be anything
		}
		s = strings.TrimPrefix(s[i+len(q):], "...")
	}
}

// cause is the attribute of a log line that says why something failed, without
// the texts that errors of parsers quote.
func cause(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	msg := err.Error()
	var p textproto.ProtocolError
	if errors.As(err, &p) { // quotes a line of a header without quotation marks
		msg = strings.ReplaceAll(msg, p.Error(), "malformed header")
	}
	return slog.String("cause", unquoted(msg))
}
