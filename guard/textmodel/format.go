package textmodel

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unsafe"

	"warder.example/guard"
)

// The file: magic, number of sections, a table with name, length and SHA-256 of
// each, then the sections in that order with nothing between or after them.
// Numbers are little-endian. This program writes "spec" (JSON of [Spec]),
// "weights" (for each bucket one signed byte a head) and perhaps "lexicon" (see
// [Lexicon]), "spelling" ([Spelling]) and "trees" ([Trees]). A section whose name
// begins with "opt." may be ignored by a program that does not know it; any
// other unknown one may not, because a model without it would answer wrongly.
const (
	magic       = "WARDERM1"
	nameLen     = 16
	entryLen    = nameLen + 8 + sha256.Size
	headerLen   = len(magic) + 4
	maxSections = 16
	maxSpec     = 1 << 20
)

// section is one part of a file.
type section struct {
	name string
	data []byte
}

// Bytes returns the model as a file. Equal models give equal bytes.
func (m *Model) Bytes() []byte {
	spec, err := json.MarshalIndent(&m.spec, "", " ")
	if err != nil {
		panic(err) // New refuses what JSON cannot say
	}
	n := len(m.spec.Heads)
	weights := make([]byte, 0, len(m.weights)*n)
	for i := range m.weights {
		for _, w := range m.weights[i][:n] {
			weights = append(weights, byte(w))
		}
	}
	sections := []section{{"spec", spec}, {"weights", weights}}
	if k := m.knows.Lexicon; k != nil {
		sections = append(sections, section{"lexicon", k.source})
	}
	if k := m.knows.Spelling; k != nil {
		sections = append(sections, section{"spelling", k.bytes()})
	}
	if t := m.knows.Trees; t != nil {
		sections = append(sections, section{"trees", t.Bytes()})
	}
	return join(sections)
}

func join(sections []section) []byte {
	var b bytes.Buffer
	b.WriteString(magic)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(sections))))
	for _, s := range sections {
		sum := sha256.Sum256(s.data)
		name := make([]byte, nameLen)
		copy(name, s.name)
		b.Write(name)
		b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(s.data))))
		b.Write(sum[:])
	}
	for _, s := range sections {
		b.Write(s.data)
	}
	return b.Bytes()
}

// Load reads a model from the content of a file. The model does not keep file.
// Every error wraps [ErrFormat].
func Load(file []byte) (*Model, error) {
	sections, err := split(file)
	if err != nil {
		return nil, err
	}
	var spec Spec
	var weights []byte
	var k Knowledge
	for _, s := range sections {
		switch {
		case s.name == "spec":
			if spec, err = parseSpec(s.data); err != nil {
				return nil, err
			}
		case s.name == "weights":
			weights = s.data
		case s.name == "lexicon":
			if k.Lexicon, err = ParseLexicon(s.data); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrFormat, err)
			}
		case s.name == "spelling":
			if k.Spelling, err = parseSpelling(s.data); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrFormat, err)
			}
		case s.name == "trees":
			if k.Trees, err = ParseTrees(s.data); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrFormat, err)
			}
		case strings.HasPrefix(s.name, "opt."):
		default:
			return nil, fmt.Errorf("%w: unknown section %q", ErrFormat, s.name)
		}
	}
	if err := spec.check(); err != nil {
		return nil, err
	}
	n := len(spec.Heads)
	if want := n << spec.Bits; len(weights) != want {
		return nil, fmt.Errorf("%w: weights have %d bytes, expected %d", ErrFormat, len(weights), want)
	}
	m, err := build(spec, spread(weights, n), k)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(file)
	m.digest = hex.EncodeToString(sum[:])
	return m, nil
}

// spread lays the heads of each bucket at a fixed stride.
func spread(weights []byte, heads int) [][MaxHeads]int8 {
	out := make([][MaxHeads]int8, len(weights)/heads)
	if heads == MaxHeads && len(out) > 0 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), len(weights)), weights)
		return out
	}
	for i := range out {
		for h, w := range weights[i*heads : (i+1)*heads] {
			out[i][h] = int8(w)
		}
	}
	return out
}

// split takes a file apart and checks lengths and sums.
func split(file []byte) ([]section, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(file), MaxFile)
	}
	if len(file) < headerLen || string(file[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrFormat, magic)
	}
	count := binary.LittleEndian.Uint32(file[len(magic):])
	if count == 0 || count > maxSections {
		return nil, fmt.Errorf("%w: %d sections, expected 1 to %d", ErrFormat, count, maxSections)
	}
	table := file[headerLen:]
	if len(table) < int(count)*entryLen {
		return nil, fmt.Errorf("%w: it ends within the table of sections", ErrFormat)
	}
	rest := table[int(count)*entryLen:]
	var out []section
	for i := range int(count) {
		s, after, err := cut(table[i*entryLen:(i+1)*entryLen], rest)
		if err != nil {
			return nil, err
		}
		for _, o := range out {
			if o.name == s.name {
				return nil, fmt.Errorf("%w: two sections %q", ErrFormat, s.name)
			}
		}
		out, rest = append(out, s), after
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes after the last section", ErrFormat, len(rest))
	}
	return out, nil
}

