// Package answercache keeps whole answers of models in memory, so that the same
// question of the same user is not asked twice.
//
// # What finds an answer
//
// A [Key]: a keyed hash of everything that the answer may depend on (see [Question]).
// The body goes into it byte for byte as it is sent to the model server. JSON is not
// brought into a canonical form: parsers disagree on what is the same (numbers, escapes,
// keys that come twice), and an answer to another question costs more than a miss.
// A cache holds answers but neither questions nor who asked.
//
// # What is kept
//
// Whoever calls [Cache.Put] decides that; [Repeatable] says which requests may have the
// same answer again. Nothing is written anywhere, and nothing is shared by nodes.
//
// # Bounds
//
// A cache holds at most the bytes that it was given, its own bookkeeping included; the
// answer that was used longest ago goes first. That is an LRU list under one lock,
// since what a lookup costs is the hash, which is computed outside of it. Libraries for
// caches bound the number of entries, or bytes only after the fact, in the background.
//
// An answer is served until its age, and dropped by the first use of the cache after
// it.
package answercache

import (
	"container/heap"
	"container/list"
	"crypto/rand"
	"sync"
	"time"

	"warder.example/guard"
)

// An Answer is what a caller got. Its bytes must not be changed.
type Answer struct {
	Body    []byte
	Account guard.Account // of its texts
	Kept    time.Time     // when the model gave it
}

// A Cache is safe for concurrent use. Make one with [New]; the zero Cache keeps
// nothing.
type Cache struct {
	secret [32]byte

	mu     sync.Mutex
	most   int64
	bytes  int64
	byKey  map[Key]*entry
	recent list.List // of *entry; the front was used last
	ending endings
	stats  Stats
}

// entry is an answer in its places.
type entry struct {
	key    Key
	answer Answer
	ends   time.Time
	size   int64
	recent *list.Element
	ending int // index
}

// Stats are what a cache holds, and has done since it was made.
type Stats struct {
	Answers int   // that it holds
	Bytes   int64 // that they take
	Hits    uint64
	Misses  uint64
	Kept    uint64
	Evicted uint64 // had to go before their age, for others or for a lower bound
}

// New returns a cache of at most so many bytes; 0 or less keeps nothing. Its keys are
// hashed under a random secret of its own.
func New(most int64) *Cache {
	c := &Cache{most: max(most, 0), byKey: map[Key]*entry{}}
	rand.Read(c.secret[:])
	return c
}

// Get returns the answer that was kept for a key if it is younger than both the age it
// was kept for and age.
func (c *Cache) Get(k Key, age time.Duration, now time.Time) (Answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
	e := c.byKey[k]
	if e == nil || now.Before(e.answer.Kept) || now.Sub(e.answer.Kept) >= age {
		c.stats.Misses++
		return Answer{}, false
	}
	c.stats.Hits++
	c.recent.MoveToFront(e.recent)
	return e.answer, true
}

// Put keeps an answer for an age, in place of the one with the same key, and reports
// whether it had room. It keeps a copy of the body.
func (c *Cache) Put(k Key, a Answer, age time.Duration) bool {
	size := sizeOf(len(a.Body))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(a.Kept)
	if size > c.most || age <= 0 {
		return false
	}
	if old := c.byKey[k]; old != nil {
		c.drop(old)
	}
	c.shrink(c.most - size)
	body := make([]byte, len(a.Body))
	copy(body, a.Body)
	a.Body = body
	e := &entry{key: k, answer: a, ends: a.Kept.Add(age), size: size}
	e.recent = c.recent.PushFront(e)
	heap.Push(&c.ending, e)
	c.byKey[k] = e
	c.bytes += size
	c.stats.Kept++
	return true
}

// Resize sets the bound in bytes and drops what is over it.
func (c *Cache) Resize(most int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most = max(most, 0)
	c.shrink(c.most)
}

// Stats returns what the cache holds and has done.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Answers, s.Bytes = len(c.byKey), c.bytes
	return s
}

// shrink drops what was used longest ago until at most so many bytes are held.
func (c *Cache) shrink(to int64) {
	for c.bytes > to {
		c.drop(c.recent.Back().Value.(*entry))
		c.stats.Evicted++
	}
}

// expire drops what has reached its age.
func (c *Cache) expire(now time.Time) {
	for len(c.ending) > 0 && !now.Before(c.ending[0].ends) {
		c.drop(c.ending[0])
	}
}

func (c *Cache) drop(e *entry) {
	delete(c.byKey, e.key)
	c.recent.Remove(e.recent)
	heap.Remove(&c.ending, e.ending)
	c.bytes -= e.size
}

// Overhead is what an answer takes beside its bytes: its entry, and its places in the
// map, the list and the heap, each as large as they may grow.
const Overhead = 512

// sizeOf returns what an answer of n bytes takes at most. The allocator rounds up, by an
// eighth at most to 32 KiB, to whole pages of 8 KiB above.
func sizeOf(n int) int64 {
	const small, page = 32 << 10, 8 << 10
	if n <= small {
		return int64(n) + int64(n)/8 + Overhead
	}
	return (int64(n)+page-1)/page*page + Overhead
}

// endings are entries as a heap, the one that ends first on top.
type endings []*entry

func (h endings) Len() int           { return len(h) }
func (h endings) Less(i, j int) bool { return h[i].ends.Before(h[j].ends) }

func (h endings) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].ending, h[j].ending = i, j
}

// Push implements [heap.Interface].
func (h *endings) Push(x any) {
	e := x.(*entry)
	e.ending = len(*h)
	*h = append(*h, e)
}

// Pop implements [heap.Interface].
func (h *endings) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
