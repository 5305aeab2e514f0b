package event_test

import (
	"fmt"
	"sync"
	"testing"

	"warder.example/internal/event"
)

func TestBus(t *testing.T) {
	var b event.Bus
	b.Publish(event.Event{Kind: "a"}) // nobody listens
	fast, slow := b.Subscribe(10), b.Subscribe(1)
	for i := range 3 {
		b.Publish(event.Event{Kind: "a", ID: fmt.Sprint(i)})
	}
	for i := range 3 {
		if ev := <-fast.Events(); ev.ID != fmt.Sprint(i) {
			t.Errorf("event %d is %q", i, ev.ID)
		}
	}
	if ev := <-slow.Events(); ev.ID != "0" {
		t.Errorf("slow got %q first", ev.ID)
	}
	if fast.Dropped() != 0 || slow.Dropped() != 2 || b.Dropped() != 2 {
		t.Errorf("dropped %d, %d of %d, want 0, 2 of 2", fast.Dropped(), slow.Dropped(), b.Dropped())
	}
	slow.Close()
	slow.Close()
	b.Publish(event.Event{Kind: "a", ID: "3"})
	if len(slow.Events()) != 0 || b.Dropped() != 2 {
		t.Error("a closed subscription still gets events")
	}
	if ev := <-fast.Events(); ev.ID != "3" {
		t.Errorf("fast got %q after the other left", ev.ID)
	}
}

// TestBusConcurrent: every event is either received or counted as dropped.
func TestBusConcurrent(t *testing.T) {
	var b event.Bus
	sub := b.Subscribe(4)
	const writers, each = 8, 500
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				b.Publish(event.Event{Kind: "a"})
			}
		})
		wg.Go(func() {
			for range 20 {
				b.Subscribe(1).Close()
			}
		})
	}
	got := int64(0)
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-sub.Events():
			got++
		case <-done:
			running = false
		}
	}
	got += int64(len(sub.Events()))
	if got+sub.Dropped() != writers*each {
		t.Errorf("received %d, dropped %d, of %d", got, sub.Dropped(), writers*each)
	}
}
