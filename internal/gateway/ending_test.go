package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// streamStart is a stream up to its last piece of text: no choice has ended.
func streamStart(pieces ...string) string {
	s := streamBody(pieces...)
	return s[:strings.LastIndex(s, `data: {"id"`)]
}

const errorEvent = `data: {"error":{"message":"out of memory","type":"server_error","code":"oom"}}` + "\n\n"

// TestErrorEventEndsStream: an upstream that reports an error amid a stream has
// ended it. What it sends passes; Warder adds nothing behind it, and the record
// says that the upstream failed.
func TestErrorEventEndsStream(t *testing.T) {
	start := streamStart("Hello there. ")
	for _, c := range []struct{ name, sent, want string }{
		{"end of stream", start + errorEvent, start + errorEvent},
		{"nothing before it", errorEvent, errorEvent},
		{"done behind it", start + errorEvent + "data: [DONE]\n\n", start + errorEvent + "data: [DONE]\n\n"},
		{"a comment behind it", start + errorEvent + ": bye\n\n", start + errorEvent + ": bye\n\n"},
		{"cut within an event", start + errorEvent + `data: {"id`, start + errorEvent},
		{"garbage behind it", start + errorEvent + "data: nope\n\n", start + errorEvent},
		{"text behind it", start + errorEvent + start, start + errorEvent},
		{"a denied word behind it", start + errorEvent + `data: {"id":"a","note":"` + denied + `","choices":[]}` + "\n\n", start + errorEvent},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := policyRig(t, answers("text/event-stream", c.sent))
			p := r.post("app", streamRequest("hi"))
			if p.status != 200 || p.err != nil || !strings.HasPrefix(p.body, c.want) || strings.Count(p.body, `"error"`) != 1 || strings.Contains(p.body, "content_filter") {
				t.Errorf("got %d, %v, %q\nwant %q", p.status, p.err, p.body, c.want)
			}
			if cl := r.ledger.closed(p.request()); cl == nil || cl.End != "upstream" && cl.End != "cut" || cl.Code == "" {
				t.Errorf("closed record %+v; want one that says that the upstream failed", cl)
			}
		})
	}
}

// TestRefusedErrorEvent: an error event in which something is refused does not
// leave; the stream is cut as any other.
func TestRefusedErrorEvent(t *testing.T) {
	r := policyRig(t, answers("text/event-stream", streamStart("Hello there. ")+strings.Replace(errorEvent, "memory", denied, 1)))
	p := r.post("app", streamRequest("hi"))
	if _, finish := contents(t, p.body); finish != "content_filter" || strings.Contains(p.body, "error") || !strings.HasSuffix(p.body, "data: [DONE]\n\n") {
		t.Errorf("got %q; want it cut", p.body)
	}
}

// TestDoneWithoutBlankLine: a stream whose last block is [DONE] and lacks its line
// ends is complete, and leaves with them.
func TestDoneWithoutBlankLine(t *testing.T) {
	start := streamStart("Hello there. ")
	for _, last := range []string{"data: [DONE]", "data:[DONE]", "data: [DONE]\n", "data: [DONE]\r", "data: [DONE]\r\n", ": bye\ndata: [DONE]\n", "event: end\ndata: [DONE]"} {
		r := policyRig(t, answers("text/event-stream", start+last))
		p := r.post("app", streamRequest("hi"))
		if want := start + "data: [DONE]\n\n"; p.err != nil || p.body != want {
			t.Errorf("%q: got %v, %q\nwant %q", last, p.err, p.body, want)
		}
		if cl := r.ledger.closed(p.request()); cl == nil || cl.End != "complete" {
			t.Errorf("%q: closed record %+v; want end complete", last, cl)
		}
	}
	for _, last := range []string{"data: [DONE", "data: [DONE] ", "data: [DONE]\ndata: ", "data: [DONE]\ndata: x", "data: {}\ndata: [DONE]", "data: [done]", ": [DONE]", "[DONE]", " data: [DONE]"} {
		r := policyRig(t, answers("text/event-stream", start+last))
		if p := r.post("app", streamRequest("hi")); strings.Contains(p.body, "[DONE]") || !strings.Contains(p.body, "upstream_cut") {
			t.Errorf("%q: got %q; want the stream cut", last, p.body)
		}
	}
	// What the connection lost is not known to be [DONE].
	r := policyRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answers("text/event-stream", start+"data: [DONE]\n").ServeHTTP(w, q)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	if p := r.post("app", streamRequest("hi")); strings.Contains(p.body, "[DONE]") || !strings.Contains(p.body, "upstream_cut") {
		t.Errorf("connection lost: got %q; want the stream cut", p.body)
	}
}

// TestEmptyEvents: an event without payload is a sign of life. Official SDKs would
// read it as JSON and fail, so it leaves as a comment.
func TestEmptyEvents(t *testing.T) {
	whole := streamBody("Hello ", "there. ")
	head, tail := whole[:len(streamStart("Hello "))], whole[len(streamStart("Hello ")):]
	for _, sign := range []string{"data:\n\n", "data\n\n", "data: \n\n", "data:\r\n\r\n", "data:\ndata:\n\n", "data:  \t\n\n", "event: ping\ndata:\n\n", "id: 7\ndata: \n\n", "event: " + denied + "\ndata:\n\n"} {
		r := policyRig(t, answers("text/event-stream", sign+head+sign+sign+tail))
		p := r.post("app", streamRequest("hi"))
		stopped := strings.Contains(sign, denied)
		if want := ":\n\n" + head + ":\n\n:\n\n" + tail; !stopped && (p.status != 200 || p.body != want) {
			t.Errorf("%q: got %d %q\nwant %q", sign, p.status, p.body, want)
		}
		if stopped && p.code() != "blocked" {
			t.Errorf("%q: got %d %q; want it blocked", sign, p.status, p.body)
		}
	}
}

// TestSignOfLifePassesAtOnce: a sign of life is there to arrive while nothing else
// does.
func TestSignOfLifePassesAtOnce(t *testing.T) {
	seen := make(chan struct{})
	r := policyRig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answers("text/event-stream", "data:\n\n").ServeHTTP(w, q)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-seen:
			_, _ = io.WriteString(w, streamBody("Hello."))
		case <-q.Context().Done():
		}
	}))
	req, err := http.NewRequestWithContext(t.Context(), "POST", r.front.URL+"/v1/chat/completions", strings.NewReader(streamRequest("hi")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.keys["app"])
	res, err := r.front.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	first := make([]byte, 3)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != ":\n\n" {
		t.Fatalf("got %q, %v", first, err)
	}
	close(seen)
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != streamBody("Hello.") {
		t.Errorf("then %q, %v", rest, err)
	}
}
