package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"warder.example/guard"
	"warder.example/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watchRecords sends on every record that is kept.
func (r *rig) watchRecords() <-chan event.Event {
	c := make(chan event.Event, 64)
	r.ledger.fail = func(ev event.Event) error { c <- ev; return nil }
	return c
}

// waitClosed waits for the next closed record.
func waitClosed(t *testing.T, c <-chan event.Event) *Closed {
	t.Helper()
	late := time.After(rawWait)
	for {
		select {
		case ev := <-c:
			if p, ok := ev.Payload.(*Closed); ok {
				return p
			}
		case <-late:
			t.Fatal("no closed record came")
		}
	}
}

func waitFor(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(rawWait):
		t.Fatalf("%s did not happen", what)
	}
}

// TestSlowHeader: a caller that does not finish its header is cut off, unanswered or
// as one that speaks no HTTP.
func TestSlowHeader(t *testing.T) {
	x := newRawRig(t, "limits:\n  read_header: 50ms\n")
	for _, send := range []string{"", "POST /v1/chat", "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX-A: "} {
		got, _ := x.rawAnswers(t, send, false)
		if len(got) > 0 && (len(got) != 1 || got[0] != "400 malformed_request") {
			t.Errorf("%q was answered: %v", send, got)
		}
	}
}

// TestSlowBody: a body that does not come in time is answered 408 and recorded.
func TestSlowBody(t *testing.T) {
	x := newRawRig(t, "limits:\n  read_body: 50ms\n")
	body := chatBody("hello")
	for _, send := range []string{
		x.rawPost(body[:9], fmt.Sprintf("Content-Length: %d", len(body))),
		x.rawPost("9\r\n"+body[:9], "Transfer-Encoding: chunked", "Content-Length:-"),
	} {
		got, ids := x.rawAnswers(t, send, false)
		if len(got) != 1 || got[0] != "408 request_timeout" {
			t.Fatalf("got %v; want 408 and a closed connection", got)
		}
		if k := x.ledger.kinds(ids[0]); fmt.Sprint(k) != "[exchange.opened exchange.closed]" {
			t.Errorf("recorded %v; want opened and closed", k)
		}
	}
	if len(x.seen) != 0 {
		t.Errorf("the upstream saw %q", x.seen)
	}
}

// TestSilentStrangers: whoever has no key cannot take the places of those who
// have by announcing a body and sending none.
func TestSilentStrangers(t *testing.T) {
	x := newRawRig(t, "limits:\n  concurrent: 1\n  read_body: 1h\n")
	got, _ := x.rawAnswers(t, x.rawPost("", "Authorization: Bearer wk_no", "Content-Length: 10"), false)
	if len(got) != 1 || got[0] != "401 invalid_api_key" {
		t.Fatalf("got %v; want 401 and a closed connection", got)
	}
	if got, _ := x.rawAnswers(t, x.rawPost(chatBody("hello")), false); len(got) != 1 || got[0] != "200" {
		t.Errorf("got %v; want 200", got)
	}
}

// TestGone: when a caller goes away, the upstream is told at once and the record
// says who ended it.
func TestGone(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer string // what the upstream sends before it waits
		stream bool
		leave  func(*net.TCPConn, *bufio.Reader) error
	}{
		{"before the answer begins", "", false, func(c *net.TCPConn, _ *bufio.Reader) error { return c.Close() }},
		{"before a stream begins", "", true, func(c *net.TCPConn, _ *bufio.Reader) error { return c.Close() }},
		{"amid a stream", streamBody("Hello there. "), true, readThen(func(c *net.TCPConn) error { return c.Close() })},
		{"amid a stream, by a reset", streamBody("Hello there. "), true, readThen(func(c *net.TCPConn) error { return errors.Join(c.SetLinger(0), c.Close()) })},
		{"amid a stream, by an end of sending", streamBody("Hello there. "), true, readThen((*net.TCPConn).CloseWrite)},
	} {
		t.Run(c.name, func(t *testing.T) {
			called, cancelled := make(chan struct{}), make(chan struct{})
			r := policyRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				_, _ = io.Copy(io.Discard, q.Body)
				if c.answer != "" {
					w.Header().Set("Content-Type", "text/event-stream")
					_, _ = io.WriteString(w, strings.SplitAfter(c.answer, "\n\n")[0]+strings.SplitAfter(c.answer, "\n\n")[1])
					_ = http.NewResponseController(w).Flush()
				}
				close(called)
				<-q.Context().Done()
				close(cancelled)
			}))
			records := r.watchRecords()
			x := &rawRig{rig: r, addr: serveRaw(t, r.server, time.Minute)}
			body := chatBody("hi")
			if c.stream {
				body = streamRequest("hi")
			}
			conn := dialRaw(t, x.addr)
			if _, err := io.WriteString(conn, x.rawPost(body)); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the upstream's call", called)
			if err := c.leave(conn, bufio.NewReader(conn)); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the end of the upstream's call", cancelled)
			cl := waitClosed(t, records)
			if cl.End != "caller_gone" {
				t.Errorf("closed record %+v; want end caller_gone", cl)
			}
			if a := cl.Account; a.Received != a.Released+a.Masked && c.answer != "" && a.Released > a.Received {
				t.Errorf("account %+v does not add up", a)
			}
		})
	}
}

