package logs_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"warder.example/internal/replay/logs"
)

// FuzzSource: whatever a log file holds, plain or compressed, lines, list or values over
// several lines, reading it ends; each value has a line and can be parsed or has a
// reason, and what follows is read.
func FuzzSource(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n{\"a\":2}\n", "[{\"a\":1},\n {\"a\":2}]", "{\n \"a\": 1\n}\n{\n}", "\xef\xbb\xbf{}\n", "[]\n[]", "nonsense\n{}\n", "[1,", "{\"a\":\"\\\"}\"}", "\"a\"\n", ""} {
		f.Add([]byte(s))
		f.Add([]byte(zipped(s)))
	}
	f.Add([]byte(zipped("{}\n{}\n")[:20]))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := logs.NewSource(bytes.NewReader(data))
		if err != nil {
			return // no gzip, though it begins so
		}
		at, values := 0, 0
		for {
			b, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			unreadable := (*logs.Unreadable)(nil)
			switch {
			case errors.As(err, &unreadable):
			case err != nil:
				return // the file is broken from here
			default:
				if _, err := logs.Parse(b, logs.Auto); err != nil && !errors.As(err, &unreadable) {
					t.Fatalf("%q: %v has no reason", b, err)
				}
			}
			if s.Line() < at || s.Line() < 1 {
				t.Fatalf("line %d after line %d", s.Line(), at)
			}
			if at, values = s.Line(), values+1; values > len(data)*1100+10 { // what gzip unfolds to at most
				t.Fatal("it does not end")
			}
		}
		if _, err := s.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("behind the end: %v", err)
		}
	})
}
