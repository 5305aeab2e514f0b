package gateway

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Callers and upstreams that want to use up what Warder has: connections, places,
// memory, time.

// drip writes a text byte by byte for ever, and returns how many bytes were taken until
// the other side ended it.
func drip(c net.Conn, begin, each string) int {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, c)
	}()
	n, _ := io.WriteString(c, begin)
	next := time.NewTicker(2 * time.Millisecond)
	defer next.Stop()
	for i := 0; ; i++ {
		select {
		case <-ended:
			return n
		case <-next.C:
		}
		if _, err := io.WriteString(c, each[i%len(each):i%len(each)+1]); err != nil {
			<-ended
			return n
		}
		n++
	}
}

// TestSlowLoris: a hundred callers that send a byte now and then, of a header, of a body,
// of chunks, never let a deadline start anew, and keep nobody from being served, though
// there is one place.
func TestSlowLoris(t *testing.T) {
	x := newRawRig(t, "limits:\n  concurrent: 1\n  read_header: 500ms\n  read_body: 500ms\n")
	addr := serveRaw(t, x.server, time.Minute)
	kinds := map[string][2]string{
		"a header":           {"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX-A: ", "a"},
		"header lines":       {"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"},
		"a request line":     {"POST /v1/", "a"},
		"empty lines":        {"", "\r\n"},
		"a stranger's body":  {x.rawPost("", "Content-Length: 1000000", "Authorization: Bearer wk_no"), " "},
		"a body to nowhere":  {strings.Replace(x.rawPost("", "Content-Length: 1000000"), "completions", "compositions", 1), " "},
		"a body of no JSON":  {x.rawPost("", "Content-Length: 1000000", "Content-Type: text/plain"), " "},
		"a stranger's chunk": {x.rawPost("ffffff\r\n", "Transfer-Encoding: chunked", "Content-Length:-", "Authorization: Bearer wk_no"), " "},
	}
	var all sync.WaitGroup
	for name, k := range kinds {
		for range 12 {
			c := dialRaw(t, addr)
			all.Go(func() {
				began := time.Now()
				if n := drip(c, k[0], k[1]); time.Since(began) > rawWait-time.Second {
					t.Errorf("%s: the caller could drip %d bytes and was never cut off", name, n)
				}
			})
		}
	}
	served := 0
	gone := make(chan struct{})
	go func() { all.Wait(); close(gone) }()
	for {
		select {
		case <-gone:
			if served < 3 {
				t.Errorf("%d requests were served meanwhile; expected at least 3", served)
			}
			return
		default:
		}
		if got, _ := (&rawRig{rig: x.rig, addr: addr}).rawAnswers(t, x.rawPost(chatBody("hello"), "Connection: close"), false); fmt.Sprint(got) != "[200]" {
			t.Fatalf("others get %v; want 200", got)
		}
		served++
	}
}

// TestSlowBodies: those that have a key and drip a body are ended by its deadline, too,
// in each way that a body comes, with an answer and a record.
func TestSlowBodies(t *testing.T) {
	x := newRawRig(t, "limits:\n  read_body: 300ms\n")
	records := x.watchRecords()
	for name, send := range map[string]string{
		"length": x.rawPost("", "Content-Length: 1000000"), "chunk": x.rawPost("ffffff\r\n", "Transfer-Encoding: chunked", "Content-Length:-"),
	} {
		began := time.Now()
		n := drip(dialRaw(t, x.addr), send, " ")
		if took := time.Since(began); took > rawWait-time.Second {
			t.Errorf("%s: %d bytes in %v", name, n, took)
		}
		if cl := waitClosed(t, records); cl.Code != "request_timeout" {
			t.Errorf("%s: closed record %+v; want request_timeout", name, cl)
		}
	}
}

// TestDrippingReader: a caller that takes a byte now and then is ended by the time of the
// whole exchange, and its upstream with it.
func TestDrippingReader(t *testing.T) {
	left := make(chan struct{})
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		defer close(left)
		_, _ = io.Copy(io.Discard, q.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		piece := streamBody(strings.Repeat("word ", 3000))
		piece = piece[strings.Index(piece, "\n\n")+2 : strings.LastIndex(piece, `data: {"id"`)]
		for q.Context().Err() == nil {
			if _, err := io.WriteString(w, piece); err != nil {
				return
			}
		}
	}), rigOptions{config: "guard: {detectors: \"off\"}\nlimits:\n  total: 700ms\n  answer: 1GiB\n"})
	records := r.watchRecords()
	x := &rawRig{rig: r, addr: serveRaw(t, r.server, time.Minute)}
	c := dialRaw(t, x.addr)
	_ = c.SetReadBuffer(4 << 10)
	if _, err := io.WriteString(c, x.rawPost(streamRequest("hi"))); err != nil {
		t.Fatal(err)
	}
	next, one := time.NewTicker(2*time.Millisecond), make([]byte, 1)
	defer next.Stop()
	for done := false; !done; {
		select {
		case <-left:
			done = true
		case <-next.C:
			if _, err := c.Read(one); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the exchange did not end")
			}
		}
	}
	c.Close()
	if cl := waitClosed(t, records); cl.End == "complete" {
		t.Errorf("closed record %+v", cl)
	}
}

