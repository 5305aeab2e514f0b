package calibrate

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"warder.example/internal/corpus"
)

// Lines reads plain texts, one a line, as rows without a channel. Blank lines are
// left out. A line that is not UTF-8 or longer than [corpus.MaxLine] is an error that
// wraps [corpus.ErrRow].
func Lines(r io.Reader) iter.Seq2[corpus.Row, error] {
	return func(yield func(corpus.Row, error) bool) {
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 0, 64<<10), corpus.MaxLine)
		n := 0
		for s.Scan() {
			n++
			text := s.Text()
			if !utf8.ValidString(text) {
				yield(corpus.Row{}, fmt.Errorf("line %d: %w: not valid UTF-8", n, corpus.ErrRow))
				return
			}
			if strings.TrimSpace(text) != "" && !yield(corpus.Row{Text: text, Line: n}, nil) {
				return
			}
		}
		switch err := s.Err(); err {
		case nil:
		case bufio.ErrTooLong:
			yield(corpus.Row{}, fmt.Errorf("line %d: %w: longer than %d bytes", n+1, corpus.ErrRow, corpus.MaxLine))
		default:
			yield(corpus.Row{}, fmt.Errorf("reading texts: %w", err))
		}
	}
}
