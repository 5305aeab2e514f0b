package gateway

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What upstreams do wrong, in every dialect. TestUpstreamTrouble and TestStreamTrouble
// have more kinds of it in one.

// troubled is an upstream that writes the bytes of an answer itself and then hangs or
// hangs up.
func troubled(raw string, hang bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, raw)
		if hang { // until the gateway has gone
			_ = c.SetReadDeadline(time.Now().Add(rawWait))
			_, _ = io.Copy(io.Discard, c)
		}
	})
}

const shortPatience = "limits:\n  event: 64KiB\n  answer: 256KiB\n  upstream_first_byte: 200ms\n  upstream_idle: 200ms\n"

// TestUpstreamTroubleInEveryDialect: an upstream that hangs, cuts, or lies in its length
// gives the caller an error with its code and no half of an answer.
func TestUpstreamTroubleInEveryDialect(t *testing.T) {
	const ok, chunks = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", "Transfer-Encoding: chunked\r\n\r\n"
	for i := range wires {
		w := &wires[i]
		whole := w.whole("Fine.")
		length := func(n int) string { return fmt.Sprintf("%sContent-Length: %d\r\n\r\n", ok, n) }
		for _, c := range []struct {
			name   string
			up     http.Handler
			status int
			code   string
		}{
			{"says nothing", troubled("", true), 504, "upstream_timeout"},
			{"hangs up", troubled("", false), 502, "upstream_unreachable"},
			{"hangs in its header", troubled(ok[:30], true), 504, "upstream_timeout"},
			{"hangs before its body", troubled(length(len(whole)), true), 504, "upstream_timeout"},
			{"hangs in its body", troubled(length(len(whole))+whole[:9], true), 504, "upstream_timeout"},
			{"cuts its body", troubled(length(len(whole))+whole[:9], false), 502, "upstream_cut"},
			{"cuts a chunk", troubled(ok+chunks+"40\r\n"+whole[:9], false), 502, "upstream_cut"},
			{"leaves the last chunk out", troubled(ok+chunks+fmt.Sprintf("%x\r\n%s\r\n", len(whole), whole), false), 502, "upstream_cut"},
			{"says more bytes than come", troubled(length(len(whole)+100)+whole, false), 502, "upstream_cut"},
			{"says fewer bytes than come", troubled(length(len(whole)-1)+whole, false), 502, "upstream_invalid_answer"},
			{"says two lengths", troubled(fmt.Sprintf("%sContent-Length: 2\r\nContent-Length: %d\r\n\r\n%s", ok, len(whole), whole), false), 502, "upstream_unreachable"},
			{"says a length beyond all", troubled(length(1<<40)+whole, true), 502, "upstream_answer_too_large"},
			{"says it is compressed", troubled(fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", ok, len(whole), whole), false), 502, "upstream_cut"},
			{"answers with a page", answers("text/html", "<html>"), 502, "upstream_invalid_answer"},
		} {
			t.Run(w.protocol+" "+c.name, func(t *testing.T) {
				t.Parallel()
				r := complaintRig(t, w, c.up, shortPatience)
				p := r.do(r.callOn(w, "hi", false))
				if p.status != c.status || !strings.Contains(p.body, c.code) || strings.Contains(p.body, "Fine.") || p.err != nil {
					t.Errorf("got %d %v %s; want %d %s", p.status, p.err, p.body, c.status, c.code)
				}
				if cl := r.ledger.closed(p.request()); cl == nil || cl.Code != c.code {
					t.Errorf("closed record %+v; want code %s", cl, c.code)
				}
			})
		}
	}
}

// TestStreamTroubleInEveryDialect: a stream that breaks after it began never looks
// complete, none of the strange bytes leave, and the record says who broke it.
func TestStreamTroubleInEveryDialect(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	eachWire(t, func(t *testing.T, w *wire) {
		before, data, behind := cutAt(w.stream([]string{"Hello there. ", "More to come. ", "And so on. "}), "More")
		begun := strings.TrimSuffix(before, "data: ")
		last := begun + "data: " + data + strings.SplitAfterN(behind, "\n\n", 2)[0]
		if at := strings.Index(behind, "\r\n\r\n"); at >= 0 {
			last = begun + "data: " + data + behind[:at+4]
		}
		chunk := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
		for _, c := range []struct {
			name, raw string
			hang      bool
			code      string
		}{
			{"ends between events", head + chunk(last) + "0\r\n\r\n", false, "upstream_cut"},
			{"ends within an event", head + chunk(before+data[:len(data)/2]) + "0\r\n\r\n", false, "upstream_cut"},
			{"hangs up between events", head + chunk(last), false, "upstream_cut"},
			{"hangs up within a chunk", head + chunk(begun) + "fff\r\n" + "data: " + data[:9], false, "upstream_cut"},
			{"hangs between events", head + chunk(last), true, "upstream_timeout"},
			{"hangs within an event", head + chunk(before+data[:9]), true, "upstream_timeout"},
			{"lies about a chunk", head + chunk(begun) + "zz\r\n" + data, false, "upstream_cut"},
			{"goes on compressed", head + chunk(begun+zipped("data: "+data+behind)+"\n\n") + "0\r\n\r\n", false, "upstream_"},
			{"goes on in UTF-16", head + chunk(begun+wide("data: "+data+behind, false)+"\n\n") + "0\r\n\r\n", false, "upstream_"},
			{"goes on in Latin-1", head + chunk(before+strings.Replace(data, "More", "caf\xe9", 1)+behind) + "0\r\n\r\n", false, "upstream_invalid_answer"},
			{"goes on as a page", head + chunk(begun+"data: <html>\n\n"+behind) + "0\r\n\r\n", false, "upstream_invalid_answer"},
			{"has a line without end", head + chunk(before+strings.Repeat("a", 100<<10)), false, "upstream_answer_too_large"},
			{"has an event without end", head + chunk(begun+strings.Repeat("data: a\n", 20<<10)), false, "upstream_answer_too_large"},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				if w.protocol == "gemini.generate" && c.name == "ends between events" {
					t.Skip("a stream of this dialect has no end of its own: clients see the missing reason")
				}
				r := complaintRig(t, w, troubled(c.raw, c.hang), shortPatience)
				p := r.do(r.callOn(w, "hi", true))
				if p.status != 200 || looksComplete(w, p) || !strings.Contains(p.body, "Hello") {
					t.Errorf("got %d %v %.600s; want a stream that begins and breaks", p.status, p.err, p.body)
				}
				for _, strange := range []string{"\x1f\x8b", "\x00", "\xe9", "<html>", "aaaaaaaaaa"} {
					if strings.Contains(p.body, strange) {
						t.Errorf("%q left", strange)
					}
				}
				if cl := r.ledger.closed(p.request()); cl == nil || cl.End != "upstream" || !strings.HasPrefix(cl.Code, c.code) || cl.Account.Released > cl.Account.Received {
					t.Errorf("closed record %+v; want end upstream, code %s", cl, c.code)
				}
			})
		}
	})
}