// TestEndlessHeader: of a header that does not end little more is read than one may have.
func TestEndlessHeader(t *testing.T) {
	x := newRawRig(t, "limits:\n  header: 4KiB\n")
	for name, begin := range map[string]string{"line": "POST /", "value": "POST / HTTP/1.1\r\nHost: a\r\nX-A: ", "trailer": x.rawPost("1\r\n{\r\n0\r\nX-A: ", "Transfer-Encoding: chunked", "Content-Length:-")} {
		c := dialRaw(t, x.addr)
		_ = c.SetWriteBuffer(64 << 10)
		if _, err := io.WriteString(c, begin); err != nil {
			t.Fatal(err)
		}
		var sent flood
		if err := sent.to(c); err == nil || errors.Is(err, os.ErrDeadlineExceeded) || sent.written.Load() > 32<<20 {
			t.Errorf("%s: %d bytes were taken, then %v", name, sent.written.Load(), err)
		}
	}
	if len(x.seen) != 0 {
		t.Errorf("the upstream saw %q", x.seen)
	}
}

// heapOver returns by how much the heap grows at most while f runs, with little garbage
// in it.
func heapOver(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	read := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	before, most := read(), uint64(0)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for {
			if now := read(); now > before {
				most = max(most, now-before)
			}
			select {
			case <-done:
				return
			case <-look.C:
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return most
}

// TestHundredMegabyteBodies: eight callers at once send 100 MB each, with and without a
// length, against the limits that Warder ships: each is refused, the memory stays what
// the limit allows, and others are served.
func TestHundredMegabyteBodies(t *testing.T) {
	asked := atomic.Int64{}
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		answers("application/json", answerBody("fine")).ServeHTTP(w, q)
	}), rigOptions{})
	x := &rawRig{rig: r, addr: serveRaw(t, r.server, time.Minute)}
	const size, callers = 100 << 20, 8
	grew := heapOver(func() {
		var all sync.WaitGroup
		for i := range callers {
			c := dialRaw(t, x.addr)
			all.Go(func() {
				head := x.rawPost("", fmt.Sprintf("Content-Length: %d", size))
				if i%2 == 0 {
					head = x.rawPost(fmt.Sprintf("%x\r\n", size), "Transfer-Encoding: chunked", "Content-Length:-")
				}
				go func() {
					_, _ = io.WriteString(c, head)
					_, _ = io.CopyN(c, endless{}, size)
				}()
				got, _ := readAnswers(t, c, head)
				if len(got) == 0 || got[0] != "413 request_too_large" {
					t.Errorf("caller %d: %v; want 413", i, got)
				}
			})
		}
		if p := r.post("app", chatBody("hello")); p.status != 200 {
			t.Errorf("others get %d %s", p.status, p.body)
		}
		all.Wait()
	})
	if grew > 96<<20 {
		t.Errorf("the heap grew by %d bytes; expected at most 12 MiB a caller", grew)
	}
	if asked.Load() != 1 {
		t.Errorf("the upstream was asked %d times; want once", asked.Load())
	}
}

// TestAnnouncedBodies: a length is a claim. Two hundred callers that announce the largest
// body and send nothing of it take no memory for it.
func TestAnnouncedBodies(t *testing.T) {
	x := newRawRig(t, "")
	const callers, announced = 200, 4 << 20
	var conns []*net.TCPConn
	grew := heapOver(func() {
		for range callers {
			c := dialRaw(t, x.addr)
			conns = append(conns, c)
			if _, err := io.WriteString(c, x.rawPost("", "Expect: 100-continue", fmt.Sprintf("Content-Length: %d", announced))); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") { // the body is being read
				t.Fatalf("%q, %v", line, err)
			}
		}
	})
	for _, c := range conns {
		c.Close()
	}
	if grew > callers*(1<<20) {
		t.Errorf("%d callers that announced %d bytes each took %d bytes", callers, announced, grew)
	}
}

