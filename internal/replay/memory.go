package replay

import (
	"crypto/sha256"
	"sync"

	"warder.example/guard"
)

// generation is how many entries a cache holds at least, and half of what it holds at
// most.
const generation = 1 << 16

// key is a SHA-256: attackers choose the texts, so keys must not collide.
type key [sha256.Size]byte

// cache is a bounded map: of two generations the older one is dropped when the
// newer is full. It is safe for concurrent use.
type cache[V any] struct {
	mu         sync.Mutex
	young, old map[key]V
}

func (c *cache[V]) get(k key) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.young[k]
	if !ok {
		if v, ok = c.old[k]; ok {
			c.put(k, v)
		}
	}
	return v, ok
}

// keep stores v.
func (c *cache[V]) keep(k key, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(k, v)
}

func (c *cache[V]) put(k key, v V) {
	if c.young == nil || len(c.young) >= generation {
		c.young, c.old = make(map[key]V), c.young
	}
	c.young[k] = v
}

// reading is what the detectors saw in one text, with what a classifier gave it.
type reading struct {
	found  []guard.Finding
	scores guard.AttackScores
	scored bool
}

// results remembers readings: system prompts and the turns of conversations come
// again and again. It implements [guard.Results].
type results struct {
	cache[reading]
}

// Get implements [guard.Results].
func (r *results) Get(t *guard.Text) ([]guard.Finding, bool) {
	v, ok := r.get(keyOf(t))
	if ok && v.scored {
		t.NoteScores(v.scores)
	}
	return v.found, ok
}

// Put implements [guard.Results].
func (r *results) Put(t *guard.Text, found []guard.Finding) {
	v := reading{found: found}
	v.scores, v.scored = t.Scores()
	r.keep(keyOf(t), v)
}

// keyOf hashes all that findings depend on: of an answer also the instructions that
// it must not repeat.
func keyOf(t *guard.Text) (k key) {
	h := sha256.New()
	h.Write([]byte{byte(t.Origin), byte(t.Direction), byte(t.Kind)})
	if t.Exchange != nil && t.Direction == guard.Answer {
		for _, s := range t.Exchange.Operator {
			sum := sha256.Sum256([]byte(s))
			h.Write(sum[:])
		}
	}
	h.Write([]byte(t.Content))
	h.Sum(k[:0])
	return k
}
