package gateway

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	mode "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	pb "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"warder.example/internal/event"
	"warder.example/internal/extproc"
)

// envoy speaks to an external processor as Envoy does with both bodies BUFFERED,
// and applies what it is told as Envoy does.
type envoy struct {
	*rig
	client pb.ExternalProcessorClient
	model  func(h http.Header, body string) (int, http.Header, string) // nil: must not be reached
}

func startEnvoy(t *testing.T, r *rig, key string) *envoy {
	t.Helper()
	s := extproc.New(extproc.Options{Credentials: r.server.KeyHeaders(), Key: key, MaxBody: 1 << 20, MaxStreams: 64, Handshake: 10 * time.Second,
		Log: slog.New(slog.DiscardHandler),
		Serve: func(w http.ResponseWriter, q *http.Request, carry func(context.Context, []byte) (*http.Response, error)) {
			r.server.Handler().ServeHTTP(w, Carried(q, carry))
		}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, 5*time.Second) }()
	c, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the processor ended with %v", err)
		}
	})
	return &envoy{rig: r, client: pb.NewExternalProcessorClient(c)}
}

func headerMap(h http.Header, own ...string) *pb.HttpHeaders {
	m := &core.HeaderMap{}
	for i := 0; i < len(own); i += 2 {
		m.Headers = append(m.Headers, &core.HeaderValue{Key: own[i], RawValue: []byte(own[i+1])})
	}
	for k, vs := range h {
		for _, v := range vs {
			m.Headers = append(m.Headers, &core.HeaderValue{Key: strings.ToLower(k), RawValue: []byte(v)})
		}
	}
	return &pb.HttpHeaders{Headers: m}
}

func mutate(h http.Header, m *pb.HeaderMutation) {
	for _, name := range m.GetRemoveHeaders() {
		h.Del(name)
	}
	for _, o := range m.GetSetHeaders() {
		h.Set(o.GetHeader().GetKey(), string(o.GetHeader().GetRawValue()))
	}
}

// call is one HTTP exchange through Envoy.
func (e *envoy) call(path string, h http.Header, body string) (reply, error) {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), time.Minute)
	defer cancel()
	s, err := e.client.Process(ctx)
	if err != nil {
		return reply{}, err
	}
	said := func(m *pb.ProcessingRequest) (*pb.ProcessingResponse, *reply, error) {
		if err := s.Send(m); err != nil {
			return nil, nil, err
		}
		out, err := s.Recv()
		if i := out.GetImmediateResponse(); i != nil {
			p := &reply{status: int(i.GetStatus().GetCode()), header: http.Header{}, body: string(i.GetBody())}
			mutate(p.header, i.GetHeaders())
			return out, p, err
		}
		return out, nil, err
	}
	h = h.Clone()
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Accept-Encoding", "gzip, br")
	out, p, err := said(&pb.ProcessingRequest{Request: &pb.ProcessingRequest_RequestHeaders{RequestHeaders: headerMap(h, ":method", "POST", ":path", path, ":authority", "models.example", ":scheme", "https")},
		ProtocolConfig: &pb.ProtocolConfiguration{RequestBodyMode: mode.ProcessingMode_BUFFERED, ResponseBodyMode: mode.ProcessingMode_BUFFERED}})
	if p != nil || err != nil {
		return orNothing(p), err
	}
	mutate(h, out.GetRequestHeaders().GetResponse().GetHeaderMutation())
	out, p, err = said(&pb.ProcessingRequest{Request: &pb.ProcessingRequest_RequestBody{RequestBody: &pb.HttpBody{Body: []byte(body), EndOfStream: true}}})
	if p != nil || err != nil {
		return orNothing(p), err
	}
	common := out.GetRequestBody().GetResponse()
	mutate(h, common.GetHeaderMutation())
	if e.model == nil {
		e.t.Error("the model server was reached")
		return reply{}, nil
	}
	code, back, answer := e.model(h, string(common.GetBodyMutation().GetBody()))
	if back == nil {
		back = http.Header{"Content-Type": {"application/json"}}
	}
	back.Set("Content-Length", strconv.Itoa(len(answer)))
	if _, p, err = said(&pb.ProcessingRequest{Request: &pb.ProcessingRequest_ResponseHeaders{ResponseHeaders: headerMap(back, ":status", strconv.Itoa(code))}}); p != nil || err != nil {
		return orNothing(p), err
	}
	out, p, err = said(&pb.ProcessingRequest{Request: &pb.ProcessingRequest_ResponseBody{ResponseBody: &pb.HttpBody{Body: []byte(answer), EndOfStream: false}}})
	if p != nil || err != nil {
		return orNothing(p), err
	}
	common = out.GetResponseBody().GetResponse()
	mutate(back, common.GetHeaderMutation())
	got := reply{status: code, header: back, body: string(common.GetBodyMutation().GetBody())}
	if out, _, err = said(&pb.ProcessingRequest{Request: &pb.ProcessingRequest_ResponseTrailers{ResponseTrailers: &pb.HttpTrailers{}}}); err != nil || out.GetResponseTrailers() == nil {
		e.t.Errorf("trailers got %v, %v", out, err)
	}
	return got, s.CloseSend()
}