// readThen reads the first event of a stream and leaves.
func readThen(leave func(*net.TCPConn) error) func(*net.TCPConn, *bufio.Reader) error {
	return func(c *net.TCPConn, rd *bufio.Reader) error {
		for {
			line, err := rd.ReadString('\n')
			if err != nil {
				return err
			}
			if strings.HasPrefix(line, "data: ") {
				return leave(c)
			}
		}
	}
}

// TestGoneInBody: a caller that goes away while it sends gets a record as well.
func TestGoneInBody(t *testing.T) {
	x := newRawRig(t, "")
	records := x.watchRecords()
	body := chatBody("hello")
	c := dialRaw(t, x.addr)
	if _, err := io.WriteString(c, x.rawPost(body[:20], "Expect: 100-continue", fmt.Sprintf("Content-Length: %d", len(body)))); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil { // 100: the body is being read
		t.Fatal(err)
	}
	if err := errors.Join(c.SetLinger(0), c.Close()); err != nil {
		t.Fatal(err)
	}
	if cl := waitClosed(t, records); cl.End != "caller_gone" || cl.Code != "unreadable_body" {
		t.Errorf("closed record %+v; want end caller_gone, code unreadable_body", cl)
	}
	if len(x.seen) != 0 {
		t.Errorf("the upstream saw %q", x.seen)
	}
}

// TestSlowReader: a caller that takes nothing is given up, and the upstream with
// it.
func TestSlowReader(t *testing.T) {
	cancelled := make(chan struct{})
	piece := streamBody(strings.Repeat("word ", 3000))
	piece = piece[strings.Index(piece, "\n\n")+2 : strings.LastIndex(piece, `data: {"id"`)]
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		defer close(cancelled)
		_, _ = io.Copy(io.Discard, q.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		for q.Context().Err() == nil {
			if _, err := io.WriteString(w, piece); err != nil || rc.Flush() != nil {
				return
			}
		}
	}), rigOptions{config: "guard: {detectors: \"off\"}\nlimits:\n  client_write: 100ms\n  answer: 1GiB\n"})
	records := r.watchRecords()
	x := &rawRig{rig: r, addr: serveRaw(t, r.server, time.Minute)}
	c := dialRaw(t, x.addr)
	_ = c.SetReadBuffer(4 << 10)
	if _, err := io.WriteString(c, x.rawPost(streamRequest("hi"))); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the end of the upstream's call", cancelled)
	if cl := waitClosed(t, records); cl.End != "caller_gone" {
		t.Errorf("closed record %+v; want end caller_gone", cl)
	}
}

// breaking is a detector that breaks on a word.
type breaking struct{}

func (breaking) Detect(_ context.Context, t *guard.Text) ([]guard.Finding, error) {
	if i := strings.Index(t.Content, "crashword"); i >= 0 {
		panic("cannot read " + t.Content[i:])
	}
	return nil, nil
}

// lastRecord returns the record that was kept last.
func (r *rig) lastRecord() event.Event {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	return r.ledger.events[len(r.ledger.events)-1]
}

// TestPanic: a detector that breaks on a text costs that exchange its answer and
// nothing else: it is refused and recorded, and the log does not tell the text.
func TestPanic(t *testing.T) {
	var answer string
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		kind := "application/json"
		if strings.HasPrefix(answer, "data:") {
			kind = "text/event-stream"
		}
		answers(kind, answer).ServeHTTP(w, q)
	}), rigOptions{config: "limits:\n  concurrent: 1\n"})
	g := r.server.state.Load().protections[""].guard
	g.Detectors = append([]guard.Detector{breaking{}}, g.Detectors...)
	for _, c := range []struct{ name, body, answer string }{
		{"in a request", chatBody("a crashword for marlene"), answerBody("fine")},
		{"in an answer", chatBody("hi"), answerBody("a crashword for marlene")},
	} {
		answer = c.answer
		p := r.post("app", c.body)
		if p.status != 500 || p.code() != "internal_error" {
			t.Errorf("%s: got %d %s; want 500", c.name, p.status, p.body)
		}
		if k := r.ledger.kinds(p.request()); fmt.Sprint(k) != "[exchange.opened exchange.closed]" {
			t.Errorf("%s: recorded %v; want opened and closed", c.name, k)
		}
	}
	answer = streamBody("a crashword for marlene")
	if p := r.post("app", streamRequest("hi")); p.err == nil || strings.Contains(p.body, "[DONE]") {
		t.Errorf("in a stream: got %s; want a broken connection", p.body)
	}
	if c, ok := r.lastRecord().Payload.(*Closed); !ok || c.End != "failed" || c.Code != "internal_error" {
		t.Errorf("in a stream: last record %+v; want a closed one that says so", c)
	}
	answer = answerBody("fine")
	if p := r.post("app", chatBody("hi")); p.status != 200 {
		t.Errorf("afterwards: %d %s; want 200", p.status, p.body)
	}
	if strings.Contains(r.log.String(), "marlene") || strings.Contains(r.log.String(), "crashword") || !strings.Contains(r.log.String(), "breaking.Detect") {
		t.Errorf("the log tells the text, or not where it broke:\n%s", r.log.String())
	}
}

// counting is a detector that remembers what it was given.
type counting struct {
	mu    sync.Mutex
	texts []string
}

func (c *counting) Detect(_ context.Context, t *guard.Text) ([]guard.Finding, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, t.Content)
	return nil, nil
}

func (c *counting) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.texts
	c.texts = nil
	return out
}