// TestSingleBytesInEveryDialect: an upstream that sends one byte at a time, each in a
// chunk of its own, is passed on byte for byte.
func TestSingleBytesInEveryDialect(t *testing.T) {
	single := func(kind, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			_, _ = io.Copy(io.Discard, q.Body)
			w.Header().Set("Content-Type", kind)
			for i := range len(body) {
				_, _ = io.WriteString(w, body[i:i+1])
				_ = http.NewResponseController(w).Flush()
			}
		})
	}
	for i := range wires {
		w := &wires[i]
		t.Run(w.protocol, func(t *testing.T) {
			whole := w.whole("Fine, “naïve” 漢.")
			r := complaintRig(t, w, single("application/json", whole), "")
			if p := r.do(r.callOn(w, "hi", false)); p.status != 200 || p.body != whole {
				t.Errorf("whole: %d %s", p.status, p.body)
			}
			if w.stream == nil {
				return
			}
			stream := w.stream([]string{"Hello “there” 漢. ", "More. "})
			r = complaintRig(t, w, single("text/event-stream", stream), "")
			if p := r.do(r.callOn(w, "hi", true)); p.status != 200 || p.body != stream {
				t.Errorf("stream: %d\n%q\nwant\n%q", p.status, p.body, stream)
			}
		})
	}
}

// TestGigabyteLineInEveryDialect: of a line that does not end no more is read than an
// event may have, and the upstream is left.
func TestGigabyteLineInEveryDialect(t *testing.T) {
	for i := range wires {
		w := &wires[i]
		for _, stream := range []bool{false, true} {
			if stream && w.stream == nil {
				continue
			}
			t.Run(fmt.Sprint(w.protocol, " ", stream), func(t *testing.T) {
				var line flood
				left := make(chan error, 1)
				kind, begin := "application/json", w.whole("Fine.")[:7]
				if stream {
					kind, begin = "text/event-stream", w.stream([]string{"Fine. "})[:7]
				}
				r := complaintRig(t, w, http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
					_, _ = io.Copy(io.Discard, q.Body)
					rw.Header().Set("Content-Type", kind)
					_, _ = io.Copy(rw, bytes.NewReader([]byte(begin)))
					left <- line.to(rw)
				}), shortPatience)
				p := r.do(r.callOn(w, "hi", stream))
				if p.status != 502 || !strings.Contains(p.body, "upstream_answer_too_large") {
					t.Errorf("%d %.300s", p.status, p.body)
				}
				if err := <-left; err == nil || line.written.Load() > 64<<20 {
					t.Errorf("the upstream wrote %d bytes, then %v", line.written.Load(), err)
				}
			})
		}
	}
}