func orNothing(p *reply) reply {
	if p == nil {
		return reply{}
	}
	return *p
}

func (e *envoy) headers(app string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + e.keys[app]}}
}

// carriedRig is a gateway whose own upstream must never be called.
func carriedRig(t *testing.T) *rig { return guardRig(t, "limits:\n  body: 64KiB\n") }

// TestCarried: what Envoy's upstream and Envoy's caller get, and what is recorded.
func TestCarried(t *testing.T) {
	const masked = "Please write to [EMAIL] about the invoice."
	messages := func(text string) string {
		return `{"model":"m1","max_tokens":9,"messages":[{"role":"user","content":` + quoted(text) + `}]}`
	}
	for _, c := range []struct {
		name, app, path, request, answer string
		sent                             string // to the model server; empty: nothing is
		status                           int
		got                              string // a part of what the caller gets
		end                              string
	}{
		{"clean", "app", "/v1/chat/completions", chatBody("Good morning."), answerBody("Hello."), chatBody("Good morning."), 200, answerBody("Hello."), "complete"},
		{"masked both ways", "app", "/v1/chat/completions?x=1", chatBody(mailText), answerBody(mailText), chatBody(masked), 200, answerBody(masked), "complete"},
		{"attack", "app", "/v1/chat/completions", chatBody(attackText), "", "", 400, `"code":"blocked"`, "refused"},
		{"attack, told as an answer", "soft", "/v1/chat/completions", chatBody(attackText), "", "", 200, `"finish_reason":"content_filter"`, "refused"},
		{"attack, observed", "observe", "/v1/chat/completions", chatBody(attackText), answerBody("No."), chatBody(attackText), 200, answerBody("No."), "complete"},
		{"credential in the answer", "app", "/v1/chat/completions", chatBody("Hi"), answerBody(keyText), chatBody("Hi"), 400, `"code":"blocked"`, "refused"},
		{"stream", "app", "/v1/chat/completions", `{"model":"m1","stream":true,"messages":[{"role":"user","content":"Hi"}]}`, streamBody("Write to lena.", "hofmann@kestrel", "-mills.com now"),
			`{"model":"m1","stream":true,"messages":[{"role":"user","content":"Hi"}]}`, 200, "[EMAIL]", "complete"},
		{"another dialect", "app", "/v1/messages", messages(attackText), "", "", 400, `"type":"error"`, "refused"},
		{"another dialect, masked", "soft", "/v1/messages", messages(mailText), `{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[{"type":"text","text":"Sure."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}`,
			messages(masked), 200, `"text":"Sure."`, "complete"},
		{"garbage of the model server", "app", "/v1/chat/completions", chatBody("Hi"), "<html>" + keyText, chatBody("Hi"), 502, "upstream_invalid_answer", "failed"},
		{"model of another application", "app", "/v1/chat/completions", strings.Replace(chatBody("Hi"), "m1", "x1", 1), "", "", 404, "model_not_found", "failed"},
		{"bad body", "app", "/v1/chat/completions", chatBody("Hi") + "1", "", "", 400, "trailing_data", "failed"},
		{"too large", "app", "/v1/chat/completions", chatBody(strings.Repeat("a", 70<<10)), "", "", 413, "request_too_large", "failed"},
		{"guard endpoint", "app", "/v1/guard", `{"texts":[{"text":"Hi"}]}`, "", "", 200, `"action":"allow"`, "complete"},
		{"no route", "app", "/v1/images/generations", `{"prompt":"a"}`, "", "", 404, "unknown_route", ""},
		{"wrong key", "nobody", "/v1/chat/completions", chatBody("Hi"), "", "", 401, "_api_key", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := carriedRig(t)
			e := startEnvoy(t, r, "")
			if c.sent != "" {
				e.model = func(h http.Header, body string) (int, http.Header, string) {
					if body != c.sent {
						t.Errorf("the model server got %s; want %s", body, c.sent)
					}
					for _, name := range []string{"Authorization", "Accept-Encoding", "Content-Length"} {
						if h.Get(name) != "" {
							t.Errorf("the model server got %s", name)
						}
					}
					var back http.Header
					if strings.HasPrefix(c.answer, "data:") {
						back = http.Header{"Content-Type": {"text/event-stream"}}
					}
					return 200, back, c.answer
				}
			}
			p, err := e.call(c.path, e.headers(c.app), c.request)
			if err != nil || p.status != c.status || !strings.Contains(p.body, c.got) {
				t.Fatalf("got %d %v: %s; want %d with %s", p.status, err, p.body, c.status, c.got)
			}
			if strings.Contains(p.body, "lena") || strings.Contains(p.body, "ghp_") {
				t.Errorf("passed on: %s", p.body)
			}
			o, cl, _ := r.records(p.request())
			if c.end == "" {
				if o != nil {
					t.Errorf("recorded %+v", o)
				}
				return
			}
			if o == nil || cl == nil || cl.End != c.end || cl.Status != c.status {
				t.Fatalf("opened %+v, closed %+v; want end %s", o, cl, c.end)
			}
			if c.sent != "" && (o.Upstream != "(carried)" || cl.Upstream != "(carried)" || cl.Attempts != 1) {
				t.Errorf("opened %+v, closed %+v", o, cl)
			}
		})
	}
}

