package gateway

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"sync"
	"unsafe"

	"warder.example/guard"
	"warder.example/guard/conversation"
)

// history remembers what was found in texts of requests, so that the turns of a
// conversation are read once, and which texts were refused, so that a refused
// turn is carried redacted instead of blocking its conversation for ever. Of
// conversations it remembers up to each turn what that led to (see converse).
//
// It implements [guard.Results]. An entry is of one application, origin, kind and
// content; it holds no text, and is found by a keyed hash of these (see key) under
// a random secret of this process, the policy and the model version, so that an
// entry outlives neither. Memory is bounded: each of its shards forgets its oldest
// half when full.
type history struct {
	hash   cipher.AEAD
	shards *[16]historyShard // shared with those made by under
	most   int               // entries per shard and generation
	// epoch stands for the detectors that read: see under.
	epoch uint64
	// version changes with what detectors look for while they are in use; nil
	// where nothing does. What was found under another one is not served; a turn
	// that was refused stays a refused turn.
	version func() uint64
}

type historyKey [16]byte

type historyShard struct {
	mu       sync.Mutex
	new, old map[historyKey]*remembered
}

type remembered struct {
	found   []guard.Finding
	version uint64 // when reading began
	pending bool   // it is being read
	refused bool
	scored  bool
	scores  guard.AttackScores
	step    *conversation.Step // of a conversation up to a turn; nil: it is of a text
}

// newHistory returns a history of about entries texts. version changes with the
// policy and the models, so that old results do not outlive them.
func newHistory(entries int, version string) (*history, error) {
	sum := sha256.New()
	var fresh [32]byte
	rand.Read(fresh[:])
	sum.Write(fresh[:])
	io.WriteString(sum, version)
	block, err := aes.NewCipher(sum.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("making the key of remembered texts: %w", err)
	}
	h := &history{most: max(entries/32, 16), shards: new([16]historyShard)}
	if h.hash, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("making the hash of remembered texts: %w", err)
	}
	for i := range h.shards {
		h.shards[i].new = map[historyKey]*remembered{}
	}
	return h, nil
}

// under returns a history of the same texts for other detectors of the same policy:
// what one remembers the other does not serve, but that a turn was refused holds for
// both. Requests may use both at the same time.
func (h *history) under(epoch uint64) *history {
	other := *h
	other.epoch = epoch
	return &other
}

// epochShift is where the epoch begins in a version.
const epochShift = 40

// ours reports whether a version is of these detectors.
func (h *history) ours(version uint64) bool { return version>>epochShift == h.epoch }

// hashing is room for one computation of a key.
type hashing struct {
	nonce, about, out []byte
}

var hashings = sync.Pool{New: func() any { return &hashing{nonce: make([]byte, 12)} }}

// key returns the keyed hash of a text: the tag that AES-GCM gives to its content
// as additional data and to what else tells it from others as the message. The
// function is GHASH under a secret of its own, which is universal: two different
// texts of n bytes have the same key with a probability of about n/16 in 2^128
// over the secret, whoever chose them. That is all that is needed, and the one
// nonce does not weaken it, since neither tags nor ciphertexts leave this type:
// somebody who sends texts learns at most that two of them are the same one. It
// costs about a seventh of SHA-256, and every turn of a conversation is hashed
// each time it comes.
func (h *history) key(t *guard.Text) historyKey {
	s := hashings.Get().(*hashing)
	defer hashings.Put(s)
	s.about = append(s.about[:0], byte(t.Origin), byte(t.Kind))
	if t.Exchange != nil {
		s.about = append(s.about, t.Exchange.Application...) // the rest: its length is known
	}
	content := unsafe.Slice(unsafe.StringData(t.Content), len(t.Content))
	s.out = h.hash.Seal(s.out[:0], s.nonce, s.about, content)
	return historyKey(s.out[len(s.about):])
}

// Get implements [guard.Results]. Answers are never served from it.
func (h *history) Get(t *guard.Text) ([]guard.Finding, bool) {
	if t.Direction != guard.Request {
		return nil, false
	}
	k := h.key(t)
	r := h.get(k)
	now := h.now()
	if r != nil && !r.pending && r.version == now {
		return slices.Clone(r.found), true
	}
	if h.version != nil {
		h.expect(k, now)
	}
	return nil, false
}

// now is the version of what detectors look for.
func (h *history) now() uint64 {
	v := h.epoch << epochShift
	if h.version != nil {
		v |= h.version() & (1<<epochShift - 1)
	}
	return v
}

// expect notes under which version the reading of a text begins: when that changes
// meanwhile, what is found may be out of date before it is put here. Of readings
// beside each other the oldest counts.
func (h *history) expect(k historyKey, version uint64) {
	s := &h.shards[k[0]&15]
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.new[k]; !ok || !was.refused && (!was.pending || !h.ours(was.version)) {
		s.add(k, &remembered{version: version, pending: true}, h.most)
	}
}

// Put implements [guard.Results].
func (h *history) Put(t *guard.Text, found []guard.Finding) {
	if t.Direction != guard.Request {
		return
	}
	k, r := h.key(t), &remembered{found: slices.Clone(found), version: h.now()}
	r.scores, r.scored = t.Scores()
	if h.version != nil {
		was := h.get(k)
		if was == nil || !was.pending || !h.ours(was.version) {
			return // another reading was put first, or this one is long forgotten
		}
		r.version = was.version
	}
	h.put(k, r)
}

// refuse remembers that this text was refused as a new turn.
func (h *history) refuse(t *guard.Text, found []guard.Finding) {
	k, r := h.key(t), &remembered{found: slices.Clone(found), refused: true, version: h.now()}
	if was := h.get(k); was != nil && h.ours(was.version) {
		r.version, r.scores, r.scored = was.version, was.scores, was.scored
	}
	h.put(k, r)
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
