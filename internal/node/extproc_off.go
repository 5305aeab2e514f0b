//go:build !extproc

package node

import (
	"context"
	"errors"
)

// serveExtProc refuses a configuration with a listener for Envoy: its gRPC is not in
// every build.
func (n *Node) serveExtProc(context.Context) (wait func(), err error) {
	if n.cfg.ExtProc.Listen != "" {
		return nil, errors.New("ext_proc is configured and this build cannot serve Envoy; build with -tags extproc, or take ext_proc out")
	}
	return func() {}, nil
}
