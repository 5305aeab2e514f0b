package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lines reads a segment line by line in bounded memory.
type lines struct {
	r      *bufio.Reader
	offset int64 // of the next line
}

// line is one line as it stands in the file.
type line struct {
	text   []byte // without newline; valid until the next call; cut when long
	offset int64
	size   int64 // in the file, with its newline
	whole  bool  // ends in a newline
	long   bool  // longer than any record
	zeros  bool  // holds a zero byte
}

func newLines(r io.Reader, offset int64) *lines {
	return &lines{r: bufio.NewReaderSize(r, maxLine+1), offset: offset}
}

// next returns the next line, or io.EOF after the last.
func (l *lines) next() (line, error) {
	text, err := l.r.ReadSlice('\n')
	out := line{text: text, offset: l.offset, size: int64(len(text)), zeros: bytes.IndexByte(text, 0) >= 0}
	for errors.Is(err, bufio.ErrBufferFull) {
		out.long, out.text = true, nil
		text, err = l.r.ReadSlice('\n')
		out.size += int64(len(text))
		out.zeros = out.zeros || bytes.IndexByte(text, 0) >= 0
	}
	if err != nil && (!errors.Is(err, io.EOF) || out.size == 0) {
		return line{}, err
	}
	out.whole = err == nil
	if out.whole && !out.long {
		out.text = out.text[:len(out.text)-1]
	}
	l.offset += out.size
	return out, nil
}
