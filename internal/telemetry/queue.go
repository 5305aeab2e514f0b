package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	maxWaiting = 4096 // spans that wait to be sent
	maxBatch   = 512  // spans in one export
	sendEvery  = time.Second
	maxTries   = 5 // of one export
	firstPause = time.Second
)

// queue sends spans. Whatever the collector does, OnEnd returns at once: spans that
// find no room are lost, and counted.
type queue struct {
	to      *collector
	waiting chan sdktrace.ReadOnlySpan
	ending  chan struct{} // closed when no more spans come
	ended   chan struct{} // closed when all is sent or given up
	once    sync.Once
	ctx     context.Context // of exports
	cancel  context.CancelFunc
	spans   *prometheus.CounterVec // result
	results map[string]prometheus.Counter
}

var _ sdktrace.SpanProcessor = (*queue)(nil)

func newQueue(to *collector) *queue {
	q := &queue{to: to, waiting: make(chan sdktrace.ReadOnlySpan, maxWaiting), ending: make(chan struct{}), ended: make(chan struct{}),
		spans: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "warder_telemetry_spans_total",
			Help: "Spans by what became of them: sent, dropped as the queue was full, failed to be sent."}, []string{"result"}),
		results: map[string]prometheus.Counter{}}
	for _, r := range []string{"sent", "dropped", "failed"} {
		q.results[r] = q.spans.WithLabelValues(r)
	}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	go q.run()
	return q
}

// OnStart implements [sdktrace.SpanProcessor].
func (q *queue) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements [sdktrace.SpanProcessor].
func (q *queue) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	select {
	case q.waiting <- s:
	default:
		q.results["dropped"].Inc()
	}
}

// ForceFlush implements [sdktrace.SpanProcessor]; only Shutdown has to send.
func (q *queue) ForceFlush(context.Context) error { return nil }

// Shutdown implements [sdktrace.SpanProcessor]: it sends what waits, until ctx ends.
func (q *queue) Shutdown(ctx context.Context) error {
	q.once.Do(func() { close(q.ending) })
	defer q.cancel()
	select {
	case <-q.ended:
		return nil
	case <-ctx.Done():
		q.cancel()
		<-q.ended
		return ctx.Err()
	}
}

// run is the one goroutine that sends.
func (q *queue) run() {
	defer close(q.ended)
	defer q.to.client.CloseIdleConnections()
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	batch := make([]sdktrace.ReadOnlySpan, 0, maxBatch)
	for {
		select {
		case s := <-q.waiting:
			if batch = append(batch, s); len(batch) < maxBatch {
				continue
			}
		case <-tick.C:
		case <-q.ending:
			q.rest(batch)
			return
		}
		q.send(batch)
		batch = batch[:0]
	}
}

// rest sends what is left.
func (q *queue) rest(batch []sdktrace.ReadOnlySpan) {
	for {
		select {
		case s := <-q.waiting:
			if batch = append(batch, s); len(batch) < maxBatch {
				continue
			}
			q.send(batch)
			batch = batch[:0]
		default:
			q.send(batch)
			return
		}
	}
}

// send sends a batch, some times if need be. While the queue ends it is tried once.
func (q *queue) send(batch []sdktrace.ReadOnlySpan) {
	if len(batch) == 0 {
		return
	}
	m := q.to.traces(batch)
	for try, pause := 1, firstPause; ; try, pause = try+1, 2*pause {
		err := q.to.export(q.ctx, "traces", m)
		if err == nil {
			q.results["sent"].Add(float64(len(batch)))
			return
		}
		if !errors.Is(err, errRetry) || try == maxTries || !q.pause(pause) {
			q.results["failed"].Add(float64(len(batch)))
			return
		}
	}
}

// pause reports whether the queue is still open after that time.
func (q *queue) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-q.ending:
		return false
	}
}
