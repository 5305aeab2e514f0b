package upstream

import (
	"context"
	"errors"
	"net"

	"warder.example/internal/egress"
)

// ErrEgress is wrapped when a connection would go where the configuration does not
// say it may.
var ErrEgress = egress.ErrDenied

// dialer reaches the host of an upstream or of its proxy, and says of a failure
// whether time ran out.
type dialer struct{ egress.Dialer }

// dialError is why no connection came about.
type dialError struct {
	timeout bool
	err     error
}

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		var ne net.Error
		late := errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
		return nil, &dialError{timeout: late, err: err}
	}
	return c, nil
}
