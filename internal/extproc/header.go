package extproc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	pb "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	kind "github.com/envoyproxy/go-control-plane/envoy/type/v3"
)

func newReader(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }

// valueOf returns the value of a header. Envoy fills one of two fields, by its
// version.
func valueOf(h *core.HeaderValue) string {
	if raw := h.GetRawValue(); len(raw) > 0 {
		return string(raw)
	}
	return h.GetValue()
}

// headers returns those of a message, those of HTTP/2's own apart. What HTTP/1
// frames a body by says nothing of what comes here.
func headers(h *pb.HttpHeaders) (http.Header, map[string]string) {
	out, own := http.Header{}, map[string]string{}
	for _, v := range h.GetHeaders().GetHeaders() {
		switch name := strings.ToLower(v.GetKey()); {
		case strings.HasPrefix(name, ":"):
			own[name] = valueOf(v)
		case name == "content-length" || name == "transfer-encoding" || name == "connection":
		default:
			out.Add(name, valueOf(v))
		}
	}
	return out, own
}

// asRequest returns the request that Envoy's caller made.
func (s *Server) asRequest(ctx context.Context, h *pb.HttpHeaders, body io.ReadCloser) (*http.Request, error) {
	header, own := headers(h)
	u, err := url.ParseRequestURI(own[":path"])
	if err != nil || !strings.HasPrefix(own[":path"], "/") {
		return nil, errors.New("path of a request cannot be read")
	}
	r := &http.Request{Method: own[":method"], URL: u, Host: own[":authority"], Header: header, Body: body, ContentLength: -1,
		Proto: "HTTP/2.0", ProtoMajor: 2, RequestURI: own[":path"]}
	if h.GetEndOfStream() {
		r.ContentLength = 0
	}
	if s.opt.Key != "" {
		for _, name := range s.opt.Credentials {
			header.Del(name)
		}
		header.Set("Authorization", "Bearer "+s.opt.Key)
	}
	return r.WithContext(ctx), nil
}

// asResponse returns an answer without its body. A status that cannot be read is
// one that no answer has.
func asResponse(h *pb.HttpHeaders) *http.Response {
	header, own := headers(h)
	code, err := strconv.Atoi(own[":status"])
	if err != nil || code < 100 || code > 599 {
		code = 599
	}
	return &http.Response{StatusCode: code, Status: fmt.Sprint(code), Header: header, Proto: "HTTP/2.0", ProtoMajor: 2}
}

// takenOff is what a request loses before it goes on: keys of Warder, and the wish
// for an encoding of the answer, which could not be read.
func (s *Server) takenOff() *pb.HeaderMutation {
	m := &pb.HeaderMutation{RemoveHeaders: []string{"accept-encoding"}}
	if s.opt.Key == "" {
		for _, name := range s.opt.Credentials {
			m.RemoveHeaders = append(m.RemoveHeaders, strings.ToLower(name))
		}
	}
	return m
}

func newBody(b []byte) *pb.BodyMutation {
	return &pb.BodyMutation{Mutation: &pb.BodyMutation_Body{Body: b}}
}

// rewritten sets headers for a body that takes the place of another: without the
// length of that one, which Envoy counts anew, and without those named.
func rewritten(set http.Header, without ...string) *pb.HeaderMutation {
	m := &pb.HeaderMutation{RemoveHeaders: append(without, "content-length")}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if name == "Content-Length" {
			continue
		}
		for i, v := range set[name] {
			action := core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
			if i > 0 {
				action = core.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
			}
			m.SetHeaders = append(m.SetHeaders, &core.HeaderValueOption{AppendAction: action,
				Header: &core.HeaderValue{Key: strings.ToLower(name), RawValue: []byte(v)}})
		}
	}
	return m
}

// answerWith has Envoy answer in the model server's place.
func answerWith(a *answer) *pb.ProcessingResponse {
	m := rewritten(a.header)
	m.RemoveHeaders = nil
	return &pb.ProcessingResponse{Response: &pb.ProcessingResponse_ImmediateResponse{ImmediateResponse: &pb.ImmediateResponse{
		Status: &kind.HttpStatus{Code: kind.StatusCode(a.status)}, Headers: m, Body: a.body.Bytes(), Details: "warder"}}}
}
