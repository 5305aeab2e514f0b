package ledger

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// CheckpointFile publishes by adding each checkpoint to a file. Put it where who
// can write the ledger cannot: another host's share, an append-only or
// write-once store.
type CheckpointFile struct {
	Path string
}

var _ Publisher = CheckpointFile{}

// Publish implements [Publisher].
func (c CheckpointFile) Publish(ctx context.Context, checkpoint []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := appendNote(c.Path, checkpoint, 0o644); err != nil {
		return fmt.Errorf("adding to checkpoint file: %w", err)
	}
	return nil
}

// maxNote bounds one note among many in a file.
const maxNote = 16 << 10

// signatureLine is how the lines of a note's signatures begin.
var signatureLine = []byte("— ")

// eachNote calls fn with each note of a file of notes: blocks of text, each
// followed by a blank line and a block of signatures. Blocks that belong to no
// note, as an interrupted write leaves them, are counted in stray.
func eachNote(r io.Reader, fn func(text []byte) error) (stray int, err error) {
	var body, block []byte
	end := func() error { // of a block
		if len(block) == 0 {
			return nil
		}
		defer func() { block = block[:0] }()
		if !bytes.HasPrefix(block, signatureLine) {
			if body != nil {
				stray++
			}
			body = bytes.Clone(block)
			return nil
		}
		if body == nil {
			stray++
			return nil
		}
		text := append(append(body, '\n'), block...)
		body = nil
		return fn(text)
	}
	in := bufio.NewReaderSize(r, maxNote)
	for {
		text, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || len(block)+len(text) > maxNote {
			return stray, fmt.Errorf("reading checkpoints: one is longer than %d bytes", maxNote)
		}
		if err == nil && len(text) == 1 {
			if err := end(); err != nil {
				return stray, err
			}
			continue
		}
		if err == nil {
			block = append(block, text...)
			continue
		}
		if !errors.Is(err, io.EOF) {
			return stray, err
		}
		if len(text) > 0 { // a line without its end
			stray++
			block = block[:0]
		}
		if err := end(); err != nil {
			return stray, err
		}
		if body != nil {
			stray++
		}
		return stray, nil
	}
}

// lastCheckpoint returns the last readable checkpoint of a ledger's own history,
// nil when there is none.
func lastCheckpoint(path string) ([]byte, checkpoint, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, checkpoint{}, ignoreMissing(err)
	}
	defer f.Close()
	var last []byte
	var at checkpoint
	_, err = eachNote(f, func(text []byte) error {
		if c, err := parseCheckpoint(text); err == nil {
			last, at = text, c
		}
		return nil
	})
	return last, at, err
}
