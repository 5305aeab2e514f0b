package detect

import (
	"container/list"
	"hash/maphash"
	"sync"
)

// leakCacheBytes is how much memory fingerprints may take.
const leakCacheBytes = 16 << 20

// leakCache keeps the fingerprints of the latest instructions. Its keys are
// keyed hashes of 128 bits, so it holds no text and nobody can aim at a
// collision.
type leakCache struct {
	seeds [2]maphash.Seed
	limit int

	mu    sync.Mutex
	byKey map[leakKey]*list.Element
	order *list.List // of *leakEntry, latest first
	bytes int
}

type leakKey [2]uint64

type leakEntry struct {
	key  leakKey
	make func() *leakPrint // computes once
	size int
}

func newLeakCache(limit int) *leakCache {
	return &leakCache{
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, limit: limit,
		byKey: map[leakKey]*list.Element{}, order: list.New(),
	}
}

// get returns the fingerprints of the texts. Callers that ask for the same at
// once wait for one computation.
func (c *leakCache) get(texts []string) *leakPrint {
	key := c.keyOf(texts)
	c.mu.Lock()
	at, ok := c.byKey[key]
	if ok {
		c.order.MoveToFront(at)
	} else {
		at = c.order.PushFront(&leakEntry{key: key, make: sync.OnceValue(func() *leakPrint { return newLeakPrint(texts) })})
		c.byKey[key] = at
	}
	e := at.Value.(*leakEntry)
	c.mu.Unlock()
	p := e.make()
	if !ok {
		c.account(e, p.bytes)
	}
	return p
}

func (c *leakCache) keyOf(texts []string) (k leakKey) {
	for i, seed := range c.seeds {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, t := range texts {
			maphash.WriteComparable(&h, len(t))
			h.WriteString(t)
		}
		k[i] = h.Sum64()
	}
	return k
}

// account enters what an entry takes and forgets the oldest that are too much.
func (c *leakCache) account(e *leakEntry, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.byKey[e.key]; !ok || at.Value != e {
		return // forgotten meanwhile
	}
	e.size = size
	c.bytes += size
	for c.bytes > c.limit && c.order.Len() > 1 {
		oldest := c.order.Back()
		old := c.order.Remove(oldest).(*leakEntry)
		delete(c.byKey, old.key)
		c.bytes -= old.size
	}
}
