package threat

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"warder.example/guard/normal"
)

// digest is a hash of the letters and digits of a text. It is half of SHA-256, so
// that nobody makes an honest text with the digest of an attack, nor the reverse.
type digest [16]byte

func digestOf(letters []byte) digest {
	sum := sha256.Sum256(letters)
	return digest(sum[:16])
}

// minLetters is the least number of bytes of letters that an attack has.
const minLetters = 8

// Sketch is what is kept of an attack. The zero value is the sketch of nothing.
// It is immutable.
type Sketch struct {
	exact digest
	parts []signature // the whole, then its sentences when there are several
}

// IsZero reports whether s is the sketch of nothing.
func (s Sketch) IsZero() bool { return s.exact == digest{} }

// Similar reports whether s can be recognised by similarity: short texts only by
// exact copies.
func (s Sketch) Similar() bool { return len(s.parts) > 0 }

// Digest returns what all exact copies of the text have in common, and no other
// text.
func (s Sketch) Digest() [16]byte { return s.exact }

// Of sketches a text as a reader would understand it: its canonical view where it
// has one. It returns an error that wraps [ErrShort] when the text has fewer than 8
// bytes of letters and digits, and an error for texts beyond [MaxText].
func Of(text string) (Sketch, error) {
	if len(text) > MaxText {
		return Sketch{}, fmt.Errorf("sketching an attack: text has %d bytes; expected at most %d", len(text), MaxText)
	}
	if v := normal.Undo(text, normal.Options{}).Views; len(v) > 0 && v[0].Kind == normal.Canonical {
		text = v[0].Text
	}
	r := readings.Get().(*reading)
	defer readings.Put(r)
	r.read(text)
	if len(r.letters) < minLetters {
		return Sketch{}, fmt.Errorf("%w: %d bytes of letters and digits; expected at least %d", ErrShort, len(r.letters), minLetters)
	}
	s := Sketch{exact: r.exact}
	if r.whole.pieces < minPieces {
		return s, nil
	}
	s.parts = append(s.parts, r.whole.signature())
	if !r.single() {
		s.parts = append(s.parts, r.longest(MaxParts)...)
	}
	return s, nil
}

// sketchVersion is the first byte of an encoded sketch. It changes with anything
// that gives a text another sketch.
const sketchVersion = 1

// partBytes is the length of an encoded part.
const partBytes = samples + 2

// MaxSketch is the length in bytes of the longest encoded sketch.
const MaxSketch = 1 + len(digest{}) + (1+MaxParts)*partBytes

// MarshalBinary encodes the sketch: at most [MaxSketch] bytes.
func (s Sketch) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, 1+len(s.exact)+len(s.parts)*partBytes)
	b = append(b, sketchVersion)
	b = append(b, s.exact[:]...)
	for i := range s.parts {
		b = binary.LittleEndian.AppendUint16(b, s.parts[i].pieces)
		b = append(b, s.parts[i].sample[:]...)
	}
	return b, nil
}

// UnmarshalBinary decodes a sketch. The error wraps [ErrSketch].
func (s *Sketch) UnmarshalBinary(b []byte) error {
	const head = 1 + len(digest{})
	if len(b) < head || len(b) > MaxSketch || (len(b)-head)%partBytes != 0 {
		return fmt.Errorf("%w: %d bytes", ErrSketch, len(b))
	}
	if b[0] != sketchVersion {
		return fmt.Errorf("%w: version %d; expected %d", ErrSketch, b[0], sketchVersion)
	}
	out := Sketch{exact: digest(b[1:head])}
	for b = b[head:]; len(b) > 0; b = b[partBytes:] {
		p := signature{pieces: binary.LittleEndian.Uint16(b), sample: sample(b[2:partBytes])}
		if p.pieces < minPieces {
			return fmt.Errorf("%w: a part of %d pieces; expected at least %d", ErrSketch, p.pieces, minPieces)
		}
		out.parts = append(out.parts, p)
	}
	if out.IsZero() {
		return fmt.Errorf("%w: it is empty", ErrSketch)
	}
	*s = out
	return nil
}

// reading is what reading a text gathers. Its room is used again.
type reading struct {
	reader  reader
	units   []unit
	whole   accumulator
	letters []byte
	exact   digest
}

// unit is a sentence of a text that says enough to be compared.
type unit struct {
	signature
	exact    digest
	from, to int // byte range of the text
}

var readings = sync.Pool{New: func() any {
	r := new(reading)
	r.reader.done = r.take
	return r
}}

// read sketches a text and its units.
func (r *reading) read(text string) {
	r.units, r.letters = r.units[:0], r.letters[:0]
	r.whole.reset()
	r.reader.read(text)
	r.exact = digestOf(r.letters)
}

// take gathers a unit that was read.
func (r *reading) take(from *reader) {
	r.letters = append(r.letters, from.letter...)
	r.whole.merge(&from.bins)
	if from.bins.pieces < minPieces {
		return
	}
	r.units = append(r.units, unit{signature: from.bins.signature(), exact: digestOf(from.letter), from: from.from, to: from.to})
}

// single reports whether the text is one unit and nothing else.
func (r *reading) single() bool {
	return len(r.units) == 1 && r.units[0].exact == r.exact
}

// longest returns the signatures of up to n units, those with the most pieces, in
// their order.
func (r *reading) longest(n int) []signature {
	kept := slices.Clone(r.units)
	if len(kept) > n {
		slices.SortStableFunc(kept, func(a, b unit) int { return int(b.pieces) - int(a.pieces) })
		kept = kept[:n]
		slices.SortFunc(kept, func(a, b unit) int { return a.from - b.from })
	}
	out := make([]signature, len(kept))
	for i := range kept {
		out[i] = kept[i].signature
	}
	return out
}
