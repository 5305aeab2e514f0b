// Package extproc lets a guard work inside of Envoy, as its external processor:
// the gRPC service envoy.service.ext_proc.v3.ExternalProcessor.
//
// # What happens
//
// Envoy opens a stream for each HTTP exchange. It sends the request, which is
// served as if it had come to Warder itself, but for the way to the model server:
// that is Envoy's, and so is the way back. Envoy is told to go on, with the body
// that was judged, or to answer what Warder answers.
//
//	request headers   -> go on, without the caller's key and Accept-Encoding
//	request body      -> go on with this body, or answer at once
//	response headers  -> go on; Envoy holds them until the body was judged
//	response body     -> go on with this body, or answer at once
//
// # What Envoy must be told
//
// Both bodies come in one message each (BUFFERED). Where Envoy says that it is set
// up otherwise, or that it does not wait for answers (observability_mode), or where
// a message comes that does not fit, the stream ends with an error, which Envoy
// answers with 500 unless its failure_mode_allow is set. An Envoy that sends no
// body of answers cannot be told from here; the record of such an exchange says
// that its caller went away.
package extproc

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	pb "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// A Handler serves one exchange. Where a request is to go on to a model server, it
// calls carry with the body as it is to be sent, at most once, and gets the answer,
// whose body need not be closed. It returns when the answer is complete; that it
// panics with [http.ErrAbortHandler] says that it is not.
type Handler func(w http.ResponseWriter, r *http.Request, carry func(ctx context.Context, body []byte) (*http.Response, error))

// Options of a server.
type Options struct {
	Serve Handler
	// Credentials are the headers in which callers give keys. They are taken off
	// the request: a key of Warder is nobody else's business.
	Credentials []string
	// Key is served with instead, and Credentials stay; empty for the callers' own.
	Key string
	// MaxBody is the most bytes of a message, and MaxStreams the most exchanges of
	// one connection at once; both are to be above 0.
	MaxBody    int
	MaxStreams uint32
	// Handshake bounds how long a connection may take to be one.
	Handshake time.Duration
	TLS       *tls.Config // nil: plain
	Log       *slog.Logger
}

// Server is an external processor. Make one with [New].
type Server struct {
	pb.UnimplementedExternalProcessorServer
	opt  Options
	grpc *grpc.Server
}

// messageRoom is what a message may hold beside a body.
const messageRoom = 256 << 10

// New makes a server. It opens no listener.
func New(o Options) *Server {
	opts := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(o.MaxBody + messageRoom), grpc.MaxSendMsgSize(o.MaxBody + messageRoom),
		grpc.MaxConcurrentStreams(o.MaxStreams), grpc.ConnectionTimeout(o.Handshake), grpc.MaxHeaderListSize(messageRoom),
	}
	if o.TLS != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	s := &Server{opt: o, grpc: grpc.NewServer(opts...)}
	pb.RegisterExternalProcessorServer(s.grpc, s)
	return s
}

// Serve takes connections until ctx ends, then lets exchanges end, at most for
// drain. It closes l, and returns when every exchange has.
func (s *Server) Serve(ctx context.Context, l net.Listener, drain time.Duration) error {
	ended := make(chan error, 1)
	go func() { ended <- s.grpc.Serve(l) }()
	select {
	case err := <-ended:
		s.grpc.Stop()
		return err
	case <-ctx.Done():
	}
	cut := time.AfterFunc(drain, s.grpc.Stop)
	defer cut.Stop()
	s.grpc.GracefulStop()
	return <-ended
}
