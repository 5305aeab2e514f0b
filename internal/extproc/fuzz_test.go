package extproc_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	pb "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"warder.example/internal/extproc"
)

// script is the stream of an Envoy that says what a test wrote down.
type script struct {
	grpc.ServerStream
	ctx  context.Context
	in   []*pb.ProcessingRequest
	sent []*pb.ProcessingResponse
}

func (s *script) Context() context.Context { return s.ctx }

func (s *script) Recv() (*pb.ProcessingRequest, error) {
	if len(s.in) == 0 {
		return nil, io.EOF
	}
	m := s.in[0]
	s.in = s.in[1:]
	return m, nil
}

func (s *script) Send(m *pb.ProcessingResponse) error {
	s.sent = append(s.sent, m)
	return nil
}

// process has a server answer messages. Its handler refuses what says "bad" and
// guards all else with marks, so that what was not judged can be told.
func process(t *testing.T, in []*pb.ProcessingRequest) ([]*pb.ProcessingResponse, error) {
	t.Helper()
	s := extproc.New(extproc.Options{Credentials: []string{"Authorization"}, MaxBody: 1 << 20, MaxStreams: 1, Handshake: time.Second, Log: slog.New(slog.DiscardHandler),
		Serve: func(w http.ResponseWriter, r *http.Request, carry func(context.Context, []byte) (*http.Response, error)) {
			body, err := io.ReadAll(r.Body)
			if err != nil || bytes.Contains(body, []byte("bad")) {
				w.WriteHeader(400)
				return
			}
			res, err := carry(r.Context(), append([]byte("judged:"), body...))
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			answer, _ := io.ReadAll(res.Body)
			w.WriteHeader(res.StatusCode)
			_, _ = w.Write(append([]byte("judged:"), answer...))
		}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	st := &script{ctx: ctx, in: in}
	err := s.Process(st)
	return st.sent, err
}

func head(names ...string) *pb.HttpHeaders {
	h := &pb.HttpHeaders{Headers: &core.HeaderMap{}}
	for i := 0; i < len(names); i += 2 {
		h.Headers.Headers = append(h.Headers.Headers, &core.HeaderValue{Key: names[i], Value: names[i+1]})
	}
	return h
}

func exchange(body, answer string) []*pb.ProcessingRequest {
	return []*pb.ProcessingRequest{
		{Request: &pb.ProcessingRequest_RequestHeaders{RequestHeaders: head(":method", "POST", ":path", "/v1/x")}},
		{Request: &pb.ProcessingRequest_RequestBody{RequestBody: &pb.HttpBody{Body: []byte(body), EndOfStream: true}}},
		{Request: &pb.ProcessingRequest_ResponseHeaders{ResponseHeaders: head(":status", "200")}},
		{Request: &pb.ProcessingRequest_ResponseBody{ResponseBody: &pb.HttpBody{Body: []byte(answer), EndOfStream: true}}},
	}
}

// holds checks that nothing goes on that was not judged.
func holds(t *testing.T, sent []*pb.ProcessingResponse) {
	t.Helper()
	for _, m := range sent {
		for _, b := range []*pb.BodyResponse{m.GetRequestBody(), m.GetResponseBody()} {
			if b != nil && !bytes.HasPrefix(b.GetResponse().GetBodyMutation().GetBody(), []byte("judged:")) {
				t.Fatalf("goes on unjudged: %v", m)
			}
		}
	}
}

func TestProcess(t *testing.T) {
	sent, err := process(t, exchange("hello", "there"))
	if err != nil || len(sent) != 4 {
		t.Fatalf("%d answers, %v", len(sent), err)
	}
	if got := string(sent[3].GetResponseBody().GetResponse().GetBodyMutation().GetBody()); got != "judged:there" {
		t.Errorf("the caller gets %q", got)
	}
	holds(t, sent)
	sent, err = process(t, exchange("a bad one", "there"))
	if err != nil || len(sent) != 2 || sent[1].GetImmediateResponse().GetStatus().GetCode() != 400 {
		t.Errorf("got %v, %v; want an answer at once", sent, err)
	}
}

// TestEmptyAnswer: an answer of headers only is judged as an empty one.
func TestEmptyAnswer(t *testing.T) {
	in := exchange("hello", "")[:3]
	in[2].GetResponseHeaders().EndOfStream = true
	sent, err := process(t, in)
	if err != nil || len(sent) != 3 || string(sent[2].GetImmediateResponse().GetBody()) != "judged:" {
		t.Errorf("got %v, %v", sent, err)
	}
}

// FuzzProcess: whatever is said, in whatever order, nothing goes on unjudged, and
// the exchange ends. Messages are cut from the input, each behind its length.
func FuzzProcess(f *testing.F) {
	seed := func(in []*pb.ProcessingRequest) {
		var b []byte
		for _, m := range in {
			p, err := proto.Marshal(m)
			if err != nil {
				f.Fatal(err)
			}
			b = append(append(b, byte(len(p))), p...)
		}
		f.Add(b)
	}
	seed(exchange("hello", "there"))
	seed(exchange("bad", ""))
	seed(exchange("hello", "there")[:2])
	f.Fuzz(func(t *testing.T, b []byte) {
		var in []*pb.ProcessingRequest
		for len(b) > 0 {
			n := min(int(b[0]), len(b)-1)
			m := &pb.ProcessingRequest{}
			if proto.Unmarshal(b[1:1+n], m) == nil {
				in = append(in, m)
			}
			b = b[1+n:]
		}
		sent, _ := process(t, in)
		holds(t, sent)
	})
}
