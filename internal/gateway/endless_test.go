package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// flood writes until it may not, up to a bound, and counts.
type flood struct{ written atomic.Int64 }

const aGigabyte = 1 << 30

func (e *flood) to(w io.Writer) error {
	block := bytes.Repeat([]byte("a"), 64<<10)
	for e.written.Load() < aGigabyte {
		n, err := w.Write(block)
		e.written.Add(int64(n))
		if err != nil {
			return err
		}
	}
	return nil
}

// TestGigabyteLine: of a line that does not end no more is read than an event may
// have, and the upstream is left.
func TestGigabyteLine(t *testing.T) {
	for _, stream := range []bool{true, false} {
		var line flood
		left := make(chan error, 1)
		r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			_, _ = io.Copy(io.Discard, q.Body)
			kind, begin := "application/json", `{"id":"`
			if stream {
				kind, begin = "text/event-stream", "data: "
			}
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, begin)
			left <- line.to(w)
		}), rigOptions{config: "limits:\n  event: 64KiB\n  answer: 256KiB\n"})
		body := chatBody("hi")
		if stream {
			body = streamRequest("hi")
		}
		if p := r.post("app", body); p.status != 502 || p.code() != "upstream_answer_too_large" {
			t.Errorf("stream %v: %d %s", stream, p.status, p.body)
		}
		if err := <-left; err == nil || line.written.Load() > 64<<20 {
			t.Errorf("stream %v: the upstream wrote %d bytes, then %v", stream, line.written.Load(), err)
		}
	}
}

// TestHundredMegabyteBody: a body without a length that goes on is refused at the
// limit, and nothing of it goes on.
func TestHundredMegabyteBody(t *testing.T) {
	r := newRig(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the upstream was asked") }), rigOptions{config: "limits:\n  body: 1MiB\n"})
	body, w := io.Pipe()
	var sent flood
	gone := make(chan error, 1)
	go func() { gone <- sent.to(w) }()
	q, err := http.NewRequestWithContext(t.Context(), "POST", r.front.URL+"/v1/chat/completions", body)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Authorization", "Bearer "+r.keys["app"])
	p := r.do(q)
	body.Close()
	if p.err == nil && (p.status != 413 || p.code() != "request_too_large") {
		t.Errorf("%d %s", p.status, p.body)
	}
	if err := <-gone; err == nil || sent.written.Load() > 100<<20 {
		t.Errorf("the caller could send %d bytes, then %v", sent.written.Load(), err)
	}
}

// TestEncodingChanges: a stream that goes on in other bytes (compressed, UTF-16) is
// broken off; nothing of these bytes leaves.
func TestEncodingChanges(t *testing.T) {
	whole := streamBody("Hello there. ", "More to come. ")
	at := strings.LastIndex(whole[:strings.Index(whole, "More")], "data: ")
	for name, rest := range map[string]string{
		"gzip":   zipped(whole[at:]) + "\n\n",
		"UTF-16": "d\x00a\x00t\x00a\x00:\x00 \x00{\x00\"\x00x\x00\"\x00}\x00\n\x00\n\x00\n\n",
		"latin1": "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"caf\xe9\"}}]}\n\n",
	} {
		r := newRig(t, answers("text/event-stream", whole[:at]+rest), rigOptions{})
		p := r.post("app", streamRequest("hi"))
		if strings.Contains(p.body, "[DONE]") || strings.Contains(p.body, "\x1f\x8b") || strings.Contains(p.body, "d\x00a") || strings.Contains(p.body, "\xe9") {
			t.Errorf("%s: left %q", name, p.body)
		}
		if c := r.ledger.closed(p.request()); c == nil || c.End != "upstream" {
			t.Errorf("%s: closed record %+v; want one that the upstream ended", name, c)
		}
	}
}

// TestIdleStreams: what a stream holds in memory that says nothing for long. Counted
// are all ends: the caller's, both of the gateway's and the upstream's are in this
// process.
func TestIdleStreams(t *testing.T) {
	const streams, each = 200, 256 << 10
	var begun, all sync.WaitGroup
	end := make(chan struct{})
	first := streamBody("Hello there. ")
	first = first[:strings.Index(first, "\n\n")+2]
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		answers("text/event-stream", first).ServeHTTP(w, q)
		_ = http.NewResponseController(w).Flush()
		<-end
	}), rigOptions{})
	stream := func(ctx context.Context) {
		q, err := http.NewRequestWithContext(ctx, "POST", r.front.URL+"/v1/chat/completions", strings.NewReader(streamRequest("hi")))
		if err != nil {
			t.Error(err)
		}
		q.Header.Set("Content-Type", "application/json")
		q.Header.Set("Authorization", "Bearer "+r.keys["app"])
		res, err := r.front.Client().Do(q)
		begun.Done()
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
	}
	use := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	begun.Add(1) // models are loaded with the first stream
	all.Go(func() { stream(t.Context()) })
	begun.Wait()
	before := use()
	begun.Add(streams)
	for range streams {
		all.Go(func() { stream(t.Context()) })
	}
	begun.Wait()
	cost := (use() - before) / streams
	close(end)
	all.Wait()
	t.Logf("%d bytes a stream, all ends", cost)
	if cost > each {
		t.Errorf("an idle stream costs %d bytes; expected at most %d", cost, each)
	}
}
