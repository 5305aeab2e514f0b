package detect

import (
	"strings"
	"testing"

	"warder.example/guard"
)

// TestPIIWithinALongWord: a stream lets go of the beginning of a word that is
// too long to be an address; the digits that follow must not look like the
// beginning of a number then.
func TestPIIWithinALongWord(t *testing.T) {
	text := "phone" + strings.Repeat("7", 30) + "+" + strings.Repeat("a", 70)
	for size := 1; size <= len(text); size++ {
		s := NewPII().Scanner(nil, guard.OriginUser, guard.Prose)
		for at := 0; at < len(text); at += size {
			end := min(at+size, len(text))
			if found, _ := s.Scan(text[at:end], end == len(text)); len(found) > 0 {
				t.Fatalf("pieces of %d: %+v; want nothing, as in the whole text", size, found)
			}
		}
	}
}
