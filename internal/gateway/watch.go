package gateway

import (
	"context"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// closed stands in waiting once the body was closed.
const closed = -1

// watched is an upstream's body that is given up when it is silent too long. One
// timer watches all reads: arming one for each would cost more than reading.
type watched struct {
	body    io.ReadCloser
	cancel  context.CancelFunc
	idle    time.Duration
	timer   *time.Timer
	waiting atomic.Int64 // since when a read waits, Unix nanoseconds; 0: none does
	late    atomic.Bool
}

func watch(body io.ReadCloser, cancel context.CancelFunc, idle time.Duration) *watched {
	w := &watched{body: body, cancel: cancel, idle: idle}
	w.timer = time.AfterFunc(idle, w.look)
	return w
}

// look gives up a read that has waited too long, else looks again when the
// present one would have.
func (w *watched) look() {
	next := w.idle
	switch since := w.waiting.Load(); {
	case since == closed:
		return
	case since != 0:
		if next = w.idle - time.Since(time.Unix(0, since)); next <= 0 {
			w.late.Store(true)
			w.cancel()
			return
		}
	}
	w.timer.Reset(next)
}

func (w *watched) Read(p []byte) (int, error) {
	w.waiting.Store(time.Now().UnixNano())
	n, err := w.body.Read(p)
	w.waiting.Store(0)
	if err != nil && err != io.EOF && w.late.Load() {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

func (w *watched) Close() error {
	w.waiting.Store(closed)
	w.timer.Stop()
	w.cancel()
	return w.body.Close()
}