const bombSize = 32 << 20

// squeezed is a text that was compressed by a writer.
func squeezed(text string, with func(io.Writer) io.WriteCloser) string {
	var b bytes.Buffer
	w := with(&b)
	_, err := io.WriteString(w, text)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.String()
}

func quickGzip(w io.Writer) io.WriteCloser {
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	return z
}

func quickFlate(w io.Writer) io.WriteCloser {
	z, _ := flate.NewWriter(w, flate.BestSpeed)
	return z
}

// TestDecompressionBombs: in every dialect, a small body that unfolds to a large one is
// given up at the limit: it is refused, and the memory stays what the limit allows.
func TestDecompressionBombs(t *testing.T) {
	large := "{" + strings.Repeat(" ", bombSize)
	gz := squeezed(large, quickGzip)
	bombs := []struct{ name, encoding, body string }{
		{"gzip", "gzip", gz},
		{"x-gzip", "X-Gzip", gz},
		{"deflate", "deflate", squeezed(large, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })},
		{"raw deflate", "deflate", squeezed(large, quickFlate)},
		{"gzip in members", "gzip", zipped("{") + strings.Repeat(zipped(strings.Repeat(" ", 256<<10)), 4*bombSize>>20)},
	}
	large = ""
	for _, a := range askers() {
		t.Run(a.name, func(t *testing.T) {
			r := a.rig(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the upstream was asked") }), "limits:\n  body: 1MiB\n  decompressed: 1MiB\n")
			for _, b := range bombs {
				p := reply{}
				grew := heapOver(func() {
					p = a.send(r, b.body, func(q *http.Request) { q.Header.Set("Content-Encoding", b.encoding) })
				})
				if p.status != 413 || !strings.Contains(p.body, "request_too_large") || grew > 16<<20 {
					t.Errorf("%s: %d %s, the heap grew by %d bytes", b.name, p.status, p.body, grew)
				}
			}
			twice := zipped(zipped(a.body))
			for _, lines := range [][]string{{"gzip, gzip"}, {"gzip", "gzip"}, {"identity", "gzip"}, {"br"}, {"zstd"}, {"gzip;q=1"}} {
				p := a.send(r, twice, func(q *http.Request) { q.Header["Content-Encoding"] = lines })
				if p.status != 415 || !strings.Contains(p.body, "unsupported_content_encoding") {
					t.Errorf("%q: %d %s; want 415", lines, p.status, p.body)
				}
			}
		})
	}
}

// TestDecompressionBombsOfUpstreams: the same of what upstreams answer, whole, streamed
// and as an error.
func TestDecompressionBombsOfUpstreams(t *testing.T) {
	bombs := []struct {
		name, kind, body string
		status, want     int
		stream           bool
	}{
		{"whole", "application/json", squeezed("{"+strings.Repeat(" ", bombSize), quickGzip), 200, 502, false},
		{"one event", "text/event-stream", squeezed("data: "+strings.Repeat(" ", bombSize), quickGzip), 200, 502, true},
		{"comments", "text/event-stream", squeezed(strings.Repeat(": \n\n", bombSize/4), quickGzip), 200, 502, true},
		{"an error", "application/json", squeezed(`{"error":{"message":"`+strings.Repeat(" ", bombSize), quickGzip), 500, 500, false},
	}
	for i := range wires {
		w := &wires[i]
		t.Run(w.protocol, func(t *testing.T) {
			for _, b := range bombs {
				if b.stream && w.stream == nil {
					continue
				}
				r := complaintRig(t, w, http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
					_, _ = io.Copy(io.Discard, q.Body)
					rw.Header().Set("Content-Type", b.kind)
					rw.Header().Set("Content-Encoding", "gzip")
					rw.WriteHeader(b.status)
					_, _ = io.WriteString(rw, b.body)
				}), "limits:\n  answer: 128KiB\n  event: 64KiB\n")
				p := reply{}
				grew := heapOver(func() { p = r.do(r.callOn(w, "hi", b.stream)) })
				begun := b.stream && p.status == 200 && !looksComplete(w, p) && len(p.body) <= 132<<10 // signs of life go at once
				if p.status != b.want && !begun || p.status != 200 && len(p.body) > 4<<10 {
					t.Errorf("%s: %d, %d bytes, %.300s", b.name, p.status, len(p.body), p.body)
				}
				if grew > 24<<20 {
					t.Errorf("%s: the heap grew by %d bytes", b.name, grew)
				}
			}
		})
	}
}