// cut takes the section that entry describes from the front of rest.
func cut(entry, rest []byte) (section, []byte, error) {
	name, pad, _ := bytes.Cut(entry[:nameLen], []byte{0})
	if len(name) == 0 || len(bytes.Trim(pad, "\x00")) > 0 {
		return section{}, nil, fmt.Errorf("%w: section name %q", ErrFormat, entry[:nameLen])
	}
	length := binary.LittleEndian.Uint64(entry[nameLen:])
	if length > uint64(len(rest)) {
		return section{}, nil, fmt.Errorf("%w: section %q has %d bytes, the file only %d more", ErrFormat, name, length, len(rest))
	}
	data := rest[:length]
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], entry[nameLen+8:]) {
		return section{}, nil, fmt.Errorf("%w: section %q does not have the SHA-256 in the table", ErrFormat, name)
	}
	return section{string(name), data}, rest[length:], nil
}

func parseSpec(data []byte) (Spec, error) {
	var s Spec
	if len(data) > maxSpec {
		return s, fmt.Errorf("%w: spec has %d bytes, at most %d are read", ErrFormat, len(data), maxSpec)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, fmt.Errorf("%w: spec: %w", ErrFormat, err)
	}
	if dec.InputOffset() != int64(len(data)) {
		return s, fmt.Errorf("%w: spec: data after the JSON object", ErrFormat)
	}
	return s, nil
}

// check refuses a description that scoring could not rely on.
func (s *Spec) check() error {
	if s.Features != FeaturesName {
		return fmt.Errorf("%w: features %.40q, this program computes %q", ErrFormat, s.Features, FeaturesName)
	}
	if s.Bits < MinBits || s.Bits > MaxBits {
		return fmt.Errorf("%w: bits %d, expected %d to %d", ErrFormat, s.Bits, MinBits, MaxBits)
	}
	if n := len(s.Heads); n == 0 || n > MaxHeads {
		return fmt.Errorf("%w: %d heads, expected 1 to %d", ErrFormat, n, MaxHeads)
	}
	seen := map[string]bool{}
	for i := range s.Heads {
		h := &s.Heads[i]
		if h.Name == "" || len(h.Name) > 40 || seen[h.Name] {
			return fmt.Errorf("%w: head %d has the name %.40q", ErrFormat, i, h.Name)
		}
		seen[h.Name] = true
		if err := h.check(); err != nil {
			return fmt.Errorf("%w: head %q: %w", ErrFormat, h.Name, err)
		}
	}
	return nil
}

// limit bounds every number of a head, so that no sum can overflow.
const limit = 1e6

func (h *Head) check() error {
	if !(h.Scale > 0 && h.Scale <= limit) || !bounded(h.Bias) {
		return fmt.Errorf("scale %v or bias %v out of range", h.Scale, h.Bias)
	}
	seen := map[guard.Origin]bool{}
	for _, c := range h.Calibrations {
		if int(c.Origin) >= originCount || seen[c.Origin] {
			return fmt.Errorf("origin %v is unknown or listed twice", c.Origin)
		}
		seen[c.Origin] = true
		if err := c.check(); err != nil {
			return fmt.Errorf("origin %v: %w", c.Origin, err)
		}
	}
	if !seen[guard.OriginUnknown] {
		return fmt.Errorf("no calibration for origin %v", guard.OriginUnknown)
	}
	return nil
}

func (c *Calibration) check() error {
	if !bounded(c.Passage) || !bounded(c.Window) || !bounded(c.Trees) || !bounded(c.Length) || !bounded(c.Brief) || !bounded(c.Bias) {
		return fmt.Errorf("a coefficient is out of range")
	}
	if c.Passage < 0 || c.Window < 0 || c.Trees < 0 || c.Length > 0 || c.Brief > 0 {
		return fmt.Errorf("passage %v, window %v, trees %v, length %v, brief %v have the wrong sign", c.Passage, c.Window, c.Trees, c.Length, c.Brief)
	}
	for i, t := range c.Thresholds {
		if !(t > 0 && t <= 2) || i > 0 && t > c.Thresholds[i-1] {
			return fmt.Errorf("thresholds %v are not falling within 0..2", c.Thresholds)
		}
	}
	if c.Honest < 0 {
		return fmt.Errorf("honest is %d", c.Honest)
	}
	return nil
}

func bounded(x float64) bool { return math.Abs(x) <= limit } // false for NaN
