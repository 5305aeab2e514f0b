package extproc

import (
	"context"
	"errors"
	"io"
	"net/http"

	mode "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	pb "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// stream is where an exchange stands.
type stream struct {
	server *Server
	ctx    context.Context
	call   *call // nil: no request yet
	stage  stage
	back   *http.Response // headers of what came back
}

// stage is what came last. Each message belongs to one, and they only ascend.
type stage uint8

const (
	atStart stage = iota
	atRequest
	atRequestBody // its body was judged
	atResponse
	atResponseBody // its body was judged
)

// Process implements the service: one exchange.
func (s *Server) Process(in pb.ExternalProcessor_ProcessServer) error {
	ctx, cancel := context.WithCancel(in.Context())
	st := &stream{server: s, ctx: ctx}
	defer func() { // the handler keeps its record before the exchange is over
		cancel()
		if st.call != nil {
			<-st.call.done
		}
	}()
	for {
		m, err := in.Recv()
		if err != nil {
			if errors.Is(err, io.EOF) && st.stage == atResponseBody {
				return nil
			}
			return cut(err)
		}
		out, err := st.take(m)
		if err != nil {
			s.opt.Log.Warn("an exchange of Envoy was refused", "cause", err)
			return err
		}
		if err := in.Send(out); err != nil {
			return err
		}
		if out.GetImmediateResponse() != nil {
			return nil
		}
	}
}

// take answers one message.
func (s *stream) take(m *pb.ProcessingRequest) (*pb.ProcessingResponse, error) {
	if m.GetObservabilityMode() {
		return nil, misfit("observability_mode is on, in which nothing is enforced; expected it to be off")
	}
	if p := m.GetProtocolConfig(); p != nil && (p.GetRequestBodyMode() != mode.ProcessingMode_BUFFERED || p.GetResponseBodyMode() != mode.ProcessingMode_BUFFERED) {
		return nil, misfit("request_body_mode is %v and response_body_mode %v; expected both to be BUFFERED", p.GetRequestBodyMode(), p.GetResponseBodyMode())
	}
	switch r := m.GetRequest().(type) {
	case *pb.ProcessingRequest_RequestHeaders:
		return s.request(r.RequestHeaders)
	case *pb.ProcessingRequest_RequestBody:
		return s.requestBody(r.RequestBody.GetBody())
	case *pb.ProcessingRequest_RequestTrailers:
		if s.stage != atRequestBody {
			return nil, misfit("trailers of a request came before its body")
		}
		return &pb.ProcessingResponse{Response: &pb.ProcessingResponse_RequestTrailers{RequestTrailers: &pb.TrailersResponse{}}}, nil
	case *pb.ProcessingRequest_ResponseHeaders:
		return s.response(r.ResponseHeaders)
	case *pb.ProcessingRequest_ResponseBody:
		return s.responseBody(r.ResponseBody.GetBody())
	case *pb.ProcessingRequest_ResponseTrailers:
		if s.stage != atResponseBody {
			return nil, misfit("trailers of an answer came before its body")
		}
		return &pb.ProcessingResponse{Response: &pb.ProcessingResponse_ResponseTrailers{ResponseTrailers: &pb.TrailersResponse{}}}, nil
	}
	return nil, misfit("a message of unknown kind came")
}

// reach moves on from a stage to the next one.
func (s *stream) reach(from, to stage) error {
	if s.stage != from {
		return misfit("a message came out of order or twice; expected headers, then the whole body, of the request and then of the answer")
	}
	s.stage = to
	return nil
}

// request begins to serve. Who may not call learns it before Envoy reads the body.
func (s *stream) request(h *pb.HttpHeaders) (*pb.ProcessingResponse, error) {
	if err := s.reach(atStart, atRequest); err != nil {
		return nil, err
	}
	c := newCall(s.ctx)
	r, err := s.server.asRequest(s.ctx, h, &requestBody{call: c})
	if err != nil {
		return nil, misfit("%v", err)
	}
	s.call = c
	go c.run(s.server.opt.Serve, r, s.server.opt.Log)
	if h.GetEndOfStream() { // there is no body that a model could be asked with
		c.body <- nil
		return s.judged(atRequest)
	}
	select {
	case <-c.done:
	case <-c.wants:
		return &pb.ProcessingResponse{Response: &pb.ProcessingResponse_RequestHeaders{RequestHeaders: &pb.HeadersResponse{
			Response: &pb.CommonResponse{HeaderMutation: s.server.takenOff()}}},
			// Heeded where Envoy's allow_mode_override is set.
			ModeOverride: &mode.ProcessingMode{RequestBodyMode: mode.ProcessingMode_BUFFERED, ResponseHeaderMode: mode.ProcessingMode_SEND, ResponseBodyMode: mode.ProcessingMode_BUFFERED}}, nil
	}
	return s.immediate()
}

func (s *stream) requestBody(body []byte) (*pb.ProcessingResponse, error) {
	if err := s.reach(atRequest, atRequestBody); err != nil {
		return nil, err
	}
	s.call.body <- body
	return s.judged(atRequestBody)
}

// judged waits until the request is to go on, or is answered.
func (s *stream) judged(at stage) (*pb.ProcessingResponse, error) {
	select {
	case <-s.call.done:
		return s.immediate()
	case body := <-s.call.forward:
		if at != atRequestBody {
			return nil, misfit("a request without a body is to go on")
		}
		return &pb.ProcessingResponse{Response: &pb.ProcessingResponse_RequestBody{RequestBody: &pb.BodyResponse{
			Response: &pb.CommonResponse{BodyMutation: newBody(body), HeaderMutation: rewritten(nil, "content-encoding")}}}}, nil
	}
}

func (s *stream) response(h *pb.HttpHeaders) (*pb.ProcessingResponse, error) {
	if err := s.reach(atRequestBody, atResponse); err != nil {
		return nil, err
	}
	s.back = asResponse(h)
	if h.GetEndOfStream() {
		s.stage = atResponseBody
		out, err := s.answered(nil)
		if b := out.GetResponseBody(); b != nil { // headers are answered with headers
			return s.immediate()
		}
		return out, err
	}
	return &pb.ProcessingResponse{Response: &pb.ProcessingResponse_ResponseHeaders{ResponseHeaders: &pb.HeadersResponse{Response: &pb.CommonResponse{}}}}, nil
}

func (s *stream) responseBody(body []byte) (*pb.ProcessingResponse, error) {
	if err := s.reach(atResponse, atResponseBody); err != nil {
		return nil, err
	}
	return s.answered(body)
}

// answered has what came back judged. What the handler answers with the status
// that came goes on in its place; anything else is an answer of its own.
func (s *stream) answered(body []byte) (*pb.ProcessingResponse, error) {
	s.back.Body, s.back.ContentLength = newReader(body), int64(len(body))
	s.call.reply <- s.back
	<-s.call.done
	out := &s.call.out
	if s.call.aborted || out.status != s.back.StatusCode {
		return s.immediate()
	}
	return &pb.ProcessingResponse{Response: &pb.ProcessingResponse_ResponseBody{ResponseBody: &pb.BodyResponse{
		Response: &pb.CommonResponse{BodyMutation: newBody(out.body.Bytes()), HeaderMutation: rewritten(out.header, "content-encoding")}}}}, nil
}

// immediate answers what the handler answered, which has returned. What it broke
// off is no answer.
func (s *stream) immediate() (*pb.ProcessingResponse, error) {
	out := &s.call.out
	if s.call.aborted || out.status == 0 {
		return nil, status.Error(codes.Aborted, "the answer ended before it was complete")
	}
	return answerWith(out), nil
}

// cut is the error of a stream that ends too early. To end it without one would let
// Envoy go on by itself.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return status.Error(codes.Aborted, "the exchange ended before its answer was judged")
	}
	return err
}

// misfit is the error that ends a stream which is not as it must be.
func misfit(format string, args ...any) error {
	return status.Errorf(codes.FailedPrecondition, format, args...)
}
