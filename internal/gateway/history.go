package gateway

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"slices"
	"sync"
	"unsafe"

	"warder.example/guard"
)

// history remembers what was found in texts of requests, so that the turns of a
// conversation are read once, and which texts were refused, so that a refused
// turn is carried redacted instead of blocking its conversation for ever.
//
// It implements [guard.Results]. Keys are SHA-256 over a random secret of this
// process, the policy and model version, and the application, origin, kind and
// content of the text: a caller can neither predict nor collide them, and an
// entry never serves another application. It holds no text. Memory is bounded:
// each of its shards forgets its oldest half when full.
type history struct {
	secret [32]byte
	shards [16]historyShard
	most   int // entries per shard and generation
}

type historyKey [16]byte

type historyShard struct {
	mu       sync.Mutex
	new, old map[historyKey]*remembered
}

type remembered struct {
	found   []guard.Finding
	refused bool
}

// newHistory returns a history of about entries texts. version changes with the
// policy and the models, so that old results do not outlive them.
func newHistory(entries int, version string) *history {
	h := &history{most: max(entries/32, 16)}
	sum := sha256.New()
	var fresh [32]byte
	rand.Read(fresh[:])
	sum.Write(fresh[:])
	io.WriteString(sum, version)
	sum.Sum(h.secret[:0])
	for i := range h.shards {
		h.shards[i].new = map[historyKey]*remembered{}
	}
	return h
}

var sums = sync.Pool{New: func() any { return sha256.New() }}

func (h *history) key(t *guard.Text) historyKey {
	s := sums.Get().(hash.Hash)
	defer sums.Put(s)
	s.Reset()
	s.Write(h.secret[:])
	var head [12]byte
	app := ""
	if t.Exchange != nil {
		app = t.Exchange.Application
	}
	head[0], head[1] = byte(t.Origin), byte(t.Kind)
	binary.LittleEndian.PutUint32(head[2:], uint32(len(app)))
	s.Write(head[:])
	s.Write(unsafe.Slice(unsafe.StringData(app), len(app)))
	s.Write(unsafe.Slice(unsafe.StringData(t.Content), len(t.Content)))
	var out [sha256.Size]byte
	s.Sum(out[:0])
	return historyKey(out[:16])
}

// Get implements [guard.Results]. Answers are never served from it.
func (h *history) Get(t *guard.Text) ([]guard.Finding, bool) {
	if t.Direction != guard.Request {
		return nil, false
	}
	r := h.get(h.key(t))
	if r == nil {
		return nil, false
	}
	return slices.Clone(r.found), true
}

// Put implements [guard.Results].
func (h *history) Put(t *guard.Text, found []guard.Finding) {
	if t.Direction != guard.Request {
		return
	}
	h.put(h.key(t), &remembered{found: slices.Clone(found)})
}

// refuse remembers that this text was refused as a new turn.
func (h *history) refuse(t *guard.Text, found []guard.Finding) {
	h.put(h.key(t), &remembered{found: slices.Clone(found), refused: true})
}

// refused reports whether this text was refused before.
func (h *history) refused(t *guard.Text) bool {
	r := h.get(h.key(t))
	return r != nil && r.refused
}

func (h *history) get(k historyKey) *remembered {
	s := &h.shards[k[0]&15]
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.new[k]; ok {
		return r
	}
	r, ok := s.old[k]
	if ok {
		s.add(k, r, h.most)
	}
	return r
}

func (h *history) put(k historyKey, r *remembered) {
	s := &h.shards[k[0]&15]
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.new[k]; ok && was.refused {
		return // a refusal is not forgotten by reading the text again
	}
	s.add(k, r, h.most)
}

func (s *historyShard) add(k historyKey, r *remembered, most int) {
	if len(s.new) >= most {
		s.old, s.new = s.new, make(map[historyKey]*remembered, most)
	}
	s.new[k] = r
}

var _ guard.Results = (*history)(nil)
