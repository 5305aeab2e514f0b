package access_test

import (
	"fmt"
	"testing"
	"time"

	"warder.example/internal/access"
)

// BenchmarkLookupAcquire is what access costs a request: look the key up among
// n, take a place within both limits, give it back.
func BenchmarkLookupAcquire(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			f := newFake(b)
			f.dir.Clock = nil
			f.app.RequestsPerMinute, f.app.MaxConcurrent = access.MaxLimit, access.MaxLimit
			for range n - 1 {
				_, k := access.NewKey()
				k.Application = f.app.ID
				f.keys = append(f.keys, k)
			}
			secret := f.addKey(nil)
			b.ReportAllocs()
			now := time.Now()
			for b.Loop() {
				g, err := f.dir.Lookup(secret)
				if err != nil {
					b.Fatal(err)
				}
				now = now.Add(time.Millisecond) // slower than the limit
				release, err := g.Acquire(now)
				if err != nil {
					b.Fatal(err)
				}
				release()
			}
		})
	}
}

// BenchmarkAcquire is the limits alone, below them.
func BenchmarkAcquire(b *testing.B) {
	f := newFake(b)
	g := f.lookup(f.addKey(func(k *access.Key) { k.RequestsPerMinute, k.MaxConcurrent = access.MaxLimit, 10 }))
	now := f.now
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		release, err := g.Acquire(now)
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}

// BenchmarkAcquireParallel is one key used by every core.
func BenchmarkAcquireParallel(b *testing.B) {
	f := newFake(b)
	g := f.lookup(f.addKey(func(k *access.Key) { k.MaxConcurrent = access.MaxLimit }))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			release, err := g.Acquire(f.now)
			if err != nil {
				b.Error(err)
				return
			}
			release()
		}
	})
}
