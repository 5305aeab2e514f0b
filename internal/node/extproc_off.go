//go:build !extproc

package node

import "context"

// serveExtProc refuses a configuration with a listener for Envoy: its gRPC is not in
// every build.
func (n *Node) serveExtProc(context.Context) (wait func(), err error) {
	return func() {}, n.cfg.ExtProc.Built()
}
