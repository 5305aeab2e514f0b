package answercache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"warder.example/guard"
)

var start = time.Unix(1767225600, 0)

// at is an answer of n bytes that was given some seconds after the start.
func at(seconds, n int) Answer {
	return Answer{Body: bytes.Repeat([]byte{'a'}, n), Kept: start.Add(time.Duration(seconds) * time.Second)}
}

func key(n int) (k Key) {
	k[0], k[1], k[2] = byte(n), byte(n>>8), byte(n>>16)
	return k
}

// TestGetAndPut: an answer comes back as it was kept, for its age or for the one that is
// asked for, whichever is shorter.
func TestGetAndPut(t *testing.T) {
	c := New(1 << 20)
	a := at(0, 10)
	a.Account = guard.Account{Received: 4, Released: 4}
	if !c.Put(key(1), a, time.Minute) {
		t.Fatal("not kept")
	}
	a.Body[0] = 'X' // the cache has a copy
	for _, x := range []struct {
		name  string
		key   Key
		age   time.Duration
		after time.Duration
		found bool
	}{
		{"at once", key(1), time.Hour, 0, true},
		{"another key", key(2), time.Hour, 0, false},
		{"older than it may be now", key(1), 5 * time.Second, 5 * time.Second, false},
		{"just younger", key(1), 5 * time.Second, 5*time.Second - 1, true},
		{"from the future", key(1), time.Hour, -time.Second, false},
		{"just before its age", key(1), time.Hour, time.Minute - 1, true},
		{"at its age", key(1), time.Hour, time.Minute, false},
		{"gone for good", key(1), time.Hour, 0, false},
	} {
		got, ok := c.Get(x.key, x.age, start.Add(x.after))
		if ok != x.found || ok && (string(got.Body) != "aaaaaaaaaa" || got.Account != a.Account) {
			t.Errorf("%s: %q, %v", x.name, got.Body, ok)
		}
	}
	if s := c.Stats(); s != (Stats{Hits: 3, Misses: 5, Kept: 1}) {
		t.Errorf("stats %+v", s)
	}
}

// TestWhatIsNotKept: an answer without room or age, and anything in a zero Cache.
func TestWhatIsNotKept(t *testing.T) {
	c := New(2 * Overhead)
	for name, kept := range map[string]bool{
		"too large":    c.Put(key(1), at(0, 2*Overhead), time.Minute),
		"without age":  c.Put(key(1), at(0, 1), 0),
		"zero cache":   new(Cache).Put(key(1), at(0, 1), time.Minute),
		"no bytes":     New(0).Put(key(1), at(0, 1), time.Minute),
		"below nought": New(-1).Put(key(1), at(0, 0), time.Minute),
	} {
		if kept {
			t.Errorf("%s: kept", name)
		}
	}
	if s := c.Stats(); s != (Stats{}) {
		t.Errorf("stats %+v", s)
	}
}

// TestEviction: what was used longest ago goes first, and only as much as must.
func TestEviction(t *testing.T) {
	c := New(3 * sizeOf(100))
	for i := range 3 {
		c.Put(key(i), at(i, 100), time.Hour)
	}
	c.Get(key(0), time.Hour, start.Add(5*time.Second))
	c.Put(key(3), at(6, 100), time.Hour)
	held := ""
	for i := range 4 {
		if _, ok := c.Get(key(i), time.Hour, start.Add(7*time.Second)); ok {
			held += fmt.Sprint(i)
		}
	}
	if held != "023" || c.Stats().Evicted != 1 {
		t.Errorf("held %s, stats %+v; expected 023 and one evicted", held, c.Stats())
	}
	if c.Resize(sizeOf(100)); c.Stats().Answers != 1 || c.Stats().Bytes != sizeOf(100) {
		t.Errorf("after a lower bound: %+v", c.Stats())
	}
	if _, ok := c.Get(key(3), time.Hour, start.Add(8*time.Second)); !ok {
		t.Error("the one used last is not the one that stays")
	}
}

