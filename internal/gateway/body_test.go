package gateway

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzInflate: whatever a body claims to be, no more comes out of it than the limit, and
// what comes out of a length is the body.
func FuzzInflate(f *testing.F) {
	f.Add([]byte(zipped("{}")), "gzip")
	f.Add([]byte(zipped("a")+zipped("b")), "x-gzip")
	f.Add([]byte("x\x9cK\x04\x00\x00b\x00b"), "deflate")
	f.Add([]byte("K\x04\x00"), "Deflate ")
	f.Add([]byte("{}"), "identity")
	f.Add([]byte("{}"), "gzip, gzip")
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		const limit = 1 << 10
		out, err := inflate(body, encoding, limit)
		if err != nil && out != nil {
			t.Fatalf("%d bytes and %v", len(out), err)
		}
		if err == nil && len(out) > max(limit, len(body)) {
			t.Fatalf("%d bytes came out", len(out))
		}
		for declared := int64(-1); declared <= int64(len(body))+1; declared += int64(len(body)) + 1 {
			got, err := readBody(bytes.NewReader(body), declared, limit)
			switch {
			case declared > limit || declared < 0 && len(body) > limit:
				if !errors.Is(err, errTooLarge) {
					t.Fatalf("%d bytes declared, %d there: %v", declared, len(body), err)
				}
			case declared > int64(len(body)):
				if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
					t.Fatalf("%d bytes declared, %d there: %v", declared, len(body), err)
				}
			case err != nil || !bytes.Equal(got, body):
				t.Fatalf("%d bytes declared: %q, %v", declared, got, err)
			}
		}
	})
}

// TestDeclaredLengths: a body of any declared length is read whole, also around those at
// which its memory grows.
func TestDeclaredLengths(t *testing.T) {
	for _, n := range []int{0, 1, bodyAhead - 1, bodyAhead, bodyAhead + 1, 2 * bodyAhead, 2*bodyAhead + 1, 5*bodyAhead + 3} {
		body := bytes.Repeat([]byte("abcdefg"), n/7+1)[:n]
		if got, err := readBody(io.MultiReader(bytes.NewReader(body), endless{}), int64(n), 1<<30); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d bytes: %d read, %v", n, len(got), err)
		}
	}
}
