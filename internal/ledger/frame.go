package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"warder.example/internal/event"
)

// A record on disk is one line:
//
//	<64 hex digits: leaf hash> <record>\n
//
// and the record is the event's JSON with its sequence as first member:
//
//	{"seq":7,"time":"...","kind":"exchange.opened",...}
//
// The leaf hash covers the record's bytes, so the sequence is part of what the
// tree holds, and a line tells by itself whether it is whole.
const (
	hashDigits = 2 * sha256.Size
	seqPrefix  = `{"seq":`
	// maxLine bounds a line: hash, space, sequence, event, newline.
	maxLine = hashDigits + 1 + len(seqPrefix) + 20 + event.MaxBytes + 1
)

// errFrame is the family of what is wrong with a line.
var errFrame = errors.New("not a record")

// appendFrame appends the line of an encoded event and returns its leaf hash.
func appendFrame(dst []byte, seq int64, body []byte) ([]byte, Hash) {
	start := len(dst)
	var blank [hashDigits]byte
	dst = append(dst, blank[:]...)
	dst = append(dst, 0) // the leaf prefix while hashing, then the space
	dst = append(dst, seqPrefix...)
	dst = strconv.AppendInt(dst, seq, 10)
	dst = append(dst, ',')
	dst = append(dst, body[1:]...)
	leaf := Hash(sha256.Sum256(dst[start+hashDigits:]))
	hex.Encode(dst[start:], leaf[:])
	dst[start+hashDigits] = ' '
	return append(dst, '\n'), leaf
}

// frame is a line that was read.
type frame struct {
	seq    int64  // as the record says; -1 when it does not say
	stored Hash   // as the line says
	record []byte // within the line
}

// parseFrame reads a line without its newline. With an error, what could be read
// of the frame is set.
func parseFrame(line []byte) (frame, error) {
	f := frame{seq: -1}
	if len(line) <= hashDigits+1 || line[hashDigits] != ' ' {
		return f, fmt.Errorf("%w: want %d hex digits, a space and a JSON object", errFrame, hashDigits)
	}
	if err := f.stored.UnmarshalText(line[:hashDigits]); err != nil {
		return f, fmt.Errorf("%w: leaf hash: %w", errFrame, err)
	}
	f.record = line[hashDigits+1:]
	seq, _, err := splitRecord(f.record)
	if err != nil {
		return f, err
	}
	f.seq = seq
	if LeafHash(f.record) != f.stored {
		return f, fmt.Errorf("%w: its bytes do not have the leaf hash beside them", errFrame)
	}
	return f, nil
}

// splitRecord returns the sequence and what follows it: the event without its
// opening brace.
func splitRecord(record []byte) (int64, []byte, error) {
	rest, ok := bytes.CutPrefix(record, []byte(seqPrefix))
	if !ok {
		return 0, nil, fmt.Errorf("%w: does not begin with %s", errFrame, seqPrefix)
	}
	digits, rest, ok := bytes.Cut(rest, []byte(","))
	if !ok || len(digits) == 0 || len(digits) > 19 || len(digits) > 1 && digits[0] == '0' {
		return 0, nil, fmt.Errorf("%w: sequence is malformed", errFrame)
	}
	seq, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || seq < 0 {
		return 0, nil, fmt.Errorf("%w: sequence is malformed", errFrame)
	}
	return seq, rest, nil
}

// eventBytes returns the event's own encoding within a record, as a copy.
func eventBytes(record []byte) ([]byte, error) {
	_, rest, err := splitRecord(record)
	if err != nil {
		return nil, err
	}
	return append(append(make([]byte, 0, 1+len(rest)), '{'), rest...), nil
}
