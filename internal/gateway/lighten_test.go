package gateway

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestLongStreamsForgetTheirRequest: an answer that goes on for a while holds neither the
// conversation that it answers nor what was sent of it, and ends as any other.
func TestLongStreamsForgetTheirRequest(t *testing.T) {
	const streams, size = 16, 1 << 20
	more := make(chan struct{})
	began := make(chan struct{}, streams)
	events := strings.SplitAfter(streamBody("Hello. ", "This goes on. ", "And on. "), "\n\n")
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		say := func(events ...string) {
			_, _ = io.WriteString(w, strings.Join(events, ""))
			_ = http.NewResponseController(w).Flush()
		}
		say(events[:2]...)
		<-time.After(lightAfter)
		say(events[2])
		began <- struct{}{}
		select {
		case <-more:
		case <-r.Context().Done():
			return
		}
		say(events[3:]...)
	})
	// An address is masked, so that what is sent on is a body of its own.
	text := "My address is jane.roe@example.com. " + strings.Repeat("There was nothing to see in the harbour that day. ", size/50)
	body := strings.Replace(chatBody(text), "{", `{"stream":true,`, 1)
	r := newRig(t, up, rigOptions{})
	t.Cleanup(r.front.CloseClientConnections) // also when it fails
	before := heapInUse()
	replies := make(chan reply, streams)
	for range streams {
		go func() { replies <- r.post("app", body) }()
	}
	for range streams {
		select {
		case <-began:
		case p := <-replies:
			t.Fatalf("a stream ended early: %d %.300s", p.status, p.body)
		}
	}
	// When the gateway has read the second event cannot be told from outside.
	for deadline := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		each := (heapInUse() - before) / streams
		if each < size/4 {
			t.Logf("each of %d streams holds %d bytes behind a request of %d", streams, each, len(body))
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("each of %d streams holds %d bytes behind a request of %d", streams, each, len(body))
		}
	}
	close(more)
	for range streams {
		p := <-replies
		if p.err != nil || p.status != 200 || !strings.Contains(p.body, "[DONE]") {
			t.Errorf("%d %v %.300s", p.status, p.err, p.body)
		}
		if c := r.ledger.closed(p.request()); c == nil || c.End != "complete" || c.Input < size/10 {
			t.Errorf("closed record %+v; expected a complete answer to a request that was counted", c)
		}
	}
}

// heapInUse returns how many bytes of memory are in use.
func heapInUse() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