// TestAgainstModel: over random operations a cache holds no more than its bound, gives
// only what was put last under the key, and forgets what has its age.
func TestAgainstModel(t *testing.T) {
	const most = 40 << 10
	rnd := rand.New(rand.NewPCG(1, 2))
	c := New(most)
	type put struct {
		n    int
		ends time.Time
	}
	last, hits := map[Key]put{}, 0
	bound := int64(most)
	now := start
	for step := range 20000 {
		now = now.Add(time.Duration(rnd.IntN(1000)) * time.Millisecond)
		k := key(rnd.IntN(60))
		switch op := rnd.IntN(100); {
		case op == 0:
			bound = most / int64(1+rnd.IntN(4))
			c.Resize(bound)
		case op < 40:
			n, age := rnd.IntN(3000), time.Duration(1+rnd.IntN(60))*time.Second
			if c.Put(k, Answer{Body: make([]byte, n), Kept: now}, age) {
				last[k] = put{n, now.Add(age)}
			}
		default:
			a, ok := c.Get(k, time.Hour, now)
			if !ok {
				break
			}
			if hits++; len(a.Body) != last[k].n || !now.Before(last[k].ends) {
				t.Fatalf("step %d: got %d bytes at %v; %+v was put", step, len(a.Body), now, last[k])
			}
		}
		s := c.Stats()
		if s.Bytes > bound || s.Bytes < int64(s.Answers)*Overhead || len(c.ending) != s.Answers || c.recent.Len() != s.Answers {
			t.Fatalf("step %d: %+v under %d, %d ending, %d recent", step, s, bound, len(c.ending), c.recent.Len())
		}
	}
	if hits < 1000 {
		t.Errorf("%d hits; expected at least 1000", hits)
	}
	c.Get(key(0), time.Hour, now.Add(time.Hour))
	if s := c.Stats(); s.Answers != 0 || s.Bytes != 0 {
		t.Errorf("after the last age: %+v", s)
	}
}

// TestMemory: a full cache takes no more of the heap than its bound, whatever the
// answers' sizes.
func TestMemory(t *testing.T) {
	for _, size := range []int{0, 1, 100, 1025, 10000, 33000, 70000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			const most = 8 << 20
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			c, body := New(most), make([]byte, size)
			for i := range 2*most/(size+Overhead) + 10 {
				c.Put(key(i), Answer{Body: body, Kept: start}, time.Hour)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if took := int64(after.HeapAlloc) - int64(before.HeapAlloc); took > most {
				t.Errorf("%d bytes on the heap for %+v; expected at most %d", took, c.Stats(), most)
			}
			if s := c.Stats(); s.Evicted == 0 || s.Bytes < most*8/10 {
				t.Errorf("stats %+v; expected a full cache", s)
			}
			runtime.KeepAlive(c)
		})
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	c := New(50 * sizeOf(200))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				k := key((g + i) % 100)
				if a, ok := c.Get(k, time.Hour, start); ok && len(a.Body) != 200 {
					t.Errorf("%d bytes", len(a.Body))
				}
				c.Put(k, at(0, 200), time.Hour)
				c.Key(&Question{Body: []byte("x")})
			}
		})
	}
	wg.Wait()
	if s := c.Stats(); s.Bytes > 50*sizeOf(200) {
		t.Errorf("%+v", s)
	}
}

// TestKey: keys differ when one byte of one field does or moves to another field, and
// between caches.
func TestKey(t *testing.T) {
	c, seen := New(1), map[Key]string{}
	for name, q := range map[string]Question{
		"empty": {}, "application": {Application: "a"}, "subject": {Subject: "a"}, "rules": {Rules: "a"}, "target": {Target: "a"},
		"protocol": {Protocol: "a"}, "header": {Header: "a"}, "body": {Body: []byte("a")}, "other body": {Body: []byte("b")},
		"moved": {Application: "ab", Subject: "c"}, "moved back": {Application: "a", Subject: "bc"},
		"length": {Application: "\x00\x00\x00\x00\x00\x00\x00\x00"}, "white space": {Body: []byte("a ")},
	} {
		k := c.Key(&q)
		if other, ok := seen[k]; ok {
			t.Errorf("%s and %s have one key", name, other)
		}
		if k != c.Key(&q) {
			t.Errorf("%s: two keys", name)
		}
		seen[k] = name
	}
	if q := new(Question); New(1).Key(q) == c.Key(q) {
		t.Error("two caches have the same keys")
	}
}

func BenchmarkKey(b *testing.B) {
	for _, n := range []int{700, 30 << 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c, q := New(1), Question{Application: "app_1", Subject: "s", Rules: "r", Body: make([]byte, n)}
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				c.Key(&q)
			}
		})
	}
}

// BenchmarkGet looks into a full cache of 64 MiB.
func BenchmarkGet(b *testing.B) {
	c, body := New(64<<20), make([]byte, 1200)
	for i := range 40000 {
		c.Put(key(i), Answer{Body: body, Kept: start}, time.Hour)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := c.Get(key(i%30000+5000), time.Hour, start); !ok {
			b.Fatal("miss")
		}
	}
}
