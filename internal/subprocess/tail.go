package subprocess

import (
	"strings"
	"sync"
	"unicode"
)

// maxTail is how much of a program's standard error is kept, in bytes.
const maxTail = 1 << 10

// Tail keeps the last 1 KiB of what is written to it. It is safe for concurrent use.
type Tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write implements [io.Writer]; it never fails.
func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b[max(0, len(b)-maxTail):]...)
	t.buf = append(t.buf[:0], t.buf[max(0, len(t.buf)-maxTail):]...)
	return len(b), nil
}

// Words returns what was written as the end of an error, without what could move a
// terminal's cursor; empty if nothing was.
func (t *Tail) Words() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, strings.Join(strings.Fields(strings.ToValidUTF8(string(t.buf), "\uFFFD")), " "))
	if said == "" {
		return ""
	}
	return "; its standard error ends: " + said
}
