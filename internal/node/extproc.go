//go:build extproc

package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"

	"warder.example/internal/extproc"
	"warder.example/internal/gateway"
)

// listenExtProc opens the listener for Envoy; nil if there is none. Whoever calls it
// closes it.
func (n *Node) listenExtProc() (net.Listener, error) {
	if n.cfg.ExtProc.Listen == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", n.cfg.ExtProc.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening for Envoy: %w", err)
	}
	n.log.Info("listening for Envoy", "address", l.Addr().String())
	return l, nil
}

// processor returns what serves Envoy.
func (n *Node) processor() (*extproc.Server, error) {
	c, l := n.cfg.ExtProc, n.cfg.Limits
	o := extproc.Options{
		Credentials: n.gateway.KeyHeaders(), Key: c.Key.Reveal(), Log: n.log,
		MaxBody: int(max(l.Body, l.Answer)), MaxStreams: uint32(l.Concurrent + l.Waiting), Handshake: l.ReadHeader,
		Serve: func(w http.ResponseWriter, r *http.Request, carry func(context.Context, []byte) (*http.Response, error)) {
			n.gateway.Handler().ServeHTTP(w, gateway.Carried(r, carry))
		},
	}
	if c.TLS.Cert != "" {
		cert, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("loading the certificate of ext_proc: %w", err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	return extproc.New(o), nil
}

// serveExtProc serves Envoy until ctx ends and its exchanges have. The function that
// it returns waits for that. Without a listener it does nothing.
func (n *Node) serveExtProc(ctx context.Context) (wait func(), err error) {
	l, err := n.listenExtProc()
	if l == nil || err != nil {
		return func() {}, err
	}
	s, err := n.processor()
	if err != nil {
		l.Close()
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Serve(ctx, l, n.cfg.Drain); err != nil {
			n.log.Error("listener for Envoy ended", "cause", err)
		}
	}()
	return func() { stop(); <-ended }, nil
}
