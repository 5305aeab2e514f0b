package gateway

import (
	"strings"
	"time"

	"warder.example/internal/dialect"
)

// lightAfter is how old an exchange is when its streamed answer lets go of the request:
// thousands of answers may last for minutes, behind conversations that are longer than
// all else that they hold. Most are over before, and need not pay for it.
const lightAfter = 2 * time.Second

// lighten forgets the texts of a request of which the answer streams. What the end of the
// exchange needs of them is worked out now.
func (t *talk) lighten() {
	if t.req.Leaves == nil {
		return
	}
	if read := t.spent.read; read != nil {
		n := read()
		t.spent.read = func() int64 { return n }
	}
	t.req = &dialect.Request{Model: t.req.Model, N: t.req.N, Stream: t.req.Stream}
	t.planted = nil
	for i, s := range t.about.Operator {
		t.about.Operator[i] = strings.Clone(s)
	}
}