// TestCarriedForOneApplication: with a key of the processor's own, callers need
// none, and what they give goes to the model server.
func TestCarriedForOneApplication(t *testing.T) {
	r := carriedRig(t)
	e := startEnvoy(t, r, r.keys["app"])
	e.model = func(h http.Header, _ string) (int, http.Header, string) {
		if h.Get("Authorization") != "Bearer sk-theirs" {
			t.Errorf("the model server got %q", h)
		}
		return 200, nil, answerBody("Hello.")
	}
	h := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer sk-theirs"}}
	p, err := e.call("/v1/chat/completions", h, chatBody("Hi"))
	if o, _, _ := r.records(p.request()); err != nil || p.status != 200 || o == nil || o.Upstream != "(carried)" {
		t.Errorf("got %d %v: %s", p.status, err, p.body)
	}
}

// TestCarriedErrors: an error of the model server is told as its status says.
func TestCarriedErrors(t *testing.T) {
	r := carriedRig(t)
	e := startEnvoy(t, r, "")
	for _, code := range []int{400, 429, 500} {
		e.model = func(http.Header, string) (int, http.Header, string) {
			return code, nil, `{"error":{"message":"ask lena.hofmann@kestrel-mills.com","type":"x","code":"y"}}`
		}
		p, err := e.call("/v1/chat/completions", e.headers("app"), chatBody("Hi"))
		if err != nil || p.status < 400 || strings.Contains(p.body, "lena") {
			t.Errorf("%d: got %d %v: %s", code, p.status, err, p.body)
		}
	}
}

