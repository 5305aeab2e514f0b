package gateway

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPatience: a record outlives its caller, keeps what the caller's context
// says, and does not wait for ever, whether or not somebody waits from the start.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type name struct{}
		caller, gone := context.WithCancel(context.WithValue(t.Context(), name{}, "ada"))
		gone()
		p, late := patient(caller, time.Minute), patient(caller, time.Minute)
		defer p.stop()
		if p.Err() != nil || p.Value(name{}) != "ada" {
			t.Fatalf("of a caller that has gone: %v, value %v", p.Err(), p.Value(name{}))
		}
		if at, ok := p.Deadline(); !ok || time.Until(at) != time.Minute {
			t.Errorf("deadline %v, %v", at, ok)
		}
		child, cancel := context.WithCancel(p)
		defer cancel()
		began := time.Now()
		<-child.Done()
		if took := time.Since(began); took != time.Minute || !errors.Is(p.Err(), context.DeadlineExceeded) || !errors.Is(child.Err(), context.DeadlineExceeded) {
			t.Errorf("ended after %v: %v, %v", took, p.Err(), child.Err())
		}
		select {
		case <-late.Done(): // asked for after its end
		case <-time.After(time.Nanosecond):
			t.Error("one that is over does not say so")
		}
		late.stop()
		unused := patient(caller, time.Minute)
		unused.stop()
		unused.stop()
	})
}