// TestCarriedMisfits: an Envoy that is set up so that something could pass unread,
// or that speaks out of turn, gets an error and nothing to go on with.
func TestCarriedMisfits(t *testing.T) {
	r := carriedRig(t)
	e := startEnvoy(t, r, "")
	head := func(edit func(*pb.ProcessingRequest)) *pb.ProcessingRequest {
		m := &pb.ProcessingRequest{Request: &pb.ProcessingRequest_RequestHeaders{RequestHeaders: headerMap(e.headers("app"), ":method", "POST", ":path", "/v1/chat/completions", ":authority", "a")}}
		if edit != nil {
			edit(m)
		}
		return m
	}
	body := func(s string) *pb.ProcessingRequest {
		return &pb.ProcessingRequest{Request: &pb.ProcessingRequest_RequestBody{RequestBody: &pb.HttpBody{Body: []byte(s)}}}
	}
	responseHead := &pb.ProcessingRequest{Request: &pb.ProcessingRequest_ResponseHeaders{ResponseHeaders: headerMap(nil, ":status", "200")}}
	modes := func(q, a mode.ProcessingMode_BodySendMode) *pb.ProcessingRequest {
		return head(func(m *pb.ProcessingRequest) {
			m.ProtocolConfig = &pb.ProtocolConfiguration{RequestBodyMode: q, ResponseBodyMode: a}
		})
	}
	for name, messages := range map[string][]*pb.ProcessingRequest{
		"observability":              {head(func(m *pb.ProcessingRequest) { m.ObservabilityMode = true })},
		"requests without body":      {modes(mode.ProcessingMode_NONE, mode.ProcessingMode_BUFFERED)},
		"answers without body":       {modes(mode.ProcessingMode_BUFFERED, mode.ProcessingMode_NONE)},
		"answers in part":            {modes(mode.ProcessingMode_BUFFERED, mode.ProcessingMode_BUFFERED_PARTIAL)},
		"streamed":                   {modes(mode.ProcessingMode_STREAMED, mode.ProcessingMode_BUFFERED)},
		"body first":                 {body("{}")},
		"headers twice":              {head(nil), head(nil)},
		"body in two messages":       {head(nil), body(chatBody("Hi")), body("more")},
		"answer to nothing":          {head(nil), responseHead},
		"no path":                    {{Request: &pb.ProcessingRequest_RequestHeaders{RequestHeaders: headerMap(nil, ":method", "POST")}}},
		"nothing at all":             {{}},
		"trailers instead of a body": {head(nil), {Request: &pb.ProcessingRequest_RequestTrailers{RequestTrailers: &pb.HttpTrailers{}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := e.client.Process(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range messages {
				_ = s.Send(m)
				out, err := s.Recv()
				if last := i == len(messages)-1; last != (status.Code(err) == codes.FailedPrecondition) {
					t.Fatalf("message %d got %v, %v", i, out, err)
				}
			}
		})
	}
}

// TestCarriedNotAnswered: an Envoy that goes away before its upstream answered
// leaves both records.
func TestCarriedNotAnswered(t *testing.T) {
	r := carriedRig(t)
	kept := make(chan struct{})
	r.ledger.fail = func(ev event.Event) error {
		if ev.Kind == KindClosed {
			defer close(kept)
		}
		return nil
	}
	e := startEnvoy(t, r, "")
	ctx, cancel := context.WithCancel(t.Context())
	s, err := e.client.Process(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*pb.ProcessingRequest{
		{Request: &pb.ProcessingRequest_RequestHeaders{RequestHeaders: headerMap(e.headers("app"), ":method", "POST", ":path", "/v1/chat/completions")}},
		{Request: &pb.ProcessingRequest_RequestBody{RequestBody: &pb.HttpBody{Body: []byte(chatBody("Hi")), EndOfStream: true}}},
	} {
		if err := s.Send(m); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	select {
	case <-kept:
	case <-time.After(30 * time.Second):
		t.Fatal("no closed record")
	}
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	if n := len(r.ledger.events); n != 2 || r.ledger.events[0].Kind != KindOpened || r.ledger.events[1].Payload.(*Closed).End != "caller_gone" {
		t.Errorf("recorded %+v", r.ledger.events)
	}
}
